# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Branches: they have the payment providers of their parent company, and books of their own."""

from odoo import Command
from odoo.tests import tagged

from .test_balance import BalanceCase


@tagged("post_install", "-at_install", "paylink")
class TestBranches(BalanceCase):
    """A customer of a branch, whose provider belongs to the parent company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.child_ids = [Command.create({"name": "Northwind North"})]
        cls.cr.precommit.run()  # loads what a branch shares with its parent company
        cls.branch = cls.company.child_ids
        cls.env.user.company_ids |= cls.branch
        cls.parent_link = cls.balance_link
        cls.balance_link = cls._create_balance_link(cls.owner, company_id=cls.branch.id)

    @classmethod
    def _bill_by_branch(cls, amount, days=-10, **values):
        journal = cls.company_data["default_journal_sale"]
        invoice = cls._bill(
            amount, days, post=False, company_id=cls.branch.id, journal_id=journal.id, **values
        )
        invoice.action_post()
        return invoice

    def test_a_payment_is_in_the_books_of_the_branch(self):
        self.branch.paylink_is_tip_enabled = True
        self.provider.paylink_fee_percent = 3
        invoice = self._bill_by_branch(100)
        tx = self._pay_balance(tip="20")
        self.assertEqual(tx.amount, 123.6)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(tx.payment_id.company_id, self.branch)
        self.assertEqual(tx.payment_id.move_id.line_ids.company_id, self.branch)
        refund = tx._refund(61.8)
        refund._set_done()
        refund._post_process()
        self.assertEqual(refund.payment_id.company_id, self.branch)
        self.assertEqual(refund.paylink_fee_amount, -1.8)

    def test_a_branch_has_the_address_of_its_parent_unless_it_has_its_own(self):
        self.company.paylink_base_url = "https://pay.example.com"
        self.assertTrue(self.balance_link._get_url().startswith("https://pay.example.com/"))
        self.branch.paylink_base_url = "https://north.example.com"
        self.assertTrue(self.balance_link._get_url().startswith("https://north.example.com/"))
        self.assertTrue(self.parent_link._get_url().startswith("https://pay.example.com/"))

    def test_fees_are_booked_as_the_parent_company_has_set_up(self):
        revenue = self.company_data["default_account_revenue"]
        income, own_income = (revenue.copy({"code": code}) for code in ("4711", "4712"))
        tax = self.env["account.tax"].create(
            {"name": "Tenth", "amount": 10, "company_id": self.company.id}
        )
        product = self.provider.paylink_fee_product_id = self.env["product.product"].create(
            {"name": "Card fee", "type": "service", "taxes_id": tax.ids}
        )
        product.property_account_income_id = income
        self.provider.paylink_fee_percent = 3
        for account in (income, own_income):
            self._bill_by_branch(100)
            lines = self._pay_balance().payment_id.move_id.line_ids
            fee = lines.filtered(lambda line: line.product_id == product)
            self.assertEqual((fee.account_id, fee.balance), (account, -2.73))
            self.assertEqual(lines.filtered("tax_line_id").balance, -0.27)
            product.with_company(self.branch).property_account_income_id = own_income

    def test_an_invoice_link_pays_the_branch(self):
        invoice = self._bill_by_branch(100)
        tx = self._start(self._create_link(invoice, self.guest))
        self._settle(tx)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(tx.payment_id.company_id, self.branch)

    def test_the_receipt_opens_by_the_link_of_the_branch_alone(self):
        self._bill_by_branch(100)
        tx = self._pay_balance()
        self.assertIn("Northwind North: Receipt", tx.paylink_receipt_message_id.subject)
        page = self._open(f"receipt/{tx.reference}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("Northwind North", page.text)
        self.assertIn("Receipt for", self._open().text)
        self.assertIn("View recent payments", self._open().text)
        page = self._open(f"receipt/{tx.reference}", link=self.parent_link)
        self.assertEqual(page.status_code, 404)
        self.assertNotIn("Receipt for", self._open(link=self.parent_link).text)

    def test_money_on_its_way_is_not_paid_twice(self):
        self._as_card_provider()
        self._bill_by_branch(100)
        self._bill(70)
        quote = self._quote_balance()
        response = self._pay(self.balance_link, quote=quote["quote"])
        self.assertEqual(response.status_code, 303)
        self.balance_link.transaction_ids._set_pending()
        self._assert_code(self._ask(self.balance_link), 409, "in_progress")
        self.assertIn("A payment of $\xa0100.00 is on its way", self._open().text)
        self.assertNotIn("is on its way", self._open(link=self.parent_link).text)
        self.assertEqual(self._ask(self.parent_link).json()["base"], "70.00")

    def test_what_is_paid_ahead_is_credit_with_the_branch(self):
        self.branch.paylink_is_advance_allowed = True
        self._pay_balance(amount="30.00")
        self.assertEqual(self.balance_link._get_balance().credit, 30)
        self.assertFalse(self.parent_link._get_balances())
        invoice = self._bill_by_branch(100)
        tx = self._pay_balance()
        self.assertEqual(tx.amount, 70)
        self.assertEqual(invoice.amount_residual, 0)

    def test_credit_in_another_account_is_moved_within_the_branch(self):
        account = self.company_data["default_account_receivable"].copy({"code": "1216"})
        self._bill_by_branch(40, move_type="out_refund")
        self.owner.with_company(self.branch).property_account_receivable_id = account
        self.owner.property_account_receivable_id = account
        invoice = self._bill_by_branch(100)
        tx = self._pay_balance()
        self.assertEqual(tx.amount, 60)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(self.balance_link._get_balances())
