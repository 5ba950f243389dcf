# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Stripe Checkout as a payment provider: what it can do, and when it is offered."""

import dataclasses
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.paylink_invoice import pricing
from odoo.addons.payment.const import CURRENCY_MINOR_UNITS

from .. import amounts, stripe_api
from ..stripe_api import CODE
from .payment_method import METHOD_ANY, METHOD_CREDIT, METHOD_DEBIT

# More than this the card networks do not allow anybody to charge, whatever a card costs.
MAX_FEE_PERCENT = 3


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    code = fields.Selection(
        selection_add=[(CODE, "Stripe Checkout")], ondelete={CODE: "set default"}
    )

    paylink_stripe_is_discount = fields.Boolean(
        string="Speak of a Discount",
        help="Customers read how much less they pay by debit card or from the bank than by credit "
        "card, instead of “No fee”. The amounts are the same. Whether that makes it a discount where "
        "surcharges are restricted, is for you to find out.",
        copy=False,
    )

    # === COMPUTE METHODS === #

    def _compute_feature_support_fields(self):  # pylint: disable=missing-return
        # EXTENDS 'payment'
        super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code == CODE).update(
            {"support_refund": "partial", "support_tokenization": True}
        )

    @api.constrains("paylink_fee_percent", "code")
    def _check_paylink_stripe_fee(self):
        for provider in self:
            if provider.code == CODE and provider.paylink_fee_percent > MAX_FEE_PERCENT:
                raise ValidationError(
                    self.env._(
                        "The card networks allow a processing fee of %(maximum)s%% at most.",
                        maximum=MAX_FEE_PERCENT,
                    )
                )

    # === SET-UP === #

    def _get_default_payment_method_codes(self):
        # EXTENDS 'payment'
        self.ensure_one()
        if self.code != CODE:
            return super()._get_default_payment_method_codes()
        return {"paylink_stripe", "paylink_stripe_credit", "paylink_stripe_debit"}

    # === OFFER === #

    def _paylink_get_flow(self):
        # EXTENDS 'paylink_invoice': Stripe's page needs no script of ours.
        self.ensure_one()
        return "redirect" if self.code == CODE else super()._paylink_get_flow()

    @api.model
    def _get_compatible_providers(
        self, company_id, partner_id, amount, currency_id=None, is_validation=False, **kwargs
    ):
        # EXTENDS 'payment'
        providers = super()._get_compatible_providers(
            company_id,
            partner_id,
            amount,
            currency_id=currency_id,
            is_validation=is_validation,
            **kwargs,
        )
        currency = self.env["res.currency"].browse(currency_id)
        return providers.filtered(
            lambda provider: (
                provider.code != CODE
                or (not is_validation and provider._paylink_stripe_can_charge(amount, currency))
            )
        )

    def _paylink_takes(self, amount, currency):
        # EXTENDS 'paylink_invoice': nothing but the amount matters beyond what was looked at before.
        self.ensure_one()
        if self.code != CODE or self.maximum_amount:
            return super()._paylink_takes(amount, currency)
        return self._paylink_stripe_can_charge(amount, currency)

    def _paylink_stripe_can_charge(self, amount, currency):
        """Tell whether Stripe is set up, and takes such an amount.

        :param float amount: 0 where it is not known yet
        """
        provider_sudo = self.sudo()  # Visitors cannot read keys, nor do they get them.
        # Without a secret nobody could tell Stripe's messages from others.
        if not (
            provider_sudo.paylink_stripe_secret_key and provider_sudo.paylink_stripe_webhook_secret
        ):
            return False
        return self._paylink_stripe_takes_amount(amount, currency)

    @api.model
    def _paylink_stripe_takes_amount(self, amount, currency):
        """Tell whether Stripe takes such an amount: neither too small nor too large, and nothing below
        its smallest coin.

        :param float amount: 0 where it is not known yet
        """
        if not amount or not currency:
            return True
        exact = pricing.to_exact(currency.round(amount))
        try:
            minor = self._paylink_stripe_to_minor(exact, currency)
        except ValueError:
            return False
        is_too_large = amounts.is_too_large(minor, currency.name)
        return exact >= amounts.get_minimum(currency.name) and not is_too_large

    def _paylink_get_fee_rule(self, method, currency, country):
        # EXTENDS 'paylink_invoice': a fee is charged on credit cards only.
        if self.code == CODE and method != method._paylink_stripe_get(METHOD_CREDIT):
            return pricing.FeeRule()
        return super()._paylink_get_fee_rule(method, currency, country)

    def _paylink_get_whole_fee_rule(self, currency):
        # EXTENDS 'paylink_invoice': a fixed part does not lead beyond what card networks allow.
        rule = super()._paylink_get_whole_fee_rule(currency)
        if self.code != CODE:
            return rule
        return dataclasses.replace(rule, ceiling=Decimal(MAX_FEE_PERCENT))

    @api.model
    def _paylink_find_options(self, company, partner, currency, amount):
        # EXTENDS 'paylink_invoice': links offer the ways with and without a fee, which Odoo's own
        # pages do not know of.
        return super(
            PaymentProvider, self.with_context(paylink_stripe_all_ways=True)
        )._paylink_find_options(company, partner, currency, amount)

    @api.model
    def _paylink_stripe_filter_options(self, pairs, currency, due, country):
        """Return which ways to pay go with the fee, and with what is due; others are left alone.

        :param pairs: ``(provider id, payment method id)`` each
        :param currency: the `res.currency` of the payment
        :param float due: what is due; 0 where the customer says how much they pay
        :param country: the `res.country` of the customer, or none
        """
        methods = self.env["payment.method"]
        any_id = methods._paylink_stripe_get(METHOD_ANY).id
        credit = methods._paylink_stripe_get(METHOD_CREDIT)
        ways = methods._paylink_stripe_get(METHOD_ANY, METHOD_CREDIT, METHOD_DEBIT)
        self.env["paylink.page"]._fetch(self.browse(provider_id for provider_id, _method in pairs))

        def is_open(provider, method_id):
            if provider.code != CODE or method_id not in ways.ids:
                return True
            if not self._paylink_stripe_takes_amount(due, currency):
                return False
            # With a fee there are two ways, without one there is one for all cards.
            has_fee = bool(provider._paylink_get_fee_rule(credit, currency, country))
            return has_fee != (method_id == any_id)

        return tuple(
            (provider_id, method_id)
            for provider_id, method_id in pairs
            if is_open(self.browse(provider_id), method_id)
        )

    # === AMOUNTS === #

    @api.model
    def _paylink_stripe_to_minor(self, amount, currency):
        """Return an amount in Stripe's smallest unit.

        :param amount: a Decimal, or a float that is rounded in ``currency``
        :raise ValueError: if Stripe cannot charge it to the cent
        """
        if isinstance(amount, float):
            amount = currency._paylink_to_decimal(amount)
        return amounts.to_minor(amount, currency.name, self._paylink_stripe_get_decimals(currency))

    @api.model
    def _paylink_stripe_to_major(self, minor, currency):
        """Return an amount of Stripe in a `res.currency`, as a float."""
        decimals = self._paylink_stripe_get_decimals(currency)
        return float(amounts.to_major(minor or 0, currency.name, decimals))

    @api.model
    def _paylink_stripe_get_decimals(self, currency):
        return CURRENCY_MINOR_UNITS.get(currency.name, currency.decimal_places)

    # === STRIPE === #

    def _paylink_stripe_get_client(self):
        """Return a client of the provider's account.

        :raise UserError: if there is no key, or no package `stripe`
        """
        self.ensure_one()
        secret_key = self.sudo().paylink_stripe_secret_key  # Who charges need not know the key.
        if not secret_key:
            raise UserError(self.env._("Enter the secret key of your Stripe account first."))
        return stripe_api.make_client(self.env, secret_key)

    def _paylink_stripe_call(self, path, *args):
        """Return what Stripe answers, as a dict.

        :param str path: the method below ``client.v1``, e.g. ``checkout.sessions.create``
        :raise StripeFailure: if it does not answer, or refuses
        """
        return stripe_api.call(self.env, self._paylink_stripe_get_method(path), *args)

    def _paylink_stripe_collect(self, path, params):
        """Return all objects of a list of Stripe, as dicts; see :meth:`_paylink_stripe_call`."""
        return stripe_api.collect(self.env, self._paylink_stripe_get_method(path), params)

    def _paylink_stripe_get_method(self, path):
        method = self._paylink_stripe_get_client().v1
        for name in path.split("."):
            method = getattr(method, name)
        return method

    @api.model
    def _paylink_stripe_get_database(self):
        """Return what tells this database from its copies, which may have the same references."""
        # In sudo mode because visitors cannot read the system parameters.
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")
