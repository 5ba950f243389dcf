# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Many people pay one invoice at the same moment, on a server with several workers.

They come through every door: two links of the invoice, the balance link of its customer, Odoo's
portal, and staff who register a payment. Whatever happens, no more is offered to be paid, or booked, than is owed. An ordinary run takes a sample;
`PAYLINK_RACES=1000 ./paylink test tests/test_payment_races.py` runs a thousand races.
"""

import http.client
import json
import os
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.parse import urlsplit

import pytest

RACERS = 50
# Races of 50, and the number and size of small ones, in which the doors win in turn.
ROUNDS = 4
MANY_ROUNDS = int(os.environ.get("PAYLINK_RACES", "20"))
MANY_RACERS = 6
# Races that are run one after the other on data made at once.
BATCH = 20
# A race ends, whatever happens: seconds that one request, and one start with all its tries, takes.
REQUEST_TIMEOUT, START_TIMEOUT = 90, 240

BUILD = """
from odoo import Command, fields
company = env["res.company"].search([("name", "=", "Race Seller")], limit=1)
if not company:
    company = env["res.company"].create({"name": "Race Seller", "currency_id": env.ref("base.USD").id})
    env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids, tracking_disable=True))
methods = env["payment.method"].with_context(active_test=False).search([("is_primary", "=", True)], limit=2)
provider = env["payment.provider"].search([("name", "=", "Race Provider")], limit=1)
if not provider:
    provider = env["payment.provider"].create({
        "name": "Race Provider", "code": "none", "state": "test", "is_published": True,
        "company_id": company.id, "payment_method_ids": [Command.set(methods.ids)],
    })
# Only the methods of an enabled provider can be activated.
methods.write({"active": True, "supported_currency_ids": False, "supported_country_ids": False})
biller = env["res.users"].search([("login", "=", "race_biller")], limit=1)
if not biller:
    biller = env["res.users"].with_context(no_reset_password=True).create({
        "login": "race_biller", "password": "race_biller", "name": "Race Biller",
        "company_id": company.id, "company_ids": [Command.set(company.ids)],
        "group_ids": [Command.set(env.ref("account.group_account_invoice").ids)],
    })
bob = env["res.partner"].create({"name": "Race Bob"})
# Of her own for each invoice, so that her balance is what is raced for.
alices = env["res.partner"].create([{"name": "Race Alice"} for _number in range(NUMBER)])
moves = env["account.move"].create([{
    "move_type": "out_invoice", "partner_id": alice.id, "invoice_date": fields.Date.today(),
    "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": [Command.clear()]})],
} for alice in alices])
moves.action_post()
links = env["paylink.link"].create([
    {"move_id": move.id, "partner_id": partner.id, "channel": "email"}
    for move in moves for partner in (move.partner_id, bob)
])
links._mark_sent()
alices.action_paylink_generate()
answer({
    "company": company.id, "provider": provider.id, "methods": methods.ids,
    "invoices": [{
        "id": move.id,
        "portal": move._portal_ensure_token(),
        "paths": [
            link._get_path("transaction")
            for link in (*move.paylink_link_ids, move.partner_id.paylink_balance_link_id)
        ],
    } for move in moves],
})
"""

# What is owed; what was registered by hand; sum and number of the attempts that may bring money.
AMOUNTS = """
    SELECT move.amount_residual,
           (SELECT COALESCE(SUM(payment.amount), 0) FROM account_payment AS payment
              JOIN account_move__account_payment AS rel ON rel.payment_id = payment.id
             WHERE rel.invoice_id = move.id AND payment.state IN ('in_process', 'paid')),
           COALESCE(SUM(tx.amount), 0), COUNT(tx.id)
      FROM account_move AS move
      LEFT JOIN account_invoice_transaction_rel AS rel ON rel.invoice_id = move.id
      LEFT JOIN payment_transaction AS tx
             ON tx.id = rel.transaction_id AND tx.state IN ('draft', 'pending', 'authorized', 'done')
     WHERE move.id = %s
     GROUP BY move.id
