# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Orders of the salesperson, and the invoices that leave from them."""

from odoo import Command

from . import story
from .content.customers import CUSTOMERS
from .content.orders import ORDERS


def order_events(demo):
    """:return: list of (UTC datetime, function) for every order"""
    events = []
    for data in ORDERS:

        def at(days, hour, function, data=data):
            moment = demo.moment(days, story.AMERICAN_HOURS + hour)
            events.append((moment, lambda: function(demo, data)))

        at(data["days"], 2.1, create_order)
        if "confirm" in data:
            at(data["confirm"], 2.2, confirm_order)
        if "send" in data:
            at(data["send"][0], 2.3, send_order)
    return events


def _get_env(demo, data):
    customer = CUSTOMERS[data["customer"]]
    return demo.as_user(customer["user"], customer["company"])


def create_order(demo, data):
    order = _get_env(demo, data)["sale.order"].create(
        {
            "partner_id": demo.get("customer", data["customer"]).id,
            "client_order_ref": data.get("ref"),
            "user_id": demo.get("user", CUSTOMERS[data["customer"]]["user"]).id,
            "order_line": [
                Command.create(
                    {"product_id": demo.get("product", key).id, "product_uom_qty": quantity}
                )
                for key, quantity in data["lines"]
            ],
        }
    )
    demo.remember("order", data["key"], order)


def confirm_order(demo, data):
    order = demo.get("order", data["key"])
    date = demo.moment(data["confirm"])
    order.action_confirm()
    order.date_order = date


def send_order(demo, data):
    order = demo.get("order", data["key"])
    _days, recipient = data["send"]
    partner = demo.get_person(data["customer"], recipient)
    dialog = (
        _get_env(demo, data)["paylink.sale.send"]
        .with_context(active_model="sale.order", active_ids=order.ids)
        .create(
            {
                "partner_ids": [Command.set(partner.ids)],
                "is_link_included": True,
                "is_invoicing_confirmed": True,
            }
        )
    )
    dialog.action_send()
    demo.commit()
