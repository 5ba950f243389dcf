# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models


class ResCompanyBalance(models.Model):
    _inherit = "res.company"

    paylink_is_advance_allowed = fields.Boolean(
        string="Payments Ahead of the Invoice",
        help="Let customers pay more with their balance link than they owe. It becomes their credit.",
    )