"""
# What those who come too late read; everything else is a failure.
REFUSED_ELSEWHERE = (
    *("Somebody started to pay", "Race Alice is paying", "Race Bob is paying", "paid already"),
)


class Race:
    """Invoices to pay on a running server, and the people who pay them."""

    def __init__(self, stand, number):
        self.stand = stand
        self.data = stand.shell(BUILD.replace("NUMBER", str(number)))
        self.cookie = None

    # === DOORS === #

    def pay_by_link(self, invoice, number, method):
        """Ask for a payment as the form of a link does; return ``(door, outcome, detail)``."""
        params = self._choose(method)
        status, answer = self._post(invoice["paths"][number], params)
        if status == 200:
            return "link", "started", answer["result"]["reference"]
        return "link", f"{status} {answer['error']['data']['code']}", None

    def pay_in_portal(self, invoice, method):
        """The same as the form of Odoo's portal does."""
        params = {
            **self._choose(method),
            "token_id": None,
            "amount": 100.0,
            "tokenization_requested": False,
            "landing_route": "/my/invoices",
            "access_token": invoice["portal"],
        }
        status, answer = self._post(f"/invoice/transaction/{invoice['id']}", params)
        return "portal", *self._judge(status, answer, "reference")

    def open_dialog(self, invoice):
        """Open the dialog "Register Payment" as the one who bills; return its id."""
        status, answer = self._call("create", [{}], invoice)
        assert status == 200, answer
        return answer["result"]

    def register(self, invoice, dialog_id):
        """Press "Create Payment" in it."""
        answer = self._call("action_create_payments", [[dialog_id]], invoice)
        return "staff", *self._judge(*answer, None)

    def log_in(self):
        params = {"db": self.stand.database, "login": "race_biller", "password": "race_biller"}
        self._post("/web/session/authenticate", params, keep_cookie=True)
        assert self.cookie

    def _call(self, method, arguments, invoice):
        model = "account.payment.register"
        context = {
            "active_model": "account.move",
            "active_ids": [invoice["id"]],
            "allowed_company_ids": [self.data["company"]],
            "dont_redirect_to_payments": True,
        }
        params = {
            "model": model,
            "method": method,
            "args": arguments,
            "kwargs": {"context": context},
        }
        return self._post(f"/web/dataset/call_kw/{model}/{method}", params, self.cookie)

    def _choose(self, method):
        return {
            "provider_id": self.data["provider"],
            "payment_method_id": method,
            "flow": "direct",
        }

    def _judge(self, status, answer, key):
        """Return outcome and detail of an answer of Odoo's own JSON-RPC."""
        if status != 200:
            return f"{status}", answer
        if "error" not in answer:
            result = answer.get("result")
            return "started", result[key] if key else result
        message = answer["error"]["data"]["message"]
        is_known = any(sentence in message for sentence in REFUSED_ELSEWHERE)
        return ("refused" if is_known else "error"), message

    def _post(self, path, params, cookie=None, keep_cookie=False):
        """Send JSON-RPC; return the HTTP status and the answer."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "call", "params": params})
        headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection(
                urlsplit(self.stand.url).netloc, timeout=REQUEST_TIMEOUT
            )
            with closing(connection):
                try:
                    connection.request("POST", path, body, headers)
                except ConnectionError:
                    # Two workers queue sixteen connections; whoever is turned away comes again.
                    # What was sent once is not sent again: it may have had its effect.
                    time.sleep(0.2)
                    continue
                try:
                    response = connection.getresponse()
                except (ConnectionResetError, http.client.RemoteDisconnected):
                    time.sleep(0.2)
                    continue
                if keep_cookie:
                    self.cookie = response.getheader("Set-Cookie").partition(";")[0]
                text = response.read().decode()
                is_json = "json" in response.getheader("Content-Type", "")
                return response.status, json.loads(text) if is_json else text
        raise AssertionError("the server takes no connections")

    # === RACES === #

    def run(self, invoice, starts):
        """Let everybody start at once; return all answers."""
        with ThreadPoolExecutor(len(starts)) as pool:
            return list(pool.map(lambda start: start(), starts))

    def get_amounts(self, invoice):
        """Return what is owed, what was registered by hand, and the sum and number of attempts."""
        with closing(self.stand.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(AMOUNTS, (invoice["id"],))
            residual, registered, attempted, count = cursor.fetchone()
        return float(residual), float(registered), float(attempted), count

    def check(self, invoice, answers):
        """Fail unless exactly one payment is open or done, and everybody else was told so."""
        outcomes = Counter((door, outcome) for door, outcome, _detail in answers)
        allowed = {
            *(("link", outcome) for outcome in ("started", "409 in_progress", "409 paid")),
            *(
                (door, outcome)
                for door in ("portal", "staff")
                for outcome in ("started", "refused")
            ),
        }
        strange = [answer for answer in answers if answer[:2] not in allowed]
        assert not strange, strange[:3]
        residual, registered, attempted, count = self.get_amounts(invoice)
        # All of what is owed is offered once: to one attempt, or to one payment by hand.
        assert registered + attempted == 100.0, (outcomes, residual, registered, attempted)
        assert count == (0 if registered else 1), outcomes
        assert ("staff", "started") in outcomes or not registered, outcomes
        return "staff" if registered else "customer"


@pytest.fixture(scope="module")
def race(odoo_stand):
    """Return the races of an ordinary run: one unpaid invoice with two links per round."""
    race = Race(odoo_stand, 2 * ROUNDS)
    race.log_in()
    return race


@pytest.mark.parametrize("number", range(ROUNDS))
def test_one_invoice_is_never_offered_to_two_payers_at_once(race, number):
    invoice = race.data["invoices"][number]
    # In every second round they also choose different ways to pay, and so replace one another.
    methods = race.data["methods"][: 1 + number % 2]
    starts = [
        lambda n=n: race.pay_by_link(invoice, n % 2, methods[n // 2 % len(methods)])
        for n in range(RACERS)
    ]
    answers = race.run(invoice, starts)
    race.check(invoice, answers)
    started = {detail for _door, outcome, detail in answers if outcome == "started"}
    assert started
    if len(methods) == 1:
        assert len(started) == 1


def mix(race, invoice, racers):
    """Return so many starts through all doors, in a random order; one in ten is by staff."""
    methods = race.data["methods"]
    dialog_ids = [race.open_dialog(invoice) for _number in range(1 + racers // 10)]
    doors = (
        lambda: race.pay_by_link(invoice, 0, random.choice(methods)),
        lambda: race.pay_by_link(invoice, 1, random.choice(methods)),
        lambda: race.pay_by_link(invoice, 2, random.choice(methods)),
        lambda: race.pay_in_portal(invoice, random.choice(methods)),
    )
    starts = [doors[number % len(doors)] for number in range(racers - len(dialog_ids))]
    for dialog_id in dialog_ids:
        # Who comes first finds the server idle.
        place = random.choice((0, 0, racers // 2))
        starts.insert(place, lambda number=dialog_id: race.register(invoice, number))
    return starts


@pytest.mark.parametrize("number", range(ROUNDS))
def test_no_door_lets_a_second_payer_in(race, number):
    invoice = race.data["invoices"][ROUNDS + number]
    answers = race.run(invoice, mix(race, invoice, RACERS))
    race.check(invoice, answers)


@pytest.mark.slow
def test_many_races_overcharge_nobody(odoo_stand):
    winners = Counter()
    for _batch in range(MANY_ROUNDS // BATCH):
        races = Race(odoo_stand, BATCH)
        races.log_in()
        for invoice in races.data["invoices"]:
            answers = races.run(invoice, mix(races, invoice, MANY_RACERS))
            winners[races.check(invoice, answers)] += 1
        print(f"{sum(winners.values())} races, won by {dict(winners)}", flush=True)
    assert sum(winners.values()) == MANY_ROUNDS
    # Neither side always loses, or this would prove nothing.
    assert len(winners) == 2 or MANY_ROUNDS < 100, winners
