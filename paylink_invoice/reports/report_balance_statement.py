# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class ReportBalanceStatement(models.AbstractModel):
    """What the account statements of some customers show, each in the customer's language."""

    _name = "report.paylink_invoice.report_balance_statement"
    _description = "Account Statement"

    @api.model
    def _get_report_values(self, docids, data=None):
        """Return the values of the report, for the company in use.

        :param docids: the ids of customers, or of their contacts
        :raise AccessError: unless the user may read all that the customers owe
        """
        company = self.env.company
        customers = self.env["res.partner"].browse(docids).commercial_partner_id
        customers._paylink_check_balance_access(company)
        links_sudo = self.env["paylink.link"]._get_balance_links_of(customers, company)
        return {
            "doc_ids": customers.ids,
            "doc_model": customers._name,
            "docs": customers,
            "company": company,
            "statements": [self._prepare_statement(link_sudo) for link_sudo in links_sudo],
        }

    def _prepare_statement(self, link_sudo):
        """Return the values of one customer's statement, its ``lang`` and ``direction``."""
        lang = link_sudo._get_lang()
        link_sudo = link_sudo.with_company(link_sudo.company_id).with_context(lang=lang)
        values = self.env["paylink.page"]._prepare_statement_values(link_sudo)
        return {
            **values,
            "lang": lang,
            "direction": self.env["res.lang"]._get_data(code=lang).direction or "ltr",
            "customer": link_sudo.partner_id.with_context(lang=lang),
        }
