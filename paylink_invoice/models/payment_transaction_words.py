# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What staff read about payments: whole sentences, which translators can build their own way."""

from markupsafe import Markup

from odoo import models


class PaymentTransactionWords(models.Model):
    _inherit = "payment.transaction"

    def _paylink_prepare_words(self):
        """Return names and amounts for a sentence, as HTML that keeps the direction of each."""
        self.ensure_one()
        format_money = self.currency_id.format
        words = {
            "reference": self.reference,
            "amount": format_money(self.amount),
            "base": format_money(self.paylink_base_amount),
            "tip": format_money(self.paylink_tip_amount),
            "fee": format_money(self.paylink_fee_amount),
            "customer": self.partner_id.commercial_partner_id.name,
            "provider": self.provider_id.name,
            "seller": self._paylink_get_company().name,
        }
        return {name: Markup("<bdi>%s</bdi>") % text for name, text in words.items()}

    def _paylink_phrase_refund(self):
        """Return the sentence for the chatter about a refund."""
        words = {
            **self.source_transaction_id._paylink_prepare_words(),
            "amount": Markup("<b dir='auto'>%s</b>") % self._paylink_describe_refund(),
        }
        return self.env._("Payment %(reference)s was refunded: %(amount)s.", **words)

    def _paylink_phrase_booking(self):
        """Return what is wrong with a payment that could not be booked as usual."""
        return self.env._(
            "Payment %(reference)s of %(amount)s has been booked, but not as usual: tip, processing "
            "fee or discount are missing, or nothing is reconciled. What could not be booked stays "
            "as credit of %(customer)s.",
            **self._paylink_prepare_words(),
        )

    def _paylink_phrase_unbooked(self):
        """Return what is wrong with a payment that has come and cannot be booked at all."""
        return self.env._(
            "Payment %(reference)s of %(amount)s has arrived from %(customer)s, but cannot be booked. "
            "Odoo says:",
            **self._paylink_prepare_words(),
        )

    def _paylink_phrase_leftover(self, leftover):
        """Return how much of a payment no document needed."""
        words = self._paylink_prepare_words()
        words["leftover"] = Markup("<b dir='auto'>%s</b>") % self.currency_id.format(leftover)
        return self.env._(
            "Payment %(reference)s of %(amount)s has arrived, but the invoice needed less: "
            "%(leftover)s stay as credit of %(customer)s.",
            **words,
        )

    def _paylink_phrase_parts(self):
        """Return what a payment consists of, or None where it all is for the document."""
        words = self._paylink_prepare_words()
        if self.paylink_tip_amount and self.paylink_fee_amount:
            return self.env._(
                "It was made of %(base)s for the invoice, %(tip)s tip and %(fee)s processing fee.",
                **words,
            )
        if self.paylink_tip_amount:
            return self.env._("It was made of %(base)s for the invoice and %(tip)s tip.", **words)
        if self.paylink_fee_amount:
            return self.env._(
                "It was made of %(base)s for the invoice and %(fee)s processing fee.", **words
            )
        return None

    def _paylink_phrase_wrong_amount(self):
        """Return what is wrong with a payment whose provider reports another amount."""
        return self.env._(
            "The provider %(provider)s reports another amount or currency for payment "
            "%(reference)s than the %(amount)s that were asked for. Nothing has been booked, and "
            "no later message of the provider will settle it.",
            **self._paylink_prepare_words(),
        )

    def _paylink_phrase_receipt(self):
        """Return the sentence of the receipt as a file, for the customer."""
        words = self._paylink_prepare_words()
        if self._paylink_is_refunded():
            return self.env._("%(seller)s has given this payment back.", **words)
        return self.env._("%(seller)s has received your payment. Thank you.", **words)
