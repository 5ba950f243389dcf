# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: the legal texts, and the comments and files that the sender shares."""

from odoo import api, fields, models, tools

from ..html_cleaning import clean_html


class PaylinkPageNotes(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_notes(self, link):
        """Return the legal texts of the document, and the seller's terms if they are shared."""
        move = link.move_id
        texts = [
            move.invoice_payment_term_id.note,
            move.fiscal_position_id.note,
            move.taxes_legal_notes,
        ]
        if link.show_narration:
            texts.append(move.narration)
        return [cleaned for cleaned in map(clean_html, texts) if cleaned]

    @api.model
    def _prepare_comments(self, link):
        """Return the comments that the sender shares: list of ``{'author', 'date', 'body'}``."""
        comments = []
        for message in link.comment_ids.sorted("date"):
            body = clean_html(message.body)
            if body:
                author = (
                    message.author_id.name
                    or tools.parse_contact_from_email(message.email_from or "")[0]
                )
                comments.append(
                    {
                        "author": author or link.company_id.name,
                        "date": self._format_date(
                            fields.Datetime.context_timestamp(self, message.date)
                        ),
                        "body": body,
                    }
                )
        return comments

    @api.model
    def _prepare_files(self, link, paths):
        """Return the files that the sender shares: list of ``{'name', 'size', 'path'}``."""
        return [
            {
                "name": attachment.name,
                "size": self._format_size(attachment.file_size),
                "path": paths and f"{paths['page']}/attachment/{attachment.id}",
            }
            for attachment in link.attachment_ids
        ]
