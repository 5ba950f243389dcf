# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Saved cards: kept when the customer asks for it, charged by its owner or by staff."""

from datetime import UTC, timedelta

from odoo import fields, models

from ..stripe_api import CODE, StripeFailure
from .payment_transaction_sync import CHARGE

# How long Stripe knows a request again by its key; after that it would be a new one.
KEY_LIFE = timedelta(hours=23)
DAY = 24 * 60 * 60
# What can be charged again without the customer.
REUSABLE = ("card", "link", "sepa_debit", "us_bank_account", "bacs_debit", "au_becs_debit")


class PaymentTransactionToken(models.Model):
    _inherit = "payment.transaction"

    # === SAVING === #

    def _extract_token_values(self, payment_data):
        # OVERRIDE 'payment' for Stripe
        if self.provider_code != CODE:
            return super()._extract_token_values(payment_data)
        intent, charge = payment_data["intent"], payment_data["charge"] or {}
        kind = (charge.get("payment_method_details") or {}).get("type")
        if kind not in REUSABLE or not (intent.get("customer") and charge.get("payment_method")):
            return {}
        return {
            "provider_ref": intent["customer"],
            "paylink_stripe_method_ref": charge["payment_method"],
            "payment_details": charge["payment_method_details"][kind].get("last4"),
        }

    # === CHARGING === #

    def _send_payment_request(self):
        # OVERRIDE 'payment' for Stripe
        if self.provider_code != CODE:
            return super()._send_payment_request()
        database = self.provider_id._paylink_stripe_get_database()
        # Whoever begins anew after a conflict in the database has the same reference.
        self.paylink_stripe_key = f"{database}-charge-{self._paylink_stripe_get_reference()}"
        try:
            intent = self._paylink_stripe_charge()
        except StripeFailure as failure:
            if not failure.is_lost:
                return self._paylink_stripe_set_refused(failure)
            self._set_pending(state_message=self.env._("Stripe has not answered yet."))
            self.paylink_stripe_check_date = fields.Datetime.now()
            return None
        self._paylink_stripe_apply(self._paylink_stripe_prepare_data(None, intent))
        return self._paylink_stripe_plan_check()

    def _paylink_stripe_charge(self):
        """Charge the saved card, once, however often it is asked; return the PaymentIntent."""
        # The cron may ask again, in a language of its own.
        tx = self.with_context(lang=self.partner_lang or self.env.lang)
        values = {
            "amount": self._paylink_stripe_get_minor(),
            "currency": self.currency_id.name.lower(),
            "customer": self.token_id.provider_ref,
            "payment_method": self.token_id.paylink_stripe_method_ref,
            "confirm": True,
            "off_session": True,
            "description": tx._paylink_stripe_describe(),
            "metadata": self._paylink_stripe_get_metadata(),
            "expand": [CHARGE],
        }
        options = {"idempotency_key": self.paylink_stripe_key}
        return self._paylink_stripe_call("payment_intents.create", values, options)

    def _paylink_stripe_set_refused(self, failure):
        """Note that Stripe has refused a charge, with what to do next where that is known."""
        is_asked = failure.code == "authentication_required"
        self._set_error(self._paylink_stripe_ask_to_confirm() if is_asked else failure.message)

    def _paylink_stripe_charge_again(self):
        """Return the PaymentIntent of a charge whose answer was lost, or None if there is none.

        :raise StripeFailure: if nobody knows yet
        """
        if self.state == "error":
            return self._paylink_stripe_find_charge()
        if self.state != "pending":
            return None
        if self.create_date + KEY_LIFE < fields.Datetime.now():
            # Stripe would not know the key any more, and charge once more.
            intent = self._paylink_stripe_find_charge()
            if not intent:
                self._set_error(self.env._("Stripe has never heard of this payment."))
            return intent
        try:
            return self._paylink_stripe_charge()
        except StripeFailure as failure:
            # The first request may have charged the card, though this one is answered by an error:
            # Stripe's own is told again for every request with the same key, and the same key is
            # refused with other values, as after the company was renamed.
            if not failure.is_declined and (intent := self._paylink_stripe_find_charge()):
                return intent
            if failure.is_lost:
                raise
            self._paylink_stripe_set_refused(failure)
            return None

    def _paylink_stripe_find_charge(self):
        """Return the PaymentIntent of this payment among those of its customer, or None."""
        intents = self.provider_id._paylink_stripe_collect(
            "payment_intents.list",
            {
                "customer": self.token_id.provider_ref,
                "created": {"gte": int(self.create_date.replace(tzinfo=UTC).timestamp()) - DAY},
            },
        )
        mine = self._paylink_stripe_get_metadata().items()
        refs = [intent["id"] for intent in intents if mine <= (intent["metadata"] or {}).items()]
        if not refs:
            return None
        return self._paylink_stripe_call("payment_intents.retrieve", refs[0], {"expand": [CHARGE]})
