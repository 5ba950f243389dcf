# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a provider with a page of its own relies on, as `paylink_invoice_stripe` does."""

from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ..models.payment_transaction import PaymentRefused
from ..pricing import FeeRule
from .test_booking import BookingCase
from .test_quote import QuoteCase

PAGE = "https://checkout.example.com/pay/"


@tagged("post_install", "-at_install", "paylink", "slow")
class TestHostedPage(QuoteCase):
    """The dummy provider leads to a page of its own, without Odoo's form."""

    def setUp(self):
        super().setUp()
        self._patch("payment.provider", "_paylink_get_flow", lambda _provider: "redirect")
        self.opened = []
        self.refusal = None

        def open_page(tx, _page_values):
            self.opened.append(tx.id)
            if self.refusal:
                raise PaymentRefused(self.refusal, tx.paylink_link_id._get_payment_refusal("paid"))
            return f"{PAGE}{tx.id}"

        self._patch("payment.transaction", "_paylink_open_hosted_page", open_page)

    def _patch(self, model, name, function):
        self.startPatcher(patch.object(self.env.registry[model], name, function))

    def _get_opened(self):
        """Return the payment whose page was opened last."""
        return self.env["payment.transaction"].browse(self.opened[-1])

    def _tap_pay(self, **form):
        return self._pay(option=self.option, headers={"Accept": "text/html"}, **form)

    def _get_location(self, **form):
        response = self._tap_pay(**form)
        self.assertEqual(response.status_code, 303, response.text)
        return response.headers["Location"]

    def test_options_tell_that_no_form_is_needed(self):
        options = self._get("options").json()
        self.assertEqual([option["flow"] for option in options], ["redirect"])

    def test_tap_on_pay_leads_to_the_page(self):
        location = self._get_location()
        self.assertEqual(location, f"{PAGE}{self.transactions.id}")
        tx = self.transactions
        self.assertEqual((tx.state, tx.amount, tx.operation), ("draft", 100.0, "online_redirect"))
        self.assertFalse(tx.paylink_is_reserved)
        self.assertEqual(tx.paylink_quote_id.link_id, self.link)

    def test_second_tap_leads_to_the_same_payment(self):
        self.assertEqual(self._get_location(), self._get_location())
        self.assertEqual(self.opened, [self.transactions.id, self.transactions.id])

    def test_browser_that_pays_is_known_when_it_comes_back(self):
        self._tap_pay()
        response = self._get_landing()
        self.assertIn(self.transactions.reference, response.headers["Location"])

    def _get_landing(self):
        return self.url_open("/paylink/landing", allow_redirects=False)

    def test_card_is_saved_only_where_that_is_possible_and_wanted(self):
        self.provider.allow_tokenization = True
        self.payment_method.support_tokenization = True
        self._tap_pay()
        self.assertFalse(self.transactions.tokenize)
        self._tap_pay(save_card="1")
        self.assertTrue(self._get_opened().tokenize)
        self.provider.allow_tokenization = False
        self._tap_pay(save_card="1")
        self.assertFalse(self._get_opened().tokenize)

    def test_page_that_cannot_be_opened_is_told(self):
        self.refusal = "paid"
        response = self._tap_pay()
        self.assertEqual(response.status_code, 409)
        self.assertNotIn("Set-Cookie", response.headers)
        # What happened at the provider is not forgotten.
        self.assertEqual(len(self.transactions), 1)

    def test_fee_is_accepted_before_the_page_is_opened(self):
        self._set_fee()
        self.assertEqual(self._tap_pay().status_code, 200)
        self.assertFalse(self.opened)
        quote = self._quote()["quote"]
        response = self._pay(quote=quote, fee_accepted="1", headers={"Accept": "text/html"})
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self._get_opened().paylink_fee_amount, 3.2)

    def test_ways_to_pay_can_be_narrowed_for_invoice_and_balance(self):
        self.alice.commercial_partner_id.action_paylink_generate()
        balance_link = self.alice.commercial_partner_id.paylink_balance_link_id.sudo()
        for model in ("account.move", "paylink.link"):
            name = "_get_option_ids" if model == "paylink.link" else "_paylink_get_option_ids"
            link = balance_link if model == "paylink.link" else self.link
            self.assertTrue(link._get_options())
            with patch.object(self.env.registry[model], name, lambda _record: ()):
                self.assertEqual(link._get_options(), [])

    def test_texts_of_the_ways_to_pay_can_be_changed(self):
        self._set_fee()
        page = self.env["paylink.page"]
        real = type(page)._prepare_option_choices

        def prepare(page, link, options, default, has_fee):
            choices = real(page, link, options, default, has_fee)
            return [{**choice, "text": "Something else"} for choice in choices]

        with patch.object(type(page), "_prepare_option_choices", prepare):
            self.assertIn("Something else", self._get().text)

    @contextmanager
    def _expect_trigger(self, cron, within):
        """Check that a cron is to run within some time."""
        triggers = self.env["ir.cron.trigger"]
        domain = [("cron_id", "=", self.env.ref(cron).id)]
        before = triggers.search(domain)
        yield
        new = triggers.search(domain) - before
        self.assertTrue(new)
        self.assertLess(min(new.mapped("call_at")), fields.Datetime.now() + within)

    def test_money_of_a_provider_of_ours_is_booked_soon_whatever_started_it(self):
        tx = self._start_in_portal()
        self._patch("payment.transaction", "_paylink_is_ours", lambda _tx: True)
        cron = "payment.cron_post_process_payment_tx"
        with self._expect_trigger(cron, timedelta(minutes=2)):
            tx._set_done()

    def test_payment_without_a_quote_has_a_receipt(self):
        tx = self._start_in_portal()
        tx._set_done()
        rows = {row["label"]: row["value"] for row in tx._paylink_prepare_receipt_rows()}
        self.assertIn("100.00", rows["Amount"])

    def test_given_up_payments_can_be_ended_at_their_provider(self):
        self._tap_pay()
        seen = []
        real = self.env.registry["payment.transaction"]._paylink_give_up
        self._patch(
            "payment.transaction",
            "_paylink_give_up",
            lambda txs, reason: seen.append(txs) or real(txs, reason),
        )
        tx = self.transactions
        tx._paylink_replace()
        self.assertEqual((seen, tx.state, tx.paylink_is_given_up), ([tx], "cancel", True))
        # What the provider tells in the end is believed all the same.
        tx._set_error("Declined", extra_allowed_states=("cancel",))
        self.assertEqual(tx.state, "error")

    def test_method_is_named_as_the_provider_says(self):
        self._tap_pay()
        tx = self.transactions
        self._patch("payment.transaction", "_paylink_get_method_name", lambda _tx: "Visa •••• 4242")
        tx._set_done()
        self.assertIn("Visa •••• 4242", self.url_open(self.link._get_receipt_path(tx)).text)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestFeeOfHostedPage(BookingCase):
    def test_ceiling_is_told(self):
        text = self.env["paylink.page"]._get_fee_rule_text(
            FeeRule(Decimal("2.9"), Decimal("0.30"), Decimal(0), Decimal(3)),
            self.company.currency_id,
        )
        self.assertIn("at most 3%", text)

    def test_fee_that_was_not_owed_goes_back_alone(self):
        self._set_fee()
        self.startPatcher(
            patch.object(self.env.registry["payment.provider"], "support_refund", "partial")
        )
        tx = self._pay(tip="20")
        refund = tx._create_child_transaction(
            tx.paylink_fee_amount, is_refund=True, paylink_is_fee_refund=True
        )
        self._settle(refund)
        self.assertEqual((refund.paylink_fee_amount, refund.paylink_tip_amount), (-3.6, 0.0))
        rest = self._refund(tx, 120.0)
        self.assertEqual((rest.paylink_fee_amount, rest.paylink_tip_amount), (0.0, -20.0))
        entries = (refund | rest).payment_id.move_id
        self.assertEqual(self._get_sum(entries, self.fee_income), 3.6)
        self.assertEqual(self._get_sum(entries, self.receivable), 100.0)

    def test_alert_finds_somebody_who_bills(self):
        tx = self._pay()
        self.posted_invoice.invoice_user_id = False
        tx.paylink_link_id.user_id = False
        tx._paylink_alert_accountant("paylink_invoice.activity_wrong_amount")
        self.assertTrue(self.posted_invoice.activity_ids.user_id)
