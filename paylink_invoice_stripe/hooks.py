# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.addons.payment import setup_provider

from .stripe_api import CODE


def post_init_hook(env):
    """Give each company its own provider, and accounting the payment method."""
    setup_provider(env, CODE)


def uninstall_hook(env):
    """Disable the providers and take their keys, which closes their pages and webhooks at Stripe.

    Odoo's own ``reset_payment_provider`` refuses where payments were made. Here they stay, with
    everything that is told about them: so does the accounting payment method that names them.
    """
    providers = env["payment.provider"].search([("code", "=", CODE)])
    _keep_facts(env, providers)
    providers.write(providers._get_removal_values())
    method = providers._get_provider_payment_method(CODE)
    if method and not providers._check_existing_payment(method):
        env["account.payment.method.line"].search([("payment_method_id", "=", method.id)]).unlink()
        method.unlink()


def _keep_facts(env, providers):
    """Write what our fields tell of payments where it stays: in their message."""
    txs = env["payment.transaction"].search(
        [
            ("provider_id", "in", providers.ids),
            ("state", "=", "done"),
            ("state_message", "=", False),
        ]
    )
    for tx in txs:
        tx.state_message = tx._paylink_stripe_summarize()
