# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying: Odoo's own payment form on a page of ours, what it calls, and where a payment ends."""

import base64
import hashlib
import json
import logging
import secrets

import psycopg2
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from odoo import http
from odoo.exceptions import ConcurrencyError
from odoo.http import content_disposition, request
from odoo.tools import is_html_empty

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from ..assets import get_asset_url
from ..models.payment_transaction import PaymentRefused
from ..theme import theme_colors
from .gate import STATUS_NOT_NOW, PaylinkGate, act_as_public, both_kinds
from .quote import FORM_TYPES, STATUS_OF_REFUSAL, PaylinkQuote

_logger = logging.getLogger(__name__)


# How often a payment is begun anew because another one of the same document has just been started.
MAX_STARTS = 20
STARTED_MEANWHILE = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    ConcurrencyError,
)

# Seconds until an undecided payment is looked at again; after that the customer asks by hand.
REFRESH_SECONDS = (3, 3, 4, 6, 10, 15, 20, 30, 60, 60, 120, 120, 300)

# The one inline handler that Odoo puts on its bundles, see `ir.qweb._link_to_node`.
_ASSET_HANDLER = base64.b64encode(hashlib.sha256(b"__odooAssetError=1").digest()).decode()

# Odoo's scripts compile templates ('unsafe-eval'); providers bring scripts, frames and styles from
# addresses that only they know. No inline script runs without the nonce.
PAYMENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' https: 'nonce-{nonce}' 'unsafe-eval' 'unsafe-hashes' "
    f"'sha256-{_ASSET_HANDLER}'; "
    "style-src 'self' https: 'unsafe-inline'; img-src 'self' https: data: blob:; "
    "font-src 'self' https: data:; connect-src 'self' https: wss:; frame-src 'self' https:; "
    "worker-src 'self' blob:; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'"
)


