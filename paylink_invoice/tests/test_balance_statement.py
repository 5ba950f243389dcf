# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The account statement: what it says, in which language, and who gets it."""

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_balance import BalanceCase

REPORT = "paylink_invoice.report_balance_statement"


@tagged("post_install", "-at_install", "paylink")
class TestBalanceStatement(BalanceCase):
    def _render(self, customers=None, user=None):
        report = self.env["ir.actions.report"].with_user(user or self.biller)
        html, _format = report.with_context(allowed_company_ids=self.company.ids)._render_qweb_html(
            REPORT, (customers or self.owner).ids
        )
        return html.decode()

    def test_it_says_what_is_open_in_each_currency(self):
        self.currency_euro.active = True
        late = self._bill(100)
        euro = self._bill(70, 10, currency_id=self.currency_euro.id)
        credit = self._credit(30)
        html = self._render()
        for text in (late.name, euro.name, credit.name, "Riverside Hotel", "Recent charges"):
            self.assertIn(text, html)
        for amount in ("$\xa0100.00", "\u2212\u2060$\xa030.00", "$\xa070.00", "70.00\xa0€"):
            self.assertIn(amount, html)
        self.assertNotIn("140.00", html)

    def test_nothing_is_open(self):
        self.assertIn("Everything is paid", self._render())

    def test_contacts_and_customers_without_a_link_get_one_too(self):
        partner = self.owner.create({"name": "Without Link"})
        invoice = self._bill(20, partner_id=partner.id)
        self.assertIn(invoice.name, self._render(partner | self.guest))
        self.assertIn("Riverside Hotel", self._render(self.guest))
        self.assertFalse(partner.paylink_link_ids)

    def test_it_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["paylink_invoice"], ["fr_FR"])
        self.owner.lang = "fr_FR"
        self._bill(100)
        html = self._render()
        self.assertIn("100,00", html)
        self.assertNotIn("Account statement", html)

    def test_only_who_may_read_it_all_gets_it(self):
        auditor = new_test_user(
            self.env, login="paylink_statement_auditor", groups="base.group_user"
        )
        for user in (self.employee, auditor):
            with self.assertRaises(AccessError):
                self._render(user=user)

    def test_the_link_opens_it_as_a_file(self):
        self._bill(100)
        before = self._get_rows()
        with self.allow_pdf_render():
            response = self._open("pdf")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertIn("Statement", response.headers["Content-Disposition"])
        self.assertEqual(self._get_rows(), before)
        self.assertIn(self.balance_link._get_path("pdf"), self._open().text)
        self.balance_link.action_revoke()
        self.assertEqual(self._open("pdf").status_code, 410)
