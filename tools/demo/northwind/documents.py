# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Invoices, what was said about them, and what was paid by other ways than a link."""

from markupsafe import Markup, escape

from odoo import Command

from .content import catalog, companies, customers
from .content.invoices import INVOICES

INVOICE_DATA = {data["key"]: data for data in INVOICES}

DISPLAY_TYPES = {"section": "line_section", "sub": "line_subsection", "note": "line_note"}


def company_key(data):
    return customers.CUSTOMERS[data["customer"]]["company"]


def author_key(data):
    """The accountant who writes the invoices of that customer."""
    return "elodie" if company_key(data) == "fr" else "marta"


def create_invoice(demo, data):
    customer_data = customers.CUSTOMERS[data["customer"]]
    env = demo.as_user(author_key(data), company_key(data))
    customer = demo.get("customer", data["customer"])
    currency = data.get("currency") or companies.COMPANIES[customer_data["company"]]["currency"]
    date = demo.moment(data["days"]).date()
    delivery = (
        demo.get("contact", f"{data['customer']}_{data['delivery']}")
        if "delivery" in data
        else customer
    )
    values = {
        "move_type": "out_invoice",
        "partner_id": customer.id,
        "partner_shipping_id": delivery.id,
        "currency_id": env.ref(f"base.{currency}").id,
        "invoice_date": date,
        "invoice_user_id": demo.get("user", customer_data["user"]).id,
        "ref": data.get("ref", "").format(year=date.year),
        "invoice_line_ids": [
            Command.create(
                {
                    "sequence": 10 + position,
                    **_prepare_line_values(demo, line, currency, customer.lang),
                }
            )
            for position, line in enumerate(data["lines"])
        ],
    }
    if "terms" in data:
        values["invoice_payment_term_id"] = demo.get("term", data["terms"]).id
    move = demo.remember("invoice", data["key"], env["account.move"].create(values))
    if data.get("state") != "draft":
        _number_first_invoice(move, customer_data["company"])
        move.action_post()
    return move


def _prepare_line_values(demo, line, currency, lang):
    if line[0] in DISPLAY_TYPES:
        return {"display_type": DISPLAY_TYPES[line[0]], "name": line[1]}
    key, quantity, options = line
    _code, _category, _tax, prices, names = catalog.PRODUCTS[key]
    values = {
        "product_id": demo.get("product", key).id,
        "name": "\n".join(filter(None, [names[lang], options.get("text")])),
        "quantity": quantity,
        "price_unit": options.get("price", prices[currency]),
        "discount": options.get("discount", 0),
    }
    if "taxes" in options:
        values["tax_ids"] = [Command.set([demo.get("tax", tax).id for tax in options["taxes"]])]
    return values


def _number_first_invoice(move, company):
    """Let the numbers go on from earlier years instead of starting at one.

    :return: whether this is the first invoice
    """
    posted = [("journal_id", "=", move.journal_id.id), ("state", "!=", "draft")]
    if move.search_count(posted, limit=1):
        return False
    journal = companies.COMPANIES[company]["sale_journal"]
    move.name = f"{journal['code']}/{move.invoice_date.year}/{journal['first_number']:05d}"
    return True


def cancel_invoice(demo, data):
    move = demo.get("invoice", data["key"])
    move.button_draft()
    move.button_cancel()


def credit_invoice(demo, data):
    move = demo.get("invoice", data["key"])
    env = demo.as_user(author_key(data), company_key(data))
    wizard = (
        env["account.move.reversal"]
        .with_context(active_model="account.move", active_ids=move.ids)
        .create(
            {
                "reason": data["credit"][1],
                "journal_id": move.journal_id.id,
                "date": demo.moment(data["credit"][0]).date(),
            }
        )
    )
    wizard.reverse_moves()
    refund = move.reversal_move_ids
    refund.filtered(lambda m: m.state == "draft").action_post()
    receivables = (move | refund).line_ids.filtered(
        lambda line: line.account_id.account_type == "asset_receivable" and not line.reconciled
    )
    if receivables:
        receivables.reconcile()


def register_payment(demo, data, days, amount):
    """Book a payment that came by bank or check."""
    move = demo.get("invoice", data["key"])
    env = demo.as_user(author_key(data), company_key(data))
    values = {
        "payment_date": demo.moment(days).date(),
        "communication": move.payment_reference or move.name,
    }
    if amount == "next":
        terms = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        )
        values["amount"] = terms.sorted("date_maturity")[0].amount_residual_currency
    elif amount != "rest":
        values["amount"] = amount
    wizard = (
        env["account.payment.register"]
        .with_context(active_model="account.move", active_ids=move.ids)
        .create(values)
    )
    wizard.action_create_payments()


def post_comment(demo, data, author, text, options):
    """Write into the chatter as that colleague, without notifying anybody: it happened in the past."""
    move = demo.get("invoice", data["key"])
    user = demo.get("user", author)
    attachments = [
        demo.env["ir.attachment"]
        .create(
            {"name": name, "datas": demo.asset(name), "res_model": move._name, "res_id": move.id}
        )
        .id
        for name in options.get("files", [])
    ]
    subtype = "mail.mt_note" if options.get("note") else "mail.mt_comment"
    demo.env(user=user.id, su=True)["mail.message"].create(
        {
            "model": move._name,
            "res_id": move.id,
            "body": Markup("<p>%s</p>") % escape(text),
            "message_type": "comment",
            "subtype_id": demo.env.ref(subtype).id,
            "author_id": user.partner_id.id,
            "email_from": user.email_formatted,
            "attachment_ids": [Command.set(attachments)],
        }
    )
