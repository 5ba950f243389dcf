# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Writing the live link and its QR code into the PDF that leaves."""

from .bench import in_odoo
from .table import Row, median, spread

TITLE = "The live link in the PDF"


def run(bench):
    """Stamp the PDFs of a short and of a long invoice."""
    content = bench.content
    links = [content[name]["link_id"] for name in ("few", "many")]
    repeat = bench.rounds(60)
    found = bench.crowded.shell(in_odoo("stamp", f"measure(env, {links}, {repeat})"))
    rows = []
    for lines, measured in zip((3, 300), found, strict=True):
        more = (measured["after"] - measured["before"]) / 1024
        size = f"{measured['before'] / 1024:.0f} kB before"
        rows += [
            Row(
                f"{lines} lines: processor time",
                median(measured["seconds"]) * 1000,
                "ms",
                note=spread(measured["seconds"]),
            ),
            Row(f"{lines} lines: added", more, "kB", note=size),
        ]
    return rows
