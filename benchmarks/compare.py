# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Two lots of samples as ratios."""

from .table import Row, median, spread

CLOCKS = {"wall": "wall time", "cpu": "processor time"}


def compare(label, ours, theirs, limit):
    """Return the rows that compare visits: by the clock and by what the processors did.

    On a machine with other work to do the processor time varies less.

    :param list ours: `clock.Sample`
    :param list theirs: what the ratio is to
    :param limit: the target for the ratio, or None
    """
    rows = []
    for key, words in CLOCKS.items():
        mine, other = [[getattr(sample, key) for sample in found] for found in (ours, theirs)]
        if None in mine or None in other:
            continue  # this kernel does not count it
        note = f"{spread(mine)} against {spread(other)}"
        rows.append(Row(f"{label}: {words}", median(mine) / median(other), "x", limit, note=note))
    return rows
