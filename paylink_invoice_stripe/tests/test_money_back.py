# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Refunds, disputes and saved cards: never twice, whatever gets lost."""

from odoo.tests import tagged

from .common import StripeCase
from .fake_stripe import CREDIT


@tagged("post_install", "-at_install", "paylink", "slow")
class TestMoneyBack(StripeCase):
    def _get_refunded(self, tx):
        refunds = self.stripe.find("refund", payment_intent=tx.provider_reference)
        return [one["amount"] for one in refunds]

    def test_refund_in_parts(self):
        tx = self._pay_and_tell()
        for _time in range(2):
            refund = tx._refund(30.0)
            self.assertEqual(refund.state, "done")
        self._tell_all()
        self.assertEqual(self._get_refunded(tx), [3000, 3000])
        self.assertEqual(len(tx.child_transaction_ids), 2)

    def test_more_than_was_paid_is_not_given_back(self):
        tx = self._pay_and_tell()
        tx._refund(60.0)
        refund = tx._refund(60.0)
        self.assertEqual(refund.state, "error")
        self.assertEqual(self._get_refunded(tx), [6000])

    def test_lost_answer_gives_back_once(self):
        tx = self._pay_and_tell()
        self.stripe.fail("drop", "POST /v1/refunds")
        refund = tx._refund(40.0)
        self.assertEqual(refund.state, "pending")
        self._run_cron()
        self.assertEqual(refund.state, "done")
        self._tell_all()
        self.assertEqual(self._get_refunded(tx), [4000])
        self.assertEqual(tx.child_transaction_ids, refund)

    def test_wish_that_never_arrived_is_repeated(self):
        tx = self._pay_and_tell()
        self.stripe.fail("lose", "POST /v1/refunds")
        refund = tx._refund(40.0)
        self._run_cron()
        self.assertEqual(refund.state, "done")
        self.assertEqual(self._get_refunded(tx), [4000])

    def test_request_that_is_begun_anew_gives_back_once(self):
        tx = self._pay_and_tell()
        savepoint = self.env.cr.savepoint()
        tx._refund(40.0)
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        refund = tx._refund(40.0)
        self.assertEqual(refund.state, "done")
        self.assertEqual(self._get_refunded(tx), [4000])

    def test_refund_made_at_stripe_is_booked_here_once(self):
        tx = self._pay_and_tell()
        self.stripe.refund(tx.provider_reference, 2500)
        event = self.stripe.events[-1]
        self._tell_all()
        self._tell(event)
        self.assertEqual(tx.child_transaction_ids.mapped("amount"), [-25.0])
        self.assertEqual(tx.child_transaction_ids.state, "done")

    def test_refund_that_fails_later_is_told(self):
        tx = self._pay_and_tell()
        refund = tx._refund(40.0)
        refund._post_process()
        self.stripe.set_refund(refund.provider_reference, "failed")
        self._tell_all()
        self._tell_all()
        self.assertEqual(refund.state, "error")
        notes = self.posted_invoice.activity_ids.mapped("note")
        self.assertEqual(len(notes), 1)
        self.assertIn("did not reach the customer", notes[0])

    def test_dispute_is_told_once_with_its_date(self):
        tx = self._pay_and_tell()
        dispute = self.stripe.dispute(tx.provider_reference, 10000)
        event = self.stripe.events[-1]
        self._tell(event)
        self._tell(event)
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)
        self.assertIn("disputes $", self.posted_invoice.paylink_stripe_dispute_notice)
        dispute["status"] = "won"
        self._tell({**event, "type": "charge.dispute.closed"})
        self.assertFalse(self.posted_invoice.paylink_stripe_dispute_notice)
        self.assertEqual(len(self.posted_invoice.activity_ids), 2)

    # === SAVED CARDS === #

    def _save_card(self):
        tx = self._open(is_card_saved=True)
        self._pay(tx, CREDIT)
        self._tell_all()
        return tx.token_id

    def _charge(self, token, **values):
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": token.payment_method_id.id,
                "token_id": token.id,
                "operation": "offline",
                "amount": 70.0,
                "currency_id": self.company.currency_id.id,
                "partner_id": self.alice.id,
                **values,
            }
        )
        tx._charge_with_token()
        return tx

    def test_card_is_saved_where_the_customer_asks_for_it(self):
        token = self._save_card()
        self.assertEqual((token.payment_details, token.partner_id), ("4242", self.alice))
        self.assertEqual(token.provider_ref[:4], "cus_")
        self.assertEqual(token.paylink_stripe_method_ref[:3], "pm_")
        self.assertNotIn(CREDIT, str(token.read()))

    def test_card_is_not_saved_otherwise(self):
        tx = self._pay_and_tell()
        self.assertFalse(tx.token_id)
        values = self._get_request("POST /v1/checkout/sessions")
        self.assertNotIn("setup_future_usage", str(values))

    def test_staff_charge_a_saved_card(self):
        tx = self._charge(self._save_card())
        self.assertEqual((tx.state, tx.paylink_stripe_cost), ("done", 2.33))

    def test_lost_answer_charges_once(self):
        token = self._save_card()
        for fault in ("drop", "lose"):
            with self.subTest(fault=fault):
                self.stripe.fail(fault, "POST /v1/payment_intents")
                tx = self._charge(token)
                self.assertEqual(tx.state, "pending")
                self._run_cron()
                self.assertEqual(tx.state, "done")
                mine = [
                    one
                    for one in self.stripe.find("payment_intent")
                    if one["metadata"]["odoo_reference"] == tx.reference
                ]
                self.assertEqual(len(mine), 1)

    def test_charge_that_was_lost_long_ago_is_looked_up(self):
        token = self._save_card()
        self.stripe.fail("drop", "POST /v1/payment_intents")
        made = self._charge(token)
        self.stripe.fail("lose", "POST /v1/payment_intents")
        lost = self._charge(token)
        for tx in (made, lost):
            self._age(tx, days=2)
        before = self._count("POST /v1/payment_intents")
        self._run_cron()
        self.assertEqual((made.state, lost.state), ("done", "error"))
        self.assertEqual(self._count("POST /v1/payment_intents"), before)

    def test_declined_saved_card(self):
        token = self._save_card()
        token.paylink_stripe_method_ref = "pm_declined"
        tx = self._charge(token)
        self.assertEqual(tx.state, "error")
        self.assertNotRegex(tx.state_message, r"\d{12}")
