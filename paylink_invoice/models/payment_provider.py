# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .. import pricing


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    paylink_fee_percent = fields.Float(
        string="Processing Fee (%)",
        help="Per cent of what the customer pays through an invoice link, tip included.",
        digits=(6, 3),
        copy=False,
    )
    paylink_fee_fixed = fields.Monetary(
        string="Fixed Processing Fee",
        help="Added to each payment through an invoice link, in the company's currency.",
        currency_field="main_currency_id",
        copy=False,
    )
    paylink_fee_max = fields.Monetary(
        string="Maximum Processing Fee",
        help="The most that is charged for one payment, in the company's currency. 0: no maximum.",
        currency_field="main_currency_id",
        copy=False,
    )
    paylink_fee_country_ids = fields.Many2many(
        string="Fee in Countries",
        help="The fee is charged to customers of these countries only. Empty: of all countries.",
        comodel_name="res.country",
        relation="paylink_fee_country_rel",
        copy=False,
    )
    paylink_fee_method_ids = fields.Many2many(
        string="Fee on Payment Methods",
        help="The fee is charged for these payment methods only. Empty: for all of this provider.",
        comodel_name="payment.method",
        relation="paylink_fee_method_rel",
        copy=False,
    )
    paylink_fee_product_id = fields.Many2one(
        string="Fee Product",
        help="Its income account and its taxes book the fee, which includes the taxes. "
        "Empty: the product “Processing Fee”.",
        comodel_name="product.product",
        domain=[("type", "=", "service")],
        ondelete="restrict",
        check_company=True,
        copy=False,
    )

    @api.constrains("paylink_fee_percent", "paylink_fee_fixed", "paylink_fee_max")
    def _check_paylink_fee(self):
        for provider in self:
            if (
                not 0 <= provider.paylink_fee_percent <= 100
                or provider.paylink_fee_fixed < 0
                or provider.paylink_fee_max < 0
            ):
                raise ValidationError(
                    self.env._(
                        "The processing fee of %(provider)s is between 0 and 100%%, and neither its "
                        "fixed part nor its maximum is negative.",
                        provider=provider.name,
                    )
                )

    def _paylink_get_fee_rule(self, method, currency, country):
        """Return what a payment costs the customer, as a :class:`~..pricing.FeeRule`.

        :param method: the `payment.method` that is paid with
        :param currency: the `res.currency` of the payment, into which the fixed part and the
            maximum are converted at today's rate
        :param country: the `res.country` of the customer, or none
        """
        self.ensure_one()
        is_free_country = (
            self.paylink_fee_country_ids and country not in self.paylink_fee_country_ids
        )
        is_free_method = self.paylink_fee_method_ids and method not in self.paylink_fee_method_ids
        if is_free_country or is_free_method:
            return pricing.FeeRule()
        return pricing.FeeRule(
            Decimal(repr(self.paylink_fee_percent)),
            self._paylink_convert_fee(self.paylink_fee_fixed, currency),
            self._paylink_convert_fee(self.paylink_fee_max, currency),
        )

    def _paylink_convert_fee(self, amount, currency):
        """Return an amount of the company's currency in another one, at today's rate.

        What is more than nothing stays at least the smallest unit: a maximum that were rounded to
        nothing would be none.
        """
        step = currency._paylink_get_step()
        if not amount:
            return Decimal(0)
        converted = self.main_currency_id._convert(amount, currency, self.company_id, round=False)
        return max(pricing.to_decimal(converted, step), step)

    def _paylink_get_fee_product(self):
        """Return the `product.product` whose accounts and taxes book the fee."""
        self.ensure_one()
        return self.paylink_fee_product_id or self.env.ref("paylink_invoice.product_processing_fee")

    def _paylink_get_flow(self):
        """Return how a payment goes on: ``form`` through Odoo's payment form, or ``redirect``.

        Meant to be extended by providers whose page can be opened without any script: they return
        ``redirect`` and extend `payment.transaction._paylink_get_redirect_url`.
        """
        self.ensure_one()
        return "form"
