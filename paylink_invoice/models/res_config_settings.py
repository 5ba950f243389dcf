# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    paylink_validity_days = fields.Integer(
        related="company_id.paylink_validity_days", readonly=False
    )
    paylink_hours_after_view = fields.Integer(
        related="company_id.paylink_hours_after_view", readonly=False
    )
    paylink_base_url = fields.Char(related="company_id.paylink_base_url", readonly=False)
    paylink_message = fields.Html(related="company_id.paylink_message", readonly=False)
    paylink_is_pdf_button = fields.Boolean(
        related="company_id.paylink_is_pdf_button", readonly=False
    )
    paylink_key_file = fields.Char(
        string="Key File of Invoice Links", compute="_compute_paylink_key_file"
    )
    paylink_effective_base_url = fields.Char(compute="_compute_paylink_effective_base_url")
    paylink_is_base_url_secure = fields.Boolean(compute="_compute_paylink_effective_base_url")

    @api.depends_context("uid")
    def _compute_paylink_key_file(self):
        self.paylink_key_file = self.env["res.company"]._paylink_get_key_file()

    @api.depends("paylink_base_url")
    def _compute_paylink_effective_base_url(self):
        for settings in self:
            base_url = settings.paylink_base_url or settings.company_id.get_base_url()
            settings.paylink_effective_base_url = base_url.rstrip("/")
            settings.paylink_is_base_url_secure = base_url.startswith("https://")
