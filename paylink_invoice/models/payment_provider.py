# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import ipaddress
import re
from decimal import Decimal
from urllib.parse import urlsplit

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import str2bool

from .. import pricing

# Says that play money is welcome. Odoo sets the second one in the copies that it neutralizes.
TEST_DATABASE_PARAMETERS = ("paylink_invoice.is_test_database", "database.is_neutralized")

RESERVED_HOST = re.compile(
    r"(.+\.)?(localhost|test|example|invalid|example\.(com|net|org))", re.IGNORECASE
)


class PaymentProvider(models.Model):
    _name = "payment.provider"
    _inherit = ["payment.provider", "paylink.kept.mixin"]

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

    paylink_fee_text = fields.Char(
        string="What Customers Read",
        help="The fee in words, and what it makes of an example.",
        compute="_compute_paylink_fee_text",
    )
    paylink_is_fee_account_missing = fields.Boolean(
        string="Fee Account Missing", compute="_compute_paylink_is_fee_account_missing"
    )

    # === COMPUTE METHODS === #

    @api.depends("paylink_fee_percent", "paylink_fee_fixed", "paylink_fee_max", "company_id")
    @api.depends_context("lang")
    def _compute_paylink_fee_text(self):
        for provider in self:
            currency = provider.main_currency_id
            if not currency:
                provider.paylink_fee_text = False
                continue
            rule = provider._paylink_get_whole_fee_rule(currency)
            provider.paylink_fee_text = self.env["paylink.page"]._get_fee_example(rule, currency)

    @api.depends("paylink_fee_product_id", "paylink_fee_percent", "paylink_fee_fixed", "company_id")
    def _compute_paylink_is_fee_account_missing(self):
        for provider in self:
            has_fee = provider.paylink_fee_percent > 0 or provider.paylink_fee_fixed > 0
            provider.paylink_is_fee_account_missing = (
                has_fee
                and bool(provider.company_id)
                and not provider.company_id._origin._paylink_has_income_account(
                    provider._paylink_get_fee_product()
                )
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

    # === OPTIONS === #

    @api.model
    def _paylink_find_options(self, company, partner, currency, amount):
        """Return what a payment can be made with, published ways only.

        :param float amount: in ``currency``
        :return: ``(providers, methods)``, `payment.provider` and `payment.method`
        """
        providers = self._get_compatible_providers(
            company.id, partner.id, amount, currency_id=currency.id
        ).filtered(lambda provider: provider._paylink_is_offered())
        methods = self.env["payment.method"]._get_compatible_payment_methods(
            providers.ids, partner.id, currency_id=currency.id
        )
        return providers, methods

    @api.model
    @tools.ormcache("company.id", "partner.country_id.id", "currency.id")
    def _paylink_get_option_ids(self, company, partner, currency):
        """Return what a customer of this country can pay this company with in this currency.

        Kept until a provider or a payment method changes. An override that looks at more, such as
        the customer or the amount, has to return ``None`` where that matters.

        :return: ``(provider id, payment method id)`` pairs in Odoo's order of the methods, or
            ``None`` where it depends on the amount
        """
        options = self._paylink_find_options(company, partner, currency, amount=0)
        if any(provider.maximum_amount for provider in options[0]):
            return None
        return self._paylink_pair(*options)

    @api.model
    def _paylink_pair(self, providers, methods):
        """Return ``(provider id, payment method id)`` of what goes together."""
        return tuple(
            (provider.id, method.id)
            for method in methods
            for provider in providers & method.provider_ids
        )

    def _paylink_is_offered(self):
        """Tell whether who holds a link may pay with this provider.

        It is published; and not Odoo's demo provider, with which everybody settles any invoice
        without paying, unless this is a test database.
        """
        self.ensure_one()
        return self.is_published and (self.code != "demo" or self._paylink_is_test_database())

    def _paylink_is_test_database(self):
        """Tell whether nothing is lost here: the database says so, has demo data, or its links lead
        to this very machine or to a name that is reserved for tests and documentation."""
        self.ensure_one()
        # In sudo mode because visitors may read neither parameters nor modules.
        parameters = self.env["ir.config_parameter"].sudo()
        return (
            any(
                str2bool(parameters.get_param(name), default=False)
                for name in TEST_DATABASE_PARAMETERS
            )
            or self.env.ref("base.module_base").sudo().demo
            or is_reserved_host(urlsplit(self.company_id._paylink_get_base_url()).hostname or "")
        )

    # === FEE === #

    def _paylink_get_fee_rule(self, method, currency, country):
        """Return what a payment costs the customer, as a :class:`~..pricing.FeeRule`.

        :param method: the `payment.method` that is paid with
        :param currency: the `res.currency` of the payment, into which the fixed part and the
            maximum are converted at today's rate
        :param country: the `res.country` of the customer, or none
        """
        self.ensure_one()
        if not (self.paylink_fee_percent or self.paylink_fee_fixed):
            return pricing.FeeRule()
        is_free_country = (
            self.paylink_fee_country_ids and country not in self.paylink_fee_country_ids
        )
        is_free_method = self.paylink_fee_method_ids and method not in self.paylink_fee_method_ids
        if is_free_country or is_free_method:
            return pricing.FeeRule()
        return self._paylink_get_whole_fee_rule(currency)

    def _paylink_get_whole_fee_rule(self, currency):
        """Return what a payment costs where the fee is charged, as a :class:`~..pricing.FeeRule`.

        :param currency: the `res.currency` of the payment
        """
        self.ensure_one()
        return pricing.FeeRule(
            pricing.to_exact(self.paylink_fee_percent),
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
        """Return the `product.product` whose accounts and taxes book the fee; none if it was deleted."""
        self.ensure_one()
        default = self.env.ref("paylink_invoice.product_processing_fee", raise_if_not_found=False)
        return self.paylink_fee_product_id or default or self.env["product.product"]

    def _paylink_is_within_maximum(self, amount, currency):
        """Tell whether Odoo lets so much be paid, see :meth:`_get_compatible_providers`.

        :param float amount: all that is charged, in ``currency``, a `res.currency`
        """
        self.ensure_one()
        if not self.maximum_amount:
            return True
        converted = currency._convert(amount, self.main_currency_id, self.company_id)
        return currency.compare_amounts(self.maximum_amount, converted) >= 0

    def _paylink_takes(self, _amount, _currency):
        """Tell whether the provider, which was offered just now, can be paid this very amount with.

        Meant to be extended by providers that know; an override returns True only where
        :meth:`_get_compatible_providers` with that amount would have the same answer.

        :param float _amount: what is to be paid, in ``_currency``, a `res.currency`
        :return: True, or None where Odoo has to be asked
        """
        self.ensure_one()

    def _paylink_get_flow(self):
        """Return how a payment goes on: ``form`` through Odoo's payment form, or ``redirect``.

        Meant to be extended by providers whose page can be opened without any script.
        """
        self.ensure_one()
        return "form"


def is_reserved_host(host):
    """Tell whether a host is no public one: loopback, or a name reserved by RFC 2606 and 6761."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return RESERVED_HOST.fullmatch(host) is not None
