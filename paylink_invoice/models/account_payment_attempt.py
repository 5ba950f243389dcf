# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments that staff register: none for an invoice that a customer is just paying."""

from odoo import models


class AccountPaymentAttempt(models.Model):
    _inherit = "account.payment"

    def action_post(self):
        # EXTENDS 'account_payment': staff settle no invoice that a customer is just paying.
        # What a transaction has brought is booked in any case.
        self.filtered(
            lambda payment: not payment.payment_transaction_id
        ).invoice_ids._paylink_reserve()
        return super().action_post()
