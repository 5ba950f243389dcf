# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying at Stripe: the page there, what comes back, and what ends it."""

from datetime import timedelta

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.paylink_invoice.models.payment_transaction import PaymentRefused

from ..models.payment_transaction import MAX_LOST
from ..stripe_api import CODE, StripeFailure
from .common import StripeCase
from .fake_stripe import CREDIT, DEBIT, DECLINED, PREPAID, Refusal

# Of a tap on Pay, all together.
MAX_QUERIES = 75


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPayment(StripeCase):
    def test_payment_is_booked_with_what_it_has_cost(self):
        tx = self._pay_and_tell()
        self.assertEqual((tx.state, self.posted_invoice.amount_residual), ("done", 0.0))
        self.assertEqual(tx.provider_reference[:3], "pi_")
        self.assertEqual(tx.paylink_stripe_session_state, "complete")
        self.assertEqual(tx.paylink_stripe_instrument, "Visa •••• 4242")
        self.assertEqual((tx.paylink_stripe_cost, tx.paylink_stripe_net), (3.2, 96.8))
        self.assertEqual(tx._paylink_get_method_name(), "Visa •••• 4242")
        self.assertFalse(tx.paylink_stripe_check_date)

    def test_page_at_stripe_says_what_is_paid(self):
        self.provider.company_id.write(
            {"paylink_is_tip_enabled": True, "paylink_tip_percentages": "0,10,20"}
        )
        self._set_fee()
        self._open("credit", tip="10")
        values = self._get_request("POST /v1/checkout/sessions")
        items = [
            (item["price_data"]["product_data"]["name"], item["price_data"]["unit_amount"])
            for item in values["line_items"]
        ]
        name = f"Invoice {self.posted_invoice.name}"
        self.assertEqual(items, [(name, "10000"), ("Tip", "1000"), ("Processing fee", "330")])
        self.assertEqual(values["customer_email"], "alice@azure.example.com")
        self.assertEqual(values["adaptive_pricing"], {"enabled": "false"})
        self.assertNotIn("after_expiration", values)
        self.assertNotIn("customer", values)

    def test_address_of_the_way_back_opens_no_link(self):
        self._open()
        text = str(self.stripe.requests)
        self.assertNotIn(self.link._get_token(), text)
        self.assertIn("/paylink/stripe/return/", text)

    def test_ways_to_pay_follow_the_fee(self):
        def get_ways():
            return [(option["id"], bool(option["fee_rule"])) for option in self.link._get_options()]

        self.assertEqual(get_ways(), [(self._get_way("any"), False)])
        self._set_fee()
        credit, debit = self._get_way("credit"), self._get_way("debit")
        self.assertEqual(get_ways(), [(credit, True), (debit, False)])
        self.provider.paylink_fee_country_ids = self.env.ref("base.fr")
        self.assertEqual(get_ways(), [(self._get_way("any"), False)])

    def test_page_with_a_fee_takes_credit_cards_only(self):
        self._set_fee()
        tx = self._open("credit")
        self.assertEqual(tx.amount, 103.0)
        for card, kind in ((DEBIT, "card"), (PREPAID, "card"), (CREDIT, "sepa_debit")):
            with self.assertRaises(Refusal):
                self._pay(tx, card, kind)
        self._pay(tx, CREDIT)
        self._run_cron()
        self.assertEqual((tx.state, tx.paylink_stripe_funding), ("done", "credit"))

    def test_page_without_the_fee_takes_no_credit_card(self):
        self._set_fee()
        tx = self._open("debit")
        self.assertEqual(tx.amount, 100.0)
        with self.assertRaises(Refusal):
            self._pay(tx, CREDIT)
        self._pay(tx, DEBIT)
        self._run_cron()
        self.assertEqual((tx.state, tx.paylink_stripe_funding), ("done", "debit"))

    def test_fee_of_other_cards_is_given_back_by_itself(self):
        self._set_fee()
        self.stripe.is_funding_ignored = True
        tx = self._pay_and_tell("credit", DEBIT)
        self.assertEqual(tx.paylink_fee_amount, 3.0)
        self._run_cron()
        self._run_cron()
        refund = tx.child_transaction_ids
        self.assertEqual((len(refund), refund.amount, refund.state), (1, -3.0, "done"))
        refund._post_process()
        self.assertEqual((refund.paylink_fee_amount, refund.paylink_tip_amount), (-3.0, 0.0))
        rest = tx._refund()
        self.assertEqual(rest.state, "error", "more than is left cannot be given back")
        rest = tx._refund(100.0)
        self.assertEqual((rest.state, rest.paylink_fee_amount), ("done", 0.0))

    def test_tap_on_pay_takes_few_queries(self):
        self._open()  # what is cached from then on
        link = self._create_link(self._create_invoice())
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self._open(link=link)
        self.env.flush_all()
        self.assertLessEqual(self.env.cr.sql_log_count - before, MAX_QUERIES)

    def test_second_tap_leads_to_the_same_page(self):
        first = self._open()
        url = first._paylink_open_hosted_page()
        self.assertEqual(self._open(), first)
        self.assertIn(first.paylink_stripe_session_ref, url)
        self.assertEqual(self._count("POST /v1/checkout/sessions"), 1)

    def test_another_choice_closes_the_first_page(self):
        self._set_fee()
        first, second = self._open("credit"), self._open("debit")
        self.assertEqual(first.paylink_stripe_session_state, "expired")
        self.assertEqual(second.paylink_stripe_session_state, "open")
        with self.assertRaises(Refusal):
            self._pay(first)

    def test_card_declined_on_a_page_that_was_left_counts(self):
        self._set_fee()
        first = self._open("credit")
        self._pay(first, DECLINED)
        second = self._open("debit")
        self.assertEqual((first.state, first.paylink_is_given_up), ("error", False))
        self.assertIn("declined", first.state_message)
        self.assertNotIn(DECLINED, first.state_message)
        self.assertEqual(second.paylink_stripe_session_state, "open")
        # One request for each page: to close the first tells what became of it.
        self.assertEqual(len(self.stripe.requests), 3)

    def test_fixed_fee_stays_below_what_card_networks_allow(self):
        self.provider.write({"paylink_fee_percent": 2.9, "paylink_fee_fixed": 0.3})
        self.assertEqual(self._open("credit").paylink_fee_amount, 3.0)
        options = {option["id"]: option["fee_rule"] for option in self.link._get_options()}
        text = self.env["paylink.page"]._get_fee_rule_text(
            options[self._get_way("credit")], self.company.currency_id
        )
        self.assertIn("at most 3%", text)

    def test_seller_may_speak_of_a_discount(self):
        def get_texts():
            choices = self.env["paylink.page"]._prepare_choices(self.link.sudo())
            return [choice["text"] for choice in choices["options"]]

        self._set_fee()
        self.assertEqual(get_texts()[1], "No fee")
        self.provider.paylink_stripe_is_discount = True
        self.assertIn("Fee", get_texts()[0])
        self.assertRegex(get_texts()[1], "Discount .* less than by credit card")

    def test_page_of_a_payment_that_was_given_up_is_closed_soon(self):
        tx = self._open()
        cron = self.env.ref("paylink_invoice_stripe.ir_cron_paylink_stripe")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        tx._paylink_give_up("Paid elsewhere")
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]) - triggers
        self.assertLess(triggers.call_at - tx.last_state_change, timedelta(minutes=1))
        self._run_cron()
        self.assertEqual(tx.paylink_stripe_session_state, "expired")

    def test_cron_is_not_stopped_by_one_payment(self):
        broken, other = self._open(), self._open(link=self._create_link(self._create_invoice()))
        self._pay(other)
        self.stripe.lies[broken.paylink_stripe_session_ref] = {"status": 7, "metadata": "nonsense"}
        with self.assertLogs("odoo.addons.paylink_invoice_stripe", "ERROR"):
            self._run_cron()
        self.assertEqual((broken.state, other.state), ("draft", "done"))
        self.stripe.lies.clear()
        self._pay(broken)
        self._age(broken, hours=2)
        self._run_cron()
        self.assertEqual(broken.state, "done")

    @mute_logger("odoo.addons.paylink_invoice_stripe.models.payment_transaction_sync")
    def test_cron_does_not_wait_for_a_stripe_that_is_not_there(self):
        txs = [self._open(link=self._create_link(self._create_invoice())) for _number in range(5)]
        self.stripe.requests.clear()
        self.stripe.fail("500", "/v1/", times=99)
        self._run_cron()
        self.assertEqual(len(self.stripe.requests), 0)
        self.assertEqual(self.stripe.faults[0][2], 99 - MAX_LOST)
        self.stripe.faults.clear()
        for tx in txs:
            self._pay(tx)
        self._run_cron()
        self.assertEqual({tx.state for tx in txs}, {"done"})

    @mute_logger("odoo.addons.paylink_invoice_stripe.models.payment_transaction_sync")
    def test_payment_of_another_account_is_asked_about_for_a_week(self):
        tx = self._open()
        self.stripe.forget()  # The key is that of another account now.
        self._run_cron()
        self.assertTrue(tx.paylink_stripe_check_date)
        self._age(tx, days=8)
        self._run_cron()
        self.assertFalse(tx.paylink_stripe_check_date)
        self.assertEqual((tx.state, tx.paylink_is_given_up), ("cancel", True))

    def test_answer_without_sense_changes_nothing(self):
        for fault in ("garbage", "empty"):
            with self.subTest(fault=fault):
                tx = self._open(link=self._create_link(self._create_invoice()))
                self._pay(tx)
                self.stripe.fail(fault, "GET /v1/checkout")
                with self.assertRaises(StripeFailure) as failure:
                    tx._paylink_stripe_sync()
                self.assertTrue(failure.exception.is_lost)
                tx._paylink_stripe_sync()
                self.assertEqual(tx.state, "done")

    def test_no_second_page_where_the_first_has_been_paid(self):
        self._set_fee()
        first = self._open("credit")
        self._pay(first)
        try:  # `assertRaises` would undo what became known.
            self._open("debit")
            self.fail("there are two pages for one invoice")
        except PaymentRefused:
            self.assertEqual(first.state, "done")
        self.assertEqual(self._count("POST /v1/checkout/sessions/cs_"), 1)
        opened = [name for name, *_ in self.stripe.requests if name == "POST /v1/checkout/sessions"]
        self.assertEqual(len(opened), 1)

    def test_no_second_page_where_nobody_knows_of_the_first(self):
        self._set_fee()
        first = self._open("credit")
        self.stripe.fail("lose", "/expire")
        with self.assertRaises(PaymentRefused) as refusal:
            self._open("debit")
        self.assertEqual(refusal.exception.code, "provider_failed")
        self._pay(first)
        self._run_cron()
        self.assertEqual(first.state, "done")

    def test_page_is_closed_with_what_it_was_opened_for(self):
        def revoke(_move):
            self.link.action_revoke()

        for end in (revoke, lambda move: move.button_draft(), self._credit):
            with self.subTest(end=end):
                move = self._create_invoice()
                self.link = self._create_link(move)
                tx = self._open()
                self._run_cron()
                self.assertEqual(tx.paylink_stripe_session_state, "open")
                end(move)
                self._run_cron()
                self.assertEqual(tx.paylink_stripe_session_state, "expired")
                self.assertTrue(tx.paylink_is_given_up)

    def _credit(self, move):
        self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({"journal_id": move.journal_id.id}).refund_moves()
        move.reversal_move_ids.filtered(lambda refund: refund.state == "draft").action_post()

    def test_page_is_closed_in_time(self):
        tx = self._open()
        self._age(tx, minutes=20)
        self._run_cron()
        self.assertEqual(tx.paylink_stripe_session_state, "open", "who types a card may finish")
        self._age(tx, minutes=15)
        self._run_cron()
        self.assertEqual((tx.paylink_stripe_session_state, tx.state), ("expired", "cancel"))
        self.assertFalse(tx.paylink_stripe_check_date)

    def test_declined_card_counts_and_hides_its_number(self):
        tx = self._open()
        self._pay(tx, DECLINED)
        self._tell_all()
        self.assertEqual(tx.state, "draft", "another card may be tried on the same page")
        self._age(tx, minutes=55)
        self._run_cron()
        self.assertEqual(tx.state, "error")
        self.assertNotIn(DECLINED, tx.state_message)
        self.assertFalse(tx.paylink_is_given_up)

    def test_payment_that_takes_days(self):
        tx = self._open()
        intent = self._pay(tx, kind="sepa_debit")
        self._tell_all()
        self.assertEqual((tx.state, tx.provider_reference), ("pending", intent["id"]))
        self._age(tx, days=3)
        self.stripe.succeed(intent["id"])
        self._run_cron()
        self.assertEqual(tx.state, "done")

    def test_payment_that_fails_after_days(self):
        tx = self._open()
        intent = self._pay(tx, kind="sepa_debit")
        self._tell_all()
        self.stripe.fail_later(intent["id"])
        self._tell_all()
        self.assertEqual(tx.state, "error")

    def test_lost_answer_opens_the_same_page_again(self):
        with self._patch_retries(2):
            self.stripe.fail("drop", "POST /v1/checkout/sessions")
            tx = self._open()
        self.assertEqual(len(self.stripe.find("checkout.session")), 1)
        self.assertEqual(tx.paylink_stripe_session_state, "open")

    def test_no_answer_starts_nothing_and_locks_nobody_out(self):
        self.stripe.fail("lose", "POST /v1/checkout/sessions")
        with self.assertRaises(PaymentRefused) as refusal:
            self._open()
        self.assertIn("nothing was charged", refusal.exception.message)
        self.assertFalse(self.posted_invoice.transaction_ids._paylink_get_running_attempts())
        self.assertEqual(self._open().paylink_stripe_session_state, "open")

    def test_cost_that_comes_late_is_noted(self):
        self.stripe.is_cost_late = True
        tx = self._pay_and_tell()
        self.assertFalse(tx.paylink_stripe_cost)
        self.assertTrue(tx.paylink_stripe_check_date)
        for charge in self.stripe.find("charge"):
            self.stripe.settle(charge)
        self._age(tx, days=1)
        self._run_cron()
        self.assertEqual(tx.paylink_stripe_cost, 3.2)
        self.assertFalse(tx.paylink_stripe_check_date)

    def test_payout_is_noted(self):
        tx = self._pay_and_tell()
        payout = self.stripe.pay_out()
        self._tell_all()
        self.assertEqual(tx.paylink_stripe_payout_ref, payout["id"])
        self.assertTrue(tx.paylink_stripe_payout_date)

    def test_other_amount_than_asked_for_settles_nothing(self):
        tx = self._open()
        intent = self._pay(tx)
        self.stripe.lies[intent["id"]] = {"amount_received": 1}
        self._run_cron()
        self.assertEqual((tx.state, tx.paylink_has_wrong_amount), ("error", True))
        self.stripe.lies.clear()
        tx.paylink_stripe_check_date = tx.create_date
        self._run_cron()
        self.assertEqual(tx.state, "error")
        self.assertTrue(self.posted_invoice.activity_ids)

    def test_one_payment_at_stripe_settles_one_here(self):
        first = self._pay_and_tell()
        second = self._open(link=self._create_link(self._create_invoice()))
        intent = self._pay(second)
        self.stripe.lies[second.paylink_stripe_session_ref] = {
            "payment_intent": self.stripe.show_intent(self.stripe.get(first.provider_reference))
        }
        with self.assertLogs("odoo.addons.paylink_invoice_stripe", "ERROR"):
            self._run_cron()
        self.assertEqual(second.state, "draft")
        self.stripe.lies.clear()
        self._run_cron()
        self.assertEqual((second.state, second.provider_reference), ("done", intent["id"]))

    def test_amounts_that_stripe_does_not_take_are_not_offered(self):
        for price, denial in (
            (0.3, "no_provider"),
            (0.5, None),
            (999999.99, None),
            (1000000, "no_provider"),
        ):
            move = self._create_invoice(
                invoice_line_ids=[Command.create({"price_unit": price, "tax_ids": []})]
            )
            with self.subTest(price=price):
                self.assertEqual(self._create_link(move)._get_denial("pay"), denial)

    def test_amounts_below_the_smallest_coin_of_stripe_are_not_offered(self):
        dinar = self.env.ref("base.KWD")
        dinar.active = True
        denials = []
        for price in (10.125, 10.12):
            move = self._create_invoice(
                currency_id=dinar.id,
                invoice_line_ids=[Command.create({"price_unit": price, "tax_ids": []})],
            )
            denials.append(self._create_link(move)._get_denial("pay"))
        self.assertEqual(denials, ["no_provider", None])

    def test_who_owes_nothing_can_pay_ahead(self):
        self.company.paylink_is_advance_allowed = True
        owner = self.env["res.partner"].create({"name": "Riverside Hotel", "is_company": True})
        values = {"kind": "balance", "partner_id": owner.id, "company_id": self.company.id}
        link = self.env["paylink.link"].sudo().create(values)
        self.assertIsNone(link._get_denial("pay"))
        tx = self._open(link=link, amount="75.00")
        self._pay(tx)
        self._tell_all()
        tx._post_process()
        self.assertEqual(link._get_balance().credit, 75)

    def test_provider_without_a_secret_is_not_offered(self):
        self.assertFalse(self.link._get_denial("pay"))
        self.env.cr.execute(
            "UPDATE payment_provider SET paylink_stripe_webhook_secret = NULL WHERE id = %s",
            [self.provider.id],
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        self.assertEqual(self.link._get_denial("pay"), "no_provider")

    def test_pages_of_odoo_offer_one_way_without_a_fee(self):
        self._set_fee()
        methods = self.env["payment.method"]._get_compatible_payment_methods(
            self.provider.ids, self.alice.id
        )
        self.assertEqual(methods.mapped("code"), ["paylink_stripe"])

    def test_many_invoices_are_paid_at_once_on_pages_of_odoo(self):
        invoices = self.posted_invoice
        for _count in range(24):
            invoices |= self._create_invoice()
        commands = [Command.set(invoices.ids)]
        reference = self.env["payment.transaction"]._compute_reference(CODE, invoice_ids=commands)
        self.assertGreater(len(reference), 255)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.env.ref("paylink_invoice_stripe.payment_method_any").id,
                "reference": reference,
                "operation": "online_redirect",
                "amount": sum(invoices.mapped("amount_residual")),
                "currency_id": self.company.currency_id.id,
                "partner_id": self.alice.id,
                "invoice_ids": commands,
            }
        )
        self.assertTrue(tx._get_specific_rendering_values({})["api_url"])
        self._pay(tx)
        self._tell_all()
        self.assertEqual(tx.state, "done")
