# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The statement and the documents of a balance: all open by the customer's one link."""

from odoo import http
from odoo.http import request

from .page import MAX_ID, PaylinkPage


class PaylinkBalance(PaylinkPage):
    @http.route(
        "/paylink/balance/<string:token>/pdf",
        methods=["GET"],
        readonly=True,
        **PaylinkPage._public_route,
    )
    def paylink_balance_statement(self, token, **_kwargs):
        """Return the account statement: all that is open, and what was billed and paid lately."""
        link_sudo = self._open_link(token, "pdf")
        filename, pdf = link_sudo._render_statement()
        return self._respond_file(pdf, filename, "application/pdf")

    @http.route(
        "/paylink/balance/<string:token>/invoice/<int:move_id>",
        methods=["GET"],
        readonly=True,
        **PaylinkPage._public_route,
    )
    def paylink_balance_document(self, token, move_id, **_kwargs):
        """Show an invoice or a credit note of the customer; it is paid on the page of the balance."""
        link_sudo = self._open_link(token)
        move_sudo = self._open_document(link_sudo, move_id)
        values = request.env["paylink.page"]._prepare_balance_document_values(link_sudo, move_sudo)
        return self._respond_page("paylink_invoice.paylink_link_page", values, link_sudo.env)

    @http.route(
        "/paylink/balance/<string:token>/invoice/<int:move_id>/pdf",
        methods=["GET"],
        readonly=True,
        **PaylinkPage._public_route,
    )
    def paylink_balance_pdf(self, token, move_id, **_kwargs):
        """Return the legal PDF of a document, its button and QR code leading to the balance."""
        link_sudo = self._open_link(token)
        move_sudo = self._open_document(link_sudo, move_id)
        filename, pdf = link_sudo._get_pdf(move_sudo)
        return self._respond_file(pdf, filename, "application/pdf")

    def _open_document(self, link_sudo, move_id):
        """Return the customer's document with an id, or answer with the one 404 and stop."""
        # Ids beyond those of PostgreSQL are none.
        move_sudo = link_sudo._get_document(move_id) if move_id <= MAX_ID else None
        return move_sudo or self._stop(self._respond_not_found())
