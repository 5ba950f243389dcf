# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What can be paid, and what it costs: the customer asks, the server prices."""

from odoo import http
from odoo.http import request

from ..models.paylink_link_quote import Wish
from ..models.payment_transaction import PaymentRefused
from .gate import (
    CODE_OF_DENIAL,
    STATUS_NOT_NOW,
    STATUS_OF_DENIAL,
    PaylinkGate,
    act_as_public,
    both_kinds,
)

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")

STATUS_OF_REFUSAL = {
    **STATUS_OF_DENIAL,
    **dict.fromkeys(
        ("invalid_amount", "invalid_tip", "invalid_option", "invalid_request", "fee_not_accepted"),
        400,
    ),
    "too_many_requests": 429,
    "too_many_declines": 429,
}


class PaylinkQuote(PaylinkGate):
    @http.route(
        both_kinds("/options"),
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_options(self, token, **_kwargs):
        """Return what this customer may pay this document with, as JSON.

        Amounts are decimal strings in the document's currency; ``fee_max`` is null without one.
        """
        act_as_public()
        link_sudo = self._open_link(token, "pay", is_page=False)
        digits = link_sudo._get_currency().decimal_places
        options = [
            {
                "id": option["id"],
                "label": option["label"],
                "provider": option["provider"].code,
                "flow": option["flow"],
                "fee_percent": f"{option['fee_rule'].percent.normalize():f}",
                "fee_fixed": f"{option['fee_rule'].fixed:.{digits}f}",
                "fee_max": f"{option['fee_rule'].maximum:.{digits}f}"
                if option["fee_rule"].maximum
                else None,
            }
            for option in link_sudo._get_options()
        ]
        return self._respond_json(options)

    @http.route(both_kinds("/quote"), methods=["POST"], **PaylinkGate._public_route)
    def paylink_quote(self, token, **_kwargs):
        """Price what is asked for, as JSON or, for a plain form, as the page that asks to confirm.

        JSON in: ``amount``, ``tip`` and ``option``. JSON out: see :meth:`_prepare_quote_json`, or
        ``{"code", "message"}`` with status 400, 409 or 429. A script that asks with a form gets
        ``display`` on top: the same in the customer's language and number format.
        """
        act_as_public()
        is_page = self._wants_page()
        link_sudo = self._open_link(token, "pay", is_page=is_page)
        wish = self._read_wish()
        try:
            quote_sudo = link_sudo._quote(wish)
        except PaymentRefused as refusal:
            return self._respond_refusal(link_sudo, refusal, is_page)
        if is_page:
            return self._respond_review(link_sudo, quote_sudo)
        answer = self._prepare_quote_json(quote_sudo)
        if request.httprequest.mimetype in FORM_TYPES:
            # Our page's script asks with its form, and shows what it gets.
            page = request.env["paylink.page"]
            answer["display"] = page._prepare_quote_display(link_sudo, quote_sudo)
        return self._respond_json(answer)

    def _read_wish(self):
        """Return the :class:`Wish` of the request's body, JSON or form, or answer 400 and stop."""
        if request.httprequest.mimetype in FORM_TYPES:
            self._check_origin(is_form=True)
            form = request.httprequest.form
            documents = tuple(form.getlist("document"))
            amount = form.get("amount", "full")
            if amount == "full" and documents and self._get_kind() == "balance":
                # Without scripts, a tick does not move the choice of the amount along.
                amount = "chosen"
            if is_typed := amount == "other":
                amount = form.get("amount_other")
            return Wish(
                amount,
                form.get("tip"),
                form.get("option"),
                is_typed,
                form.get("currency"),
                documents,
            )
        self._check_origin()
        data = self._read_json()
        documents = data.get("documents")
        return Wish(
            data.get("amount"),
            data.get("tip"),
            data.get("option"),
            currency=data.get("currency"),
            documents=tuple(documents) if isinstance(documents, list) else (),
        )

    def _prepare_quote_json(self, quote_sudo):
        """Return a quote as the contract spells it: decimal strings, ISO codes, UTC."""
        digits = quote_sudo.currency_id.decimal_places
        amounts = ("base", "tip", "fee", "total")
        return {
            "quote": quote_sudo.reference,
            **{name: f"{quote_sudo[f'{name}_amount']:.{digits}f}" for name in amounts},
            "currency": quote_sudo.currency_id.name,
            "expires": f"{quote_sudo.expiration_date.isoformat(timespec='seconds')}Z",
            "fee_text": quote_sudo.fee_text or None,
        }

    def _respond_review(self, link_sudo, quote_sudo, refusal=None, status=200):
        """Return the page that asks to confirm a price, with what was wrong before, if anything."""
        values = request.env["paylink.page"]._prepare_review_values(
            link_sudo, quote_sudo, refusal, request.httprequest.form.get("save_card") == "1"
        )
        return self._respond_page(
            "paylink_invoice.paylink_review_page", values, link_sudo.env, status
        )

    def _respond_refusal(self, link_sudo, refusal, is_page):
        """Return why a price or a payment is refused: a page to go on from, or a code."""
        status = STATUS_OF_REFUSAL.get(refusal.code, STATUS_NOT_NOW)
        headers = {"Retry-After": str(refusal.retry_after)} if refusal.retry_after else {}
        quote_sudo = refusal.quote
        if not is_page:
            code = CODE_OF_DENIAL.get(refusal.code, refusal.code)
            return self._respond_json({"code": code, "message": refusal.message}, status, headers)
        # Showing a page writes no quote.
        can_quote = quote_sudo and request.httprequest.method == "POST"
        if can_quote and refusal.code in ("fee_not_accepted", "changed"):
            try:
                quote_sudo = link_sudo._quote(link_sudo._get_wish(quote_sudo))
            except PaymentRefused as further_refusal:
                refusal = further_refusal
            else:
                return self._respond_review(link_sudo, quote_sudo, refusal, status)
        values = request.env["paylink.page"]._prepare_refusal_values(
            link_sudo, refusal, quote_sudo, request.httprequest.form
        )
        return self._respond_page(
            "paylink_invoice.paylink_refusal_page", values, link_sudo.env, status, headers
        )
