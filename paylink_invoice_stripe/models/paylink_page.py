# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models

from .payment_method import METHOD_CREDIT, METHOD_DEBIT


class PaylinkPage(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _get_read_fields(self, model_name):
        # EXTENDS 'paylink_invoice'
        names = super()._get_read_fields(model_name)
        is_provider = model_name == "payment.provider"
        return [*names, "paylink_stripe_is_discount"] if is_provider else names

    @api.model
    def _prepare_option_choices(self, link, options, default, has_fee):
        # EXTENDS 'paylink_invoice': sellers may speak of a discount instead of a fee that is spared.
        choices = super()._prepare_option_choices(link, options, default, has_fee)
        providers = {option["provider"] for option in options}
        if not (choices and any(one.paylink_stripe_is_discount for one in providers)):
            return choices
        methods = self.env["payment.method"]
        credit = methods._paylink_stripe_get(METHOD_CREDIT)
        debit = methods._paylink_stripe_get(METHOD_DEBIT)
        fees = {
            option["provider"]: self._phrase_fee(option["fee_rule"], link._get_currency())
            for option in options
            if option["method"] == credit
        }
        for option, choice in zip(options, choices, strict=True):
            fee = fees.get(option["provider"])
            is_spared = option["method"] == debit and fee
            if is_spared and option["provider"].paylink_stripe_is_discount:
                choice["text"] = self.env._(
                    "Discount for debit card and bank: %(fee)s less than by credit card", fee=fee
                )
        return choices
