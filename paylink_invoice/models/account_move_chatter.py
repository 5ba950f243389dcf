# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the chatter of an invoice hears about its links."""

from odoo import SUPERUSER_ID, models
from odoo.tools import html2plaintext


class AccountMoveChatter(models.Model):
    _inherit = "account.move"

    def _message_post_after_hook(self, new_message, message_values):
        # EXTENDS 'account'
        result = super()._message_post_after_hook(new_message, message_values)
        if link_id := self.env.context.get("paylink_link_id"):
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

    def _paylink_tell(self, link_sudo, template, subtype, values):
        """Tell those who follow the document what happened to one of its links.

        See :meth:`_paylink_post`; who is logged in sees it at once, in their own language.

        :param str subtype: XML id of the subtype by which they hear of it, or not
        """
        message = self._paylink_post(
            link_sudo,
            template,
            values,
            subtype_xmlid=subtype,
            author_id=self.env.ref("base.partner_root").id,
        )
        for user in message.sudo().notified_partner_ids.user_ids:
            if not user._is_internal():
                continue
            reader = self.with_user(SUPERUSER_ID).with_context(lang=user.lang or self.env.lang)
            text = reader._paylink_render_chatter(link_sudo, template, values)
            user._bus_send(
                "simple_notification",
                {"type": "info", "title": self.display_name, "message": html2plaintext(text)},
            )

    def _paylink_post_question(self, link_sudo, text):
        """Put a visitor's question into the chatter, marked as unverified, for the responsible.

        :param str text: plain text; it is escaped
        """
        responsible = self.invoice_user_id or link_sudo.user_id
        recipient = link_sudo.partner_id
        # Whoever holds the link may ask, but nobody speaks as a member of the team.
        is_staff = any(user._is_internal() for user in recipient.user_ids)
        author = self.env.ref("base.partner_root") if is_staff else recipient
        self._paylink_post(
            link_sudo,
            "paylink_invoice.chatter_question",
            {"lines": text.splitlines()},
            message_type="comment",
            subtype_xmlid="paylink_invoice.mt_paylink_question",
            author_id=author.id,
            partner_ids=responsible.partner_id.ids,
        )

    def _paylink_post(self, link_sudo, template, values=None, **kwargs):
        """Post a QWeb text about a link into the chatter, in the language of the responsible.

        :param str template: XML id of the text; it gets ``link``, ``lang`` (of its reader) and ``values``
        """
        self.ensure_one()
        responsible = self.invoice_user_id or link_sudo.user_id
        # As the system: the visitor has no user, and the message needs no rights of theirs.
        move = self.with_user(SUPERUSER_ID).with_context(
            lang=responsible.lang or self.env.lang, paylink_is_for_staff=True
        )
        body = move._paylink_render_chatter(link_sudo, template, values)
        return move.message_post(body=body, **kwargs)

    def _paylink_render_chatter(self, link_sudo, template, values=None):
        """Return a text about a link, in the language of this environment."""
        values = {
            "link": link_sudo.with_env(self.env),
            "lang": self.env.lang,
            **(values or {}),
        }
        return self.env["ir.qweb"]._render(template, values)
