# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reminders by text: the customer asks for them, or ends them."""

from odoo import http
from odoo.http import request

from .gate import PaylinkGate, both_kinds

YES = ("1", "on", "true")


class PaylinkConsent(PaylinkGate):
    @http.route(both_kinds("/consent"), methods=["POST"], **PaylinkGate._public_route)
    def paylink_consent(self, token, consent=None, withdraw=None, **_kwargs):
        """Take the customer's agreement to reminders by text, or its end.

        A JSON object says ``{"consent": true}`` or ``{"consent": false}`` and is answered likewise.

        :param str consent: the ticked box, from a form
        :param str withdraw: the button that ends them, from a form
        """
        link_sudo = self._open_link(token, "consent")
        is_json = request.httprequest.mimetype == "application/json"
        self._check_origin(is_form=not is_json)
        is_granted = self._read_consent(self._read_json() if is_json else None, consent, withdraw)
        if is_granted is None:
            return self._respond_no_consent(link_sudo, is_json)
        # A proof must come from the customer, not from a colleague who tries the page.
        if request.env.user._is_internal():
            return self._respond_json({"code": "not_the_customer"}, 403)
        if seconds := link_sudo._change_consent(is_granted, self._get_visitor()):
            return self._respond_too_many(seconds)
        if is_json:
            return self._respond_json({"consent": is_granted})
        return request.redirect(link_sudo._get_path() + "?reminders=1#reminders", 303)

    def _read_consent(self, data, consent, withdraw):
        """Return what the visitor wants: ``True``, ``False``, or ``None`` where it is not clear."""
        if data is not None:
            if data.get("withdraw") is True:
                return False
            wish = data.get("consent")
            return wish if isinstance(wish, bool) else None
        if withdraw in YES:
            return False
        return True if consent in YES else None

    def _respond_no_consent(self, link_sudo, is_json):
        """Say that nothing was changed: without a tick there is no agreement."""
        if is_json or not self._wants_page():
            return self._respond_json({"code": "invalid_consent"}, 400)
        values = request.env["paylink.page"]._prepare_denial_values(link_sudo, "not_ticked")
        return self._respond_page("paylink_invoice.paylink_denial_page", values, link_sudo.env, 400)
