# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    paylink_stripe_method_ref = fields.Char(
        string="Stripe Payment Method",
        help="What is charged of the customer at Stripe, whom the provider reference names.",
        readonly=True,
    )