class PaylinkPayment(PaylinkQuote):
    # === CONFIRMED === #

    @http.route(both_kinds("/pay"), methods=["POST"], **PaylinkGate._public_route)
    def paylink_pay(self, token, **_kwargs):
        """Start the payment of a quote: lead on to where it is paid.

        The form holds ``quote``, ``fee_accepted=1`` where the quote has a fee, ``take_over=1`` to
        end an attempt that somebody else has begun, and ``save_card=1`` to keep the card for later
        where the provider's own page takes it; without a ``quote`` the fields of
        :meth:`PaylinkQuote.paylink_quote`, which is answered with the page that asks to confirm
        where there is a fee to accept.
        """
        act_as_public()
        is_page = self._wants_page()
        link_sudo = self._open_link(token, "pay", is_page=is_page)
        if request.httprequest.mimetype not in FORM_TYPES:
            return self._respond_json({"code": "invalid_request"}, 400)
        self._check_origin(is_form=True)
        try:
            quote_sudo, tx_sudo = self._reserve_payment(link_sudo, request.httprequest.form)
        except PaymentRefused as refusal:
            return self._respond_refusal(link_sudo, refusal, is_page)
        if not tx_sudo:
            return self._respond_review(link_sudo, quote_sudo)
        if quote_sudo.provider_id._paylink_get_flow() == "redirect":
            return self._respond_hosted_page(link_sudo, tx_sudo, is_page)
        return request.redirect(f"{link_sudo._get_path('pay')}?quote={quote_sudo.reference}", 303)

    def _reserve_payment(self, link_sudo, form):
        """Return the quote and the open payment; see :meth:`paylink.link._reserve_payment`."""
        choice = {
            "visitor": self._get_visitor(),
            "quote_reference": form.get("quote"),
            "wish": None if "quote" in form else self._read_wish(),
            "is_accepted": form.get("fee_accepted") == "1",
            "is_taken_over": form.get("take_over") == "1",
            "is_card_saved": form.get("save_card") == "1",
        }
        return self._retry(link_sudo, lambda link: link._reserve_payment(**choice))

    def _respond_hosted_page(self, link_sudo, tx_sudo, is_page):
        """Lead on to the page of the provider, which needs no form and no script of ours."""
        page_values = tx_sudo._paylink_prepare_hosted_page()
        # The attempt stands from here on: nobody waits for its lock while the provider is asked,
        # and whatever happens there, it is known here.
        request.env.cr.commit()  # pylint: disable=invalid-commit
        try:
            url = tx_sudo._paylink_open_hosted_page(page_values)
        except PaymentRefused as refusal:
            return self._respond_refusal(link_sudo, refusal, is_page)
        # Only a payment needs a session, which tells the way back.
        request.session.can_save = True
        PaymentPostProcessing.monitor_transaction(tx_sudo)
        return request.redirect(url, 303, local=False)

    # === FORM === #

    @http.route(
        both_kinds("/pay"),
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_pay_form(self, token, quote=None, **_kwargs):
        """Show Odoo's payment form.

        :param str quote: the reference of an accepted quote, whose way to pay is offered; without
            one, every published way that costs no fee
        """
        act_as_public()
        link_sudo = self._open_link(token, "pay")
        quote_sudo = None
        if quote is not None:
            quote_sudo = link_sudo._get_quote(quote)
            try:
                link_sudo._check_quote(quote_sudo)
            except PaymentRefused as refusal:
                return self._respond_refusal(link_sudo, refusal, is_page=True)
        values = link_sudo._prepare_payment_form_values(quote_sudo)
        if not values["payment_methods_sudo"]:
            # Every way to pay costs a fee: the page tells how much, and asks to accept it.
            return request.redirect(link_sudo._get_path(), 303)
        return respond_payment_page("paylink_invoice.paylink_payment_page", link_sudo, values)

    @http.route(
        both_kinds("/transaction"),
        methods=["POST"],
        **PaylinkGate._public_route,
    )
    def paylink_transaction(self, token, quote=None, currency=None, **_kwargs):
        """Start the payment that the form asks for and return what its script needs.

        JSON-RPC in and out, as Odoo's scripts of all providers expect it; but an error has an HTTP
        status too, and says no more than a code and a sentence. Of the ``params``, the integers
        ``provider_id`` and ``payment_method_id`` and the ``flow`` (``redirect`` or ``direct``)
        are obeyed if they were offered, ``tokenization_requested`` if the card can be saved;
        ``access_token`` proves which amount the form showed.

        :param str quote: the reference of the quote that is paid; none: all that is due, for no fee
        :param str currency: of a balance without a quote, the ISO code of what the form shows
        """
        act_as_public()
        try:
            link_sudo = self._resolve_link(token)
            self._check_origin()
            choice = self._parse_payment_choice(self._read_json().get("params"))
            choice |= {
                "quote_reference": quote,
                "currency": currency,
                "ip_address": request.httprequest.remote_addr,
            }
            request.update_context(lang=link_sudo._get_lang())
            tx_sudo = self._start_payment(link_sudo, choice)
            values = self._prepare_payment_processing(tx_sudo, link_sudo)
        except HTTPException as refusal:
            return self._respond_rpc_refusal(refusal.get_response())
        except PaymentRefused as refusal:
            status = STATUS_OF_REFUSAL.get(refusal.code, STATUS_NOT_NOW)
            return self._respond_rpc_error(
                refusal.code, refusal.message, status, refusal.retry_after
            )
        # Only a payment needs a session, so that Odoo's status page can follow it.
        request.session.can_save = True
        PaymentPostProcessing.monitor_transaction(tx_sudo)
        return self._respond_json({"jsonrpc": "2.0", "id": None, "result": values})

    def _parse_payment_choice(self, params):
        """Return what the form asks for, or answer 400 and stop."""
        if isinstance(params, dict):
            choice = {name: params.get(name) for name in ("provider_id", "payment_method_id")}
            flow, is_card_saved = params.get("flow"), params.get("tokenization_requested")
            # Not `isinstance`: true is no id. Who holds a link charges nobody's saved card.
            is_valid = all(type(value) is int for value in choice.values())
            is_valid &= is_card_saved is None or isinstance(is_card_saved, bool)
            if is_valid and flow in ("redirect", "direct") and params.get("token_id") is None:
                return {
                    "option_id": f"{choice['provider_id']}-{choice['payment_method_id']}",
                    "flow": flow,
                    "proof": params.get("access_token"),
                    "is_card_saved": bool(is_card_saved),
                }
        return self._stop(self._respond_json({"code": "invalid_request"}, 400))

    def _start_payment(self, link_sudo, choice):
        """Return the open payment of the document; see :meth:`paylink.link._start_payment`."""
        return self._retry(link_sudo, lambda link: link._start_payment(**choice))

    def _retry(self, link_sudo, start):
        """Return the result of ``start``, begun anew while others start payments.

        :param start: a function of the link that takes the lock of the document before it writes
            anything
        """
        for _attempt in range(MAX_STARTS):
            try:
                result = start(link_sudo)
                request.env.flush_all()
                return result
            except STARTED_MEANWHILE:
                # Nothing else has been written by this request, and a new transaction sees it.
                request.env.cr.rollback()
                link_sudo = link_sudo._read_anew()
            except psycopg2.errors.LockNotAvailable:
                request.env.cr.rollback()
                break
        raise PaymentRefused("in_progress", link_sudo._get_payment_refusal("in_progress"))

    def _prepare_payment_processing(self, tx_sudo, link_sudo):
        """Return what the provider's script needs to go on.

        :raise PaymentRefused: if the provider fails; then no payment has been started
        """
        reference = tx_sudo.reference
        try:
            values = tx_sudo._get_processing_values()
            request.env.flush_all()
        except (psycopg2.Error, ConcurrencyError):
            raise
        except Exception as error:
            # The code of a provider may raise anything; the customer gets a sentence, we the log.
            _logger.warning("The provider could not start payment %s", reference, exc_info=error)
            request.env.cr.rollback()
            raise PaymentRefused(
                "provider_failed", link_sudo._get_payment_refusal("provider_failed")
            ) from error
        return values

    def _respond_rpc_refusal(self, response):
        """Return an answer of the gate as the form's script can read it."""
        is_json = response.mimetype == "application/json"
        code = json.loads(response.get_data())["code"] if is_json else "not_found"
        env = request.env(context={**request.env.context, "lang": self._get_browser_lang()})
        message = env._("This page is out of date. Open the link from your message again.")
        return self._respond_rpc_error(code, message, response.status_code)

    def _respond_rpc_error(self, code, message, status, retry_after=None):
        """Return an error that Odoo's form shows in a dialog: ``message`` is what it says."""
        data = {"name": f"paylink.{code}", "code": code, "message": message}
        error = {"code": status, "message": code, "data": data}
        headers = {"Retry-After": str(retry_after)} if retry_after else None
        return self._respond_json({"jsonrpc": "2.0", "id": None, "error": error}, status, headers)

    # === AFTERWARDS === #

    @http.route("/paylink/landing", methods=["GET"], readonly=True, **PaylinkGate._public_route)
    def paylink_landing(self, **_kwargs):
        """Lead from the end of a payment to its receipt.

        Transactions store this address and no token; the session knows which one was paid.
        """
        tx_sudo = get_monitored_payment()
        link_sudo = tx_sudo.paylink_link_id
        if not link_sudo:
            title = request.env._("Your payment is being processed")
            values = request.env["paylink.page"]._prepare_layout_values(title=title)
            return self._respond_page("paylink_invoice.paylink_landing_page", values)
        if link_sudo._get_denial("view"):
            # The link ended while its payment was under way: whoever paid still learns what became
            # of it, but gets no way in.
            return self._respond_receipt(link_sudo, tx_sudo, is_live=False)
        return request.redirect(link_sudo._get_receipt_path(tx_sudo), 303)

    @http.route(
        both_kinds("/receipt/<path:reference>"),
        methods=["GET"],
        readonly=True,
        **PaylinkGate._public_route,
    )
    def paylink_receipt(self, token, reference, n=None, **_kwargs):
        """Tell what became of a payment of the link's document; below ``….pdf`` as a file.

        :param str reference: the reference of the transaction; it contains slashes
        :param str n: how often the page has looked again by itself
        """
        link_sudo = self._open_link(token)
        reference, pdf_suffix, rest = reference.partition(".pdf")
        tx_sudo = link_sudo._get_receipt(reference)
        if not tx_sudo or rest:
            return self._respond_not_found()
        if not pdf_suffix:
            return self._respond_receipt(link_sudo, tx_sudo, look=n)
        if not tx_sudo._paylink_has_receipt():
            return self._respond_receipt(link_sudo, tx_sudo, status=STATUS_NOT_NOW)
        filename, pdf = tx_sudo._paylink_render_receipt(link_sudo)
        headers = {
            "Content-Type": "application/pdf",
            "Content-Disposition": content_disposition(filename),
        }
        return request.make_response(pdf, headers=headers)

    def _respond_receipt(self, link_sudo, tx_sudo, look=None, is_live=True, status=200):
        """Return the page about a payment, which looks again by itself while the end is open."""
        link_sudo = link_sudo.with_context(lang=link_sudo._get_lang())
        values = tx_sudo._paylink_prepare_receipt_values(link_sudo, is_live)
        looks = int(look) if str(look).isdecimal() and len(look) < 3 else 0
        headers = {}
        if values["is_open"] and looks < len(REFRESH_SECONDS) and status == 200:
            headers["Refresh"] = f"{REFRESH_SECONDS[looks]}; url=?n={looks + 1}"
        return self._respond_page(
            "paylink_invoice.paylink_receipt_page", values, link_sudo.env, status, headers
        )


class PaylinkPostProcessing(PaymentPostProcessing):
    @http.route()
    def display_status(self, **kwargs):
        # EXTENDS 'payment': whoever pays from a link stays on the seller's slim pages.
        tx_sudo = self._get_monitored_transaction()
        link_sudo = tx_sudo.paylink_link_id
        if not link_sudo:
            return super().display_status(**kwargs)
        if tx_sudo.state == "pending":
            # Nothing happens here any more; the page of the receipt tells how it goes on.
            return request.redirect(tx_sudo.landing_route, 303)
        act_as_public()
        link_sudo = link_sudo.with_context(lang=link_sudo._get_lang())
        values = tx_sudo._paylink_prepare_receipt_values(link_sudo, is_live=False)
        return respond_payment_page("paylink_invoice.paylink_status_page", link_sudo, values)


def get_monitored_payment():
    """Return the payment that this browser has started last, in sudo mode, or none."""
    tx_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
    # In sudo mode because visitors cannot read transactions; the session is the proof.
    return request.env["payment.transaction"].sudo().browse(tx_id).exists()


def get_session_info(lang):
    """Return what Odoo's front-end scripts have to know.

    :param str lang: the code of the page's language
    """
    # Where Odoo's website is installed, it expects to be asked on one of its own pages, such as the
    # one of the status is.
    request.lang = request.env["res.lang"]._get_data(code=lang)
    if is_lacking := "website" in request.env and not hasattr(request, "website"):
        request.website = request.env["website"].get_current_website()
    try:
        session_info = request.env["ir.http"].get_frontend_session_info()
    finally:
        if is_lacking:  # The others are none of them.
            del request.website
    session_info["bundle_params"]["lang"] = lang
    return session_info


def respond_payment_page(template, link_sudo, values):
    """Render a page that loads Odoo's front-end scripts, with their Content-Security-Policy."""
    lang = link_sudo._get_lang()
    request.update_context(lang=lang)
    nonce = secrets.token_urlsafe(16)
    session_info = get_session_info(lang)
    # Odoo's form knows no dark colours, so the page has only the light ones.
    theme = Markup(":root{{--o-brand:{brand};--o-on-brand:{on_brand};--o-link:{link}}}").format(
        **theme_colors(link_sudo.company_id.primary_color)
    )
    html = (
        request.env["ir.qweb"]
        .sudo()  # The template is ours, and the visitor reads what the gate let through.
        ._render(
            template,
            {
                **values,
                "theme": theme,
                "payment_css": get_asset_url("../payment/payment.css"),
                "script_nonce": nonce,
                "session_info": session_info,
                "is_html_empty": is_html_empty,  # Odoo's form expects it, as on all of its pages.
            },
        )
    )
    policy = PAYMENT_SECURITY_POLICY.format(nonce=nonce)
    headers = {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store, private",
        "Referrer-Policy": "no-referrer",
    }
    return request.make_response(html, headers=headers)
