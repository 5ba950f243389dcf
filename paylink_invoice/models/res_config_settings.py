# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from odoo import api, fields, models

from .paylink_page_price import EXAMPLE_AMOUNT
from .res_company import MAX_VALIDITY_DAYS


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
    paylink_effective_base_url = fields.Char(
        string="Beginning of Invoice Links", compute="_compute_paylink_effective_base_url"
    )
    paylink_is_base_url_secure = fields.Boolean(
        string="Address of Invoice Links Is Secure", compute="_compute_paylink_effective_base_url"
    )

    # What the customer may choose
    paylink_is_part_allowed = fields.Boolean(
        related="company_id.paylink_is_part_allowed", readonly=False
    )
    paylink_minimum_amount = fields.Monetary(
        related="company_id.paylink_minimum_amount", readonly=False, currency_field="currency_id"
    )
    paylink_minimum_percent = fields.Float(
        related="company_id.paylink_minimum_percent", readonly=False
    )
    paylink_is_advance_allowed = fields.Boolean(
        related="company_id.paylink_is_advance_allowed", readonly=False
    )
    paylink_is_tip_enabled = fields.Boolean(
        related="company_id.paylink_is_tip_enabled", readonly=False
    )
    paylink_tip_percentages = fields.Char(
        related="company_id.paylink_tip_percentages", readonly=False
    )
    paylink_tip_product_id = fields.Many2one(
        related="company_id.paylink_tip_product_id", readonly=False
    )

    # What the customer reads, for an example, while somebody is typing
    paylink_life_text = fields.Char(
        string="Life of a Link in Words", compute="_compute_paylink_life_text"
    )
    paylink_part_text = fields.Char(
        string="Payment in Parts in Words", compute="_compute_paylink_part_text"
    )
    paylink_tip_text = fields.Char(string="Tips in Words", compute="_compute_paylink_tip_text")
    paylink_is_tip_account_missing = fields.Boolean(
        string="Tip Account Missing", compute="_compute_paylink_tip_text"
    )
    paylink_fee_text = fields.Text(
        string="Fees in Words", compute="_compute_paylink_fee_text", compute_sudo=True
    )
    paylink_has_fee = fields.Boolean(
        string="Some Provider Has a Fee", compute="_compute_paylink_fee_text", compute_sudo=True
    )
    paylink_is_fee_account_missing = fields.Boolean(
        string="Fee Account Missing", compute="_compute_paylink_fee_text", compute_sudo=True
    )

    @api.depends("paylink_validity_days", "paylink_hours_after_view")
    @api.depends_context("lang", "tz")
    def _compute_paylink_life_text(self):
        for settings in self:
            # As if a link were sent now.
            link = self.env["paylink.link"].new(
                {
                    "hours_after_view": max(0, settings.paylink_hours_after_view),
                    "expiration_date": settings._paylink_get_typed_end(),
                }
            )
            settings.paylink_life_text = self.env["paylink.page"]._prepare_life(link)

    def _paylink_get_typed_end(self):
        """Return when a link ends that is sent now (UTC), by what is typed, or ``False``."""
        self.ensure_one()
        # More is refused as it is saved.
        days = min(self.paylink_validity_days, MAX_VALIDITY_DAYS)
        return days > 0 and fields.Datetime.now() + timedelta(days=days)

    @api.depends(
        "company_id", "paylink_is_part_allowed", "paylink_minimum_amount", "paylink_minimum_percent"
    )
    @api.depends_context("lang")
    def _compute_paylink_part_text(self):
        for settings in self:
            company = settings._paylink_get_typed_company()
            minimum = company._paylink_get_minimum_part(
                EXAMPLE_AMOUNT, EXAMPLE_AMOUNT, company.currency_id
            )
            settings.paylink_part_text = self.env["paylink.page"]._get_amounts_text(
                EXAMPLE_AMOUNT, minimum, company.currency_id
            )

    @api.depends(
        "company_id", "paylink_is_tip_enabled", "paylink_tip_percentages", "paylink_tip_product_id"
    )
    @api.depends_context("lang")
    def _compute_paylink_tip_text(self):
        page = self.env["paylink.page"]
        for settings in self:
            company = settings._paylink_get_typed_company()
            try:
                percents = company._paylink_get_tip_percents()
            except ValueError:
                settings.paylink_tip_text = company._paylink_explain_tip_percentages()
            else:
                tips = page._describe_tips(percents, EXAMPLE_AMOUNT, company.currency_id)
                settings.paylink_tip_text = page._join_tips(tips)
            product = company._paylink_get_tip_product()
            settings.paylink_is_tip_account_missing = (
                settings.paylink_is_tip_enabled
                and not settings.company_id._paylink_has_income_account(product)
            )

    @api.depends("company_id")
    @api.depends_context("lang")
    def _compute_paylink_fee_text(self):
        for settings in self:
            providers = settings.company_id._paylink_get_offered_providers()
            lines = [f"{provider.name}: {provider.paylink_fee_text}" for provider in providers]
            settings.paylink_fee_text = "\n".join(lines)
            settings.paylink_has_fee = any(
                provider.paylink_fee_percent or provider.paylink_fee_fixed for provider in providers
            )
            settings.paylink_is_fee_account_missing = any(
                provider.paylink_is_fee_account_missing for provider in providers
            )

    def _paylink_get_typed_company(self):
        """Return the company as it would be with what is typed, in memory only."""
        self.ensure_one()
        names = (
            "paylink_is_part_allowed",
            "paylink_minimum_amount",
            "paylink_minimum_percent",
            "paylink_tip_percentages",
            "paylink_tip_product_id",
        )
        return self.company_id.new({name: self[name] for name in names}, origin=self.company_id)

    @api.depends_context("uid")
    def _compute_paylink_key_file(self):
        self.paylink_key_file = self.env["res.company"]._paylink_get_key_file()

    @api.depends("paylink_base_url")
    def _compute_paylink_effective_base_url(self):
        for settings in self:
            base_url = (
                settings.paylink_base_url or settings.company_id._paylink_get_usual_base_url()
            )
            settings.paylink_effective_base_url = base_url.rstrip("/")
            settings.paylink_is_base_url_secure = base_url.startswith("https://")
