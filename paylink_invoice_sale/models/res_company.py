# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    paylink_is_sale_invoicing_allowed = fields.Boolean(
        string="Salespeople Invoice Their Orders",
        help="Salespeople without billing rights create and post the invoice of their own order "
        "as they send its link, after they have confirmed it. Off: somebody with billing rights "
        "posts it first.",
        default=True,
    )
