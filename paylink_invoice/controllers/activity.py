# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a customer does beside paying: looking, and asking."""

from odoo import http
from odoo.http import request

from .. import visitors
from ..models.ir_http import RETRY_SECONDS, TOO_BUSY
from .gate import MAX_BODY_BYTES, PaylinkGate, both_kinds

# How often a question is begun anew because another one has just been asked with the same link.
MAX_ATTEMPTS = 10


class PaylinkActivity(PaylinkGate):
    @http.route(both_kinds("/seen"), methods=["POST"], **PaylinkGate._public_route)
    def paylink_seen(self, token, **_kwargs):
        """Take the page's word that a person looks at it, or took the PDF.

        Body: ``{"nonce": str, "event": "viewed" | "downloaded"}``, by default ``viewed``.
        Answers 204 whether it counts or not, so that a machine learns nothing.
        """
        link_sudo = self._open_link(token)
        self._check_origin()
        data = self._read_json()
        if not self._is_person():
            return request.make_response("", status=204)
        link_sudo._register_visit(
            data.get("event", "viewed"), data.get("nonce"), self._get_visitor()
        )
        return request.make_response("", status=204)

    @http.route(both_kinds("/comment"), methods=["POST"], **PaylinkGate._public_route)
    def paylink_comment(self, token, body=None, **_kwargs):
        """Put a customer's question, plain text, into the chatter of the document.

        :param str body: the question, from a form; or the ``body`` of a JSON object
        """
        link_sudo = self._open_link(token, "comment")
        is_json = request.httprequest.mimetype == "application/json"
        self._check_origin(is_form=not is_json)
        if (request.httprequest.content_length or 0) > MAX_BODY_BYTES:
            return self._respond_json({"code": "invalid_comment"}, 400)
        text = self._read_json().get("body") if is_json else body
        if not link_sudo._is_valid_question(text):
            return self._respond_json({"code": "invalid_comment"}, 400)
        if seconds := self._ask_question(link_sudo, text):
            return self._respond_too_many(seconds)
        if is_json:
            return self._respond_json({"posted": True}, 201)
        return request.redirect(link_sudo._get_path() + "?asked=1#question", 303)

    def _ask_question(self, link_sudo, text):
        """Post a question; return the seconds to wait where there are too many, else 0."""
        for _attempt in range(MAX_ATTEMPTS):
            try:
                seconds = link_sudo._ask_question(text, self._get_visitor(), self._is_person())
                request.env.flush_all()
                return seconds
            except TOO_BUSY:
                # Nothing else has been written by this request, and a new transaction sees more.
                request.env.cr.rollback()
        return RETRY_SECONDS

    def _is_person(self):
        """Tell whether the request may come from a customer: no machine, and not our own staff."""
        headers = request.httprequest.headers
        is_machine = visitors.is_machine(headers.get("User-Agent", ""), headers)
        # The only thing a session is looked at for: a member of staff is no visitor.
        return not is_machine and not request.env.user._is_internal()
