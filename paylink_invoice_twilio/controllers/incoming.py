# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What customers answer to text messages: Twilio hands it over, signed."""

import base64
import hashlib
import hmac
import logging

from odoo import http
from odoo.http import request

_logger = logging.getLogger(__name__)

EMPTY_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class PaylinkTwilioIncoming(http.Controller):
    _incoming_url = "/paylink_twilio/incoming/<int:company_id>"

    @http.route(
        _incoming_url,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
        sitemap=False,
    )
    def paylink_twilio_incoming(self, company_id, **_kwargs):
        """Take a customer's reply; with STOP and the like nothing more is sent to that number.

        Everything that Twilio has not signed for this company is answered by 404. The same message
        handed over twice has one effect. Twilio answers the customer itself.
        """
        # In sudo mode because Twilio has no user: the signature is the authority.
        company_sudo = request.env["res.company"].sudo().browse(company_id).exists()
        if not company_sudo or not self._is_signed(company_sudo):
            _logger.warning("A reply for company %s was not signed by Twilio", company_id)
            raise request.not_found()
        form = request.httprequest.form
        company_sudo._paylink_twilio_process_reply(form.get("From", ""), form.get("Body", ""))
        return request.make_response(EMPTY_ANSWER, [("Content-Type", "text/xml")])

    def _is_signed(self, company_sudo):
        """Tell whether the request carries Twilio's signature, see
        https://www.twilio.com/docs/usage/security#validating-requests"""
        token = company_sudo.sms_twilio_auth_token
        if company_sudo.sms_provider != "twilio" or not token:
            return False
        form = request.httprequest.form
        values = "".join(f"{name}{form[name]}" for name in sorted(form.keys()))
        signed = f"{company_sudo._paylink_twilio_get_incoming_url()}{values}"
        digest = hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()
        given = request.httprequest.headers.get("X-Twilio-Signature", "")
        return hmac.compare_digest(base64.b64encode(digest), given.encode())
