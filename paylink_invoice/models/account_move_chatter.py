# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the chatter of an invoice hears about its links."""

from odoo import models


class AccountMoveChatter(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "paylink.chatter.mixin"]

    _paylink_question_template = "paylink_invoice.chatter_question"
    _paylink_question_subtype = "paylink_invoice.mt_paylink_question"

    def _message_post_after_hook(self, new_message, message_values):
        # EXTENDS 'account'
        result = super()._message_post_after_hook(new_message, message_values)
        link_id = self.env.context.get("paylink_link_id")
        # A mail that fails as it leaves is told to staff in the very context in which it was posted.
        if link_id and not self.env.context.get("paylink_is_for_staff"):
            # In sudo mode because links are changed by sending only.
            link_sudo = self.env["paylink.link"].sudo().browse(link_id)
            if link_sudo.move_id == self:  # A context may say anything.
                link_sudo.message_id = new_message
        return result

    def _mail_get_partners(self, introspect_fields=False):
        # EXTENDS 'mail': Odoo prepares a portal link and a sign-up for the customer of whatever is
        # posted. Of what is for staff that is of no use, and it writes to the contact, where those
        # who post at the same moment fail.
        if self.env.context.get("paylink_is_for_staff"):
            return dict.fromkeys(self.ids, self.env["res.partner"])
        return super()._mail_get_partners(introspect_fields)

    def _paylink_get_responsible(self, link_sudo):
        # EXTENDS 'paylink.chatter.mixin'
        return self.invoice_user_id or link_sudo.user_id
