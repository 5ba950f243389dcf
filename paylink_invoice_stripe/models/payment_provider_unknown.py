# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Money that came for a payment nobody here knows of: told, so that it is not lost.

A saved card was charged, and then Odoo could not write the payment down; or a backup was restored.
"""

import logging
import time

from odoo import SUPERUSER_ID, models

from ..stripe_api import CODE, StripeBusy
from .payment_transaction_refund import REPLAY_SECONDS

_logger = logging.getLogger(__name__)


class PaymentProviderUnknown(models.Model):
    _inherit = "payment.provider"

    def _paylink_stripe_check_unknown(self, hint):
        """Tell staff about a PaymentIntent that this database has asked for and does not know.

        :param dict hint: what a message holds; Stripe is asked before it is believed
        :raise StripeBusy: if it may be just about to be written down
        :raise StripeFailure: if Stripe does not answer
        """
        self.ensure_one()
        # An account may serve others too, whose payments need no look.
        if not (self._paylink_stripe_is_of_this_database(hint) and isinstance(hint.get("id"), str)):
            return
        # Companies may share an account, and each one's provider is told of the payments of all.
        others = self.search([("code", "=", CODE), ("id", "!=", self.id)])
        txs = self.env["payment.transaction"].sudo()  # Stripe has no user here.
        if any(txs._paylink_stripe_find(other, hint) for other in others):
            return
        intent = self._paylink_stripe_call("payment_intents.retrieve", hint["id"])
        if not self._paylink_stripe_is_of_this_database(intent) or intent["status"] != "succeeded":
            return
        if intent["created"] > time.time() - REPLAY_SECONDS:
            raise StripeBusy(intent["id"])
        _logger.error(
            "Stripe has payment %s (%s) of this database, which is not known here",
            intent["id"],
            intent["metadata"].get("odoo_reference"),
        )
        self._paylink_stripe_tell_unknown(intent)

    def _paylink_stripe_is_of_this_database(self, one):
        """Tell whether an object of Stripe says that this database has asked for it."""
        metadata = one.get("metadata")
        if not isinstance(metadata, dict):
            return False
        return metadata.get("odoo_database") == self._paylink_stripe_get_database()

    def _paylink_stripe_tell_unknown(self, intent):
        """Leave a task on the customer whose saved card was charged, or else on the company."""
        tokens = self.env["payment.token"].with_context(active_test=False)
        token = tokens.search(
            [("provider_id", "=", self.id), ("provider_ref", "=", intent.get("customer") or "")],
            limit=1,
        )
        partner = (token.partner_id or self.company_id.partner_id).with_user(SUPERUSER_ID)
        user = self._paylink_stripe_get_biller(partner)
        if not (partner and user):
            return
        partner = partner.with_context(lang=user.lang)
        summary = partner.env._("Check payment %(reference)s", reference=intent["id"])
        if summary in partner.activity_ids.mapped("summary"):
            return
        message = self.with_env(partner.env)._paylink_stripe_phrase_unknown(intent)
        note = partner.env["ir.qweb"]._render(
            "paylink_invoice_stripe.activity_unknown_payment", {"message": message}
        )
        partner.activity_schedule(
            "mail.mail_activity_data_todo", summary=summary, note=note, user_id=user.id
        )

    def _paylink_stripe_get_biller(self, partner):
        """Return the user who is told about money of a customer, or none."""
        billers = self.env.ref("account.group_account_invoice").sudo().all_user_ids
        billers = billers.filtered(lambda user: self.company_id in user.company_ids).sorted("id")
        return (partner.user_id & billers or billers)[:1]

    def _paylink_stripe_phrase_unknown(self, intent):
        """Return what is wrong with a payment that is not known here."""
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search([("name", "=", intent["currency"].upper())], limit=1)
        amount = self._paylink_stripe_to_major(intent["amount_received"], currency)
        return self.env._(
            "Stripe has taken %(amount)s (payment %(payment)s, reference %(reference)s), but Odoo "
            "does not know that payment: it could not be written down, or a backup was restored.",
            amount=currency.format(amount),
            payment=intent["id"],
            reference=intent["metadata"].get("odoo_reference"),
        )
