# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments that the customer's bank takes back: staff are told in time to answer."""

from datetime import UTC, datetime

from odoo import fields, models

OPEN_STATES = (
    "needs_response",
    "under_review",
    "warning_needs_response",
    "warning_under_review",
)


class PaymentTransactionDispute(models.Model):
    _inherit = "payment.transaction"

    paylink_stripe_dispute_ref = fields.Char(string="Dispute", copy=False, readonly=True)
    paylink_stripe_dispute_state = fields.Char(
        string="State of the Dispute", help="As Stripe calls it.", copy=False, readonly=True
    )
    paylink_stripe_dispute_amount = fields.Monetary(
        string="Disputed", currency_field="currency_id", copy=False, readonly=True
    )
    paylink_stripe_dispute_date = fields.Datetime(
        string="Answer By",
        help="Until when Stripe takes evidence.",
        copy=False,
        readonly=True,
    )

    def _paylink_stripe_is_disputed(self):
        """Tell whether a dispute is open, or was lost."""
        self.ensure_one()
        return self.paylink_stripe_dispute_state in (*OPEN_STATES, "lost")

    def _paylink_stripe_sync_disputes(self):
        """Ask Stripe about all disputes of this payment."""
        disputes = self.provider_id._paylink_stripe_collect(
            "disputes.list", {"payment_intent": self.provider_reference}
        )
        for dispute in sorted(disputes, key=lambda dispute: dispute["created"]):
            self._paylink_stripe_sync_dispute(dispute["id"])

    def _paylink_stripe_sync_dispute(self, dispute_ref):
        """Ask Stripe about a dispute of this payment, and tell staff of every change."""
        self.ensure_one()
        self._paylink_stripe_lock()
        dispute = self._paylink_stripe_call("disputes.retrieve", dispute_ref)
        if dispute.get("payment_intent") != self.provider_reference:
            return
        is_known = (self.paylink_stripe_dispute_ref, self.paylink_stripe_dispute_state) == (
            dispute["id"],
            dispute["status"],
        )
        due = (dispute.get("evidence_details") or {}).get("due_by")
        self._paylink_stripe_note(
            paylink_stripe_dispute_ref=dispute["id"],
            paylink_stripe_dispute_state=dispute["status"],
            paylink_stripe_dispute_amount=self.provider_id._paylink_stripe_to_major(
                dispute["amount"], self.currency_id
            ),
            paylink_stripe_dispute_date=due
            and datetime.fromtimestamp(due, UTC).replace(tzinfo=None),
        )
        if not is_known:
            self._paylink_alert_accountant("paylink_invoice_stripe.activity_dispute")

    # === WORDS === #

    def _paylink_stripe_describe_dispute(self):
        """Return what is disputed and what to do, as plain text; False for no payment."""
        if not self:
            return False
        return f"{self._paylink_stripe_phrase_dispute()} {self._paylink_stripe_advise_dispute()}"

    def _paylink_stripe_phrase_dispute(self):
        """Return what is disputed and how it stands, for staff."""
        self.ensure_one()
        words = {
            **self._paylink_prepare_words(),
            "disputed": self.currency_id.format(self.paylink_stripe_dispute_amount),
        }
        # A notice on the invoice is plain text, the note of a task is not.
        words = {
            name: str(word).replace("<bdi>", "").replace("</bdi>", "")
            for name, word in words.items()
        }
        state = self.paylink_stripe_dispute_state
        if state == "won":
            return self.env._(
                "The dispute about %(disputed)s of payment %(reference)s is won.", **words
            )
        if state == "lost":
            return self.env._(
                "The dispute about %(disputed)s of payment %(reference)s is lost: Stripe has taken "
                "the money back.",
                **words,
            )
        if state in OPEN_STATES:
            return self.env._(
                "%(customer)s's bank disputes %(disputed)s of payment %(reference)s.", **words
            )
        return self.env._(
            "The dispute about %(disputed)s of payment %(reference)s is closed.", **words
        )

    def _paylink_stripe_advise_dispute(self):
        """Return what to do about a dispute."""
        self.ensure_one()
        if self.paylink_stripe_dispute_state == "lost":
            return self.env._("Book what was taken back, and decide whether to claim it anew.")
        if self.paylink_stripe_dispute_state not in OPEN_STATES:
            return self.env._("Nothing is left to do.")
        if not self.paylink_stripe_dispute_date:
            return self.env._("Answer it in Stripe.")
        moment = self.env["paylink.page"]._format_moment(self.paylink_stripe_dispute_date)
        return self.env._("Answer it in Stripe until %(moment)s.", moment=moment)
