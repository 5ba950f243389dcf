# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A server of ours beside the fake Stripe of the addon's own tests."""

import importlib
import os
import sys
from contextlib import contextmanager
from types import ModuleType

from .layout import ROOT
from .stand import stand

FOLDER = ROOT / "paylink_invoice_stripe" / "tests"
ADDONS = ROOT / "tests" / "addons"
# A provider as it is after the three clicks, for the code of an Odoo shell; needs a `company`.
BUILD_PROVIDER = """
provider = env["payment.provider"].search([("code", "=", "paylink_stripe")], limit=1)
if provider.company_id != company:
    provider = provider.copy({"company_id": company.id})
provider.write({"paylink_stripe_secret_key": "sk_test_51FakeKeyOfNobody"})
provider.action_paylink_stripe_create_webhook()
provider.is_published = True
method = env.ref("paylink_invoice_stripe.payment_method_any")
"""


def load():
    """Return the module of the fake; it is part of an addon, but needs no Odoo."""
    name = "paylink_stripe_tests"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(FOLDER)]
        sys.modules[name] = package
    return importlib.import_module(f"{name}.fake_stripe")


@contextmanager
def stand_with_stripe(name, variables=None, **arguments):
    """Serve a fresh copy of the seed database that asks a fake Stripe.

    It takes the arguments of :func:`.stand.stand`; yields the `Stand` and the fake's `Stripe`.
    """
    with load().serve() as stripe:
        variables = {
            "PAYLINK_FAKE_STRIPE": stripe.url,
            "ODOO_ADDONS_PATH": f"{os.environ['ODOO_ADDONS_PATH']},{ADDONS}",
            # In the environment, so that an Odoo shell started with it asks there too.
            "ODOO_SERVER_WIDE_MODULES": "base,rpc,web,paylink_fake_stripe",
            **(variables or {}),
        }
        with stand(name, variables=variables, **arguments) as server:
            yield server, stripe
