# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class PaymentMethod(models.Model):
    _inherit = "payment.method"

    @api.model_create_multi
    def create(self, vals_list):
        methods = super().create(vals_list)
        self.env.registry.clear_cache()  # of `payment.provider._paylink_get_option_ids`
        return methods

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()  # of `payment.provider._paylink_get_option_ids`
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()  # of `payment.provider._paylink_get_option_ids`
        return result
