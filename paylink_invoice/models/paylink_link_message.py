# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a link is sent with: the message of its recipient, and the PDF that leads to it."""

from markupsafe import Markup

from odoo import models

from .. import pdf_stamp
from ..theme import theme_colors


class PaylinkLinkMessage(models.Model):
    _inherit = "paylink.link"

    # === MESSAGE === #

    def _get_lang(self):
        """Return the language of the recipient, or else of the customer or the database."""
        self.ensure_one()
        installed = dict(self.env["res.lang"].get_installed())
        for path in ("partner_id", "move_id.partner_id"):
            partner = self.mapped(path)
            partner.fetch(["lang"])  # Reading it would fetch all there is about the contact.
            if partner.lang in installed:
                return partner.lang
        return self.env.lang if self.env.lang in installed else "en_US"

    def _get_timezone(self):
        """Return the time zone of the recipient, or else of the seller."""
        self.ensure_one()
        return self.partner_id.tz or self.company_id.partner_id.tz or "UTC"

    def _prepare_message(self, subject=None, text=None):
        """Return what the recipient is told, with the placeholder in the place of the URL.

        :param str subject: what the sender wrote, or nothing for the default in the recipient's
            language
        :param str text: likewise, HTML
        :return: ``(subject, body)``
        """
        self.ensure_one()
        link = self.with_context(lang=self._get_lang())
        subject = subject or link.move_id._paylink_render_message("subject", link.partner_id)
        text = text or link.move_id._paylink_render_message("body_html", link.partner_id)
        body = link.env["ir.qweb"]._render(
            "paylink_invoice.mail_message_paylink",
            {
                "link": link,
                # Markup again, if it waited as JSON; the message is sanitized as it is posted.
                "text": Markup(text),
                # The button has the colours of the page behind it.
                "colors": theme_colors(link.company_id.primary_color),
                "url": f"{link.company_id._paylink_get_base_url()}{link._get_preview_path()}",
                "summary": link.env["paylink.page"]._prepare_headline(link),
            },
        )
        return subject, body

    def _stamp_attachments(self, attachments):
        """Write the live URL into the PDFs that are about to leave.

        :param list attachments: ``(name, bytes, mimetype)`` each
        :return: the same list with the pay button and the QR code of PDFs made live
        """
        self.ensure_one()
        return [
            (name, self._stamp_pdf(raw) if mimetype == "application/pdf" else raw, mimetype)
            for name, raw, mimetype in attachments
        ]

    def _stamp_pdf(self, pdf, move=None):
        """Return a copy of the PDF of the link's or another invoice, whose button and QR code lead
        to this link."""
        self.ensure_one()
        move = move or self.move_id
        return pdf_stamp.stamp(pdf, move._paylink_get_placeholder_path(), self._get_url())

    # === FILES === #

    def _get_pdf(self, move=None):
        """Return the legal PDF with its button and QR code leading to this link.

        Nothing is written: where no legal PDF has been made yet, one is rendered on the fly.

        :param move: the `account.move`, where the link is not about this very one
        :return: ``(filename, bytes)``
        """
        self.ensure_one()
        move = move or self.move_id
        report = self.env["account.move.send"]._get_default_pdf_report_id(move)
        pdf = move.invoice_pdf_report_id.raw
        if not pdf:
            pdf, _format = self.env["ir.actions.report"]._render(report.report_name, move.ids)
        return move._get_invoice_report_filename(report=report), self._stamp_pdf(pdf, move)

    def _get_qr_svg(self):
        """Return the QR code of the live URL as an SVG image."""
        return pdf_stamp.qr_svg(self._get_url())
