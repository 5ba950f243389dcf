# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def write(self, vals):
        result = super().write(vals)
        # Only what came back: while a mail leaves, Odoo writes `exception` for the time being.
        if vals.get("notification_status") == "bounce":
            # In sudo mode because the mail gateway is no sender of links.
            links_sudo = self.env["paylink.link"].sudo()
            links_sudo = links_sudo.search([("message_id", "in", self.mail_message_id.ids)])
            recipients = {(each.mail_message_id, each.res_partner_id) for each in self}
            links_sudo.filtered(
                lambda link: (link.message_id, link.partner_id) in recipients
            )._process_failure()
        return result
