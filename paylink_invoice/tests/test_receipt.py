# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Receipts: what a payment consisted of, what came back, and the mail that takes them along."""

from unittest.mock import patch

from odoo.tests import mute_logger, tagged

from .test_quote import QuoteCase

MAIL_LOG = "odoo.addons.paylink_invoice.models.payment_transaction_receipt_mail"


class ReceiptCase(QuoteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.paylink_is_tip_enabled = True
        cls._set_fee()

    def _pay_quote(self, link=None, **wish):
        """Pay what is wished, with its fee accepted, and return the confirmed transaction."""
        quote = self._quote(link, **wish)
        self.assertEqual(self._pay(link, quote=quote["quote"], fee_accepted="1").status_code, 303)
        response = self._start_quote(quote, link)
        self.assertEqual(response.status_code, 200, response.text)
        tx = self._get_tx(response.json()["result"]["reference"])
        self._settle(tx)
        return tx

    def _read(self, tx):
        text = self._get(f"receipt/{tx.reference}").text
        return text.replace("\N{NO-BREAK SPACE}", " ")

    def _refund(self, tx, amount, **values):
        refund = tx._create_child_transaction(amount, is_refund=True, **values)
        refund.state = "done"
        return refund


@tagged("post_install", "-at_install", "paylink", "slow")
class TestReceipt(ReceiptCase):
    def test_receipt_adds_up(self):
        tx = self._pay_quote(amount="50.00", tip="20")
        text = self._read(tx)
        for part in ("Tip", "$ 10.00", "Processing fee", "$ 2.04", "Total", "$ 62.04", "$ 50.00"):
            self.assertIn(part, text)
        self.assertIn("Still to pay", text)
        self.assertIn(f'href="{self.link._get_path()}#o_paylink_pay"', text)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "paylink_invoice.report_payment_receipt", tx.ids
        )[0]
        for part in ("10.00", "2.04", "62.04", "50.00", "Northwind Heating"):
            self.assertIn(part, html.decode())

    def test_amount_stands_alone_where_it_is_all(self):
        self._set_fee(percent=0, fixed=0)
        text = self._read(self._pay_quote())
        self.assertIn("Amount", text)
        self.assertNotIn("o_paylink_totals", text)
        self.assertNotIn("Processing fee", text)

    def test_refund_is_told_with_its_share_of_the_fee(self):
        tx = self._pay_quote(tip="20")
        self._refund(tx, 20.0)
        text = self._read(tx)
        self.assertIn("Refunded on", text)
        self.assertIn("$ 20.00 (including a tip of $ 3.23 and a fee of $ 0.61)", text)
        self.assertIn("has arrived", text)
        page = self._get().text.replace("\N{NO-BREAK SPACE}", " ")
        self.assertIn("Refunded: $ 20.00", page)

    def test_what_was_not_captured_is_not_certified(self):
        provider = self.env.registry["payment.provider"]
        self.startPatcher(patch.object(provider, "support_manual_capture", "partial"))
        self._set_fee(percent=3, fixed=0)
        quote = self._quote(tip="20")
        self._pay(quote=quote["quote"], fee_accepted="1")
        tx = self._get_tx(self._start_quote(quote).json()["result"]["reference"])
        tx._set_authorized()
        capture = tx._capture(61.8)
        self._settle(capture)
        self.assertEqual(tx._paylink_get_awaited_amount(), 61.8)
        tx._void(61.8)._set_canceled()
        tx._post_process()
        self.assertEqual((tx.state, tx._paylink_get_awaited_amount()), ("done", 0))
        text = self._read(tx)
        for part in ("$ 50.00", "$ 10.00", "$ 1.80", "Your payment of $ 61.80 has arrived"):
            self.assertIn(part, text)
        self.assertNotIn("123.60", text)
        self.assertIn("Receipt for $ 61.80", self._get().text.replace("\N{NO-BREAK SPACE}", " "))
        message = tx.paylink_receipt_message_id
        self.assertIn("61.80", message.body)
        self.assertNotIn("123.60", message.body)
        self._refund(capture, 61.8)
        self.assertIn("Your payment was given back", self._read(tx))

    def test_payment_that_was_given_back_says_so(self):
        tx = self._pay_quote()
        self._refund(tx, tx.amount)
        text = self._read(tx)
        self.assertIn("Your payment was given back", text)
        self.assertNotIn("has arrived", text)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestReceiptMail(ReceiptCase):
    def _get_receipts(self):
        return self.posted_invoice.message_ids.filtered(
            lambda message: "Receipt" in (message.subject or "")
        )

    def test_receipt_is_mailed_once_with_the_live_link_and_the_file(self):
        with self.catch_mail() as catcher:
            tx = self._pay_quote(tip="20")
            tx._post_process()
        html = catcher.get_html("alice@azure.example.com").replace("\N{NO-BREAK SPACE}", " ")
        mails = [mail for to, mail in catcher.messages if "alice@azure.example.com" in to]
        self.assertEqual(len(mails), 1)
        self.assertEqual(set(self._get_live_tokens(html)), {self.link._get_token()})
        self.assertIn(self.link._get_receipt_path(tx), html)
        for part in ("Tip", "$ 20.00", "Processing fee", "Total", tx.reference):
            self.assertIn(part, html)
        files = [part.get_filename() for part in mails[0].iter_attachments()]
        self.assertEqual(len(files), 1)
        self.assertTrue(files[0].startswith("Receipt"))

    def test_what_is_stored_opens_nothing(self):
        tx = self._pay_quote()
        message = tx.paylink_receipt_message_id
        self.assertEqual(message, self._get_receipts())
        self.assertIn("/paylink/preview/", message.body)
        self.assertFalse(self._get_live_tokens(message.body))

    def test_receipt_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.alice.lang = "fr_FR"
        template = self.env.ref("paylink_invoice.mail_template_paylink_receipt")
        template.with_context(lang="fr_FR").body_html = "<p>Merci</p>"
        self.assertIn("Merci", self._pay_quote().paylink_receipt_message_id.body)

    def test_failing_mail_does_not_stop_the_booking(self):
        with (
            patch.object(
                self.env.registry["payment.transaction"],
                "_paylink_post_receipt",
                side_effect=ValueError("no mail today"),
            ),
            mute_logger(MAIL_LOG),
        ):
            tx = self._pay_quote()
        self.assertTrue(tx.is_post_processed and tx.payment_id)
        self.assertEqual(self.posted_invoice.amount_residual, 0)
        self.assertFalse(tx.paylink_receipt_message_id)

    def test_failing_print_leaves_the_mail(self):
        with (
            patch.object(
                self.env.registry["payment.transaction"],
                "_paylink_render_receipt",
                side_effect=ValueError("no paper"),
            ),
            mute_logger(MAIL_LOG),
        ):
            tx = self._pay_quote()
        self.assertTrue(tx.paylink_receipt_message_id)
        self.assertFalse(tx.paylink_receipt_message_id.attachment_ids)

    def test_nobody_else_gets_a_receipt(self):
        self.posted_invoice.message_subscribe(partner_ids=self.bob.ids)
        tx = self._pay_quote()
        self.assertEqual(tx.paylink_receipt_message_id.notified_partner_ids, self.alice)

    def test_recipient_without_an_address_gets_none(self):
        self.alice.email = False
        self.assertFalse(self._pay_quote().paylink_receipt_message_id)

    def test_refund_is_no_payment(self):
        tx = self._pay_quote()
        refund = self._refund(tx, 20.0)
        refund._post_process()
        self.assertEqual(len(self._get_receipts()), 1)
