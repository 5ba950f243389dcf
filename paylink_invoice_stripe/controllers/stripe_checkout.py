# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where customers come back from Stripe, and where Stripe tells what happened."""

import logging

import psycopg2

from odoo import http
from odoo.exceptions import ConcurrencyError, UserError
from odoo.http import request

from odoo.addons.paylink_invoice.controllers.gate import PaylinkGate, act_as_public
from odoo.addons.paylink_invoice.controllers.payment import PaylinkPayment, get_monitored_payment

from ..models.payment_provider_webhook import WEBHOOK_PATH
from ..models.payment_transaction import RETURN_PATH
from ..stripe_api import CODE, StripeBusy, StripeFailure

_logger = logging.getLogger(__name__)

MAX_EVENT_BYTES = 512 * 1024
RETRY_SECONDS = 30
# How often news are applied anew because others have just applied some about the same payment.
MAX_TRIES = 10
APPLIED_MEANWHILE = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    ConcurrencyError,
)


class StripeCheckout(PaylinkPayment):
    # === CUSTOMER === #

    @http.route(
        f"{RETURN_PATH}/<int:tx_id>/<string:proof>",
        methods=["GET"],
        **PaylinkGate._public_route,
    )
    def paylink_stripe_return(self, tx_id, proof, back=None, **_kwargs):
        """Take the customer in who comes back from Stripe, whether they have paid or not.

        The only GET that writes: what Stripe says is applied before the customer reads it. The
        address opens no link; the session of the browser that has paid does.

        :param str back: ``1`` where the customer left without paying
        """
        act_as_public()
        tx_sudo = request.env["payment.transaction"]._paylink_stripe_resolve_return(tx_id, proof)
        if not tx_sudo:
            return self._respond_not_found()
        self._apply_news(tx_sudo, is_back=back == "1")
        link_sudo = tx_sudo.paylink_link_id
        if not link_sudo:
            return request.redirect("/payment/status", 303)
        link_sudo = link_sudo.with_context(
            lang=link_sudo._get_lang(), allowed_company_ids=link_sudo.company_id.ids
        )
        is_own = get_monitored_payment() == tx_sudo and not link_sudo._get_denial("view")
        if not is_own:
            # Another browser, as where the app of a bank opens one: it learns how this payment
            # stands, and gets no way in.
            return self._respond_receipt(link_sudo, tx_sudo, is_live=False)
        if tx_sudo.state == "cancel" or (tx_sudo.state == "draft" and back == "1"):
            return request.redirect(f"{link_sudo._get_path()}#o_paylink_pay", 303)
        return request.redirect(link_sudo._get_receipt_path(tx_sudo), 303)

    def _apply_news(self, tx_sudo, is_back):
        """Ask Stripe what became of the payment; where it does not tell, the cron asks again soon."""

        def ask():
            with request.env.cr.savepoint():
                if is_back and tx_sudo.paylink_stripe_session_state == "open":
                    tx_sudo._paylink_stripe_close(is_patient=True)
                else:
                    tx_sudo._paylink_stripe_sync(is_patient=True)

        try:
            self._begin_anew(ask)
        except (StripeFailure, StripeBusy, UserError) as error:
            _logger.info("Payment %s is not known yet: %s", tx_sudo.reference, error)
            tx_sudo._paylink_stripe_check_soon()

    def _begin_anew(self, work):
        """Return the result of ``work``, begun anew where somebody else has just applied news.

        :param work: a function before which nothing was written, and which locks first
        :raise StripeBusy: if others go on and on
        """
        for _try in range(MAX_TRIES):
            try:
                result = work()
                request.env.flush_all()
                return result
            except APPLIED_MEANWHILE:
                # A new transaction sees what they have written.
                request.env.cr.rollback()
        raise StripeBusy

    # === STRIPE === #

    @http.route(
        f"{WEBHOOK_PATH}/<int:provider_id>",
        methods=["POST"],
        **PaylinkGate._public_route,
    )
    def paylink_stripe_webhook(self, provider_id, **_kwargs):
        """Take a message of Stripe as a hint to ask it.

        400 for what Stripe has not signed just now, 503 where it shall come again later, else 200.
        """
        if (request.httprequest.content_length or 0) > MAX_EVENT_BYTES:
            return self._respond_json({"code": "invalid_request"}, 400)
        # In sudo mode because Stripe has no user here; the signature is the authority.
        provider_sudo = request.env["payment.provider"].sudo().browse(provider_id).exists()
        is_set_up = provider_sudo.code == CODE and provider_sudo.paylink_stripe_webhook_secret
        if not is_set_up:
            return self._respond_not_found()
        event = provider_sudo._paylink_stripe_verify(
            request.httprequest.get_data(), request.httprequest.headers.get("Stripe-Signature")
        )
        if event is None:
            return self._respond_json({"code": "invalid_signature"}, 400)
        return self._process_event(provider_sudo, event)

    def _process_event(self, provider_sudo, event):
        try:
            is_known = self._begin_anew(lambda: provider_sudo._paylink_stripe_process_event(event))
        except StripeBusy:
            request.env.cr.rollback()
            return self._respond_come_again()
        except StripeFailure as failure:
            _logger.warning("Stripe cannot tell about event %s: %s", event.get("id"), failure)
            request.env.cr.rollback()
            if failure.is_lost:
                return self._respond_come_again()
            is_known = False
        return self._respond_json({"received": True, "known": is_known})

    def _respond_come_again(self):
        return self._respond_json({"code": "busy"}, 503, {"Retry-After": str(RETRY_SECONDS)})
