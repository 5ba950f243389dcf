# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""A seller, a customer and two invoices to look at: one of 3 lines, one of 300."""

import base64

from odoo import Command, fields

LINES = 3
MANY_LINES = 300
PAYABLE = 25


def fill(env, logo):
    """Create what the benchmarks look at.

    :param str logo: path of an image
    :return: dict of the paths of the pages; ``payable``: those of invoices to ask prices of, and
        ``rows``: the ids of as many links
    """
    _prepare_company(env, logo)
    customer = create_customer(env, "Azure Interior")
    return {
        "few": _publish(env, create_invoices(env, customer, LINES)),
        "many": _publish(env, create_invoices(env, customer, MANY_LINES)),
        "payable": [link._get_path() for link in create_links(env, "Price Payer", PAYABLE)],
        "rows": create_links(env, "Row Payer", PAYABLE).ids,
    }


def _prepare_company(env, logo):
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading(
            "generic_coa", company=company, install_demo=False
        )
    with open(logo, "rb") as file:
        image = base64.b64encode(file.read())
    company.write(
        {
            "name": "Northwind Heating",
            "email": "office@northwind.example.com",
            "phone": "+1 503 555 0134",
            "website": "https://northwind.example.com",
            "street": "410 Harbor Way",
            "city": "Portland",
            "zip": "97209",
            "country_id": env.ref("base.us").id,
            "logo": image,
            "primary_color": "#1d4f73",
            "secondary_color": "#6b7780",
            "external_report_layout_id": env.ref("web.external_layout_standard").id,
        }
    )
    env.user.write({"email": "marta@northwind.example.com", "tz": "America/Los_Angeles"})
    env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", "True")
    env["ir.config_parameter"].set_param("paylink_invoice.is_test_database", "True")
    env.ref("payment.payment_provider_demo").write({"state": "test", "is_published": True})
    env["res.partner.bank"].create(
        {
            "acc_number": "000123456789",
            "partner_id": company.partner_id.id,
            "allow_out_payment": True,
        }
    )


def create_customer(env, name):
    """Return a company's contact, who has a postal and an e-mail address."""
    letters = "".join(filter(str.isalnum, name)).lower()
    company = env["res.partner"].create(
        {
            "name": name,
            "is_company": True,
            "email": f"info@{letters}.example.com",
            "street": "4557 De Silva St",
            "city": "Fremont",
            "zip": "94538",
            "country_id": env.ref("base.us").id,
        }
    )
    return env["res.partner"].create(
        {"name": "Alice Moreau", "parent_id": company.id, "email": f"alice@{letters}.example.com"}
    )


def create_invoices(env, customers, line_count):
    """Return a posted invoice for each customer."""
    tax = env.company.account_sale_tax_id
    names = ("Annual maintenance of the heating", "Replaced expansion vessel", "Travel, 42 km")
    account = env["account.account"].search([("account_type", "=", "income")], limit=1)
    lines = [
        {
            "name": f"{names[number % 3]} ({number + 1})",
            "quantity": number % 4 + 1,
            "price_unit": 20.0 + number,
            "account_id": account.id,
            "tax_ids": [Command.set(tax.ids)],
        }
        for number in range(line_count)
    ]
    today = fields.Date.today()
    moves = env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": customer.id,
                "invoice_date": today,
                "invoice_date_due": fields.Date.add(today, days=14),
                "narration": "Thank you for your business.",
                "invoice_line_ids": [Command.create(values) for values in lines],
            }
            for customer in customers
        ]
    )
    moves.action_post()
    return moves


def create_links(env, name, count):
    """Return so many `paylink.link`, sent to a customer of this name, each for an invoice of its own."""
    customer = create_customer(env, name)
    moves = create_invoices(env, customer.browse([customer.id] * count), LINES)
    links = env["paylink.link"].create(
        [{"move_id": move.id, "partner_id": customer.id, "channel": "email"} for move in moves]
    )
    links._mark_sent()
    return links


def _publish(env, move):
    """Return where to see an invoice: by a link of ours, and in Odoo's own portal."""
    comment = move.message_post(
        body="We kept the old vessel in your cellar.", message_type="comment"
    )
    link = env["paylink.link"].create(
        {
            "move_id": move.id,
            "partner_id": move.partner_id.id,
            "channel": "email",
            "comment_ids": [Command.set(comment.ids)],
        }
    )
    link._mark_sent()
    portal = move.get_portal_url()
    return {
        "id": move.id,
        "link_id": link.id,
        "ours": link._get_path(),
        "portal": portal,
        "document": f"{portal}&report_type=html",
    }
