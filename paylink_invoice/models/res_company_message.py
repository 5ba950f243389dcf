# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the e-mail with a link says, and whether every invoice that is mailed carries one."""

from odoo import fields, models
from odoo.tools import is_html_empty


class ResCompanyMessage(models.Model):
    _inherit = "res.company"

    paylink_include_by_default = fields.Boolean(
        string="Payment Link in Every E-mail",
        help="Every invoice that is e-mailed carries a link for each recipient, also in Odoo's own "
        "“Send” dialog, in batches and in automatic sending, unless somebody decides otherwise.",
    )

    def _paylink_is_link_included(self):
        """Tell whether invoices of these companies carry links where nobody has decided it: in
        all of them, and there is one."""
        companies_sudo = self.sudo()  # Everybody's sending follows the policy of the company.
        return bool(self) and all(companies_sudo.mapped("paylink_include_by_default"))

    def _paylink_get_message(self, lang):
        """Return what the company's e-mail says in a language; a branch without words of its own
        has those of its parent.

        :param str lang: code of an installed language
        :return: Markup, or ``False`` for the standard text
        """
        self.ensure_one()
        company_sudo = self.sudo()  # Whoever may send a link sends the company's message.
        while company_sudo:
            message = company_sudo.with_context(lang=lang).paylink_message
            if not is_html_empty(message):
                return message
            company_sudo = company_sudo.parent_id
        return False

    def action_paylink_translate_message(self):
        """Open the message of the company by itself, where it can be translated."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Message of Invoice Links"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [
                (self.env.ref("paylink_invoice.res_company_view_form_message").id, "form"),
            ],
            "target": "new",
        }
