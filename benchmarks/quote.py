# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A new price, beside a route that does nothing."""

from itertools import count

from .clock import Post, take_turns
from .compare import compare
from .table import Row, median

TITLE = "A new price beside an empty route"


def run(bench):
    """Time prices that nobody has asked for before, each of which writes a quote."""
    cents = count(1)
    path = f"{bench.content['few']['ours']}/quote"
    ask = Post(path, lambda: {"amount": f"{10 + next(cents) / 100:.2f}", "tip": "0"})
    visits = {"quote": ([ask], 200), "empty": (["/paylink_bench/empty"], 200)}
    samples = take_turns(bench.quiet, visits, bench.rounds(200), warm_up=20)
    queries = median([sample.queries[0] for sample in samples["quote"]])
    return [
        *compare("a new price", samples["quote"], samples["empty"], 2.5),
        Row("queries of a new price", queries),
    ]
