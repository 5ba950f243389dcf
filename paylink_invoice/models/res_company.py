# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import os
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import config

from .. import keyring

# Name of the variable and of the option in odoo.conf that tell where the keys are.
KEY_FILE_VARIABLE = "PAYLINK_KEY_FILE"
KEY_FILE_OPTION = "paylink_key_file"


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
        "Empty: the web.base.url of the database.",
    )
    paylink_is_pdf_button = fields.Boolean(
        string="Pay Button in the PDF",
        help="Print a button and a QR code into the PDF of customer invoices. "
        "They lead to the recipient's own link in the copy that leaves with a link.",
        default=True,
    )

    _paylink_validity_days_positive = models.Constraint(
        "CHECK (paylink_validity_days >= 0 AND paylink_hours_after_view >= 0)",
        "The life of an invoice link cannot be negative; 0 switches a limit off.",
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
            self.env.registry.clear_cache()  # of `payment.provider._paylink_get_option_ids`
        return result

    def _paylink_get_base_url(self):
        """Return where customers reach the pages, without a slash at the end.

        It never derives from a request, whose Host header anybody can write.
        """
        self.ensure_one()
        return (self.sudo().paylink_base_url or self.get_base_url()).rstrip("/")

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
