# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""From the tap on Pay to the redirect to Stripe, beside an empty route.

Stripe is the fake one of the tests, on this machine. The server writes into its log how long it
waited for the answer, and how much of that it computed: that is the call, and is taken off.
"""

from dataclasses import replace

from tools.harness import fake_stripe

from .bench import in_odoo
from .clock import Post, take_turns
from .compare import compare
from .table import Row, median, spread

TITLE = "From the tap on Pay to Stripe's page, beside an empty route"
WARM_UP = 10


def run(bench):
    """Time first taps, each on an invoice of its own."""
    rounds = bench.rounds(100)
    stand = fake_stripe.stand_with_stripe("stripe", workers=1, crons=0, options=("--db-filter=",))
    with stand as (server, _stripe):
        data = server.shell(in_odoo("pay", f"fill(env, {rounds + WARM_UP})"))
        paths = iter(data["paths"])
        tap = Post(lambda: next(paths), lambda: {"option": data["option"]}, is_form=True)
        visits = {
            "pay": ([tap], 303),
            "empty": (["/paylink_bench/empty"], 200),
            "asking": (["/paylink_bench/stripe"], 200),
        }
        samples = take_turns(server, visits, rounds, WARM_UP)
    return _make_rows(samples)


def _make_rows(samples):
    calls = [call for sample in samples["pay"] for call in sample.calls]
    ours = [_without_calls(sample) for sample in samples["pay"]]
    waited = [wall for wall, _cpu in calls]
    return [
        *compare("our part", ours, samples["empty"], 3),
        *compare(
            "all of it, beside a route that asks Stripe", samples["pay"], samples["asking"], None
        ),
        Row("the call to Stripe, here", median(waited) * 1000, "ms", note=spread(waited)),
        Row("calls to Stripe for each tap", len(calls) / len(ours), limit=1),
        Row("queries of a tap", median([sample.queries[0] for sample in ours])),
    ]


def _without_calls(sample):
    """Return a sample without the time that the calls to Stripe took."""
    wall = sample.wall - sum(wall for wall, _cpu in sample.calls)
    cpu = None if sample.cpu is None else sample.cpu - sum(cpu for _wall, cpu in sample.calls)
    return replace(sample, wall=wall, cpu=cpu)
