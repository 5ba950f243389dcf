# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Giving money back: once for each wish, whatever gets lost on the way."""

import time

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError

from ..stripe_api import CODE, StripeBusy, StripeFailure

# Within this time a refund that is not written down here may still be.
REPLAY_SECONDS = 600


class PaymentTransactionRefund(models.Model):
    _inherit = "payment.transaction"

    # === SENDING === #

    def _send_refund_request(self):
        # OVERRIDE 'payment' for Stripe
        if self.provider_code != CODE:
            return super()._send_refund_request()
        try:
            # Stripe's message about the refund waits until this one is written down.
            self.source_transaction_id._paylink_stripe_lock()
        except StripeBusy:
            raise UserError(
                self.env._("This payment is being looked at just now. Try again in a minute.")
            ) from None
        if not self.source_transaction_id.payment_id:
            raise UserError(self.env._("This payment is not booked yet. Try again in a minute."))
        self.paylink_stripe_key = self._paylink_stripe_get_refund_key()
        return self._paylink_stripe_send_refund()

    def _paylink_stripe_get_refund_key(self):
        """Return by what Stripe knows the refund again: what was given back before, and how much now.

        Whoever asks again because an answer was lost gives nothing back twice; who gives back the
        same amount once more does.
        """
        if self.paylink_is_fee_refund:
            return self.source_transaction_id._paylink_stripe_get_fee_refund_key()
        siblings = self.source_transaction_id.child_transaction_ids - self
        refunds = siblings.filtered(lambda tx: tx.operation == "refund")
        failed = refunds.filtered(lambda tx: tx.state in ("cancel", "error"))
        before = sum(tx._paylink_stripe_get_minor() for tx in refunds - failed)
        database = self.provider_id._paylink_stripe_get_database()
        what = f"{self.source_transaction_id.id}-{before}-{self._paylink_stripe_get_minor()}"
        return f"{database}-refund-{what}" + (f"-{len(failed)}" if failed else "")

    def _paylink_stripe_get_fee_refund_key(self):
        """Return by what Stripe knows that the fee of this payment is given back: that is done once."""
        return f"{self.provider_id._paylink_stripe_get_database()}-fee-{self.id}"

    def _paylink_stripe_send_refund(self):
        """Ask Stripe for the refund, once, however often it is asked.

        :raise ValidationError: if Stripe refuses
        """
        source = self.source_transaction_id
        values = {
            "payment_intent": source.provider_reference,
            "amount": self._paylink_stripe_get_minor(),
            "metadata": {
                **source._paylink_stripe_get_metadata(),
                # By which the refund is known again whatever happens to this transaction.
                "odoo_refund": self.paylink_stripe_key,
            },
        }
        options = {"idempotency_key": self.paylink_stripe_key}
        try:
            refund = self._paylink_stripe_call("refunds.create", values, options)
        except StripeFailure as failure:
            if not failure.is_lost:
                raise ValidationError(failure.message) from None
            self._set_pending(state_message=self.env._("Stripe has not answered yet."))
            self.paylink_stripe_check_date = fields.Datetime.now()
            return
        self._process(CODE, {"refund": refund})
        self._paylink_stripe_plan_check()

    # === NEWS === #

    def _paylink_stripe_sync_refund(self):
        """Ask Stripe what became of this refund, under the lock of the payment it gives back."""
        if self.provider_reference:
            refund = self._paylink_stripe_call("refunds.retrieve", self.provider_reference)
            self._process(CODE, {"refund": refund})
            return
        if self.state != "pending":
            return
        self.source_transaction_id._paylink_stripe_sync_refunds()
        if self.state != "pending" or self.provider_reference:
            return
        try:
            self._paylink_stripe_send_refund()
        except ValidationError as error:
            self._set_error(str(error))

    def _paylink_stripe_sync_refunds(self):
        """Apply all refunds of this payment that Stripe knows of, also those made there.

        :raise StripeBusy: also where the payment is not booked yet: Odoo would book it no more
        """
        self.ensure_one()
        self._paylink_stripe_lock()
        if self.paylink_has_wrong_amount:
            # Staff know of it; it settled nothing, and nothing is to be taken back.
            return
        if not self.payment_id:
            raise StripeBusy(self.reference)
        refunds = self.provider_id._paylink_stripe_collect(
            "refunds.list", {"payment_intent": self.provider_reference}
        )
        for refund in sorted(refunds, key=lambda refund: refund["created"]):
            child = self._paylink_stripe_get_refund(refund)
            if child:
                child._process(CODE, {"refund": refund})
                child._paylink_stripe_plan_check()

    def _paylink_stripe_get_refund(self, refund):
        """Return the transaction of a refund; a new one where it was made at Stripe.

        :raise StripeBusy: if it was asked for here, and may be just about to be written down
        """
        if refund.get("payment_intent") != self.provider_reference:
            return self.browse()
        key = self._paylink_stripe_get_key_of_refund(refund)
        children = self.child_transaction_ids.filtered(lambda tx: tx.operation == "refund")
        known = children.filtered(lambda tx: tx.provider_reference == refund["id"])
        # One whose answer was lost is the one that is told of now.
        lost = children.filtered(lambda tx: key and tx.paylink_stripe_key == key)
        if known or lost:
            return (known or lost)[:1]
        if refund["status"] in ("failed", "canceled"):
            return self.browse()
        if key and refund["created"] > time.time() - REPLAY_SECONDS:
            # Odoo begins a request anew that met a conflict; it asks with the same key then.
            raise StripeBusy(self.reference)
        amount = self.provider_id._paylink_stripe_to_major(refund["amount"], self.currency_id)
        return self._create_child_transaction(
            amount,
            is_refund=True,
            paylink_stripe_key=key,
            paylink_is_fee_refund=bool(key) and key == self._paylink_stripe_get_fee_refund_key(),
        )

    def _paylink_stripe_get_key_of_refund(self, refund):
        """Return the key with which this database has asked for a refund, or None if it was another."""
        metadata = refund.get("metadata") or {}
        is_ours = self._paylink_stripe_get_metadata().items() <= metadata.items()
        return metadata.get("odoo_refund") if is_ours else None

    def _paylink_stripe_apply_refund(self, refund):
        """Set the state of a refund as Stripe tells it."""
        self._paylink_stripe_note(provider_reference=refund["id"])
        status = refund["status"]
        if status == "succeeded" and self.state != "done":
            self._set_done()
        elif status in ("pending", "requires_action") and self.state == "draft":
            self._set_pending()
        elif status in ("failed", "canceled") and self.state not in ("error", "cancel"):
            was_done = self.state == "done"
            reason = self.env._("Stripe could not give the money back.")
            self._set_error(reason, extra_allowed_states=("done",))
            if was_done:
                self._paylink_alert_accountant("paylink_invoice_stripe.activity_refund_failed")

    def _paylink_stripe_phrase_failed_refund(self):
        """Return what is wrong with a refund that was booked, and failed afterwards."""
        return self.env._(
            "The refund %(reference)s of %(amount)s did not reach the customer.",
            **self._paylink_prepare_words(),
        )

    # === FEE === #

    def _paylink_stripe_owes_fee(self):
        """Tell whether a fee was charged that only credit cards cost, but none was used."""
        self.ensure_one()
        return (
            self.state == "done"
            and self.operation != "refund"
            and self.paylink_fee_amount > 0
            # Known, and no credit card.
            and bool(self.paylink_stripe_instrument)
            and self.paylink_stripe_funding != "credit"
            and not self.child_transaction_ids.filtered("paylink_is_fee_refund")
        )

    def _paylink_stripe_refund_fee(self):
        """Give a fee back that was not owed; where that fails, staff get a task."""
        self.ensure_one()
        refund = self._create_child_transaction(
            self.paylink_fee_amount, is_refund=True, paylink_is_fee_refund=True
        )
        refund._log_sent_message()
        try:
            refund._send_refund_request()
        except ValidationError as error:
            refund._set_error(str(error))
            refund._paylink_alert_accountant("paylink_invoice_stripe.activity_fee_refund_failed")

    def _paylink_stripe_phrase_failed_fee_refund(self):
        """Return what is wrong where a fee that was not owed could not be given back."""
        return self.env._(
            "%(customer)s has paid a processing fee of %(amount)s, though not by credit card, and "
            "Stripe does not give it back: %(reason)s",
            **{
                **self._paylink_prepare_words(),
                "amount": self.currency_id.format(abs(self.amount)),
                "reason": self.state_message,
            },
        )
