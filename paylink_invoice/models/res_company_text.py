# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResCompanyText(models.Model):
    _inherit = "res.company"

    paylink_sms_message = fields.Text(
        string="Text Message",
        help="What the text message with an invoice link says. {link} stands for the link; {name}, "
        "{company}, {document}, {amount} and {due} can be named, too. Empty: a short standard text.",
        translate=True,
    )

    def _paylink_get_opt_out_words(self):
        """Return what reminders by text say about ending them, in the language of the environment.

        Meant to be extended for gateways that deliver replies. Without one the customer ends them
        on the page of the link.
        """
        return ""

    def _paylink_get_today(self):
        """Return the date where the company is."""
        self.ensure_one()
        company = self.with_context(tz=self.sudo().partner_id.tz or self.env.context.get("tz"))
        return fields.Date.context_today(company)
