# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class PaymentMethod(models.Model):
    _name = "payment.method"
    _inherit = ["payment.method", "paylink.kept.mixin"]
