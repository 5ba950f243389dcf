# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Many people pay one invoice at the same moment, on a server with several workers."""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

RACERS = 50
ROUNDS = 4

BUILD = """
from odoo import Command, fields
company = env["res.company"].create({"name": "Race Seller", "currency_id": env.ref("base.USD").id})
env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids))
methods = env["payment.method"].with_context(active_test=False).search([("is_primary", "=", True)], limit=2)
provider = env["payment.provider"].create({
    "name": "Race Provider", "code": "none", "state": "test", "is_published": True,
    "company_id": company.id, "payment_method_ids": [Command.set(methods.ids)],
})
# Only the methods of an enabled provider can be activated.
methods.write({"active": True, "supported_currency_ids": False, "supported_country_ids": False})
alice, bob = env["res.partner"].create([{"name": "Race Alice"}, {"name": "Race Bob"}])
def invoice():
    move = env["account.move"].create({
        "move_type": "out_invoice", "partner_id": alice.id, "invoice_date": fields.Date.today(),
        "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": [Command.clear()]})],
    })
    move.action_post()
    links = env["paylink.link"].create([
        {"move_id": move.id, "partner_id": partner.id, "channel": "email"} for partner in (alice, bob)
    ])
    links._mark_sent()
    return {"id": move.id, "paths": [link._get_path("transaction") for link in links]}
answer({"provider": provider.id, "methods": methods.ids, "invoices": [invoice() for _ in range(ROUNDS)]})
"""

AMOUNTS = """
    SELECT move.amount_residual, COALESCE(SUM(tx.amount), 0), COUNT(tx.id)
      FROM account_move AS move
      LEFT JOIN account_invoice_transaction_rel AS rel ON rel.invoice_id = move.id
      LEFT JOIN payment_transaction AS tx
             ON tx.id = rel.transaction_id AND tx.state IN ('draft', 'pending', 'authorized', 'done')
     WHERE move.id = %s
     GROUP BY move.id
"""


@pytest.fixture(scope="module")
def race(odoo_stand):
    """Return the provider, its two methods and one unpaid invoice with two links per round."""
    return odoo_stand.shell(BUILD.replace("ROUNDS", str(ROUNDS)))


def start(stand, race, path, method, flow="direct"):
    """Ask for a payment as Odoo's form does; return (HTTP status, reference or code)."""
    params = {"provider_id": race["provider"], "payment_method_id": method, "flow": flow}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "call", "params": params}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(stand.url + path, body, headers)
    for _attempt in range(200):
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                return response.status, json.load(response)["result"]["reference"]
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            return error.code, json.loads(text)["error"]["data"][
                "code"
            ] if error.code < 500 else text
        except (ConnectionError, urllib.error.URLError):
            time.sleep(
                0.2
            )  # Two workers queue sixteen connections; whoever is turned away comes again.
    raise AssertionError("the server takes no connections")


def run_race(stand, race, invoice, methods):
    """Let everybody start at once, each over one of the links; return all answers."""
    jobs = [(invoice["paths"][n % 2], methods[n // 2 % len(methods)]) for n in range(RACERS)]
    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(lambda job: start(stand, race, *job), jobs))


def get_amounts(stand, invoice):
    """Return what is owed, and the sum and number of attempts that may bring money."""
    with closing(stand.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(AMOUNTS, (invoice["id"],))
        return cursor.fetchone()


@pytest.mark.parametrize("number", range(ROUNDS))
def test_one_invoice_is_never_offered_to_two_payers_at_once(odoo_stand, race, number):
    invoice = race["invoices"][number]
    # In every second round they also choose different ways to pay, and so replace one another.
    methods = race["methods"][: 1 + number % 2]
    answers = run_race(odoo_stand, race, invoice, methods)
    statuses = Counter(status for status, _what in answers)
    assert set(statuses) == {200, 409}, statuses
    assert {what for status, what in answers if status == 409} == {"in_progress"}
    residual, open_amount, count = get_amounts(odoo_stand, invoice)
    assert (float(residual), float(open_amount), count) == (100.0, 100.0, 1)
    if len(methods) == 1:
        assert len({what for status, what in answers if status == 200}) == 1
