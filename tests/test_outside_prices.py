# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What customers pay, asked from outside: SECURITY.md, parts D and E, on a server with workers."""

import json
from types import SimpleNamespace

import pytest
from outside import OFFERS, assert_promised, get_world

SELLER = (
    """
from odoo import Command, fields
company = env["res.company"].create({"name": "Price Seller", "currency_id": env.ref("base.USD").id})
env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids, tracking_disable=True))
company = company.with_env(env)
"""
    + OFFERS
    + """
customer = env["res.partner"].create({"name": "Price Customer", "email": "price@customer.example.com"})

def invoice(post=True, **values):
    move = env["account.move"].create({
        "move_type": "out_invoice", "partner_id": customer.id, "invoice_date": fields.Date.today(),
        "invoice_line_ids": [Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": [Command.clear()]})],
        **values,
    })
    if post:
        move.action_post()
    return move

def link(move):
    made = env["paylink.link"].create({"move_id": move.id, "partner_id": customer.id, "channel": "email"})
    made._mark_sent()
    return {"id": made.id, "token": made._get_token(), "move": move.id}

def pay(move):
    env["account.payment.register"].with_context(active_model="account.move", active_ids=move.ids).create({})._create_payments()
    return move

draft, cancelled, paid, reversed_one, blocked = invoice(post=False), invoice(), pay(invoice()), invoice(), invoice()
cancelled.button_cancel()
reversed_one._reverse_moves(cancel=True)
zero = invoice(invoice_line_ids=[Command.create({"name": "Gift", "price_unit": 0.0, "tax_ids": [Command.clear()]})])
blocked.line_ids.filtered(lambda line: line.display_type == "payment_term").no_followup = True
yen = env.ref("base.JPY")
yen.active = True
answer({
    "free": f"{free.id}-{methods[0].id}", "dear": f"{dear.id}-{methods[1].id}",
    "hidden": f"{hidden.id}-{methods[2].id}", "crossed": f"{free.id}-{methods[1].id}",
    "provider": dear.id, "method": methods[1].id, "company": company.id,
    "links": [link(invoice()) for _number in range(30)],
    "yen": link(invoice(currency_id=yen.id)),
    "closed": {
        "draft": link(draft), "cancelled": link(cancelled), "paid": link(paid),
        "credited": link(reversed_one), "zero": link(zero),
        "credit note": link(invoice(move_type="out_refund")),
    },
})
"""
)

AMOUNTS = [
    *("NaN", "nan", "Infinity", "-Infinity", "1e308", "1E2", "1e-2", "-0", "-1", "+1", "0", "0.00"),
    *("1,000", "1 000", "1_0", "\uff11\uff10", "\u0661\u0660", " 10", "10 ", "10\n", "0x10", "010"),
    *("10.001", "10.", ".5", "100.01", "9" * 400, "", "other", "FULL", "full\x00", "9.99", "90.01"),
    *("' OR 1=1--", "<script>", "{{7*7}}", "\ud83d\ude00", "10;11", "1e1"),
    *(None, True, False, 10, 10.5, -1, 10**40, [], ["full"], [[]], {}, {"amount": "full"}),
]
TIPS = ["1", "17.9", "18.0", "018", "-18", "18%", "NaN", " 18", "1e1", "9" * 99, True, 18, 18.0, []]


@pytest.fixture(scope="module")
def shop(odoo_stand):
    """Return a seller with a free and a dear way to pay, a hidden one, and links in every state."""
    world = get_world(odoo_stand)
    seller = SimpleNamespace(world=world, **odoo_stand.shell(SELLER))
    # Not in the shell, which tells the workers nothing of what they keep.
    odoo_stand.call("res.users", "write", [world.biller_id], {"company_ids": [(4, seller.company)]})
    return seller


def ask(shop, link, route="quote", headers=None, **wish):
    body = {"amount": "full", "tip": "0", "option": shop.free, **wish}
    return shop.world.ask(f"/paylink/{link['token']}/{route}", "POST", body, headers)


def pay(shop, link, fields, **headers):
    return shop.world.post_form(f"/paylink/{link['token']}/pay", fields, **headers)


def start(shop, link, quote=None, **params):
    choice = {"provider_id": shop.provider, "payment_method_id": shop.method, "flow": "direct"}
    query = f"?quote={quote}" if quote else ""
    path = f"/paylink/{link['token']}/transaction{query}"
    return shop.world.ask(path, "POST", {"params": {**choice, **params}})


def rows_of(shop, link):
    """Return the numbers of quotes and transactions of a document."""
    return shop.world.sql(
        "SELECT (SELECT count(*) FROM paylink_quote_line WHERE move_id = %s),"
        " (SELECT count(*) FROM account_invoice_transaction_rel WHERE invoice_id = %s)",
        link["move"],
        link["move"],
    )[0]


