# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Balance links, asked from outside: SECURITY.md, parts A, C, D and E, on a server with workers.

Each customer here has an own balance link, so that tests do not stand in each other's way.
"""

import json
from types import SimpleNamespace

import pytest
from outside import ALPHABET, OFFERS, assert_promised, get_world

pytestmark = pytest.mark.slow

SELLER = (
    """
from datetime import timedelta
from uuid import uuid4
from odoo import Command, fields
from odoo.addons.paylink_invoice import tokens
from odoo.addons.paylink_invoice.keyring import derived

company, other_company = env["res.company"].create([
    {"name": name, "currency_id": env.ref("base.USD").id} for name in ("Balance Seller", "Balance Neighbour")
])
for each in (company, other_company):
    env["account.chart.template"].try_loading("generic_coa", company=each, install_demo=False)
env.user.company_ids |= company | other_company
env = env(context=dict(env.context, allowed_company_ids=company.ids, tracking_disable=True))
company = company.with_env(env)
"""
    + OFFERS
    + """
euro = env.ref("base.EUR")
euro.active = True
today = fields.Date.today()

def customer(name, **values):
    made = env["res.partner"].create({"name": f"Balance {name}", "is_company": True,
                                      "email": f"{name.lower()}@balance.example.com", **values})
    return made

def bill(partner, amount=100.0, days=-10, post=True, env=env, **values):
    move = env["account.move"].create({
        "move_type": "out_invoice", "partner_id": partner.id, "invoice_date": today - timedelta(days=40),
        "invoice_date_due": today + timedelta(days=days), "invoice_payment_term_id": False,
        "invoice_line_ids": [Command.create({"name": f"Work for {partner.name}", "price_unit": amount,
                                             "tax_ids": [Command.clear()]})],
        **values,
    })
    if post:
        move.action_post()
    return move

def known(partner, *moves):
    link = env["paylink.link"]._generate_balance_links(partner, company)
    return {"id": link.id, "token": link._get_token(), "partner": partner.id, "moves": [move.id for move in moves],
            "names": [move.name for move in moves]}

def owed(name):
    partner = customer(name)
    return known(partner, bill(partner), bill(partner, 50.0, 10))

def blocked():
    partner = customer("Blocked")
    move = bill(partner)
    move.action_toggle_block_payment()
    return known(partner, move)

def draft_only():
    partner = customer("Drafts")
    return known(partner, bill(partner, post=False))

def cancelled():
    partner = customer("Cancelled")
    move = bill(partner)
    move.button_cancel()
    return known(partner, move)

def paid():
    partner = customer("Paid")
    move = bill(partner)
    env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids).create({})._create_payments()
    return known(partner, move)

def credit():
    partner = customer("Credit")
    return known(partner, bill(partner, 30.0, move_type="out_refund"))

def two_currencies():
    partner = customer("Currencies")
    return known(partner, bill(partner), bill(partner, 70.0, currency_id=euro.id))

def archived():
    partner = customer("Archived")
    made = known(partner, bill(partner))
    partner.active = False
    return made

def merged():
    partner, twin = customer("Merged"), customer("Twin")
    made = known(twin, bill(twin))
    bill(partner, 20.0)
    env["base.partner.merge.automatic.wizard"].create({})._merge((partner | twin).ids, partner)
    return {**made, "partner": partner.id}

def became_contact():
    partner, parent = customer("Contact", is_company=False), customer("Parent")
    made = known(partner, bill(partner))
    partner.parent_id = parent
    return made

def moved():
    partner = customer("Moved", company_id=company.id)
    made = known(partner, bill(partner))
    partner.company_id = other_company
    return made

def two_companies():
    partner = customer("Everywhere")
    made = known(partner, bill(partner))
    there = env(context=dict(env.context, allowed_company_ids=other_company.ids))
    move = bill(partner.with_env(there), 9000.0, env=there)
    return {**made, "elsewhere": move.id}

