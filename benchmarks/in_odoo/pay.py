# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Invoices to pay at Stripe, each by a tap of its own."""

from . import content


def fill(env, count):
    """Create a provider as it is after the three clicks, and so many invoices with a link.

    :return: dict of the ``paths`` to pay at, and the ``option`` to pay with
    """
    provider = _set_up(env)
    method = env.ref("paylink_invoice_stripe.payment_method_any")
    customer = content.create_customer(env, "Stripe Payer")
    moves = content.create_invoices(env, customer.browse([customer.id] * count), content.LINES)
    links = env["paylink.link"].create(
        [{"move_id": move.id, "partner_id": customer.id, "channel": "email"} for move in moves]
    )
    links._mark_sent()
    return {
        "paths": [link._get_path("pay") for link in links],
        "option": f"{provider.id}-{method.id}",
    }


def _set_up(env):
    """Return the one provider that is published."""
    env["payment.provider"].search([("is_published", "=", True)]).write({"is_published": False})
    provider = env["payment.provider"].search([("code", "=", "paylink_stripe")], limit=1)
    provider.paylink_stripe_secret_key = "sk_test_51FakeKeyOfNobody"
    provider.action_paylink_stripe_create_webhook()
    provider.is_published = True
    return provider
