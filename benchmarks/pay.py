# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""From the tap on Pay to the redirect to Stripe, beside Odoo's own way there.

Odoo's own way is what its page of an invoice asks when somebody presses Pay there: Odoo makes the
same transaction, tells it in the chatter, and asks Stripe for the same page. Our part is what a tap
takes beyond that: the link, its price, its limits, one open attempt.

Stripe is the fake one of the tests, on this machine. The server writes into its log how long it
waited for the answer, and how much of that it computed: that is the call, and is taken off.
"""

from dataclasses import replace

from tools.harness import fake_stripe

from .bench import in_odoo
from .clock import Post, take_turns
from .compare import compare
from .table import Row, median, spread

TITLE = "From the tap on Pay to Stripe's page, beside Odoo's own way there"
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
            "odoo": ([_tap_in_portal(data["portal"])], 200),
            "empty": (["/paylink_bench/empty"], 200),
            "asking": (["/paylink_bench/stripe"], 200),
        }
        samples = take_turns(server, visits, rounds, WARM_UP)
    return _make_rows(samples)


def _tap_in_portal(asked):
    """Return the request of Odoo's own payment form, each time for another invoice."""
    waiting, current = iter(asked), {}

    def get_path():
        current.update(next(waiting))
        return current["path"]

    return Post(get_path, lambda: {"jsonrpc": "2.0", "method": "call", "params": current["params"]})


def _make_rows(samples):
    # Odoo's answer has the status 200 for an error, too.
    for sample in (*samples["pay"], *samples["odoo"]):
        assert len(sample.calls) == 1, "a tap that does not ask Stripe once"
    calls = [call for sample in samples["pay"] for call in sample.calls]
    ours, odoos = [[_without_calls(sample) for sample in samples[name]] for name in ("pay", "odoo")]
    waited = [wall for wall, _cpu in calls]
    beyond = [_beyond(*pair) for pair in zip(ours, odoos, strict=True)]
    return [
        *compare("our part, beyond Odoo's own", beyond, samples["empty"], 3),
        *compare("all but the call to Stripe", ours, samples["empty"], None),
        *compare("Odoo's own, all but the call to Stripe", odoos, samples["empty"], None),
        *compare(
            "all of it, beside a route that asks Stripe", samples["pay"], samples["asking"], None
        ),
        Row("the call to Stripe, here", median(waited) * 1000, "ms", note=spread(waited)),
        Row("queries of a tap", median([sample.queries[0] for sample in ours])),
        Row("queries of Odoo's own", median([sample.queries[0] for sample in odoos])),
    ]


def _beyond(ours, odoos):
    """Return what one sample takes more than another."""
    cpu = None if ours.cpu is None else ours.cpu - odoos.cpu
    return replace(ours, wall=ours.wall - odoos.wall, cpu=cpu)


def _without_calls(sample):
    """Return a sample without the time that the calls to Stripe took."""
    wall = sample.wall - sum(wall for wall, _cpu in sample.calls)
    cpu = None if sample.cpu is None else sample.cpu - sum(cpu for _wall, cpu in sample.calls)
    return replace(sample, wall=wall, cpu=cpu)