def own_account():
    account = env["account.account"].create({"name": "Receivable of hotels", "code": "121777", "account_type": "asset_receivable",
                                             "reconcile": True, "company_ids": [Command.set(company.ids)]})
    partner = customer("Account")
    first = bill(partner)
    partner.property_account_receivable_id = account
    return known(partner, first, bill(partner, 50.0, 10))

def aliens(made):
    link = env["paylink.link"].browse(made["id"])
    keyring, uuid = link._get_signing_material()
    ref = int(link.public_ref, 16)
    return {
        "of an invoice": tokens.mint(keyring, "invoice", ref, 0, uuid),
        "of a page": tokens.mint(keyring, "page", ref, 0, uuid),
        "of a copy of the database": tokens.mint(keyring, "balance", ref, 0, str(uuid4())),
        "of another key": tokens.mint(derived("0" * 64), "balance", ref, 0, uuid),
        "of the next generation": tokens.mint(keyring, "balance", ref, 1, uuid),
        "of no link": tokens.mint(keyring, "balance", ref ^ 1, 0, uuid),
    }

first = owed("First")
secret = bill(customer("Secret"), 777.0)
invoice_link = env["paylink.link"].create({"move_id": first["moves"][0], "partner_id": first["partner"], "channel": "email"})
answer({
    "free": f"{free.id}-{methods[0].id}", "dear": f"{dear.id}-{methods[1].id}", "hidden": f"{hidden.id}-{methods[2].id}",
    "provider": dear.id, "method": methods[1].id, "company": company.id,
    "first": first, "aliens": aliens(first), "invoice_token": invoice_link._get_token(),
    "secret": secret.id, "draft": bill(env["res.partner"].browse(first["partner"]), 5.0, post=False).id,
    "owed": [owed(f"Owed{number}") for number in range(14)],
    "closed": {"not_payable": [blocked()], "paid": [draft_only(), cancelled(), paid(), credit(), known(customer("Nothing"))]},
    "currencies": two_currencies(), "archived": archived(), "merged": merged(), "contact": became_contact(),
    "moved": moved(), "everywhere": two_companies(), "account": own_account(),
})
"""
)

ROUTES = ("", "/pdf", "/pay", "/options", "/qr.svg", "/receipt/x", "/invoice/1", "/invoice/1/pdf")
POSTED = ("/seen", "/quote", "/pay", "/transaction", "/comment", "/consent")


@pytest.fixture(scope="module")
def shop(odoo_stand):
    """Return a seller whose customers have balance links, in every state."""
    world = get_world(odoo_stand)
    seller = SimpleNamespace(world=world, **odoo_stand.shell(SELLER))
    # Not in the shell, which tells the workers nothing of what they keep.
    odoo_stand.call("res.users", "write", [world.biller_id], {"company_ids": [(4, seller.company)]})
    # As if the biller had generated them: who made a link, or a manager, replaces and ends it.
    world.sql("UPDATE paylink_link SET user_id = %s WHERE kind = 'balance'", world.biller_id)
    return seller


def get(shop, link, suffix="", **headers):
    return shop.world.ask(f"/paylink/balance/{link['token']}{suffix}", headers=headers)


def ask(shop, link, headers=None, **wish):
    body = {"amount": "full", "tip": "0", "option": shop.free, **wish}
    return shop.world.ask(f"/paylink/balance/{link['token']}/quote", "POST", body, headers)


def pay(shop, link, fields, **headers):
    return shop.world.post_form(f"/paylink/balance/{link['token']}/pay", fields, **headers)


def as_biller(shop, model, method, *arguments):
    context = {"allowed_company_ids": [shop.company]}
    return shop.world.as_biller(model, method, *arguments, context=context)


def rows_of(shop, link):
    """Return the numbers of quotes and payments of a balance link."""
    return shop.world.sql(
        "SELECT (SELECT count(*) FROM paylink_quote WHERE link_id = %s),"
        " (SELECT count(*) FROM payment_transaction WHERE paylink_link_id = %s)",
        link["id"],
        link["id"],
    )[0]


def payments_of(shop, link):
    """Return the amounts of the payments of a balance link, and whether they are still open."""
    return shop.world.sql(
        "SELECT amount::float, state FROM payment_transaction WHERE paylink_link_id = %s ORDER BY id",
        link["id"],
    )


def assert_refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer
    assert_promised(answer)


# === A1, A2: FORGED AND FOREIGN === #


def test_every_token_that_is_not_ours_gets_the_same_answer(shop):
    token = shop.first["token"]
    forged = [token[:length] for length in (0, 1, 8, 34)] + [
        token + "0",
        token.swapcase(),
        "x" * 9000,
    ]
    forged += [
        token[:place] + ALPHABET[(ALPHABET.index(token[place]) + 1) % 62] + token[place + 1 :]
        for place in range(35)
    ]
    forged += ["%00", token + "%00", token + "%20", "\u0661" * 35, shop.invoice_token]
    forged += shop.aliens.values()
    reference = shop.world.ask("/paylink/balance/" + "0" * 35)
    assert reference.status == 404
    assert_promised(reference)
    for each in forged:
        assert shop.world.ask(f"/paylink/balance/{each}").fingerprint == reference.fingerprint, each


@pytest.mark.parametrize("route", ROUTES + POSTED)
def test_each_route_opens_for_its_own_kind_only(shop, route):
    for path in (
        f"/paylink/{shop.first['token']}{route}",
        f"/paylink/balance/{shop.invoice_token}{route}",
    ):
        verb = "POST" if route in POSTED else "GET"
        answer = shop.world.ask(path, verb, {} if verb == "POST" else None)
        assert answer.status == 404, (path, answer)
        assert_promised(answer)


def test_no_parameter_opens_more(shop):
    page = get(
        shop,
        shop.first,
        f"?partner_id=1&invoice_id={shop.secret}&company_id=1&document={shop.secret}",
    )
    assert page.status == 200
    assert "777.00" not in page.text and "Secret" not in page.text
    assert "150.00" in page.text
    for junk in (
        "currency=" + "x" * 5000,
        "currency=%00",
        "currency[]=1",
        "document=-1",
        "document=1e9",
        "asked=%F0",
    ):
        answer = get(shop, shop.first, f"?{junk}")
        assert answer.status == 200 and "150.00" in answer.text, (junk, answer)


# === DOCUMENTS === #


def test_documents_of_the_customer_open_and_nothing_else(shop):
    link = shop.first
    for move, name in zip(link["moves"], link["names"], strict=True):
        page = get(shop, link, f"/invoice/{move}")
        assert page.status == 200 and name in page.text, page
        assert_promised(page)
        pdf = get(shop, link, f"/invoice/{move}/pdf")
        assert pdf.status == 200 and pdf.body.startswith(b"%PDF"), pdf
        assert_promised(pdf, is_file=True)
    reference = get(shop, link, "/invoice/0")
    others = (shop.secret, shop.draft, shop.owed[0]["moves"][0], shop.everywhere["elsewhere"])
    for move in (*others, 2**31, 2**70):
        for suffix in ("", "/pdf"):
            answer = get(shop, link, f"/invoice/{move}{suffix}")
            assert answer.fingerprint == reference.fingerprint, (move, suffix, answer)
    for path in ("/invoice/-1", "/invoice/x", "/invoice/1/x", "/invoice/%00", "/invoice/1.pdf"):
        assert get(shop, link, path).status == 404, path


def test_the_statement_is_a_file_of_this_customer(shop):
    pdf = get(shop, shop.first, "/pdf")
    assert pdf.status == 200 and pdf.body.startswith(b"%PDF")
    assert "attachment" in pdf["content-disposition"]
    assert_promised(pdf, is_file=True)


def test_companies_stay_apart(shop):
    page = get(shop, shop.everywhere)
    assert "100.00" in page.text
    assert "9,000" not in page.text and "Neighbour" not in page.text
    assert get(shop, shop.everywhere, f"/invoice/{shop.everywhere['elsewhere']}").status == 404


# === A4: REPLACED AND REVOKED === #


def test_a_replaced_link_is_dead_at_once_on_every_worker(shop):
    link = shop.owed.pop()
    price = ask(shop, link).json
    as_biller(shop, "res.partner", "action_paylink_regenerate_balance", [link["partner"]])
    for _number in range(6):
        for route in ROUTES:
            assert get(shop, link, route).status == 404, route
        for route in POSTED:
            answer = shop.world.ask(f"/paylink/balance/{link['token']}{route}", "POST", {})
            assert answer.status == 404, (route, answer)
    assert pay(shop, link, f"quote={price['quote']}").status == 404
    as_biller(shop, "res.partner", "action_paylink_revoke_balance", [link["partner"]])


def test_a_revoked_link_says_so_and_closes_every_route(shop):
    link = shop.owed.pop()
    quoted = ask(shop, link).json
    rows = rows_of(shop, link)
    as_biller(shop, "res.partner", "action_paylink_revoke_balance", [link["partner"]])
    page = get(shop, link)
    assert page.status == 410 and "Balance Seller" in page.text
    for text in ("100.00", *link["names"], "Owed"):
        assert text not in page.text
    move = link["moves"][0]
    for route in (
        "/pdf",
        "/pay",
        "/options",
        "/qr.svg",
        "/receipt/x",
        f"/invoice/{move}",
        f"/invoice/{move}/pdf",
    ):
        answer = get(shop, link, route)
        assert answer.status == 410, (route, answer)
        assert_promised(answer)
    assert_refused(ask(shop, link), 410, "revoked")
    assert pay(shop, link, f"quote={quoted['quote']}").status == 410
    assert rows_of(shop, link) == rows


# === C14: VERBS, ORIGINS, TYPES === #


def test_wrong_verbs_do_nothing(shop):
    link = shop.first
    for route, verb in (
        *(("", verb) for verb in ("POST", "PUT", "DELETE", "PATCH")),
        *(("/pdf", "POST"), ("/options", "POST"), ("/invoice/1", "POST"), ("/qr.svg", "DELETE")),
        *((route, "GET") for route in ("/quote", "/seen", "/transaction", "/comment", "/consent")),
        ("/pay", "PUT"),
    ):
        answer = shop.world.ask(f"/paylink/balance/{link['token']}{route}", verb)
        assert answer.status == 405, (route, verb, answer)
        assert_promised(answer)


def test_other_sites_and_other_types_are_refused(shop):
    link = shop.first
    rows = rows_of(shop, link)
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert_refused(ask(shop, link, headers=headers), 403, "foreign_origin")
        assert_refused(pay(shop, link, "amount=full", **headers), 403, "foreign_origin")
    path = f"/paylink/balance/{link['token']}"
    for kind in ("text/plain", "", "application/jsonp"):
        body = json.dumps({"amount": "full"})
        for route in ("quote", "pay"):
            answer = shop.world.ask(f"{path}/{route}", "POST", body, {"Content-Type": kind})
            assert_refused(answer, 400, "invalid_request")
    for body in ("", "[]", "null", "{", "[" * 20_000, "\x00"):
        answer = shop.world.ask(f"{path}/quote", "POST", body, {"Content-Type": "application/json"})
        assert_refused(answer, 400, "invalid_request")
    assert rows_of(shop, link) == rows


def test_who_is_logged_in_is_nobody_else_here(shop):
    cookie = {"Cookie": shop.world.log_in(shop.world.biller)}
    page = get(shop, shop.first, **cookie)
    assert page.status == 200 and "150.00" in page.text
    assert not page["set-cookie"]
    assert ask(shop, shop.first, headers=cookie).status == 200


# === D15, D16: AMOUNTS === #

AMOUNTS = [
    *(
        "NaN",
        "Infinity",
        "1e308",
        "-0",
        "-1",
        "0",
        "1,000",
        "\uff11\uff10",
        " 10",
        "0x10",
        "10.001",
    ),
    *("9.99", "150.01", "9" * 400, "", "other", "chosen", "FULL", "full\x00", "' OR 1=1--"),
    *(None, True, 10, 10.5, 10**40, [], ["full"], {}),
]


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
def test_whatever_is_no_amount_has_no_price_and_leaves_no_row(shop, amount):
    link = shop.owed[0]
    assert_refused(ask(shop, link, amount=amount), 400, "invalid_amount")
    assert rows_of(shop, link) == (0, 0)


def test_documents_of_others_cannot_be_chosen(shop):
    link = shop.owed[0]
    for documents in (
        *([], [shop.secret], [shop.first["moves"][0]], [0], ["x"], [[]], [{}], [None]),
        *("all", 5, None, {"id": 1}, [str(10**40)], [-1]),
    ):
        answer = ask(shop, link, amount="chosen", documents=documents)
        assert_refused(answer, 400, "invalid_amount")
        assert answer.json["message"]
    assert rows_of(shop, link) == (0, 0)
    price = ask(shop, link, amount="chosen", documents=[link["moves"][1], shop.secret]).json
    assert price["total"] == "50.00"


def test_options_tips_and_currencies_that_are_not_offered_are_refused(shop):
    link = shop.owed[1]
    for option in (shop.hidden, "0-0", "", None, 1, True, [], "x" * 9999, "1-1\x00"):
        assert_refused(ask(shop, link, option=option), 400, "invalid_option")
    for tip in ("1", "17.9", "18.0", "-18", "18%", True, 18, []):
        assert_refused(ask(shop, link, tip=tip), 400, "invalid_tip")
    for currency in ("XYZ", "usd", "USD\x00", [], ["USD"], {}, 5, True):
        assert_refused(ask(shop, link, currency=currency), 400, "invalid_request")
    assert_refused(ask(shop, link, currency="EUR"), 409, "paid")
    assert rows_of(shop, link) == (0, 0)


def test_no_key_of_the_browser_changes_a_price(shop):
    link = shop.owed.pop()
    evil = {
        "base": "0.01",
        "fee": "-5",
        "total": "0.01",
        "credit": "99",
        "partner_id": 1,
        "company_id": 1,
    }
    evil |= {
        "currency_id": 1,
        "is_validation": True,
        "landing_route": "//evil.example",
        "move_id": 1,
    }
    price = ask(shop, link, option=shop.dear, tip="20", **evil).json
    # 150 + 30 tip, + 2.9 % + 0.30
    assert (price["total"], price["currency"]) == ("185.52", "USD")
    fields = f"quote={price['quote']}&fee_accepted=1&total=0.01&amount=10&currency=EUR"
    assert pay(shop, link, fields).status == 303
    assert payments_of(shop, link) == [(185.52, "draft")]


def test_fee_is_charged_only_after_the_tick_for_that_very_price(shop):
    link, other = shop.owed.pop(), shop.owed[0]
    price = ask(shop, link, option=shop.dear).json
    foreign = ask(shop, other, option=shop.dear).json
    assert price["fee"] in price["fee_text"]
    for tick in ("", "&fee_accepted=0", "&fee_accepted=on"):
        assert_refused(pay(shop, link, f"quote={price['quote']}{tick}"), 400, "fee_not_accepted")
    for quote in (foreign["quote"], "0" * 32, "", "%00", "x" * 9999):
        answer = pay(shop, link, f"quote={quote}&fee_accepted=1")
        assert_refused(answer, 400, "invalid_request")
    assert payments_of(shop, link) == []


# === E17–E19: STATES AND REPLAYS === #


def test_what_cannot_be_paid_has_no_price(shop):
    for code, links in shop.closed.items():
        for link in links:
            for answer in (
                ask(shop, link),
                ask(shop, link, amount="10"),
                pay(shop, link, f"amount=full&option={shop.free}"),
                get(shop, link, "/options"),
            ):
                assert_refused(answer, 409, code)
            page = get(shop, link)
            assert page.status == 200 and 'id="o_paylink_pay"' not in page.text
            assert rows_of(shop, link) == (0, 0)


def test_the_same_payment_sent_again_is_one_payment(shop):
    link = shop.owed.pop()
    price = ask(shop, link).json
    for _number in range(5):
        answer = pay(shop, link, f"quote={price['quote']}")
        assert answer.status == 303 and "/paylink/balance/" in answer["location"]
    assert payments_of(shop, link) == [(150.0, "draft")]
    again = ask(shop, link).json
    assert again["quote"] == price["quote"]


def test_what_staff_change_after_the_price_is_told(shop):
    link = shop.owed.pop()
    price = ask(shop, link).json
    as_biller(shop, "account.move", "button_draft", [link["moves"][1]])
    answer = pay(shop, link, f"quote={price['quote']}")
    assert_refused(answer, 409, "changed")
    assert "100.00" in answer.json["message"]
    page = pay(shop, link, f"quote={price['quote']}", Accept="text/html")
    assert page.status == 409 and "100.00" in page.text
    assert payments_of(shop, link) == []
    assert ask(shop, link).json["total"] == "100.00"


def test_price_stands_a_quarter_of_an_hour(shop):
    link = shop.owed.pop()
    price = ask(shop, link).json
    shop.world.sql(
        "UPDATE paylink_quote SET expiration_date = now() at time zone 'utc' - interval '1 second'"
        " WHERE reference = %s",
        price["quote"],
    )
    assert_refused(pay(shop, link, f"quote={price['quote']}"), 409, "changed")


def test_without_a_script_ticks_and_fees_are_shown_before_anything_is_paid(shop):
    link = shop.owed.pop()
    html = {"Accept": "text/html"}
    fields = f"amount=full&document={link['moves'][1]}&tip=18&option={shop.dear}&currency=USD"
    review = pay(shop, link, fields, **html)
    assert review.status == 200
    # 50 + 9 tip, + 2.9 % + 0.30
    for text in (
        "50.00",
        "9.00",
        "2.01",
        "61.01",
        link["names"][1],
        'name="fee_accepted"',
        "Back to your balance",
    ):
        assert text in review.text, text
    assert link["names"][0] not in review.text
    assert payments_of(shop, link) == []


def test_currencies_are_priced_apart(shop):
    link = shop.currencies
    page = get(shop, link)
    assert "100.00" in page.text and "70.00" in page.text and "170" not in page.text
    assert ask(shop, link).json["total"] == "100.00"
    euro = ask(shop, link, currency="EUR").json
    assert (euro["total"], euro["currency"]) == ("70.00", "EUR")
    answer = ask(shop, link, currency="EUR", amount="chosen", documents=[link["moves"][0]])
    assert_refused(answer, 400, "invalid_amount")
    assert pay(shop, link, f"quote={euro['quote']}&currency=USD").status == 303
    assert payments_of(shop, link) == [(70.0, "draft")]


# === CUSTOMERS WHO CHANGE === #


def test_an_archived_customer_still_pays(shop):
    assert "100.00" in get(shop, shop.archived).text
    assert ask(shop, shop.archived).json["total"] == "100.00"


def test_a_merged_customer_has_one_balance(shop):
    page = get(shop, shop.merged)
    assert page.status == 200 and "120.00" in page.text
    assert ask(shop, shop.merged).json["total"] == "120.00"


def test_who_became_a_contact_of_a_company_has_no_balance_any_more(shop):
    page = get(shop, shop.contact)
    assert page.status == 410 and "100.00" not in page.text
    assert get(shop, shop.contact, f"/invoice/{shop.contact['moves'][0]}").status == 410


def test_a_customer_who_was_moved_to_another_company_still_owes_the_first_one(shop):
    page = get(shop, shop.moved)
    assert page.status == 200 and "100.00" in page.text and "Neighbour" not in page.text


def test_two_receivable_accounts_are_one_balance(shop):
    assert ask(shop, shop.account).json["total"] == "150.00"