def assert_refused(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer
    assert_promised(answer)


# === D15: AMOUNTS === #


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
def test_whatever_is_no_amount_has_no_price_and_leaves_no_row(shop, amount):
    link = shop.links[-1]
    assert_refused(ask(shop, link, amount=amount), 400, "invalid_amount")
    assert rows_of(shop, link) == (0, 0)


def test_amounts_lie_between_the_minimum_and_all(shop):
    link = shop.links.pop()
    for amount in ("10", "10.00", "55.55", "90.00", "100", "100.00", "full", "next"):
        assert ask(shop, link, amount=amount).status == 200, amount


def test_amounts_have_the_digits_of_their_currency(shop):
    assert ask(shop, shop.yen, amount="50").json["base"] == "50"
    assert_refused(ask(shop, shop.yen, amount="50.5"), 400, "invalid_amount")
    assert_refused(ask(shop, shop.yen, amount="50.00"), 400, "invalid_amount")


def test_only_what_is_offered_is_priced(shop):
    link = shop.links[-1]
    for option in (
        shop.hidden,
        shop.crossed,
        "0-0",
        "",
        None,
        1,
        True,
        [],
        {},
        "x" * 9999,
        "1-1\x00",
    ):
        assert_refused(ask(shop, link, option=option), 400, "invalid_option")
    for tip in TIPS:
        assert_refused(ask(shop, link, tip=tip), 400, "invalid_tip")
    assert rows_of(shop, link) == (0, 0)


def test_no_key_of_the_browser_changes_a_price(shop):
    link = shop.links.pop()
    evil = {"base": "0.01", "fee": "-5", "total": "0.01", "currency": "JPY", "currency_id": 1}
    evil |= {
        "company_id": 1,
        "is_validation": True,
        "landing_route": "//evil.example",
        "move_id": 1,
    }
    price = ask(shop, link, option=shop.dear, **evil).json
    assert (price["total"], price["currency"]) == ("103.20", "USD")
    assert pay(shop, link, f"quote={price['quote']}&fee_accepted=1&total=0.01").status == 303
    answer = start(shop, link, price["quote"], amount=0.01, **evil)
    assert answer.status == 200, answer
    ((amount, fee, landing),) = shop.world.sql(
        "SELECT amount, paylink_fee_amount, landing_route FROM payment_transaction t"
        " JOIN account_invoice_transaction_rel r ON r.transaction_id = t.id WHERE r.invoice_id = %s",
        link["move"],
    )
    assert (float(amount), float(fee), landing) == (103.2, 3.2, "/paylink/landing")


# === D16: TIPS AND FEES === #


def test_price_adds_up_to_the_cent(shop):
    link = shop.links.pop()
    for amount in ("33.33", "10.01", "77.77", "full"):
        for tip in ("0", "18", "20", "25"):
            price = ask(shop, link, amount=amount, tip=tip, option=shop.dear).json
            base, tipped, fee, total = (
                round(float(price[name]) * 100) for name in ("base", "tip", "fee", "total")
            )
            assert base + tipped + fee == total
            assert abs(tipped - base * int(tip) / 100) <= 0.5
            assert fee == min(1000, int((base + tipped) * 0.029 + 30 + 0.5))


def test_fee_is_charged_only_after_the_tick_for_that_very_price(shop):
    link, other = shop.links.pop(), shop.links.pop()
    price = ask(shop, link, option=shop.dear).json
    cheaper = ask(shop, link, option=shop.dear, amount="50").json
    foreign = ask(shop, other, option=shop.dear).json
    assert price["fee"] in price["fee_text"]
    for tick in ("", "&fee_accepted=0", "&fee_accepted=true", "&fee_accepted=on", "&fee_accepted="):
        assert_refused(pay(shop, link, f"quote={price['quote']}{tick}"), 400, "fee_not_accepted")
    for quote in (foreign["quote"], "0" * 32, "", "%00", "x" * 9999):
        answer = pay(shop, link, f"quote={quote}&fee_accepted=1")
        assert_refused(answer, 400, "invalid_request")
    for quote, code in ((price["quote"], "fee_not_accepted"), (None, "fee_not_accepted")):
        answer = start(shop, link, quote)
        assert answer.status == 400 and answer.json["error"]["data"]["code"] == code, answer
    assert rows_of(shop, link)[1] == 0
    assert pay(shop, link, f"quote={cheaper['quote']}&fee_accepted=1").status == 303
    assert_refused(pay(shop, link, f"quote={price['quote']}"), 400, "fee_not_accepted")
    ((kept,),) = shop.world.sql(
        "SELECT count(*) FROM paylink_event WHERE link_id = %s AND event_type = 'fee_accepted'"
        " AND quote_id IS NOT NULL AND ip_address IS NOT NULL AND user_agent IS NOT NULL",
        link["id"],
    )
    assert kept == 1


def test_without_a_script_the_fee_is_shown_and_asked_for(shop):
    link = shop.links.pop()
    html = {"Accept": "text/html"}
    review = pay(shop, link, f"amount=full&tip=18&option={shop.dear}", **html)
    assert review.status == 200
    assert_promised(review)
    for text in ("100.00", "18.00", "3.72", "121.72", 'name="fee_accepted"'):
        assert text in review.text, text
    assert "checked" not in review.text
    refused = pay(shop, link, "amount=other&amount_other=95,5&option=" + shop.free, **html)
    assert refused.status == 400
    assert_promised(refused)


# === E17, E18: STATES === #


def test_what_cannot_be_paid_has_no_price(shop):
    for state, link in shop.closed.items():
        code = "paid" if state in ("paid", "credited", "zero") else "not_payable"
        for answer in (
            ask(shop, link),
            pay(shop, link, f"amount=full&option={shop.free}"),
            shop.world.ask(f"/paylink/{link['token']}/options"),
        ):
            assert answer.status == 409, (state, answer)
            assert answer.json["code"] == code, (state, answer)
            assert_promised(answer)
        assert rows_of(shop, link) == (0, 0), state
        assert shop.world.ask(f"/paylink/{link['token']}").status == 200


def test_revoked_link_has_no_price(shop):
    link = shop.links.pop()
    shop.world.set_link(link, revoked_date="now() at time zone 'utc'")
    for answer in (ask(shop, link), pay(shop, link, "amount=full")):
        assert_refused(answer, 410, "revoked")
    assert shop.world.ask(f"/paylink/{link['token'][:-1]}0/options").status == 404


def test_what_staff_change_after_the_price_is_told(shop):
    def as_biller(link, method, *arguments):
        context = {"allowed_company_ids": [shop.company]}
        shop.world.as_biller("account.move", method, [link["move"]], *arguments, context=context)

    link = shop.links.pop()
    price = ask(shop, link).json
    as_biller(link, "button_draft")
    assert_refused(pay(shop, link, f"quote={price['quote']}"), 409, "not_payable")
    line = shop.world.sql(
        "SELECT id FROM account_move_line WHERE move_id = %s AND display_type = 'product'",
        link["move"],
    )[0][0]
    as_biller(link, "write", {"invoice_line_ids": [(1, line, {"price_unit": 120.0})]})
    as_biller(link, "action_post")
    assert_refused(pay(shop, link, f"quote={price['quote']}"), 409, "changed")
    answer = start(shop, link, price["quote"])
    assert answer.status in (400, 409) and rows_of(shop, link)[1] == 0
    page = pay(shop, link, f"quote={price['quote']}", Accept="text/html")
    assert page.status == 409 and "120.00" in page.text
    assert ask(shop, link).json["total"] == "120.00"


def test_price_stands_a_quarter_of_an_hour(shop):
    link = shop.links.pop()
    price = ask(shop, link).json
    shop.world.sql(
        "UPDATE paylink_quote SET expiration_date = now() at time zone 'utc' - interval '1 second' WHERE reference = %s",
        price["quote"],
    )
    assert_refused(pay(shop, link, f"quote={price['quote']}"), 409, "changed")


def test_new_fee_counts_at_once_on_all_workers_whoever_changes_it(shop, odoo_stand):
    link, provider = shop.links.pop(), shop.dear.partition("-")[0]
    for percent, fee in (("5.0", "5.30"), ("2.9", "3.20")):
        # Other than a request, a shell tells the workers nothing by itself.
        odoo_stand.shell(
            f"env['payment.provider'].browse({provider}).paylink_fee_percent = {percent}"
        )
        for _time in range(6):
            assert ask(shop, link, option=shop.dear).json["fee"] == fee


# === C14 === #


def test_prices_are_asked_from_our_own_pages_only(shop):
    link = shop.links[-1]
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert_refused(ask(shop, link, headers=headers), 403, "foreign_origin")
        assert_refused(pay(shop, link, "amount=full", **headers), 403, "foreign_origin")
    for kind in ("text/plain", "", "application/jsonp"):
        body = json.dumps({"amount": "full"})
        path = f"/paylink/{link['token']}"
        for route in ("quote", "pay"):
            answer = shop.world.ask(f"{path}/{route}", "POST", body, {"Content-Type": kind})
            assert_refused(answer, 400, "invalid_request")
    for route, verb in (("quote", "GET"), ("options", "POST"), ("pay", "PUT")):
        answer = shop.world.ask(f"/paylink/{link['token']}/{route}", verb)
        assert answer.status == 405, (route, verb, answer)
    assert rows_of(shop, link) == (0, 0)
