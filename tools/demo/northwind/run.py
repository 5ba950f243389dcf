# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The parts of the demo in their order, and what the person who looks at it is told."""

import time

from . import balances, companies, customers, links, orders, server, story
from .content import companies as companies_content
from .content.balances import SHOW_BALANCES
from .content.customers import CUSTOMERS
from .content.links import SHOW
from .demo import Demo


def run(env, url):
    """Load everything, or only say again where things are, if the database was filled before.

    :param env: environment of the superuser
    :param str url: base URL of the back end
    """
    demo = Demo(env)
    url = url.rstrip("/")
    if not demo.has("company", "us"):
        for name, part in (
            ("languages", companies.load_languages),
            ("companies", companies.load_companies),
            ("users", companies.load_users),
            ("mail and payment", lambda demo: companies.load_ways_out(demo, url)),
            ("products", customers.load_products),
            ("customers", customers.load_customers),
            ("reminders", balances.load_reminder_rules),
            ("invoices, links and visits", _tell_story),
        ):
            _run_part(demo, name, part)
    announce(demo, url)


def _run_part(demo, name, part):
    started = time.monotonic()
    demo.step(f"{name}…")
    part(demo)
    demo.commit()
    demo.step(f"{name}: {time.monotonic() - started:.1f} s")


def _tell_story(demo):
    parameters = demo.env["ir.config_parameter"]
    with server.serve() as base_url:
        parameters.set_param("report.url", base_url)
        demo.commit()
        story.play(
            demo,
            [
                *story.invoice_events(demo),
                *orders.order_events(demo),
                *links.link_events(demo, base_url),
                *balances.balance_events(demo, base_url),
            ],
        )
    # From now on reports ask ``web.base.url``, which follows the port that the demo is served on.
    parameters.set_param("report.url", False)


def announce(demo, url):
    """Print logins and links."""
    for number, (invoice, recipient, what) in enumerate(SHOW):
        link = links.get_link(demo, invoice, recipient)
        if not number:
            # The accountant's own button: the link's history tells that it was copied.
            copied = link.with_env(demo.as_user("marta", "us")).action_copy_url()
            print(f"READY-LINK {copied['url']}")
        print(f"SHOW link ({what}): {link._get_url()}")
    for customer, what in SHOW_BALANCES:
        company = demo.get("company", CUSTOMERS[customer]["company"])
        partner = demo.get("customer", customer).with_company(company)
        print(f"SHOW link ({what}): {partner.paylink_balance_link_id._get_url()}")
    for data in companies_content.USERS.values():
        print(f"SHOW login {data['login']} / {data['login']}: {data['name']}, {data['role']}")
    print(f"SHOW back end: {url}/odoo/action-account.action_move_out_invoice", flush=True)
    demo.commit()
