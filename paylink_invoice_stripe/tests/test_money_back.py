# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Refunds, disputes and saved cards: never twice, whatever gets lost."""

from odoo import Command
from odoo.tests import new_test_user, tagged

from ..stripe_api import StripeBusy
from .common import StripeCase
from .fake_stripe import CREDIT, DEBIT


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

    def test_refunds_are_read_page_by_page(self):
        tx = self._pay_and_tell()
        for amount in range(1, 6):
            self.stripe.refund(tx.provider_reference, amount)
        self.stripe.page_size = 2
        tx.action_paylink_stripe_sync()
        self.assertEqual(self._count("GET /v1/refunds"), 3)
        amounts = sorted(round(-child.amount * 100) for child in tx.child_transaction_ids)
        self.assertEqual(amounts, [1, 2, 3, 4, 5])

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

    def test_refund_that_odoo_begins_anew_is_not_booked_twice(self):
        tx = self._pay_and_tell()
        savepoint = self.env.cr.savepoint()
        tx._refund(40.0)
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        event = self.stripe.events[-1]
        with self.assertRaises(StripeBusy):  # It comes again.
            self._tell(event)
        refund = tx._refund(40.0)
        self._tell(event)
        self.assertEqual(tx.child_transaction_ids, refund)
        self.assertEqual(self._get_refunded(tx), [4000])

    def test_refund_that_could_not_be_written_down_is_booked_later(self):
        tx = self._pay_and_tell()
        savepoint = self.env.cr.savepoint()
        tx._refund(40.0)
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self._make_older("refund")
        self._tell(self.stripe.events[-1])
        self.assertEqual(tx.child_transaction_ids.mapped("amount"), [-40.0])
        self.assertEqual(tx.child_transaction_ids.state, "done")

    def test_refund_made_at_stripe_is_not_taken_for_one_that_failed_here(self):
        tx = self._pay_and_tell()
        self.stripe.fail("lose", "POST /v1/refunds")
        lost = tx._refund(25.0)
        self.stripe.refund(tx.provider_reference, 2500)
        self._tell_all()
        self.assertEqual(len(tx.child_transaction_ids), 2)
        self._run_cron()
        self.assertEqual(lost.state, "done")
        self.assertEqual(self._get_refunded(tx), [2500, 2500])

    def test_refund_by_who_bills(self):
        tx = self._pay_and_tell()
        biller = new_test_user(
            self.env,
            "stripe_biller",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        tx.with_user(biller).action_refund(30.0)
        tx.with_user(biller).action_paylink_stripe_sync()
        self.assertEqual(self._get_refunded(tx), [3000])
        self.assertEqual(len(tx.child_transaction_ids), 1)

    def test_fee_is_given_back_once_though_that_was_begun_anew(self):
        self._set_fee()
        self.stripe.is_funding_ignored = True
        tx = self._pay_and_tell("credit", DEBIT)
        savepoint = self.env.cr.savepoint()
        tx._paylink_stripe_refund_fee()
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        self._make_older("refund")
        self._tell_all()  # Now it is known from Stripe.
        self._run_cron()
        self.assertEqual(self._get_refunded(tx), [300])
        self.assertTrue(tx.child_transaction_ids.paylink_is_fee_refund)
        self.assertEqual(tx.child_transaction_ids.paylink_fee_amount, -3.0)

    def test_fee_that_cannot_be_given_back_is_told(self):
        self._set_fee()
        self.stripe.is_funding_ignored = True
        tx = self._pay_and_tell("credit", DEBIT)
        self.stripe.refund(tx.provider_reference, 10300)
        self._run_cron()
        self._run_cron()
        self.assertEqual(self._get_refunded(tx), [10300])
        self.assertEqual(tx.child_transaction_ids.state, "error")
        notes = self.posted_invoice.activity_ids.mapped("note")
        self.assertEqual(len(notes), 1)
        self.assertIn("$&nbsp;3.00", notes[0])
        self.assertIn("already been refunded", notes[0])

    def test_refund_made_at_stripe_is_booked_here_once(self):
        tx = self._pay_and_tell()
        self.stripe.refund(tx.provider_reference, 2500)
        event = self.stripe.events[-1]
        self._tell_all()
        self._tell(event)
        self.assertEqual(tx.child_transaction_ids.mapped("amount"), [-25.0])
        self.assertEqual(tx.child_transaction_ids.state, "done")

    def test_refund_of_a_wrong_amount_is_heard_of_once(self):
        tx = self._open()
        intent = self._pay(tx)
        intent["amount_received"] = 7000
        self._tell_all()
        self.stripe.refund(tx.provider_reference, 7000)
        self._tell_all()  # Stripe is not asked to come again.
        self.assertEqual((tx.state, tx.child_transaction_ids.ids), ("error", []))

    def test_refund_of_another_database_with_the_same_reference_is_not_ours(self):
        tx = self._open()
        metadata = {"odoo_database": "of a neighbour", "odoo_reference": tx.reference}
        intent = self.stripe.add_intent(10000, "usd", metadata, None)
        self.stripe.attempt(intent, CREDIT, "card")
        self.stripe.refund(intent["id"], 4000, metadata)
        before = len(self.stripe.requests)
        self._tell_all()
        self.assertEqual(len(self.stripe.requests), before)
        self.assertEqual(tx.state, "draft")

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

    def test_dispute_that_nobody_has_told_of_is_found_by_asking(self):
        tx = self._pay_and_tell()
        self.stripe.dispute(tx.provider_reference, 10000)
        tx.action_paylink_stripe_sync()
        self.assertEqual(tx.paylink_stripe_dispute_state, "needs_response")

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

    def test_error_that_stripe_remembers_is_not_believed(self):
        token = self._save_card()
        self.stripe.fail("crash", "POST /v1/payment_intents")
        tx = self._charge(token)
        self.assertEqual(tx.state, "pending")
        self._run_cron()
        self.assertEqual(tx.state, "done")
        self.assertEqual(len(self.stripe.find("payment_intent")), 2)  # one saved the card

    def test_charge_is_not_taken_for_refused_because_it_is_told_otherwise_now(self):
        token = self._save_card()
        self.env["res.lang"]._activate_lang("fr_FR")
        for lang, name in (("fr_FR", self.company.name), ("en_US", "Southwind Heating")):
            with self.subTest(lang=lang, name=name):
                invoice = self._create_invoice()
                self.stripe.fail("drop", "POST /v1/payment_intents")
                tx = self._charge(token, invoice_ids=[Command.set(invoice.ids)])
                self.company.name = name
                tx.with_context(lang=lang)._cron_paylink_stripe()
                self.assertEqual(tx.state, "done")

    def test_charge_that_was_taken_for_refused_is_settled_when_stripe_tells_of_it(self):
        self.stripe.fail("drop", "POST /v1/payment_intents")
        tx = self._charge(self._save_card())
        tx._set_error("Invalid API Key")
        self._tell_all()
        self.assertEqual((tx.state, tx.paylink_stripe_cost), ("done", 2.33))

    def test_card_whose_bank_wants_its_owner(self):
        token = self._save_card()
        token.paylink_stripe_method_ref = "pm_authenticate"
        tx = self._charge(token)
        self.assertEqual(tx.state, "error")
        self.assertIn("Send them a link", tx.state_message)

    def test_charge_that_could_not_be_written_down_is_told(self):
        token = self._save_card()
        savepoint = self.env.cr.savepoint()
        reference = self._charge(token).reference
        savepoint.close(rollback=True)
        self.env.invalidate_all()
        event = next(
            event for event in self.stripe.events if event["type"] == "payment_intent.succeeded"
        )
        with self.assertRaises(StripeBusy):  # It may be just about to be written down.
            self._tell(event)
        self._make_older("payment_intent")
        for _time in range(2):
            with self.assertLogs("odoo.addons.paylink_invoice_stripe", "ERROR"):
                self._tell(event)
        notes = self.alice.activity_ids.mapped("note")
        self.assertEqual(len(notes), 1)
        self.assertIn(reference, notes[0])
        self.assertIn("refund it there", notes[0])

    def test_payment_on_a_page_that_is_not_known_any_more_is_told(self):
        database = self.provider._paylink_stripe_get_database()
        metadata = {"odoo_database": database, "odoo_reference": "INV/2026/00999"}
        self.env.ref("base.CHF").active = False
        intent = self.stripe.add_intent(9900, "chf", metadata, None)
        self.stripe.attempt(intent, CREDIT, "card")
        self._make_older("payment_intent")
        with self.assertLogs("odoo.addons.paylink_invoice_stripe", "ERROR"):
            self._tell_all()
        note = self.company.partner_id.activity_ids.note
        self.assertIn("INV/2026/00999", note)
        self.assertIn("99.00", note)

    def test_companies_may_share_an_account(self):
        self._pay(self._open())
        neighbour = self.provider.copy({"company_id": self.company.id})
        neighbour.paylink_stripe_secret_key = self.provider.paylink_stripe_secret_key
        before = len(self.stripe.requests)
        for event in self.stripe.events:
            self.assertFalse(neighbour._paylink_stripe_process_event(event))
        self.assertEqual(len(self.stripe.requests), before)

    def test_declined_saved_card(self):
        token = self._save_card()
        token.paylink_stripe_method_ref = "pm_declined"
        tx = self._charge(token)
        self.assertEqual(tx.state, "error")
        self.assertNotRegex(tx.state_message, r"\d{12}")
