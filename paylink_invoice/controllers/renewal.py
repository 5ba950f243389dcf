# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A link that is over: how its holder gets a new one, by mail only, never on the spot."""

from odoo import http
from odoo.http import request

from .gate import PaylinkGate


class PaylinkRenewal(PaylinkGate):
    @http.route(
        "/paylink/<string:token>/renew",
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_renew_form(self, token, **_kwargs):
        """Show the form that asks for an address on file."""
        link_sudo = self._open_link(token, "renew")
        return self._respond_renewal(link_sudo, is_requested=False)

    @http.route("/paylink/<string:token>/renew", methods=["POST"], **PaylinkGate._public_route)
    def paylink_renew(self, token, email=None, **_kwargs):
        """Ask for a new link. Every address gets the same answer, so nobody learns which is known.

        :param str email: the address, from a form
        """
        link_sudo = self._open_link(token, "renew")
        self._check_origin(is_form=True)
        link_sudo._request_renewal(email, self._get_visitor())
        return self._respond_renewal(link_sudo, is_requested=True)

    def _respond_renewal(self, link_sudo, is_requested):
        values = request.env["paylink.page"]._prepare_renewal_values(link_sudo)
        return self._respond_page(
            "paylink_invoice.paylink_renewal_page",
            {**values, "is_requested": is_requested},
            link_sudo.env,
        )
