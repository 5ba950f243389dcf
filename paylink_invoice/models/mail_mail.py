# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The live URL is written into a message at the moment it leaves, and only for its recipient."""

import re
from urllib.parse import quote, unquote

from odoo import models

# The placeholder of a link in a stored text, with or without the host before it; and of the receipt
# of a payment behind that link.
PLACEHOLDER = re.compile(
    r"(?:https?://[^\s\"'<>/]+)?/paylink/preview/(\d{1,18})(?:\?receipt=([\w.%~-]+))?(?![\w/])"
)


class MailMail(models.Model):
    _inherit = "mail.mail"

    def _personalize_outgoing_body(self, body, partner=False, doc_to_followers=None):
        # EXTENDS 'mail'
        body = super()._personalize_outgoing_body(
            body, partner=partner, doc_to_followers=doc_to_followers
        )
        if self.model != "account.move" or not partner or not body:
            return body
        link_ids = [match[1] for match in PLACEHOLDER.finditer(body)]
        links_sudo = self._paylink_find_links(link_ids, partner)
        urls = {str(link_sudo.id): link_sudo._get_url() for link_sudo in links_sudo}

        def make_live(match):
            url = urls.get(match[1])
            if url and match[2]:
                return f"{url}/receipt/{quote(unquote(match[2]))}"
            return url or match[0]

        return PLACEHOLDER.sub(make_live, body)

    def _paylink_find_links(self, link_ids, partner):
        """Return the links of this document that were made for this recipient, in sudo mode.

        Nobody else gets a live link: not a follower, not whoever copied the placeholder.
        """
        if not link_ids:
            return self.env["paylink.link"].sudo()
        # In sudo mode because mails are sent by the queue on behalf of all companies.
        return (
            self.env["paylink.link"]
            .sudo()
            .search(
                [
                    ("id", "in", [int(link_id) for link_id in link_ids]),
                    ("partner_id", "=", partner.id),
                    ("move_id", "=", self.res_id),
                ]
            )
        )

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        # EXTENDS 'mail'
        emails = super()._prepare_outgoing_list(
            mail_server=mail_server, doc_to_followers=doc_to_followers
        )
        if self.model == "account.move" and any(email["attachments"] for email in emails):
            # In sudo mode for the same reason as above.
            link_sudo = (
                self.env["paylink.link"]
                .sudo()
                .search([("message_id", "=", self.mail_message_id.id)], limit=1)
            )
            for email in emails:
                if link_sudo and email["partner_id"] == link_sudo.partner_id:
                    email["attachments"] = link_sudo._stamp_attachments(email["attachments"])
        return emails
