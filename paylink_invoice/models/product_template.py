# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_paylink_products(self):
        # The database deletes the products with their template; nobody else asks them.
        products = self.with_context(active_test=False).product_variant_ids
        products._unlink_except_paylink_products()
