# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A new price, beside a route that does nothing, and one that only reads and writes its rows.

The latter is the least that a price takes by Odoo's ORM: whose link it is, what is owed, what is
under way, what was asked for before; and the price, which is kept.
"""

from itertools import count, cycle

from .clock import Post, take_turns
from .compare import compare
from .table import Row, median

TITLE = "A new price beside an empty route"


def run(bench):
    """Time prices that nobody has asked for before, each of which writes a quote."""
    cents = count(1)
    # A customer asks for some prices, not for hundreds.
    paths = cycle(f"{path}/quote" for path in bench.content["payable"])
    ask = Post(lambda: next(paths), lambda: {"amount": f"{10 + next(cents) / 100:.2f}", "tip": "0"})
    rows = cycle(f"/paylink_bench/rows/{link_id}" for link_id in bench.content["rows"])
    visits = {
        "quote": ([ask], 200),
        "rows": ([Post(lambda: next(rows), dict)], 200),
        "empty": (["/paylink_bench/empty"], 200),
    }
    samples = take_turns(bench.quiet, visits, bench.rounds(200), warm_up=20)
    queries = median([sample.queries[0] for sample in samples["quote"]])
    return [
        *compare("a new price", samples["quote"], samples["empty"], 2.5),
        *compare("its rows alone", samples["rows"], samples["empty"], None),
        *compare("a new price beside its rows alone", samples["quote"], samples["rows"], None),
        Row("queries of a new price", queries),
    ]
