# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import UserError

TEMPLATES = (
    "paylink_invoice.mail_template_paylink_send",
    "paylink_invoice.mail_template_paylink_receipt",
    "paylink_invoice.mail_template_paylink_balance",
)


class MailTemplate(models.Model):
    _inherit = "mail.template"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_of_paylink(self):
        """Keep the words of links and receipts: without them nothing could be sent."""
        ids = [self.env["ir.model.data"]._xmlid_to_res_id(name) for name in TEMPLATES]
        if kept := self.filtered(lambda template: template.id in ids):
            raise UserError(
                self.env._(
                    "%(names)s: invoice links are sent with these words. "
                    "Change them instead of deleting the template.",
                    names=", ".join(kept.mapped("name")),
                )
            )
