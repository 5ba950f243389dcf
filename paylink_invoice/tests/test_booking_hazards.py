# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that comes while staff change what it is for: nothing of it is lost, or booked wrongly."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import mute_logger, tagged

from .test_booking import BOOKING_LOG, BookingCase

ATTEMPT_LOG = "odoo.addons.paylink_invoice.models.account_move_attempt"


@tagged("post_install", "-at_install", "paylink", "slow")
class TestChangedMeanwhile(BookingCase):
    def setUp(self):
        super().setUp()
        self._set_fee()

    def _assert_is_credit(self, tx):
        """Check that tip and fee are income, and the rest is the customer's credit and a task."""
        self.assertTrue(tx.is_post_processed)
        entry = tx.payment_id.move_id
        self.assertEqual(entry.state, "posted")
        self.assertEqual(self._get_sum(entry, self.tip_income), -20.0)
        self.assertEqual(self._get_sum(entry, self.fee_income), -3.6)
        self.assertEqual(self._get_credit(), -100.0)
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)

    @mute_logger(ATTEMPT_LOG)
    def test_draft_that_cannot_be_confirmed_keeps_no_money_out_of_the_books(self):
        for price in (None, -50.0):
            with self.subTest(price=price), self._undone():
                tx = self._start(tip="20")
                self.posted_invoice.button_draft()
                if price:
                    self.posted_invoice.invoice_line_ids.price_unit = price
                else:
                    self.posted_invoice.invoice_line_ids.unlink()
                self._settle(tx)
                self.assertEqual(self.posted_invoice.state, "draft")
                self._assert_is_credit(tx)

    def test_draft_that_can_be_confirmed_is_paid(self):
        tx = self._start(tip="20")
        self.posted_invoice.button_draft()
        self._settle(tx)
        self._assert_paid(self.posted_invoice)

    @mute_logger(BOOKING_LOG)
    def test_what_cannot_be_booked_is_a_task_and_booked_once_that_is_mended(self):
        tx = self._start(tip="20")
        journal = self.provider.journal_id
        journal.action_archive()
        self._settle(tx)
        self._settle(tx)  # The cron tries again.
        self.assertEqual(tx.state, "done")
        self.assertFalse(tx.is_post_processed or tx.payment_id)
        self.assertIn(journal.name, self.posted_invoice.activity_ids.note)
        link = tx.paylink_link_id
        self.assertEqual(link._get_denial("pay"), "in_progress", "Nobody is to pay twice.")
        journal.action_unarchive()
        tx._post_process()
        self._assert_paid(self.posted_invoice)
        self.assertTrue(tx.is_post_processed)
        self.assertEqual(len(link.event_ids.filtered(lambda e: e.event_type == "paid")), 1)

    def test_money_of_the_former_customer_settles_no_invoice_of_another_one(self):
        terms = self._create_early_terms()
        invoice = self._create_invoice(invoice_payment_term_id=terms.id)
        tx = self._start(invoice, tip="20")
        invoice.button_draft()
        invoice.partner_id = self.env["res.partner"].create({"name": "Another Customer"})
        invoice.action_post()
        self._settle(tx)
        self.assertEqual(invoice.amount_residual, 100.0)
        entry = tx.payment_id.move_id
        self.assertEqual(entry.line_ids.partner_id, self.customer)
        self.assertEqual(self._get_sum(entry, self.receivable), -98.0)
        self.assertEqual(self._get_credit(), -98.0)
        self.assertEqual(len(invoice.activity_ids), 1)

    def test_invoice_with_a_link_that_was_used_is_not_deleted(self):
        link = self._create_link()
        unused = self._create_invoice()
        self.env["paylink.link"].sudo().create(
            {"move_id": unused.id, "partner_id": self.alice.id, "channel": "email"}
        )
        invoices = self.posted_invoice + unused
        invoices.button_draft()
        with self.assertRaisesRegex(UserError, "Cancel the invoice"):
            self.posted_invoice.with_user(self.biller).unlink()
        self.assertTrue(link.exists().event_ids)
        unused.unlink()
        self.assertFalse(unused.exists())


@tagged("post_install", "-at_install", "paylink", "slow")
class TestWithoutOutstandingAccount(BookingCase):
    """As in Odoo Enterprise, where the bank statement books what needs no entry before."""

    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.object(
                self.env.registry["account.move"],
                "_get_invoice_in_payment_state",
                lambda _move: "in_payment",
            )
        )
        self.provider.journal_id.inbound_payment_method_line_ids.payment_account_id = False

    def test_part_leaves_the_rest_to_be_paid(self):
        invoice = self.posted_invoice
        tx = self._pay(amount="40.00")
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 60.0))
        self.assertIsNone(tx.paylink_link_id._get_denial("pay"))
        rest = self._pay()
        self.assertEqual(rest.amount, 60.0)
        self.assertIn(invoice.payment_state, ("in_payment", "paid"))

    def test_invoice_of_another_customer_is_not_in_payment(self):
        tx = self._start()
        self.posted_invoice.button_draft()
        self.posted_invoice.partner_id = self.env["res.partner"].create({"name": "Another"})
        self.posted_invoice.action_post()
        self._settle(tx)
        self.assertEqual(self.posted_invoice.payment_state, "not_paid")
        self.assertEqual(self._get_credit(), -100.0)


@tagged("post_install", "-at_install", "paylink")
class TestDefaultProducts(BookingCase):
    def test_products_of_tips_and_fees_are_archived_not_deleted(self):
        self._set_fee()
        self.provider.paylink_fee_product_id = False
        for xml_id in ("product_tip", "product_processing_fee"):
            product = self.env.ref(f"paylink_invoice.{xml_id}")
            for record in (product, product.product_tmpl_id):
                with self.assertRaisesRegex(UserError, "Archive it"):
                    record.unlink()
            product.action_archive()
        fee = self.env.ref("paylink_invoice.product_processing_fee")
        entry = self._pay().payment_id.move_id
        self.assertEqual(entry.line_ids.product_id, fee)
        self.assertTrue(all(entry.line_ids.mapped("name")))
