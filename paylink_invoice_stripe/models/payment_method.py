# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

# Ways to pay: where there is no fee, where there is one, and how not to pay it.
METHOD_ANY, METHOD_CREDIT, METHOD_DEBIT = (
    f"paylink_invoice_stripe.payment_method_{name}" for name in ("any", "credit", "debit")
)


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    def _get_compatible_payment_methods(self, *args, **kwargs):
        # EXTENDS 'payment': on Odoo's own pages no fee is charged, so there is one way only.
        methods = super()._get_compatible_payment_methods(*args, **kwargs)
        if self.env.context.get("paylink_stripe_all_ways"):
            return methods
        return methods - self._paylink_stripe_get(METHOD_CREDIT, METHOD_DEBIT)

    @api.model
    def _paylink_stripe_get(self, *xml_ids):
        """Return our ways to pay by their XML ids, as far as they are there; without a query."""
        data = self.env["ir.model.data"]
        return self.browse(filter(None, (data._xmlid_to_res_id(xml_id) for xml_id in xml_ids)))
