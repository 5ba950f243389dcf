# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The page against Odoo's own one: its server's time, its queries."""

from .clock import take_turns
from .compare import compare
from .table import Row, median

TITLE = "The page beside Odoo's own invoice page with the document in it"


def run(bench):
    """Time our page, and Odoo's own with the document that it embeds."""
    few, many = bench.content["few"], bench.content["many"]
    visits = {
        "ours": ([few["ours"]], 200),
        "odoo": ([few["portal"], few["document"]], 200),
        "ours many": ([many["ours"]], 200),
        "odoo bare": ([few["portal"]], 200),
    }
    samples = take_turns(bench.quiet, visits, bench.rounds(60))
    rounds = len(samples["ours"])
    many_odoo = {
        "ours many": visits["ours many"],
        "odoo many": ([many["portal"], many["document"]], 200),
    }
    samples_many = take_turns(bench.quiet, many_odoo, bench.rounds(8), warm_up=2)
    queries = {name: median([sum(s.queries) for s in found]) for name, found in samples.items()}
    return [
        *compare("time of the page, 3 lines", samples["ours"], samples["odoo"], 0.25),
        *compare("time, 300 lines", samples_many["ours many"], samples_many["odoo many"], 0.25),
        *compare(
            "beside Odoo's page without its document", samples["ours"], samples["odoo bare"], None
        ),
        Row("rounds", rounds),
        Row("queries of the page, 3 lines", queries["ours"], note=_cold(samples["ours"])),
        Row(
            "more queries with 300 lines",
            queries["ours many"] - queries["ours"],
            limit=0,
            note=f"{queries['ours many']:.0f} with 300 lines",
        ),
        Row("queries of Odoo's page and document, 3 lines", queries["odoo"]),
    ]


def _cold(samples):
    counts = sorted({sum(sample.queries) for sample in samples})
    return f"seen: {', '.join(map(str, counts))}"
