# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    paylink_twilio_incoming_url = fields.Char(
        string="Address for Replies", compute="_compute_paylink_twilio_incoming_url"
    )

    @api.depends("company_id", "sms_provider")
    def _compute_paylink_twilio_incoming_url(self):
        for settings in self:
            company = settings.company_id
            settings.paylink_twilio_incoming_url = (
                settings.sms_provider == "twilio" and company._paylink_twilio_get_incoming_url()
            )
