# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    paylink_is_sale_invoicing_allowed = fields.Boolean(
        related="company_id.paylink_is_sale_invoicing_allowed", readonly=False
    )
