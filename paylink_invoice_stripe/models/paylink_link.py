# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class PaylinkLink(models.Model):
    _inherit = "paylink.link"

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
