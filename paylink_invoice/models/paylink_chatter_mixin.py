# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the chatter of a document hears about the links that lead to it."""

from odoo import SUPERUSER_ID, models
from odoo.tools.mail import html_to_inner_content


class PaylinkChatterMixin(models.AbstractModel):
    """Lines about links in the chatter of what they lead to: an invoice or a customer.

    A model that inherits it also extends `_mail_get_partners` as `account.move` does.
    """

    _name = "paylink.chatter.mixin"
    _description = "Chatter of Invoice Links"

    # XML ids of the text, and of the subtype that users follow or mute.
    _paylink_question_template = None
    _paylink_question_subtype = None

    def _paylink_get_responsible(self, link_sudo):
        """Return the `res.users` who answers for this document, or else who sent the link."""
        raise NotImplementedError

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
                {
                    "type": "info",
                    "title": self.display_name,
                    "message": html_to_inner_content(text),
                },
            )

    def _paylink_post_question(self, link_sudo, text):
        """Put a visitor's question into the chatter, marked as unverified, for the responsible.

        :param str text: plain text; it is escaped
        """
        responsible = self._paylink_get_responsible(link_sudo)
        recipient = link_sudo.partner_id
        # Whoever holds the link may ask, but nobody speaks as a member of the team.
        is_staff = any(user._is_internal() for user in recipient.user_ids)
        author = self.env.ref("base.partner_root") if is_staff else recipient
        self._paylink_post(
            link_sudo,
            self._paylink_question_template,
            {"lines": text.splitlines()},
            message_type="comment",
            subtype_xmlid=self._paylink_question_subtype,
            author_id=author.id,
            partner_ids=responsible.partner_id.ids,
        )

    def _paylink_post(self, link_sudo, template, values=None, **kwargs):
        """Post a QWeb text about a link into the chatter, in the language of the responsible.

        :param str template: XML id of the text; it gets ``link``, ``lang`` (of its reader) and ``values``
        """
        self.ensure_one()
        responsible = self._paylink_get_responsible(link_sudo)
        # As the system: the visitor has no user, and the message needs no rights of theirs.
        record = self.with_user(SUPERUSER_ID).with_context(
            lang=responsible.lang or self.env.lang, paylink_is_for_staff=True
        )
        body = record._paylink_render_chatter(link_sudo, template, values)
        return record.message_post(body=body, **kwargs)

    def _paylink_render_chatter(self, link_sudo, template, values=None):
        """Return a text about a link, in the language of this environment."""
        values = {
            "link": link_sudo.with_env(self.env),
            "lang": self.env.lang,
            **(values or {}),
        }
        return self.env["ir.qweb"]._render(template, values)
