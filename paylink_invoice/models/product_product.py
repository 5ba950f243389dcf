# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models
from odoo.exceptions import UserError

# What books tips and fees where no other product is chosen.
DEFAULT_PRODUCTS = ("paylink_invoice.product_tip", "paylink_invoice.product_processing_fee")


class ProductProduct(models.Model):
    _inherit = "product.product"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_paylink_products(self):
        for xml_id in DEFAULT_PRODUCTS:
            product = self.env.ref(xml_id, raise_if_not_found=False)
            if product and product in self:
                raise UserError(
                    self.env._(
                        "“%(product)s” books what customers pay through invoice links. "
                        "Archive it instead of deleting it.",
                        product=product.display_name,
                    )
                )
