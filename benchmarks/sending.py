# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Sending by link against Odoo's own sending: time, queries, growth."""

from .bench import in_odoo
from .table import Row, median

TITLE = "Sending by link beside Odoo's own sending, with real PDFs and a real SMTP server"
PAIR, PAIRS = 10, 8  # many small batches for the share, as noise hits one pair or another
GROWTH = (25, 50, 100)  # one of each for the growth
SINGLES = 8


def run(bench):
    """Send batches and single invoices in both ways, in turns."""
    stand = bench.crowded
    growth = [max(PAIR + 1 + i, round(count * bench.effort)) for i, count in enumerate(GROWTH)]
    batches = [PAIR] * bench.rounds(PAIRS) + growth
    singles = bench.rounds(SINGLES)
    found = stand.shell(in_odoo("sending", f"measure(env, {batches}, {singles})"))
    sent = 2 * (1 + sum(batches) + singles + 1)
    stand.mailbox.wait_for(sent)
    rows = [Row("messages that came", len(stand.mailbox.messages), limit=sent, at_least=True)]
    rows += _compare(f"batches of {PAIR}", *_of(found, PAIR), 5)
    rows += _compare("1 invoice, from the dialogs", *_of(found, 1, " dialog"), 5)
    for count in growth:
        rows += _compare(f"{count} at once", *_of(found, count), None)
    return rows + _growth(found, min(growth), max(growth))


def _of(found, count, how=""):
    """Return what was measured of so many invoices: Odoo's own way, and by link."""
    return [
        [m for m in found if m["count"] == count and m["way"] == way + how]
        for way in ("odoo", "ours")
    ]


def _each(measured, key):
    """Return the median of a value per invoice."""
    return median([m[key] / m["count"] for m in measured])


def _extra(theirs, ours, key):
    """Return how much more each of our invoices takes: the median of what pairs differ by."""
    pairs = zip(theirs, ours, strict=True)
    return median([(mine[key] - other[key]) / mine["count"] for other, mine in pairs])


def _compare(label, theirs, ours, limit):
    extra_wall = _extra(theirs, ours, "rest_wall")
    extra_cpu = _extra(theirs, ours, "rest_cpu")
    wall, cpu = _each(theirs, "wall"), _each(theirs, "cpu")
    parts = ", ".join(f"{key} {_each(theirs, key) * 1000:.0f}" for key in ("pdf", "smtp"))
    return [
        Row(
            f"{label}: our part of Odoo's own send, processor time",
            100 * extra_cpu / cpu,
            "%",
            limit,
            note=f"{extra_cpu * 1000:.1f} ms more than Odoo's {cpu * 1000:.0f} ms each",
        ),
        Row(
            f"{label}: the same, wall time",
            100 * extra_wall / wall,
            "%",
            limit,
            note=f"{extra_wall * 1000:.1f} ms more than Odoo's {wall * 1000:.0f} ms ({parts}) each",
        ),
        Row(
            f"{label}: more queries for each",
            _extra(theirs, ours, "queries"),
            "",
            8,
            note=f"{_each(ours, 'queries'):.1f} against {_each(theirs, 'queries'):.1f}",
        ),
    ]


def _growth(found, few, many):
    """Return what one of many takes beside one of few; Odoo's own sending does not grow evenly."""
    rows = []
    for key, words in (("rest_cpu", "processor time"), ("queries", "queries")):
        odoo, ours = [
            _each(large, key) / _each(small, key)
            for small, large in zip(_of(found, few), _of(found, many), strict=True)
        ]
        label = f"growth of {words}: one of {many} beside one of {few}"
        note = f"ours {ours:.2f} x, Odoo's own {odoo:.2f} x"
        rows.append(Row(f"{label}, ours beside Odoo's", ours / odoo, "x", 1.1, note=note))
    return rows
