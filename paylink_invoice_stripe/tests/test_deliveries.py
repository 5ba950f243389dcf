# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stripe's messages in any order: the end is always what is true at Stripe."""

import logging
import random
import time
from contextlib import suppress

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..stripe_api import StripeBusy, StripeFailure
from .common import SECRET, StripeCase
from .fake_stripe import CREDIT, DECLINED, sign

LOGS = (
    "odoo.addons.payment.models.payment_transaction",
    "odoo.addons.paylink_invoice_stripe.models.payment_transaction_sync",
)
PLOTS = ("paid", "paid", "declined, then paid", "never paid", "days, then paid", "days, then not")


class DeliveryCase(StripeCase):
    def _play(self, chance):
        """Let a customer pay or not, tell of it in the worst way, and check the end.

        :param chance: a `random.Random`
        :return: how many messages were delivered
        """
        self.stripe.forget()
        move = self._create_invoice()
        tx = self._open(link=self._create_link(move))
        plot = chance.choice(PLOTS)
        delivered, told = 0, []
        for step in self._plan(plot, tx, chance):
            step()
            told += self.stripe.events
            self.stripe.events = []
            delivered += self._deliver_some(chance, told)
        # Stripe is in order again, and an hour has passed.
        self.stripe.faults.clear()
        for one in (tx, *tx.child_transaction_ids):
            if one.paylink_stripe_check_date:
                self._age(one, minutes=60)
        self._run_cron()
        self._run_cron()
        (tx | tx.child_transaction_ids)._post_process()
        self._check_end(tx, move)
        return delivered

    def _plan(self, plot, tx, chance):
        """Return what happens at Stripe, one after the other."""
        page = tx.paylink_stripe_session_ref
        intents = []

        def pay(card=CREDIT, kind="card"):
            return lambda: intents.append(self.stripe.pay(page, card, kind)["id"])

        if plot == "never paid":
            return [lambda: None]
        if plot == "days, then not":
            return [pay(kind="sepa_debit"), lambda: self.stripe.fail_later(intents[-1])]
        if plot == "days, then paid":
            steps = [pay(kind="sepa_debit"), lambda: self.stripe.succeed(intents[-1])]
        else:
            steps = [pay(DECLINED)] * (plot != "paid") + [pay()]
        parts = [chance.randrange(1, 5000) for _part in range(chance.randrange(3))]
        return steps + [lambda part=part: self.stripe.refund(intents[-1], part) for part in parts]

    def _deliver_some(self, chance, told):
        """Deliver some of what was told: permuted, doubled, forged, with a lying body; or not."""
        events = [event for event in told if chance.random() < 0.7] * chance.choice((1, 1, 2))
        chance.shuffle(events)
        for event in events:
            self._deliver(chance, event)
        return len(events)

    def _deliver(self, chance, event):
        if chance.random() < 0.1:
            self.stripe.fail(chance.choice(("lose", "500", "drop", "garbage")), "GET /v1/")
        kind = chance.choice(("true", "true", "lying", "unsigned", "stale", "future"))
        if kind == "lying":
            hint = {**event["data"]["object"], "status": "succeeded", "amount": 1, "metadata": {}}
            event = {**event, "data": {"object": hint}}
        secret = "whsec_other" if kind == "unsigned" else SECRET
        moments = {"stale": time.time() - 900, "future": time.time() + 900}
        with suppress(StripeFailure, StripeBusy):  # Stripe is told to come again.
            believed = self._tell(event, secret, int(moments.get(kind, time.time())))
            self.assertEqual(believed, kind in ("true", "lying"))

    def _check_end(self, tx, move):
        """Check that everything here is as it is at Stripe."""
        intents = self.stripe.find("payment_intent")
        is_paid = bool(intents) and intents[0]["status"] == "succeeded"
        self.assertLessEqual(len(intents), 1)
        self.assertEqual(tx.state == "done", is_paid, tx.state)
        self.assertIn(tx.state, ("done", "cancel", "error"))
        payments = self.env["account.payment"].search([("payment_transaction_id", "=", tx.id)])
        self.assertEqual(len(payments), int(is_paid))
        self.assertEqual(move.amount_residual, 0.0 if is_paid else 100.0)
        self._check_refunds(tx)
        if is_paid:
            self.assertEqual(tx.provider_reference, intents[0]["id"])
            self.assertEqual(tx.paylink_stripe_cost, 3.2)
        self.assertFalse((tx | tx.child_transaction_ids).filtered("paylink_stripe_check_date"))

    def _check_refunds(self, tx):
        children = tx.child_transaction_ids
        if not children:
            return  # Nobody told of them, and nobody has asked.
        there = {one["id"]: one["amount"] for one in self.stripe.find("refund")}
        here = {one.provider_reference: round(-one.amount * 100) for one in children}
        self.assertLessEqual(here.items(), there.items())
        self.assertEqual(len(here), len(children))

    def _play_until(self, count):
        chance, delivered = random.Random(19), 0
        logging.getLogger("stripe").setLevel(logging.CRITICAL)
        with mute_logger(*LOGS):
            while delivered < count:
                savepoint = self.env.cr.savepoint()
                delivered += self._play(chance)
                savepoint.close(rollback=True)
                self.env.invalidate_all()


@tagged("post_install", "-at_install", "paylink", "slow")
class TestDeliveries(DeliveryCase):
    def test_end_is_what_is_true_at_stripe(self):
        self._play_until(100)


@tagged("post_install", "-at_install", "paylink", "slow", "full")
class TestDeliveriesAtLength(DeliveryCase):
    def test_two_thousand_deliveries(self):
        self._play_until(2000)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestSignature(StripeCase):
    def _verify(self, body, header):
        return self.provider._paylink_stripe_verify(body, header)

    def test_what_is_not_signed_just_now_is_not_believed(self):
        body = '{"id": "evt_1", "object": "event", "type": "x", "data": {"object": {}}}'
        good = sign(body, SECRET)
        self.assertEqual(self._verify(body.encode(), good)["id"], "evt_1")
        several = f"{good},v1=0000,v0=1"
        self.assertTrue(self._verify(body.encode(), several))
        now = int(time.time())
        for header in (
            None, "", "t=1", "v1=1", "nonsense", "t=x,v1=y", f"t={now},v1=é", "," * 99,
            sign(body, "whsec_other"), sign(body, SECRET, now - 301), sign(body, SECRET, now + 400),
        ):  # fmt: skip
            self.assertIsNone(self._verify(body.encode(), header), header)
        for other in (b"", b"\xff\xfe", b"{", body.encode() + b" "):
            self.assertIsNone(self._verify(other, good))

    def test_hint_of_any_shape_is_harmless(self):
        for hint in (None, [], "x", {}, {"id": []}, {"id": "\x00"}, {"metadata": 1, "id": "cs_x"}):
            event = {"type": "payment_intent.succeeded", "data": {"object": hint}}
            self.assertFalse(self.provider._paylink_stripe_process_event(event))
