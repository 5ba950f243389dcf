# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Sending by link against Odoo's own sending: time, queries, growth."""

from .bench import in_odoo
from .table import Row, median

TITLE = "Sending by link beside Odoo's own sending, with real PDFs and a real SMTP server"
BATCHES = (25, 50, 100, 25)


def run(bench):
    """Send batches and single invoices in both ways, in turns."""
    stand = bench.crowded
    batches = [max(3, round(count * bench.effort)) for count in BATCHES]
    singles = bench.rounds(8)
    found = stand.shell(in_odoo("sending", f"measure(env, {batches}, {singles})"))
    sent = 2 * (1 + sum(batches) + singles + 1)
    stand.mailbox.wait_for(sent)
    rows = [Row("messages that came", len(stand.mailbox.messages), limit=sent, at_least=True)]
    for count in sorted(set(batches)):
        rows += _compare(
            f"{count} invoices",
            [m for m in found if m["count"] == count and m["way"] == "odoo"],
            [m for m in found if m["count"] == count and m["way"] == "ours"],
        )
    rows += _compare(
        "1 invoice, from the dialogs",
        [m for m in found if m["way"] == "odoo dialog"],
        [m for m in found if m["way"] == "our dialog"],
    )
    return rows + _growth(found, min(batches), max(batches))


def _each(measured, key):
    """Return the median of a value per invoice."""
    return median([m[key] / m["count"] for m in measured])


def _compare(label, theirs, ours):
    extra_wall = _each(ours, "rest_wall") - _each(theirs, "rest_wall")
    extra_cpu = _each(ours, "rest_cpu") - _each(theirs, "rest_cpu")
    wall, cpu = _each(theirs, "wall"), _each(theirs, "cpu")
    parts = ", ".join(f"{key} {_each(theirs, key) * 1000:.0f}" for key in ("pdf", "smtp"))
    return [
        Row(
            f"{label}: our part of Odoo's own send, processor time",
            100 * extra_cpu / cpu,
            "%",
            5,
            note=f"{extra_cpu * 1000:.1f} ms more than Odoo's {cpu * 1000:.0f} ms each",
        ),
        Row(
            f"{label}: the same, wall time",
            100 * extra_wall / wall,
            "%",
            5,
            note=f"{extra_wall * 1000:.1f} ms more than Odoo's {wall * 1000:.0f} ms ({parts}) each",
        ),
        Row(
            f"{label}: more queries for each",
            _each(ours, "queries") - _each(theirs, "queries"),
            "",
            8,
            note=f"{_each(ours, 'queries'):.1f} against {_each(theirs, 'queries'):.1f}",
        ),
    ]


def _growth(found, few, many):
    rows = []
    for key, words in (("rest_cpu", "processor time"), ("queries", "queries")):
        values = {
            way: [
                _each([m for m in found if m["way"] == way and m["count"] == count], key)
                for count in (few, many)
            ]
            for way in ("ours", "odoo")
        }
        ours, odoo = values["ours"], values["odoo"]
        rows.append(
            Row(
                f"one of {many} beside one of {few}, {words}",
                ours[1] / ours[0],
                "x",
                1.1,
                note=f"Odoo's own: {odoo[1] / odoo[0]:.2f} x",
            )
        )
    return rows
