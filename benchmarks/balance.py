# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a balance: ten thousand invoices beside ten."""

import os

from tools.harness import stand as stands

from .bench import in_odoo
from .clock import take_turns
from .compare import compare
from .table import Row, median

TITLE = "The balance of a customer with 10,000 invoices beside that of one with 10"


def run(bench):
    """Time the pages of customers with 10 and with 10,000 invoices of four lines each."""
    paths = stands.shell(os.environ["PAYLINK_SEED"], in_odoo("balance", "fill(env)"))
    visits = {name: ([path], 200) for name, path in paths.items()}
    stand = stands.stand("balance", workers=1, crons=0, options=("--db-filter=",))
    with stand as server:
        samples = take_turns(server, visits, bench.rounds(40))
    queries = {name: median([sum(s.queries) for s in found]) for name, found in samples.items()}
    return [
        *compare("time, all but ten are paid", samples["many"], samples["few"], 2),
        *compare("time, none is paid", samples["open"], samples["few"], 2),
        Row("queries of the page with 10 invoices", queries["few"]),
        Row("more queries with 10,000", queries["open"] - queries["few"], limit=0),
    ]
