# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .payment_provider import METHOD_CREDIT, METHOD_DEBIT


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def _get_compatible_payment_methods(self, *args, **kwargs):
        # EXTENDS 'payment': on Odoo's own pages no fee is charged, so there is one way only.
        methods = super()._get_compatible_payment_methods(*args, **kwargs)
        if self.env.context.get("paylink_stripe_all_ways"):
            return methods
        for xml_id in (METHOD_CREDIT, METHOD_DEBIT):
            methods -= self.env.ref(xml_id, raise_if_not_found=False) or methods.browse()
        return methods
