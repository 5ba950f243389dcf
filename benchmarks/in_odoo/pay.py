# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Invoices to pay at Stripe, each by a tap of its own."""

from . import content


def fill(env, count):
    """Create a provider as it is after the three clicks, and invoices with a link: twice so many.

    :return: dict of the ``paths`` to pay at, the ``option`` to pay with, and ``portal``: what Odoo's
        own page of an invoice asks to be paid, as ``path`` and ``params``
    """
    provider = _set_up(env)
    method = env.ref("paylink_invoice_stripe.payment_method_any")
    links = content.create_links(env, "Stripe Payer", 2 * count)
    return {
        "paths": [link._get_path("pay") for link in links[:count]],
        "option": f"{provider.id}-{method.id}",
        "portal": [_ask_portal(link.move_id, provider, method) for link in links[count:]],
    }


def _ask_portal(move, provider, method):
    return {
        "path": f"/invoice/transaction/{move.id}",
        "params": {
            "access_token": move._portal_ensure_token(),
            "provider_id": provider.id,
            "payment_method_id": method.id,
            "token_id": None,
            "amount": move.amount_residual,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": f"/my/invoices/{move.id}",
        },
    }


def _set_up(env):
    """Return the one provider that is published."""
    env["payment.provider"].search([("is_published", "=", True)]).write({"is_published": False})
    provider = env["payment.provider"].search([("code", "=", "paylink_stripe")], limit=1)
    provider.paylink_stripe_secret_key = "sk_test_51FakeKeyOfNobody"
    provider.action_paylink_stripe_create_webhook()
    provider.is_published = True
    return provider
