# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the chatter of a document hears about the links that lead to it."""

from odoo import SUPERUSER_ID, models


class PaylinkChatterMixin(models.AbstractModel):
    """Lines about links in the chatter of what they lead to: an invoice or a customer.

    A model that inherits it also extends `_mail_get_partners` as `account.move` does.
    """

    _name = "paylink.chatter.mixin"
    _description = "Chatter of Invoice Links"

    # XML ids of the texts and of the subtypes that users follow or mute.
    _paylink_viewed_template = None
    _paylink_viewed_subtype = None
    _paylink_question_template = None
    _paylink_question_subtype = None

    def _paylink_get_responsible(self, link_sudo):
        """Return the `res.users` who answers for this document, or else who sent the link."""
        raise NotImplementedError

    def _paylink_post_view(self, link_sudo):
        """Tell the chatter that somebody opened the document with a link."""
        self._paylink_post(
            link_sudo,
            self._paylink_viewed_template,
            subtype_xmlid=self._paylink_viewed_subtype,
            author_id=self.env.ref("base.partner_root").id,
        )

    def _paylink_post_question(self, link_sudo, text):
        """Put a visitor's question into the chatter, marked as unverified, for the responsible.

        :param str text: plain text; it is escaped
        """
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
            partner_ids=self._paylink_get_responsible(link_sudo).partner_id.ids,
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
        values = {"link": link_sudo, "lang": record.env.lang, **(values or {})}
        body = record.env["ir.qweb"]._render(template, values)
        return record.message_post(body=body, **kwargs)
