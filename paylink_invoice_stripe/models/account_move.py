# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Invoices that are paid at Stripe: which ways are offered, and what ends a payment page there."""

from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = "account.move"

    paylink_stripe_dispute_notice = fields.Char(
        string="Disputed Payment",
        help="What the customer's bank disputes of the payments of this invoice.",
        compute="_compute_paylink_stripe_dispute_notice",
        compute_sudo=True,
        groups="paylink_invoice.group_paylink_user,account.group_account_readonly",
    )

    # === COMPUTE METHODS === #

    @api.depends("transaction_ids.paylink_stripe_dispute_state")
    @api.depends_context("lang", "tz", "uid")
    def _compute_paylink_stripe_dispute_notice(self):
        for move in self:
            disputed = move.transaction_ids.filtered(lambda tx: tx._paylink_stripe_is_disputed())
            move.paylink_stripe_dispute_notice = disputed[:1]._paylink_stripe_describe_dispute()

    # === OFFER === #

    def _paylink_get_option_ids(self):
        # EXTENDS 'paylink_invoice': credit cards apart from the rest where they cost a fee.
        # In sudo mode because visitors cannot read the fields of providers.
        return (
            self.env["payment.provider"]
            .sudo()
            ._paylink_stripe_filter_options(
                super()._paylink_get_option_ids(),
                self.currency_id,
                self.amount_residual,
                self.commercial_partner_id.country_id,
            )
        )

    # === WHAT ENDS A PAYMENT PAGE === #

    # Whoever changes what is due closes what customers have open at Stripe; the cron looks whether
    # it still fits.

    def button_draft(self):
        result = super().button_draft()
        self._paylink_stripe_check_payments()
        return result

    def button_cancel(self):
        result = super().button_cancel()
        self._paylink_stripe_check_payments()
        return result

    def _invoice_paid_hook(self):
        # EXTENDS 'account': paid in whatever way, also by credit notes and bank statements.
        result = super()._invoice_paid_hook()
        self._paylink_stripe_check_payments()
        return result

    def _paylink_reserve(self):
        # EXTENDS 'paylink_invoice': staff register a payment.
        result = super()._paylink_reserve()
        self._paylink_stripe_check_payments()
        return result

    def _paylink_stripe_check_payments(self):
        # In sudo mode because who books need not read transactions.
        self.sudo().transaction_ids._paylink_stripe_check_soon()
