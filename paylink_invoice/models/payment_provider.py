# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
import ipaddress
import re
from urllib.parse import urlsplit

from odoo import api, models, tools
from odoo.tools import str2bool

# Says that play money is welcome. Odoo sets the second one in the copies that it neutralizes.
TEST_DATABASE_PARAMETERS = ("paylink_invoice.is_test_database", "database.is_neutralized")

RESERVED_HOST = re.compile(
    r"(.+\.)?(localhost|test|example|invalid|example\.(com|net|org))", re.IGNORECASE
)


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

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

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        providers = super().create(vals_list)
        self.env.registry.clear_cache()  # of `_paylink_get_option_ids`
        return providers

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()  # of `_paylink_get_option_ids`
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()  # of `_paylink_get_option_ids`
        return result


def is_reserved_host(host):
    """Tell whether a host is no public one: loopback, or a name reserved by RFC 2606 and 6761."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return RESERVED_HOST.fullmatch(host) is not None
