# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class PaylinkLink(models.Model):
    _inherit = "paylink.link"

    def _get_option_ids(self):
        # EXTENDS 'paylink_invoice': of a balance; those of an invoice are filtered already.
        pairs = super()._get_option_ids()
        if self.kind != "balance":
            return pairs
        # Who may pay ahead pays as much as they like.
        due = 0 if self.company_id.paylink_is_advance_allowed else self._get_payable_amount()
        # In sudo mode because visitors cannot read the fields of providers.
        return (
            self.env["payment.provider"]
            .sudo()
            ._paylink_stripe_filter_options(
                pairs,
                self._get_currency(),
                due,
                self._get_payer().country_id,
            )
        )

    def action_revoke(self):
        # EXTENDS 'paylink_invoice': what a link has opened at Stripe ends with it.
        result = super().action_revoke()
        self.sudo().transaction_ids._paylink_stripe_check_soon()
        return result

    def action_regenerate(self):
        # EXTENDS 'paylink_invoice'
        result = super().action_regenerate()
        self.sudo().transaction_ids._paylink_stripe_check_soon()
        return result
