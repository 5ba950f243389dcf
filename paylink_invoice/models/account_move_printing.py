# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The copy for paper: its button and QR code lead to a link of its own."""

from odoo import models

from .. import pdf_stamp


class AccountMovePrinting(models.Model):
    _inherit = "account.move"

    def _paylink_stamp_printed(self, pdf):
        """Return a PDF of these documents as it goes to paper, if the user may hand out links.

        :param bytes pdf: one or several documents, with placeholders
        """
        if not self.env.user.has_group("paylink_invoice.group_paylink_user"):
            return pdf
        moves = self.filtered(
            lambda move: move._paylink_has_pdf_button() and not move._paylink_get_send_denial()
        )
        links_sudo = moves._paylink_get_printed_links()
        return pdf_stamp.stamp_all(
            pdf,
            {
                link_sudo.move_id._paylink_get_placeholder_path(): link_sudo._get_url()
                for link_sudo in links_sudo
            },
        )

    def _paylink_get_printed_links(self):
        """Return the links that are printed, one for each document, in sudo mode; log who did it.

        Each print is a new hand-over: it gives the link its whole life again.
        """
        # In sudo mode because links are changed by their actions only; the caller has checked.
        links_sudo = self.env["paylink.link"].sudo()
        domain = [
            ("move_id", "in", self.ids),
            ("channel", "=", "pdf"),
            ("state", "=", "active"),
        ]
        found = {
            link_sudo.move_id.id: link_sudo
            for link_sudo in links_sudo.search(domain, order="id")
            # The clock of one that was opened runs; a new print must not stop it.
            if not (link_sudo.hours_after_view and link_sudo.first_view_date)
        }
        for link_sudo in found.values():
            life = link_sudo.company_id._paylink_complete_life({})
            link_sudo.expiration_date = life.get("expiration_date", False)
        printed_sudo = links_sudo.union(*found.values()) | links_sudo.create(
            [
                {
                    "move_id": move.id,
                    "partner_id": move._paylink_get_default_recipient().id,
                    "company_id": move.company_id.id,
                    "channel": "pdf",
                    "user_id": self.env.user.id,
                }
                for move in self
                if move.id not in found
            ]
        )
        printed_sudo._log_event("printed", user_id=self.env.user.id)
        return printed_sudo

    def _get_invoice_legal_documents(self, filetype, allow_fallback=False):
        # EXTENDS 'account'
        document = super()._get_invoice_legal_documents(filetype, allow_fallback=allow_fallback)
        # Where there is no legal PDF yet, Odoo makes a pro forma, which has no button.
        is_printed = self.env.context.get("paylink_is_printed") and self.invoice_pdf_report_id
        if is_printed and filetype == "pdf":
            return {**document, "content": self._paylink_stamp_printed(document["content"])}
        return document
