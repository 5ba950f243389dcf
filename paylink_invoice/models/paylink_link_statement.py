# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The account statement of a balance link, as a file."""

from odoo import fields, models
from odoo.fields import Domain


class PaylinkLinkStatement(models.Model):
    _inherit = "paylink.link"

    def _render_statement(self):
        """Return the account statement as a PDF, rendered on the fly, nothing written.

        :return: ``(filename, bytes)``
        """
        self.ensure_one()
        pdf, _format = (
            self.env["ir.actions.report"]
            .with_company(self.company_id)
            ._render_qweb_pdf("paylink_invoice.report_balance_statement", self._get_customer().ids)
        )
        date = fields.Date.to_string(fields.Date.context_today(self))
        return f"{self.env._('Statement %(date)s', date=date)}.pdf", pdf

    def _get_balance_links_of(self, customers, company):
        """Return a link for each customer, in sudo mode: their own, or one in memory only.

        :param customers: commercial partners; who may see their balance was checked before
        """
        links_sudo = self.sudo()
        domain = self._get_balance_domain(company) & Domain("partner_id", "in", customers.ids)
        known = links_sudo.search(domain)
        of_customer = known.grouped("partner_id")
        return [
            of_customer.get(customer.sudo())
            or links_sudo.new(
                {"kind": "balance", "partner_id": customer.id, "company_id": company.id},
                ref=f"balance of {customer.id}",
            )
            for customer in customers
        ]
