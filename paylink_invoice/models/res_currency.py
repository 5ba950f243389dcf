# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .. import pricing


class ResCurrency(models.Model):
    _name = "res.currency"
    _inherit = ["res.currency", "paylink.kept.mixin"]

    def _paylink_get_step(self):
        """Return the smallest unit of the currency, e.g. ``Decimal("0.01")``."""
        self.ensure_one()
        return pricing.to_exact(self.rounding).normalize()

    def _paylink_to_decimal(self, amount):
        """Return an amount of this currency, a float of Odoo, as exact money."""
        return pricing.to_decimal(amount, self._paylink_get_step())
