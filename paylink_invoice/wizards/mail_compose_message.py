# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's mail composer sends a balance link: to each recipient a mail of their own."""

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import html2plaintext


class MailComposeMessage(models.TransientModel):
    _inherit = "mail.compose.message"

    def _action_send_mail_comment(self, res_ids):
        # EXTENDS 'mail'
        if link := self._paylink_get_balance_link(res_ids):
            return self._paylink_send_balance(link)
        return super()._action_send_mail_comment(res_ids)

    def action_schedule_message(self):
        # EXTENDS 'mail', which would post one message to all, later, and without the link.
        if self.env.context.get("paylink_balance_link_id"):
            raise UserError(self.env._("A balance link is sent now. Remove the date."))
        return super().action_schedule_message()

    def _paylink_get_balance_link(self, res_ids):
        """Return the link that this dialog was opened for, or none."""
        link_id = self.env.context.get("paylink_balance_link_id")
        if not isinstance(link_id, int) or self.model != "res.partner":
            return self.env["paylink.link"]
        link = self.env["paylink.link"].browse(link_id).exists()
        # A context may say anything, and dialogs that are opened from this one inherit it.
        is_own = link.kind == "balance" and link.partner_id.ids == list(res_ids)
        return link if is_own else link.browse()

    def _paylink_send_balance(self, link):
        """Send the link to every recipient, in their language unless the text was changed.

        :return: the `mail.message` records
        :raise UserError: naming what to mend, before anything has left
        """
        link._check_can_send()
        link._check_balance_is_active()
        if problems := link._get_balance_recipient_problems(self.partner_ids):
            raise UserError("\n".join(problems))
        self.attachment_ids.check_access("read")  # The message is posted in sudo mode.
        messages = self.env["mail.message"]
        own_text = self._paylink_get_own_texts(link)
        for partner in self.partner_ids:
            messages |= link._post_balance_mail(
                partner,
                **own_text,
                attachment_ids=self.attachment_ids.ids,
                author_id=self.author_id.id,
                email_from=self.email_from,
                mail_server_id=self.mail_server_id.id,
                email_add_signature=self.email_add_signature,
                mail_auto_delete=self.auto_delete,
            )
        return messages

    def _paylink_get_own_texts(self, link):
        """Return the subject and text that the sender wrote; ``None`` for what is the template's."""
        default_for = link._get_default_balance_recipient()
        lang = link._get_lang_of(link.partner_id)
        texts = {}
        for name, fname, typed in (
            ("subject", "subject", self.subject),
            ("text", "body_html", self.body),
        ):
            default = link._render_balance_text(fname, default_for, lang)
            # The editor adds marks of its own to what nobody touched.
            is_default = html2plaintext(typed or "") == html2plaintext(default or "")
            texts[name] = None if is_default else typed
        return texts
