# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
import re
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import config

from .. import keyring, pricing

# Name of the variable and of the option in odoo.conf that tell where the keys are.
KEY_FILE_VARIABLE = "PAYLINK_KEY_FILE"
KEY_FILE_OPTION = "paylink_key_file"
# Ten years, in days and in hours, are the longest life of a link that ends; "never" is 0.
MAX_VALIDITY_DAYS = 3650
MAX_HOURS_AFTER_VIEW = 24 * MAX_VALIDITY_DAYS
# How a tip is written, in per cent, and how many of them fit on a phone.
TIP = re.compile(r"(0|[1-9][0-9]?|100)(\.[0-9]{1,2})?", re.ASCII)
MAX_TIPS = 6


class ResCompany(models.Model):
    _inherit = "res.company"

    paylink_validity_days = fields.Integer(
        string="Link Validity (Days)",
        help="Days an invoice link works after it was sent. 0: it does not end by itself.",
        default=14,
    )
    paylink_hours_after_view = fields.Integer(
        string="Hours After First View",
        help="Hours a link lives on after a person first opened it. 0: opening changes nothing.",
        default=0,
    )
    paylink_message = fields.Html(
        string="Invoice Link Message",
        help="What the e-mail with an invoice link says above its button.",
        translate=True,
        sanitize_style=True,
    )
    paylink_base_url = fields.Char(
        string="Address of Invoice Links",
        help="Where customers reach this server, e.g. https://pay.example.com. "
        "Empty: that of the parent company, or else the web.base.url of the database.",
    )
    paylink_is_pdf_button = fields.Boolean(
        string="Pay Button in the PDF",
        help="Print a button and a QR code into the PDF of customer invoices. "
        "They lead to the recipient's own link in the copy that leaves with a link.",
        default=True,
    )

    # What the customer may choose
    paylink_is_part_allowed = fields.Boolean(
        string="Payment in Parts",
        help="Let customers pay another amount than everything or the next instalment.",
        default=True,
    )
    paylink_minimum_amount = fields.Monetary(
        string="Minimum Part",
        help="The least that can be paid of an invoice at a time, and the least that may be left.",
        currency_field="currency_id",
    )
    paylink_minimum_percent = fields.Float(
        string="Minimum Part (%)",
        help="The same in per cent of the invoice's total; the greater of both counts.",
        digits=(5, 2),
    )
    paylink_is_tip_enabled = fields.Boolean(
        string="Tips", help="Offer tips on the pages of invoice links."
    )
    paylink_tip_percentages = fields.Char(
        string="Tips (%)",
        help="The offered tips in per cent, separated by commas. 0 stands for no tip.",
        default="0,18,20,25",
    )
    paylink_tip_product_id = fields.Many2one(
        string="Tip Product",
        help="Its income account and its taxes book the tip, which includes the taxes. "
        "Empty: the product “Tip”.",
        comodel_name="product.product",
        domain=[("type", "=", "service")],
        ondelete="restrict",
    )

    _paylink_minimum_range = models.Constraint(
        "CHECK (paylink_minimum_amount >= 0 AND paylink_minimum_percent >= 0 "
        "AND paylink_minimum_percent <= 100)",
        "The minimum of a part is not negative, and not more than 100 %.",
    )
    _paylink_validity_days_positive = models.Constraint(
        f"CHECK (paylink_validity_days BETWEEN 0 AND {MAX_VALIDITY_DAYS} "
        f"AND paylink_hours_after_view BETWEEN 0 AND {MAX_HOURS_AFTER_VIEW})",
        "The life of an invoice link is ten years at most (3,650 days or 87,600 hours), "
        "and cannot be negative; 0 switches a limit off.",
    )

    @api.constrains("paylink_base_url")
    def _check_paylink_base_url(self):
        for company in self.filtered("paylink_base_url"):
            url = urlsplit(company.paylink_base_url)
            if url.scheme not in ("http", "https") or not url.netloc or url.query or url.fragment:
                raise ValidationError(
                    self.env._(
                        "“%(url)s” is no address for links. Enter it with https://, "
                        "e.g. https://pay.example.com",
                        url=company.paylink_base_url,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if "paylink_base_url" in vals:
            self.env["paylink.kept.mixin"]._clear_kept()
        return result

    @api.constrains("paylink_tip_percentages")
    def _check_paylink_tip_percentages(self):
        for company in self:
            try:
                company._paylink_get_tip_percents()
            except ValueError as error:
                raise ValidationError(company._paylink_explain_tip_percentages()) from error

    def _paylink_explain_tip_percentages(self):
        """Return the sentence for whoever has entered something else than tips."""
        return self.env._(
            "“%(text)s” is no list of tips. Enter up to six numbers from 0 to 100, "
            "separated by commas, e.g. 0,18,20,25.",
            text=self.paylink_tip_percentages,
        )

    def _paylink_get_tip_percents(self):
        """Return the tips in per cent as keys: ``["0", "18", "20", "25"]``; no tip comes first.

        :raise ValueError: if the setting is no list of numbers from 0 to 100
        """
        self.ensure_one()
        parts = [part.strip() for part in (self.paylink_tip_percentages or "").split(",")]
        parts = [part for part in parts if part]
        is_valid = all(TIP.fullmatch(part) and float(part) <= 100 for part in parts)
        if not is_valid or len(parts) > MAX_TIPS:
            raise ValueError(self.paylink_tip_percentages)
        return list(dict.fromkeys(["0", *(part for part in parts if float(part))]))

    def _paylink_get_minimum_part(self, full, total, currency):
        """Return the least that can be paid of a document; ``None`` if it is all or nothing.

        :param full: what settles the document, a Decimal
        :param total: its total, a float
        :param currency: the `res.currency` of both
        """
        self.ensure_one()
        if not self.paylink_is_part_allowed:
            return None
        step = currency._paylink_get_step()
        fixed = self.paylink_minimum_amount
        if currency != self.currency_id:
            fixed = self.currency_id._convert(fixed, currency, self, round=False)
        share = pricing.to_exact(total) * pricing.to_exact(self.paylink_minimum_percent) / 100
        minimum = max(
            *(pricing.round_up_to_step(part, step) for part in (share, pricing.to_exact(fixed))),
            step,
        )
        # Whoever pays a part leaves a part: both are at least the minimum.
        return minimum if 2 * minimum <= full else None

    def _paylink_get_tip_product(self):
        """Return the `product.product` whose accounts and taxes book the tip; none if it was deleted."""
        self.ensure_one()
        default = self.env.ref("paylink_invoice.product_tip", raise_if_not_found=False)
        return self.paylink_tip_product_id or default or self.env["product.product"]

    def _paylink_get_offered_providers(self):
        """Return the providers that customers of the company can pay with, in sudo mode."""
        self.ensure_one()
        providers_sudo = self.env["payment.provider"].sudo()  # Only the system may read them.
        return providers_sudo.search(
            [
                *providers_sudo._check_company_domain(self),
                ("is_published", "=", True),
                ("state", "in", ("enabled", "test")),
            ]
        )

    def _paylink_has_income_account(self, product):
        """Tell whether the company can book what is paid for a product."""
        self.ensure_one()
        return bool(product.with_company(self).sudo()._get_product_accounts()["income"])

    def _paylink_get_base_url(self):
        """Return where customers reach the pages, without a slash at the end.

        It never derives from a request, whose Host header anybody can write.
        """
        self.ensure_one()
        base_url = self.sudo().paylink_base_url or self._paylink_get_usual_base_url()
        return base_url.rstrip("/")

    def _paylink_get_usual_base_url(self):
        """Return where customers reach the pages of a company that has entered no address."""
        self.ensure_one()
        parent_sudo = self.sudo().parent_id  # Whoever sees a branch need not see its parent.
        return parent_sudo._paylink_get_base_url() if parent_sudo else self.get_base_url()

    def _paylink_complete_life(self, vals):
        """Return the life of a new link by the company's policy.

        :param dict vals: values of a `paylink.link` that already decide a part of it
        :return: the values of ``hours_after_view`` and ``expiration_date`` (UTC) to use
        """
        self.ensure_one()
        company_sudo = self.sudo()  # Whoever may send a link gets the company's policy.
        life = {
            "hours_after_view": vals.get("hours_after_view", company_sudo.paylink_hours_after_view)
        }
        if vals.get("kind") == "balance":
            return {"hours_after_view": 0, "expiration_date": False}
        if "expiration_date" in vals:
            life["expiration_date"] = vals["expiration_date"]
        elif company_sudo.paylink_validity_days:
            life["expiration_date"] = fields.Datetime.now() + timedelta(
                days=company_sudo.paylink_validity_days
            )
        return life

    @api.model
    def _paylink_get_key_file(self):
        """Return the path of the file that holds the keys, or ``None`` when there is none."""
        return os.environ.get(KEY_FILE_VARIABLE) or config.get(KEY_FILE_OPTION) or None

    @api.model
    def _paylink_get_keyring(self):
        """Return the keys that sign links.

        :raise KeyringError: if a key file is named but has never been readable
        """
        if path := self._paylink_get_key_file():
            return keyring.cached_load(path)
        # In sudo mode because visitors cannot read the system parameters.
        return keyring.derived(self.env["ir.config_parameter"].sudo().get_param("database.secret"))
