# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What became of a payment: asked of Stripe under the row's lock, whoever brings the news.

The page the customer comes back to, the webhook, the cron and the button all end here, in any order
and as often as they like.
"""

import logging
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..stripe_api import CODE, StripeBusy, StripeFailure, mask

_logger = logging.getLogger(__name__)

CHARGE = "latest_charge.balance_transaction"
WITH_CHARGE = {"expand": [f"payment_intent.{CHARGE}"]}

# How often and how long Stripe is asked again that refuses to tell, as where the key is wrong.
REFUSAL_PAUSE = timedelta(hours=1)
REFUSAL_PATIENCE = timedelta(days=7)


class PaymentTransactionSync(models.Model):
    _inherit = "payment.transaction"

    def _paylink_stripe_sync(self, is_patient=False):
        """Ask Stripe what became of the payment, and apply that.

        :param bool is_patient: see :meth:`_paylink_stripe_lock`
        :raise StripeFailure: if Stripe refuses or does not answer; nothing is changed then
        :raise StripeBusy: if somebody else does so at this moment
        """
        self.ensure_one()
        self._paylink_stripe_lock(is_patient)
        if self.operation == "refund":
            self._paylink_stripe_sync_refund()
        elif data := self._paylink_stripe_fetch():
            self._paylink_stripe_apply(data)
        self._paylink_stripe_plan_check()

    def _paylink_stripe_sync_or_tell(self):
        """Ask Stripe, for staff, who are told what went wrong.

        :raise UserError: if Stripe refuses or does not answer
        """
        try:
            self._paylink_stripe_sync()
            if self.payment_id and self.operation != "refund":
                self._paylink_stripe_sync_refunds()
                self._paylink_stripe_sync_disputes()
        except StripeFailure as failure:
            raise UserError(self.provider_id._paylink_stripe_explain(failure)) from None
        except StripeBusy:
            raise UserError(
                self.env._("This payment is being looked at just now. Try again in a minute.")
            ) from None

    def _paylink_stripe_attend(self):
        """Do what the cron has to do for one payment; a failure is logged and tried again later.

        :return: whether Stripe is there: False where it did not answer
        """
        self.ensure_one()
        reference = self.reference
        try:
            with self.env.cr.savepoint():
                self._paylink_stripe_look_after()
        except (StripeBusy, psycopg2.OperationalError):
            _logger.info("Payment %s is being looked at elsewhere", reference)
        except (StripeFailure, UserError) as error:
            _logger.warning("Stripe cannot tell about payment %s: %s", reference, mask(str(error)))
            self._paylink_stripe_postpone(getattr(error, "is_lost", False))
            return not getattr(error, "is_lost", False)
        except Exception:
            # Whatever one payment meets, the others are not kept waiting by it.
            _logger.exception("Payment %s cannot be looked after", reference)
            self._paylink_stripe_postpone()
        return True

    def _paylink_stripe_postpone(self, is_lost=False):
        """Note when to ask Stripe again that has not told anything.

        :param bool is_lost: whether it did not answer at all: then behind the others, but soon
        """
        now = fields.Datetime.now()
        if is_lost:
            self.paylink_stripe_check_date = now
        elif self.create_date + REFUSAL_PATIENCE > now:
            self.paylink_stripe_check_date = now + REFUSAL_PAUSE
        else:
            # Such as payments of another account, whose key was here before.
            self._paylink_stripe_note(paylink_stripe_check_date=False)
            if self.state == "draft":
                self._paylink_give_up(self.env._("Stripe does not tell what became of it."))

    def _paylink_stripe_look_after(self):
        is_open = self.paylink_stripe_session_state == "open"
        if is_open and not self._paylink_stripe_is_page_wanted():
            self._paylink_stripe_close()
        else:
            self._paylink_stripe_sync()
        if self._paylink_stripe_owes_fee() and self.payment_id:
            self._paylink_stripe_refund_fee()
            self._paylink_stripe_plan_check()

    # === ASKING === #

    def _paylink_stripe_fetch(self):
        """Return what Stripe knows of the payment, or None where it was never told.

        :return: dict of ``session``, ``intent`` and ``charge``, each as Stripe answers, or None
        """
        self.ensure_one()
        session = None
        if self.paylink_stripe_session_ref:
            session = self._paylink_stripe_call(
                "checkout.sessions.retrieve",
                self.paylink_stripe_session_ref,
                WITH_CHARGE,
            )
            intent = session.get("payment_intent")
        elif self.provider_reference:
            intent = self._paylink_stripe_call(
                "payment_intents.retrieve", self.provider_reference, {"expand": [CHARGE]}
            )
        elif self.paylink_stripe_key:
            intent = self._paylink_stripe_charge_again()
            if not intent:
                return None
        else:
            return None
        return self._paylink_stripe_prepare_data(session, intent)

    def _paylink_stripe_prepare_data(self, session, intent):
        return {
            "session": session,
            "intent": intent,
            "charge": (intent or {}).get("latest_charge"),
        }

    # === APPLYING === #

    def _paylink_stripe_apply(self, data):
        """Apply what Stripe knows of the payment, if it is about this one."""
        if not self._paylink_stripe_is_about_this(data):
            _logger.error("Stripe tells of another payment than %s", self.reference)
            return
        if data["session"]:
            self._paylink_stripe_note(paylink_stripe_session_state=data["session"]["status"])
        self._process(CODE, data)

    def _paylink_stripe_is_about_this(self, data):
        """Tell whether what Stripe answered belongs to this payment, and to no other one."""
        session, intent = data["session"], data["intent"]
        mine = self._paylink_stripe_get_metadata()
        if session and (
            session["id"] != self.paylink_stripe_session_ref
            or session.get("client_reference_id") != self._paylink_stripe_get_reference()
            or not mine.items() <= (session.get("metadata") or {}).items()
        ):
            return False
        if not intent:
            return True
        if not mine.items() <= (intent.get("metadata") or {}).items():
            return False
        # One PaymentIntent settles one payment.
        others = [("provider_code", "=", CODE), ("provider_reference", "=", intent["id"])]
        return not self.search_count([*others, ("id", "!=", self.id)], limit=1)

    def _paylink_stripe_note(self, **values):
        """Write what has changed, and nothing otherwise."""
        changed = {
            name: value
            for name, value in values.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed:
            self.write(changed)

    def _extract_reference(self, provider_code, payment_data):
        # OVERRIDE 'payment' for Stripe
        if provider_code != CODE:
            return super()._extract_reference(provider_code, payment_data)
        return (payment_data.get("session") or {}).get("client_reference_id")

    def _extract_amount_data(self, payment_data):
        # OVERRIDE 'payment' for Stripe
        if self.provider_code != CODE:
            return super()._extract_amount_data(payment_data)
        minor, code = self._paylink_stripe_extract_money(payment_data)
        provider = self.provider_id
        return {
            "amount": provider._paylink_stripe_to_major(minor, self.currency_id),
            "currency_code": (code or "").upper(),
        }

    def _paylink_stripe_extract_money(self, data):
        """Return the amount in Stripe's smallest unit, and the currency."""
        if refund := data.get("refund"):
            return refund["amount"], refund["currency"]
        if intent := data["intent"]:
            name = "amount_received" if intent["status"] == "succeeded" else "amount"
            return intent[name], intent["currency"]
        return data["session"]["amount_total"], data["session"]["currency"]

    def _apply_updates(self, payment_data):
        # OVERRIDE 'payment' for Stripe
        if self.provider_code != CODE:
            return super()._apply_updates(payment_data)
        if refund := payment_data.get("refund"):
            return self._paylink_stripe_apply_refund(refund)
        if payment_data["intent"]:
            self._paylink_stripe_note(provider_reference=payment_data["intent"]["id"])
        if charge := payment_data["charge"]:
            self._paylink_stripe_note_charge(charge)
        outcome, message = self._paylink_stripe_get_outcome(payment_data)
        return self._paylink_stripe_set_outcome(outcome, message)

    def _paylink_stripe_get_outcome(self, data):
        """Return what became of the payment, and why.

        :return: ``done``, ``pending``, ``cancel`` (the provider ended it), ``error`` (refused),
            ``over`` (nobody paid in time) or None (it may still be paid); and a sentence or None
        """
        intent, session = data["intent"], data["session"]
        status = intent["status"] if intent else None
        if status in ("succeeded", "processing"):
            return {"succeeded": "done", "processing": "pending"}[status], None
        if session and session["status"] == "open":
            return None, None
        # With its page a payment is canceled at Stripe, also where a card was declined before.
        error = (intent or {}).get("last_payment_error") or {}
        if error:
            return "error", mask(error.get("message")) or self.env._("The payment was refused.")
        if session and session["status"] == "expired":
            return "over", self.env._("The page of Stripe was closed before anything was paid.")
        if status == "canceled":
            return "cancel", None
        if status == "requires_action":
            return "error", self._paylink_stripe_ask_to_confirm()
        return ("error", self.env._("The payment did not succeed.")) if intent else (None, None)

    def _paylink_stripe_set_outcome(self, outcome, message):
        """Set the state, unless it says so already: the same news come often."""
        if outcome == "done" and self.state != "done":
            self._set_done()
        elif outcome == "pending" and self.state != "pending":
            self._set_pending()
        elif outcome == "cancel" and self.state in ("draft", "pending"):
            self._set_canceled()
        elif outcome == "error" and self._paylink_stripe_can_fail():
            # Now the provider knows, and it counts as declined.
            self._paylink_stripe_note(paylink_is_given_up=False)
            self._set_error(message, extra_allowed_states=("cancel",))
        elif outcome == "over" and self.state in ("draft", "pending"):
            self._paylink_give_up(message)

    def _paylink_stripe_can_fail(self):
        """Tell whether it matters here that the payment was declined there."""
        self.ensure_one()
        return self.state in ("draft", "pending") or self.paylink_is_given_up

    @api.model
    def _paylink_stripe_ask_to_confirm(self):
        """Return what to do where a bank takes no charge of a saved card without its owner."""
        return self.env._(
            "The customer's bank wants them to confirm the payment. Send them a link to pay with."
        )
