# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Balances that are paid at Stripe: in several currencies, and ahead of any invoice."""

from odoo import Command
from odoo.tests import tagged

from .common import StripeCase


@tagged("post_install", "-at_install", "paylink")
class TestBalancePages(StripeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.env["res.partner"].create({"name": "Riverside Hotel", "is_company": True})
        values = {"kind": "balance", "partner_id": cls.owner.id, "company_id": cls.company.id}
        cls.balance_link = cls.env["paylink.link"].sudo().create(values)

    def _bill(self, amount, **values):
        lines = [Command.create({"price_unit": amount, "tax_ids": []})]
        return self._create_invoice(partner_id=self.owner.id, invoice_line_ids=lines, **values)

    def test_page_of_one_currency_stays_open_while_another_is_on_hold(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        dollars, euros = self._bill(100), self._bill(50, currency_id=euro.id)
        link = self.balance_link._choose_currency("EUR")
        tx = self._open(link=link, currency="EUR")
        dollars.payment_state = "blocked"
        dollars.flush_recordset()
        self._run_cron()
        self.assertEqual((tx.state, tx.paylink_stripe_session_state), ("draft", "open"))
        euros.button_cancel()
        self._run_cron()
        self.assertEqual((tx.state, tx.paylink_stripe_session_state), ("cancel", "expired"))

    def test_wrong_amount_that_is_paid_ahead_is_told(self):
        self.company.paylink_is_advance_allowed = True
        tx = self._open(link=self.balance_link, amount="75.00")
        intent = self._pay(tx)
        intent["amount_received"] = 7000
        self._tell_all()
        self.assertTrue(tx.paylink_has_wrong_amount)
        self.assertIn(tx.reference, self.owner.activity_ids.summary or "")

    def test_address_that_stripe_does_not_take_keeps_nobody_from_paying(self):
        self._bill(100)
        for email in ("kasse@münchen.example", "kasse@localhost", "kasse@hotel..example"):
            with self.subTest(email=email):
                self.owner.email = email
                tx = self._open(link=self.balance_link)
                self.assertEqual(tx.paylink_stripe_session_state, "open")
                self.assertNotIn("customer_email", self._get_request("POST /v1/checkout/sessions"))
                tx._paylink_stripe_close()
