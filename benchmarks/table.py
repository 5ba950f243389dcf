# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Figures: measured, target, verdict."""

import statistics
from dataclasses import dataclass

MARKS = {True: "met", False: "MISSED", None: ""}


@dataclass
class Row:
    """One figure.

    :param what: what was measured, in words
    :param value: the figure, a number
    :param unit: 'x' (a ratio), 'ms', 'kB', '' …
    :param limit: the target, None for a figure that only informs
    :param at_least: whether the target is a lower limit
    :param note: how much it varied, and whatever else is needed to judge it
    """

    what: str
    value: float
    unit: str = ""
    limit: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def is_met(self):
        """Tell whether the target is met, None without one."""
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def measured(self):
        """Return the figure as it is printed."""
        return f"{_number(self.value)} {self.unit}".strip()

    @property
    def target(self):
        """Return the target as it is printed."""
        if self.limit is None:
            return ""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {_number(self.limit)} {self.unit}".strip()

    @property
    def cells(self):
        """Return the columns of the table."""
        return (self.what, self.measured, self.target, MARKS[self.is_met], self.note)


HEAD = ("what", "measured", "target", "verdict", "spread and remarks")


def _number(value):
    if value == int(value):
        return f"{int(value)}"
    return f"{value:.1f}" if abs(value) >= 20 else f"{value:.2f}"


def as_text(title, rows):
    """Return a table for a terminal."""
    lines = [HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD) - 1)]
    widths.append(0)
    printed = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]
    return "\n".join([f"\n{title}", *(f"  {line.rstrip()}" for line in printed)])


def as_markdown(title, rows):
    """Return the same table for a document."""
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells for row in rows)]
    return "\n".join([f"### {title}", "", *("| " + " | ".join(line) + " |" for line in lines)])


def median(values):
    """Return the median."""
    return statistics.median(values)


def percentile(values, percent):
    """Return the value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def spread(values, unit="ms", factor=1000):
    """Return e.g. "12.1 ms (11.8 to 13.0)": the median and the middle half."""
    low, high = percentile(values, 25), percentile(values, 75)
    return (
        f"{_number(median(values) * factor)} {unit} "
        f"({_number(low * factor)} to {_number(high * factor)})"
    )
