# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a customer reads: page, PDF, shared files, QR code.  Nothing here writes."""

from odoo import http
from odoo.http import content_disposition, request

from .gate import PaylinkGate, both_kinds

# No id of PostgreSQL is larger.
MAX_ID = 2**31 - 1


def parse_id(text):
    """Return the id that a text of the URL names, anything; ``None`` if it names none."""
    is_number = isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= 10
    return int(text) if is_number and 0 < int(text) <= MAX_ID else None


class PaylinkPage(PaylinkGate):
    @http.route(both_kinds(), methods=["GET"], readonly=True, **PaylinkGate._public_route)
    def paylink_page(
        self, token, asked=None, reminders=None, currency=None, document=None, **_kwargs
    ):
        """Show the document of a link, or the balance of its customer.

        :param str asked: set by the form of a question, to say that it has arrived
        :param str reminders: set by the form of reminders by text, to say that it was heard
        :param str currency: of a balance in several currencies, the ISO code of the one to show
        :param str document: of a balance, the id of an open document to tick
        """
        link_sudo = self._open_link(token)
        page = request.env["paylink.page"]
        if link_sudo.kind == "balance":
            template = "paylink_invoice.paylink_balance_page"
            values = page._prepare_balance_values(
                link_sudo._choose_currency(currency), document_id=parse_id(document)
            )
        else:
            template = "paylink_invoice.paylink_link_page"
            values = page._prepare_values(link_sudo)
        said = {"asked": bool(asked), "is_reminder_change": bool(reminders)}
        return self._respond_page(template, {**values, **said}, link_sudo.env)

    @http.route(
        "/paylink/<string:token>/pdf", methods=["GET"], readonly=True, **PaylinkGate._public_route
    )
    def paylink_pdf(self, token, **_kwargs):
        """Return the legal PDF, its button and QR code leading to this very link."""
        link_sudo = self._open_link(token, "pdf")
        filename, pdf = link_sudo._get_pdf()
        return self._respond_file(pdf, filename, "application/pdf")

    @http.route(
        "/paylink/<string:token>/attachment/<int:attachment_id>",
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_attachment(self, token, attachment_id, **_kwargs):
        """Return a file that the sender shared with this link."""
        link_sudo = self._open_link(token)
        attachment_sudo = link_sudo.attachment_ids.filtered(lambda a: a.id == attachment_id)
        if not attachment_sudo:
            return self._respond_not_found()
        return self._respond_file(
            attachment_sudo.raw, attachment_sudo.name, attachment_sudo.mimetype
        )

    @http.route(
        both_kinds("/qr.svg"),
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_qr(self, token, **_kwargs):
        """Return the QR code that opens this page on another device."""
        link_sudo = self._open_link(token)
        return request.make_response(
            link_sudo._get_qr_svg(), headers={"Content-Type": "image/svg+xml"}
        )

    def _respond_file(self, content, filename, mimetype):
        """Return a download; never something that the browser would run on our address."""
        headers = {
            "Content-Type": mimetype
            if mimetype == "application/pdf"
            else "application/octet-stream",
            "Content-Disposition": content_disposition(filename),
            "Content-Length": str(len(content)),
        }
        return request.make_response(content, headers=headers)
