# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def _paylink_get_failure(self):
        """Return why something has not arrived, in words, or ``False``."""
        if not self:
            return False
        names = dict(self._fields["failure_type"]._description_selection(self.env))
        name = names.get(self.failure_type) if self.failure_type not in (False, "unknown") else ""
        return ": ".join(part for part in (name, self.failure_reason) if part) or (
            names.get(self.failure_type) or False
        )

    @api.model
    def _paylink_find_balance_links(self, recipients):
        """Return the balance links that were sent with some messages, in sudo mode.

        :param set recipients: ``(mail.message, res.partner)`` each
        """
        # In sudo mode for the reason given below.
        events_sudo = self.env["paylink.event"].sudo()
        message_ids = [message.id for message, _partner in recipients]
        sent = events_sudo.search([("message_id", "in", message_ids), ("event_type", "=", "sent")])
        return sent.filtered(
            lambda event: (event.message_id, event.partner_id) in recipients
        ).link_id

    def write(self, vals):
        result = super().write(vals)
        # Only what came back: while a mail leaves, Odoo writes `exception` for the time being.
        # Of texts it is final.
        status = vals.get("notification_status")
        is_text = any(each.notification_type == "sms" for each in self)
        if status == "bounce" or (status == "exception" and is_text):
            # In sudo mode because the mail gateway is no sender of links.
            links_sudo = self.env["paylink.link"].sudo()
            links_sudo = links_sudo.search([("message_id", "in", self.mail_message_id.ids)])
            recipients = {(each.mail_message_id, each.res_partner_id) for each in self}
            links_sudo = links_sudo.filtered(
                lambda link: (link.message_id, link.partner_id) in recipients
            )
            links_sudo |= self._paylink_find_balance_links(recipients)
            links_sudo._process_failure()
        return result
