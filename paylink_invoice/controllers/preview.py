# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the recipient will see, for staff.  Never a view; for a stranger the page is not there."""

from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from .gate import PaylinkGate


class PaylinkPreview(PaylinkGate):
    @http.route(
        "/paylink/preview/<int:link_id>",
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_preview_link(self, link_id, **_kwargs):
        """Show what the holder of a link sees. Placeholders in stored texts lead here."""
        return self._respond_preview(
            request.env["paylink.link"].browse(link_id), lambda link: link.sudo()
        )

    @http.route(
        "/paylink/preview/send/<int:wizard_id>",
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_preview_send(self, wizard_id, **_kwargs):
        """Show what the dialog "Invoice Link" would send."""
        return self._respond_preview(
            request.env["paylink.send"].browse(wizard_id), lambda wizard: wizard._new_link()
        )

    @http.route(
        "/paylink/preview/invoice/<int:move_id>",
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_preview_invoice(self, move_id, **_kwargs):
        """Show what a link of this invoice would show. The stored PDF's button leads here."""
        return self._respond_preview(
            request.env["account.move"].browse(move_id), lambda move: move._paylink_new_link()
        )

    def _respond_preview(self, record, get_link):
        """Render the page if the user may read the record, else the one 404.

        :param record: the record that the user asks to preview
        :param get_link: function of the record that returns the link to show, in sudo mode
        """
        user = request.env.user
        if user._is_portal():
            return self._respond_portal(record)
        if not (user._is_internal() and user.has_group("paylink_invoice.group_paylink_user")):
            return self._respond_not_found()
        # All companies of the user, whichever is selected in the back end.
        record = record.with_context(allowed_company_ids=user._get_company_ids())
        try:
            if not record.exists():
                return self._respond_not_found()
            record.check_access("read")
        except AccessError:
            return self._respond_not_found()
        link_sudo = get_link(record)
        if not link_sudo:
            return self._respond_not_found()
        link_sudo = link_sudo.with_company(link_sudo.company_id).with_context(
            lang=link_sudo._get_lang()
        )
        page = request.env["paylink.page"]
        if link_sudo.kind == "balance":
            values = page._prepare_balance_values(link_sudo, is_preview=True)
            return self._respond_page("paylink_invoice.paylink_balance_page", values, link_sudo.env)
        values = page._prepare_values(link_sudo, is_preview=True)
        return self._respond_page("paylink_invoice.paylink_link_page", values, link_sudo.env)

    def _respond_portal(self, record):
        """Lead a customer who is logged in from a placeholder to their own page of the invoice.

        They meet placeholders in Odoo's portal: in its messages, and in the PDF it hands out.
        """
        # In sudo mode only to find the invoice, which they must be allowed to read themselves.
        record_sudo = record.sudo().exists()
        move_sudo = record_sudo.move_id if record._name == "paylink.link" else record_sudo
        if move_sudo._name == "account.move" and move_sudo.with_user(request.env.user).has_access(
            "read"
        ):
            return request.redirect(move_sudo.access_url)
        return self._respond_not_found()
