# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.tools import format_date


class ResConfigSettingsText(models.TransientModel):
    _inherit = "res.config.settings"

    paylink_sms_message = fields.Text(related="company_id.paylink_sms_message", readonly=False)
    paylink_sms_example = fields.Text(
        string="Text Message in Words", compute="_compute_paylink_sms_example"
    )

    @api.depends("company_id", "paylink_sms_message")
    @api.depends_context("lang")
    def _compute_paylink_sms_example(self):
        for settings in self:
            company = settings.company_id
            link = self.env["paylink.link"].new({"company_id": company.id})
            words = {
                "name": self.env._("Alice Moreau"),
                "company": company.name,
                "document": self.env._("Invoice %(number)s", number="INV/2026/00042"),
                "amount": link._plain(company.currency_id.format(100)),
                "due": format_date(self.env, fields.Date.context_today(self)),
            }
            template = settings.paylink_sms_message or self.env._(
                "{company}: {document}, {amount}, due {due}. View and pay: {link}"
            )
            text = link._fill_text(template, "{link}", **words)
            size = link._measure_text(text, company)
            shown = text.replace("{link}", f"{company._paylink_get_base_url()}/paylink/…")
            settings.paylink_sms_example = "\n".join(
                (shown, self.env["paylink.send"]._describe_size(size))
            )
