# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The live URL is written into a message at the moment it leaves, and only for its recipient."""

import re
from urllib.parse import quote, unquote

from odoo import models
from odoo.fields import Domain

# The placeholder of a link in a stored text, with or without the host before it; and of the receipt
# of a payment behind that link.
PLACEHOLDER = re.compile(
    r"(?:https?://[^\s\"'<>/]+)?/paylink/preview/(\d{1,18})(?:\?receipt=([\w.%~-]+))?(?![\w/])"
)


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _postprocess_sent_message(
        self, success_pids, success_emails, failure_reason=False, failure_type=None
    ):
        # EXTENDS 'mail': what did not leave is told to who sent the link. Before the mails are
        # gone: Odoo deletes those with an address that is none.
        if failure_type:
            reached_ids = [partner.id for partner in success_pids]
            # In sudo mode because mails are sent by the queue on behalf of all companies.
            links_sudo = self.env["paylink.link"].sudo()
            failed_sudo = links_sudo.search(
                [
                    ("message_id", "in", self.mail_message_id.ids),
                    ("partner_id", "not in", reached_ids),
                ]
            )
            lost = self.mail_message_id.partner_ids.filtered(lambda p: p.id not in reached_ids)
            failed_sudo |= self.env["mail.notification"]._paylink_find_balance_links(
                {(message, partner) for message in self.mail_message_id for partner in lost}
            )
            failed_sudo._process_failure(is_server_down=failure_type == "mail_smtp")
        return super()._postprocess_sent_message(
            success_pids,
            success_emails,
            failure_reason=failure_reason,
            failure_type=failure_type,
        )

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        # EXTENDS 'mail'
        emails = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        links_sudo = self._paylink_find_links(emails)
        for email in emails if links_sudo else ():
            if own_sudo := self._paylink_filter_own_links(links_sudo, email["partner_id"]):
                self._paylink_personalize(email, own_sudo)
        return emails

    def _paylink_find_links(self, emails):
        """Return the links that may become live in these mails, in sudo mode.

        :param list emails: the values of what leaves, see `_prepare_outgoing_list`
        """
        # In sudo mode because mails are sent by the queue on behalf of all companies.
        links_sudo = self.env["paylink.link"].sudo()
        partner_ids = [email["partner_id"].id for email in emails if email["partner_id"]]
        bodies = {email["body"] for email in emails if email["partner_id"]}
        link_ids = {
            int(link_id) for body in bodies for link_id, _receipt in PLACEHOLDER.findall(body or "")
        }
        if not link_ids:
            return links_sudo
        of_document = Domain("move_id", "=", self.model == "account.move" and self.res_id)
        of_recipient = Domain("kind", "=", "invoice") & Domain("partner_id", "in", partner_ids)
        return links_sudo.search_fetch(
            Domain("id", "in", list(link_ids))
            & ((of_document & of_recipient) | Domain("kind", "=", "balance")),
            # All that is needed now, in one query: each mail leaves in a transaction of its own.
            [
                *("kind", "move_id", "partner_id", "company_id"),
                *("public_ref", "generation", "message_id"),
            ],
        ).filtered(lambda link: link.kind == "invoice" or self._paylink_is_sent_rightly(link))

    def _paylink_is_sent_rightly(self, link_sudo):
        """Tell whether the author of this mail may hand out a balance link.

        An invoice link is made for its recipient. A balance link is for all contacts of a customer,
        and a contact is quickly made, also by those who are not to see what the customer owes.
        """
        return link_sudo._is_to_be_sent_by(self.mail_message_id.sudo().create_uid)

    def _paylink_filter_own_links(self, links_sudo, partner):
        """Return the links of one recipient: made for them, or their customer's balance link."""

        def is_own(link_sudo):
            if link_sudo.kind == "balance":
                return link_sudo.partner_id == partner.sudo().commercial_partner_id
            return link_sudo.partner_id == partner

        return links_sudo.filtered(is_own) if partner else links_sudo.browse()

    def _paylink_personalize(self, email, links_sudo):
        """Write live URLs into what leaves for one recipient.

        :param dict email: the values of what leaves
        :param links_sudo: the links of this recipient, see `_paylink_filter_own_links`: nobody else
            gets a live URL, not a follower, not whoever copied the placeholder
        """
        urls = {str(link_sudo.id): link_sudo._get_url() for link_sudo in links_sudo}

        def make_live(match):
            url = urls.get(match[1])
            if url and match[2]:
                return f"{url}/receipt/{quote(unquote(match[2]))}"
            return url or match[0]

        for part in ("body", "body_alternative"):
            email[part] = PLACEHOLDER.sub(make_live, email[part] or "")
        sent_sudo = links_sudo.filtered(
            lambda link: link.move_id and link.message_id == self.mail_message_id
        )[:1]
        if sent_sudo:
            email["attachments"] = sent_sudo._stamp_attachments(email["attachments"])
