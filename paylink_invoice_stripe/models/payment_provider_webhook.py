# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What Stripe tells by itself: the webhook, who made it, and what follows from it."""

import logging
import time

from odoo import fields, models
from odoo.exceptions import UserError

from .. import stripe_api
from ..stripe_api import CODE, StripeBusy, StripeFailure
from .payment_provider_setup import STATE_OF_MODE

_logger = logging.getLogger(__name__)

WEBHOOK_PATH = "/paylink/stripe/webhook"
# Seconds that a message may be old, or ahead of our clock.
TOLERANCE = 300
EVENTS = (
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
    "payment_intent.processing",
    "payment_intent.canceled",
    "charge.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "payout.paid",
)


class PaymentProviderWebhook(models.Model):
    _inherit = "payment.provider"

    paylink_stripe_webhook_secret = fields.Char(
        string="Stripe Signing Secret",
        help="Stripe's messages are believed only with it. “Create webhook” enters it.",
        required_if_provider=CODE,
        copy=False,
        groups="base.group_system",
    )
    paylink_stripe_webhook_ref = fields.Char(
        string="Webhook", copy=False, readonly=True, groups="base.group_system"
    )
    paylink_stripe_webhook_url = fields.Char(
        string="Webhook Address",
        help="Where Stripe sends its messages to.",
        copy=False,
        readonly=True,
        groups="base.group_system",
    )

    # === ACTION METHODS === #

    def action_paylink_stripe_create_webhook(self):
        """Have Stripe tell this server about payments, and switch the provider on.

        The mode of the key decides whether that is in test mode. An earlier webhook of this
        address is replaced.

        :raise UserError: if the key does not work, or Stripe refuses the address
        """
        self.ensure_one()
        self.check_access("write")
        self._paylink_stripe_check_key()
        try:
            outdated = self._paylink_stripe_find_webhooks()
            created = self._paylink_stripe_call(
                "webhook_endpoints.create", self._paylink_stripe_prepare_webhook()
            )
            self.write(
                {
                    "paylink_stripe_webhook_ref": created["id"],
                    "paylink_stripe_webhook_secret": created["secret"],
                    "paylink_stripe_webhook_url": created["url"],
                    "state": STATE_OF_MODE[self.paylink_stripe_mode],
                }
            )
        except StripeFailure as failure:
            raise UserError(self._paylink_stripe_explain(failure)) from None
        # By now Stripe signs with the new secret, which must not be lost whatever comes.
        for webhook_ref in outdated:
            self._paylink_stripe_delete_webhook(webhook_ref)
        return self._paylink_stripe_notify(
            self.env._(
                "Stripe tells %(url)s about payments. Publish the provider, and customers can pay.",
                url=created["url"],
            )
        )

    def _paylink_stripe_prepare_webhook(self):
        return {
            "url": self._paylink_stripe_get_webhook_url(),
            "enabled_events": list(EVENTS),
            "api_version": stripe_api.load(self.env).api_version,
            "description": f"Odoo, {self.company_id.name}"[:500],
            "metadata": {"odoo_database": self._paylink_stripe_get_database()},
        }

    def _paylink_stripe_get_webhook_url(self):
        return f"{self.company_id._paylink_get_base_url()}{WEBHOOK_PATH}/{self.id}"

    def _paylink_stripe_find_webhooks(self):
        """Return the ids of webhooks at Stripe that a new one replaces."""
        url = self._paylink_stripe_get_webhook_url()
        known = (self.paylink_stripe_webhook_ref,)
        return [
            webhook["id"]
            for webhook in self._paylink_stripe_collect("webhook_endpoints.list", {})
            if webhook["url"] == url or webhook["id"] in known
        ]

    def _paylink_stripe_close_pages(self):
        """Close the pages at Stripe that customers have open, as far as it listens."""
        # In sudo mode because who sets providers up need not read payments.
        txs_sudo = self.env["payment.transaction"].sudo()
        domain = [("provider_id", "in", self.ids), ("paylink_stripe_session_state", "=", "open")]
        for tx_sudo in txs_sudo.search(domain):
            try:
                with self.env.cr.savepoint():
                    tx_sudo._paylink_stripe_close()
            except StripeBusy:
                continue
            except (StripeFailure, UserError) as error:
                _logger.warning("The page of %s stays open: %s", tx_sudo.reference, error)
                if getattr(error, "is_lost", False):
                    return

    def _paylink_stripe_forget_webhook(self):
        """Tell Stripe to send nothing any more, as far as it listens."""
        for provider in self.sudo():  # Only administrators get here, and uninstalling.
            if not (provider.paylink_stripe_webhook_ref and provider.paylink_stripe_secret_key):
                continue
            provider._paylink_stripe_delete_webhook(provider.paylink_stripe_webhook_ref)

    def _paylink_stripe_delete_webhook(self, webhook_ref):
        try:
            self._paylink_stripe_call("webhook_endpoints.delete", webhook_ref)
        except (StripeFailure, UserError) as error:
            _logger.warning("The webhook of %s stays at Stripe: %s", self.name, error)

    # === MESSAGES === #

    def _paylink_stripe_verify(self, body, header):
        """Return the event that Stripe has signed, as a dict, or None.

        :param bytes body: as it came, to the byte
        :param header: ``Stripe-Signature``, or None
        """
        self.ensure_one()
        stripe = stripe_api.load(self.env)
        secret = self.paylink_stripe_webhook_secret
        try:
            event = self._paylink_stripe_get_client().construct_event(
                body, header, secret, TOLERANCE
            )
            # Stripe's package minds old messages only.
            moment, _signatures = stripe.WebhookSignature._get_timestamp_and_signatures(
                header, "v1"
            )
        except (
            stripe.SignatureVerificationError,
            UserError,
            ValueError,
            TypeError,
            AttributeError,
        ):
            return None
        return None if moment > time.time() + TOLERANCE else event.to_dict()

    def _paylink_stripe_process_event(self, event):
        """Ask Stripe about what an event is about, and apply that; the event itself is a hint.

        :param dict event: as signed
        :return: whether it is about something that is known here
        :raise StripeFailure: if Stripe does not answer
        :raise StripeBusy: if the same is being processed elsewhere
        """
        self.ensure_one()
        hint = (event.get("data") or {}).get("object")
        kind = event.get("type")
        if not isinstance(hint, dict) or kind not in EVENTS:
            return False
        txs_sudo = self.env["payment.transaction"].sudo()  # Stripe has no user here.
        if kind == "payout.paid":
            return txs_sudo._paylink_stripe_note_payout(self, str(hint.get("id")))
        tx_sudo = txs_sudo._paylink_stripe_find(self, hint)
        if not tx_sudo:
            if kind == "payment_intent.succeeded":
                self._paylink_stripe_check_unknown(hint)
            return False
        # Several messages about one payment, and the customer who comes back, arrive at once.
        tx_sudo._paylink_stripe_lock(is_patient=True)
        if kind.startswith("refund."):
            tx_sudo._paylink_stripe_sync_refunds()
        elif kind.startswith("charge.dispute."):
            tx_sudo._paylink_stripe_sync_dispute(str(hint.get("id")))
        else:
            tx_sudo._paylink_stripe_sync()
        return True
