# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""The link from outside: what opens nothing, when a link closes, and that nothing stored opens one.

SECURITY.md, part A, against a running server with two workers.
"""

import base64
import gzip
import os
import re
import secrets
import subprocess
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from outside import ALPHABET, LIVE_URL, Client, assert_promised, record_requests

pytestmark = pytest.mark.slow

NEVER_MINTED = "a" * 35
ANY_LINK = re.compile(LIVE_URL.pattern.encode())
GET_ROUTES = (
    "",
    "/pdf",
    "/attachment/{shared}",
    "/qr.svg",
    "/pay",
    "/receipt/{receipt}",
    "/receipt/{receipt}.pdf",
)
POST_ROUTES = ("/seen", "/comment", "/quote", "/transaction")
BOTH_ROUTES = ("/pay", "/renew")
# What people, programs and attackers write around a token, and in its place.
BEFORE_TOKEN = ("0", "%00", "%20", "x%2F", "..%2F", "%0a/", "%2e%2e/", "%25")
BEHIND_TOKEN = (
    *("0", "%00", "%20", "%0a", "%0d%0aSet-Cookie:x=1", ";a=b", "="),
    *("/x", "/x.css", "/pdf/x", "/pdf.css", "/receipt/"),
)
NO_TOKENS = (
    *("x/%0d%0a/y", "%ff%fe", "%c0%af", "%F0%9F%92%A9", "é", "null", "0", "-1", "true", "{}", "[]"),
    *("' OR 1=1--", "%27%20OR%201=1--", "..%2f..%2fetc%2fpasswd", "{{7*7}}", "*"),
    *("a" * 60_000, "0" * 35, "z" * 35),
)


def open_many(world, path, count=16):
    """Open a path many times at once, each on a connection of its own, so that all workers answer."""
    with ThreadPoolExecutor(8) as pool:
        return [answer.status for answer in pool.map(lambda _number: world.ask(path), range(count))]


# === A1, A2: WHAT OPENS NOTHING === #


def decode(token):
    value = 0
    for letter in token:
        value = value * 62 + ALPHABET.index(letter)
    return value


def encode(value):
    letters = ""
    for _place in range(35):
        value, digit = divmod(value, 62)
        letters = ALPHABET[digit] + letters
    assert not value
    return letters


def alter(token):
    """Return what somebody may make of a genuine token, as it stands in the request line."""
    for length in range(1, 35):
        yield token[:length]
    for place, letter in enumerate(token):
        for other in (ALPHABET[(ALPHABET.index(letter) + 1) % 62], letter.swapcase(), "%00", "-"):
            if other != letter:
                yield token[:place] + other + token[place + 1 :]
        # Full-width digits and letters look alike and fold together
        yield token[:place] + chr(ord(letter) + 0xFEE0) + token[place + 1 :]
    # The same bytes, spelled with a number that is too large for them
    yield encode(decode(token) + 2**208)
    yield from (token[::-1], token + token, token.upper(), token.lower())
    for before in BEFORE_TOKEN:
        yield before + token
    for behind in BEHIND_TOKEN:
        yield token + behind
    yield from NO_TOKENS


def test_whatever_is_forged_or_altered_gets_the_same_404_byte_for_byte(world):
    token = world.pool[-1]["token"]
    assert world.ask(f"/paylink/{token}").status == 200
    the_404 = world.ask(f"/paylink/{NEVER_MINTED}")
    assert the_404.status == 404
    assert_promised(the_404)
    random_tokens = [
        "".join(secrets.choice(ALPHABET) for _letter in range(35)) for _token in range(100)
    ]
    forged = [quote(path, safe="/%;=*'-") for path in (*alter(token), *random_tokens)]
    assert len(forged) > 300

    def differs(path):
        return world.ask(f"/paylink/{path}").fingerprint != the_404.fingerprint

    with ThreadPoolExecutor(4) as pool:
        wrong = [
            path
            for path, is_wrong in zip(forged, pool.map(differs, forged), strict=True)
            if is_wrong
        ]
    assert wrong == []


@pytest.mark.parametrize("route", POST_ROUTES)
def test_forged_tokens_get_it_from_routes_that_write(world, route):
    tokens = [NEVER_MINTED, world.pool[-1]["token"][:-1], *world.alien_tokens.values()]
    answers = [world.ask(f"/paylink/{token}{route}", "POST", {"body": "x"}) for token in tokens]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.fingerprint for answer in answers}) == 1
    assert_promised(answers[0])


def test_a_token_opens_its_own_purpose_document_and_database_only(world):
    the_404 = world.ask(f"/paylink/{NEVER_MINTED}")
    for title, token in world.alien_tokens.items():
        for route in ("", "/pdf", "/qr.svg", "/renew", "/pay"):
            assert world.ask(f"/paylink/{token}{route}").fingerprint == the_404.fingerprint, (
                title,
                route,
            )
    token = world.pool[-1]["token"]
    for route in ("", "/pdf", "/pay", "/renew", "/receipt/x"):
        answer = world.ask(f"/paylink/balance/{token}{route}")
        assert answer.fingerprint == the_404.fingerprint, route


def test_a_link_opens_no_file_or_receipt_of_another_document(world):
    ours, others = world.dialog_links[0]["token"], world.others[0]["token"]
    assert world.ask(f"/paylink/{ours}/attachment/{world.shared}").body == b"shared file"
    the_404 = world.ask(f"/paylink/{NEVER_MINTED}").fingerprint
    receipt = start_payment(world, world.to_pay)["reference"]
    assert world.ask(f"/paylink/{world.to_pay['token']}/receipt/{receipt}").status == 200
    for path in (
        f"{others}/attachment/{world.shared}",
        f"{ours}/attachment/{world.private}",
        f"{ours}/attachment/{world.foreign}",
        f"{ours}/receipt/{receipt}",
        f"{ours}/receipt/{receipt}.pdf",
        f"{ours}/receipt/%",
    ):
        assert world.ask(f"/paylink/{path}").fingerprint == the_404, path


def test_a_forged_token_is_turned_away_before_any_query_on_links(world):
    with closing(world.stand.connect()) as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE paylink_link IN ACCESS EXCLUSIVE MODE")
        # Whoever asks the table waits for us now: the forged ones do not, ...
        for token in (
            NEVER_MINTED,
            world.pool[-1]["token"][:-1] + "%00",
            *world.pool[-1]["token"][:3],
        ):
            assert world.ask(f"/paylink/{token}").status == 404
        genuine = ThreadPoolExecutor(1).submit(world.ask, f"/paylink/{world.pool[-1]['token']}")
        with pytest.raises(TimeoutError):  # ... the genuine one does.
            genuine.result(timeout=1.5)
        connection.rollback()
        assert genuine.result(timeout=60).status == 200


def test_extra_and_duplicate_parameters_change_nothing(world):
    path = f"/paylink/{world.pool[-1]['token']}"

    def look(query=""):
        answer = world.ask(path + query)
        assert_promised(answer)
        return answer.status, re.sub(r'nonce="[^"]+"', "", answer.text)

    plain = look()
    assert plain[0] == 200
    for query in (
        f"?invoice_id={world.sent}&move_id={world.sent}&link_id=1",
        "?token=x&token=y&kind=balance&kind=invoice",
        "?access_token=x&db=other&debug=assets&lang=fr_FR&uid=1",
        "?redirect=//evil.example&next=https://evil.example&url=//evil.example&return_url=//e",
        "?" + "&".join(f"a{number}=1" for number in range(500)),
        "?%00=%ff&[]=1&a[b]=2&__proto__=1",
    ):
        assert look(query) == plain, query


# === A3: WHEN A LINK CLOSES === #


def start_payment(world, link, **headers):
    """Start a payment as the form of Odoo does; return what its script gets."""
    params = {"provider_id": world.provider, "payment_method_id": world.method, "flow": "direct"}
    answer = world.ask(f"/paylink/{link['token']}/transaction", "POST", {"params": params}, headers)
    assert answer.status == 200, answer
    return answer.json["result"]


def settle(world, reference):
    """Have the provider report that the money came; return what became of it."""
    return world.stand.shell(
        f"""
tx = env["payment.transaction"].search([("reference", "=", {reference!r})])
tx._set_done()
tx._post_process()
invoice = tx.invoice_ids
answer({{"state": tx.state, "attempts": len(invoice.transaction_ids), "booked": tx.payment_id.amount,
         "is_paid": invoice.payment_state in ("paid", "in_payment")}})
"""
    )


def ask_all_routes(world, token, receipt="x"):
    """Yield every answer of every route of a link."""
    names = {"shared": world.shared, "receipt": receipt}
    for route in GET_ROUTES:
        yield "GET " + route, world.ask(f"/paylink/{token}{route.format(**names)}")
    nonce = "0.0.0"
    params = {"provider_id": world.provider, "payment_method_id": world.method, "flow": "direct"}
    for title, answer in (
        ("seen", world.ask(f"/paylink/{token}/seen", "POST", {"nonce": nonce, "event": "viewed"})),
        ("comment", world.ask(f"/paylink/{token}/comment", "POST", {"body": "Let me in"})),
        ("form", world.post_form(f"/paylink/{token}/comment", "body=Let+me+in")),
        ("pay", world.ask(f"/paylink/{token}/transaction", "POST", {"params": params})),
    ):
        yield "POST " + title, answer


@pytest.mark.parametrize(
    ("state", "columns"),
    [
        ("expired", {"expiration_date": "now() at time zone 'UTC' - interval '1 second'"}),
        ("revoked", {"revoked_date": "now() at time zone 'UTC'"}),
    ],
)
def test_an_ended_link_closes_every_route_and_names_the_seller(world, state, columns):
    link = world.take_link(**columns)
    before = world.trace(link)
    for title, answer in ask_all_routes(world, link["token"]):
        assert answer.status == 410, (title, answer)
        assert_promised(answer)
        if answer["content-type"].startswith("text/html"):
            assert "Northwind Heating" in answer.text, title
            has_way_to_renew = f'action="/paylink/{link["token"]}/renew"' in answer.text
            assert has_way_to_renew == (state == "expired"), title
            # Nothing of the document leaves any more.
            assert "Annual maintenance" not in answer.text and "100.00" not in answer.text
        elif "transaction" not in title and answer.json.get("jsonrpc") is None:
            assert answer.json == {"code": state}, title
        else:
            assert answer.json["error"]["message"] == state, title
    renewals = [world.ask(f"/paylink/{link['token']}/renew").status]
    if state == "revoked":
        renewals.append(
            world.post_form(f"/paylink/{link['token']}/renew", "email=bob@azure.example.com").status
        )
    assert set(renewals) == {200 if state == "expired" else 410}
    assert world.trace(link) == before


def test_a_live_link_opens_what_the_ended_ones_do_not(world):
    # Else the test above could pass with routes that never open.
    link = world.dialog_links[0]
    statuses = {title: answer.status for title, answer in ask_all_routes(world, link["token"])}
    assert (
        statuses.pop("GET /receipt/{receipt}") == statuses.pop("GET /receipt/{receipt}.pdf") == 404
    )
    assert set(statuses.values()) <= {200, 201, 204, 303}, statuses


def test_a_link_ends_to_the_second_in_utc(world):
    link = world.take_link()
    world.set_link(
        link,
        expiration_date="date_trunc('second', now() at time zone 'UTC') + interval '3 seconds'",
    )
    ((deadline,),) = world.sql(
        "SELECT extract(epoch FROM expiration_date AT TIME ZONE 'UTC')::float FROM paylink_link WHERE id = %s",
        link["id"],
    )
    seen = []
    while time.time() < deadline + 1:
        began = time.time()
        status = world.ask(f"/paylink/{link['token']}").status
        seen.append((began, time.time(), status))
    before = {status for _began, ended, status in seen if ended < deadline}
    after = {status for began, _ended, status in seen if began >= deadline}
    assert before == {200} and after == {410}, (deadline, seen)


def test_the_clock_of_a_first_view_is_started_by_a_person_only(world):
    link = world.take_link(hours_after_view=24, expiration_date="NULL")
    for _number in range(3):
        assert world.ask(f"/paylink/{link['token']}").status == 200
    world.beacon(link, **{"User-Agent": "WhatsApp/2.23.20.0 A"})
    ((first, end),) = world.sql(
        "SELECT first_view_date, expiration_date FROM paylink_link WHERE id = %s", link["id"]
    )
    assert (first, end) == (None, None)
    assert world.beacon(link).status == 204
    ((first, end),) = world.sql(
        "SELECT first_view_date, expiration_date FROM paylink_link WHERE id = %s", link["id"]
    )
    assert end - first == timedelta(hours=24)
    world.set_link(link, expiration_date="expiration_date - interval '24 hours'")
    assert world.ask(f"/paylink/{link['token']}").status == 410


# === A4: REVOKE AND REPLACE === #


def test_a_revoked_link_is_dead_on_all_workers_and_other_links_live_on(world):
    link, neighbour = world.take_link(), world.take_link()
    path = f"/paylink/{link['token']}"
    assert set(open_many(world, path)) == {200}
    world.as_biller("paylink.link", "action_revoke", [link["id"]])
    assert set(open_many(world, path)) == {410}
    assert world.ask(f"/paylink/{neighbour['token']}").status == 200
    ((user_id,),) = world.sql(
        "SELECT user_id FROM paylink_event WHERE link_id = %s AND event_type = 'revoked'",
        link["id"],
    )
    assert user_id == world.biller_id


def test_a_replaced_url_opens_nothing_and_the_new_one_does(world):
    link, neighbour = world.take_link(), world.take_link()
    path = f"/paylink/{link['token']}"
    assert set(open_many(world, path)) == {200}
    world.as_biller("paylink.link", "action_regenerate", [link["id"]])
    url = world.as_biller("paylink.link", "action_copy_url", [link["id"]])["url"]
    assert url.startswith(world.stand.url + "/paylink/")
    (new,) = LIVE_URL.findall(url)
    assert new != link["token"]
    assert set(open_many(world, path)) == {404}
    assert world.ask(path).fingerprint == world.ask(f"/paylink/{NEVER_MINTED}").fingerprint
    assert set(open_many(world, f"/paylink/{new}")) == {200}
    assert world.ask(f"/paylink/{neighbour['token']}").status == 200
    events = world.sql(
        "SELECT event_type, user_id FROM paylink_event WHERE link_id = %s ORDER BY id", link["id"]
    )
    # Who took the URL is written down.
    assert events[1:] == [("regenerated", world.biller_id), ("copied", world.biller_id)]


def test_revoked_in_the_middle_of_a_payment_nothing_new_starts_and_money_is_booked(world):
    link = world.to_revoke_link
    reference = start_payment(world, link)["reference"]
    world.as_biller("paylink.link", "action_revoke", [link["id"]])
    params = {"provider_id": world.provider, "payment_method_id": world.method, "flow": "direct"}
    answer = world.ask(f"/paylink/{link['token']}/transaction", "POST", {"params": params})
    assert answer.status == 410 and answer.json["error"]["message"] == "revoked"
    assert settle(world, reference) == {
        "state": "done",
        "attempts": 1,
        "booked": 100.0,
        "is_paid": True,
    }


# === A5: KEYS === #

KEYED_LINK = """
from odoo import Command, fields
company = env["res.company"].create({"name": "Key Seller", "currency_id": env.ref("base.USD").id})
env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids))
move = env["account.move"].create(
    {"move_type": "out_invoice", "partner_id": env["res.partner"].create({"name": "Key Alice"}).id,
     "invoice_date": fields.Date.today(), "invoice_line_ids": [
         Command.create({"name": "Work", "price_unit": 100.0, "tax_ids": [Command.clear()]})]}
)
move.action_post()
link = env["paylink.link"].create({"move_id": move.id, "partner_id": move.partner_id.id, "channel": "email"})
link._mark_sent()
answer({"id": link.id, "token": link._get_token()})
"""


def test_keys_are_rotated_while_the_workers_run(start_odoo, tmp_path):
    file = tmp_path / "paylink.keys"
    secrets_of_keys = [secrets.token_hex(32) for _key in range(2)]

    def write(*states):
        lines = [
            f"{number} {state} {secret}"
            for number, (state, secret) in enumerate(
                zip(states, secrets_of_keys, strict=False), start=1
            )
        ]
        # As the guide says: edit a copy and move it into place.
        copy = tmp_path / "copy"
        copy.write_text("\n".join(lines))
        copy.chmod(0o600)
        copy.rename(file)

    write("active")
    stand = start_odoo(variables={"PAYLINK_KEY_FILE": str(file)})
    client = Client(stand)
    link = stand.shell(KEYED_LINK)

    def statuses(token):
        return set(open_many(client, f"/paylink/{token}"))

    def mint():
        return stand.shell(f"answer(env['paylink.link'].browse({link['id']})._get_token())")

    assert statuses(link["token"]) == {200}
    write("verify", "active")
    new = mint()
    assert new != link["token"]
    assert statuses(link["token"]) == statuses(new) == {200}
    write("retired", "active")
    the_404 = client.ask(f"/paylink/{NEVER_MINTED}").fingerprint
    assert statuses(link["token"]) == {404}
    assert client.ask(f"/paylink/{link['token']}").fingerprint == the_404
    assert statuses(new) == {200}
    # A slip of the editor ends no link, a file that is gone neither.
    file.write_text("2 activ x")
    assert statuses(new) == {200} and statuses(link["token"]) == {404}
    file.unlink()
    assert statuses(new) == {200} and statuses(link["token"]) == {404}


# === A6: NOTHING STORED OPENS A LINK === #


@pytest.fixture(scope="module")
def live_tokens(world):
    """Return tokens that open something now, after sending, opening, asking and paying."""
    for link in world.dialog_links:
        for route in ("", "/pdf", "/qr.svg", f"/attachment/{world.shared}"):
            assert world.ask(f"/paylink/{link['token']}{route}").status == 200
        world.beacon(link)
        world.post_form(f"/paylink/{link['token']}/comment", "body=Is+this+stored%3F")
    payer = world.to_pay
    assert world.ask(f"/paylink/{payer['token']}/pay").status == 200
    reference = start_payment(world, payer)["reference"]
    world.ask(f"/paylink/{payer['token']}/receipt/{reference}")
    settle(world, reference)
    assert world.ask(f"/paylink/{payer['token']}/receipt/{reference}.pdf").status == 200
    world.as_biller("paylink.link", "action_copy_url", [payer["id"]])
    assert world.ask(f"/paylink/{world.pool[-1]['token']}/{'x' * 40}").status == 404
    # Others would do; with all of them the search takes minutes.
    return [link["token"] for link in (*world.dialog_links, payer)]


def unfold(data, depth=2):
    """Yield bytes and all that is packed in them: gzip, streams and strings of PDFs."""
    yield data
    if depth and data[:2] == b"\x1f\x8b":
        yield from unfold(gzip.decompress(data), depth - 1)
    if data[:5] == b"%PDF-":
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                unpacked = zlib.decompressobj().decompress(stream)
            except zlib.error:
                continue
            yield unpacked
        # A PDF may spell its strings with octal codes or in hexadecimal.
        yield re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8) & 255]), data)
        for text in re.findall(rb"<([0-9A-Fa-f\s]{20,})>", data):
            digits = re.sub(rb"\s", b"", text).decode()
            yield bytes.fromhex(digits + "0" * (len(digits) % 2)).replace(b"\0", b"")


def holds_token(data, needles):
    """Tell whether some data holds one of the tokens or any link, as it is or packed."""
    return any(needles.search(part) or ANY_LINK.search(part) for part in unfold(data))


def read(path):
    """Return a file's content; the server may remove a file at any moment."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def any_of(tokens):
    """Return a pattern of all tokens as they may be spelled: plain, hexadecimal, base64."""
    spellings = []
    for token in tokens:
        raw = token.encode()
        spellings += [raw, raw.hex().encode()]
        # Base64 of the middle of a text, at each of three places
        spellings += [base64.b64encode(b"0" * place + raw)[4:-4] for place in range(3)]
    return re.compile(b"|".join(spellings))


def test_the_search_finds_what_it_looks_for(world, live_tokens):
    # Else the tests below prove nothing: the copies that left do hold the live link.
    link = world.dialog_links[0]
    needles = any_of(live_tokens)
    (pdf,) = [data for name, data in link["mail"].attachments if name.endswith(".pdf")]
    assert holds_token(pdf, needles)
    assert holds_token(world.ask(f"/paylink/{link['token']}/pdf").body, needles)
    assert needles.search(base64.b64encode(b"see /paylink/" + link["token"].encode() + b" now"))


def test_a_dump_of_the_database_opens_nothing(world, live_tokens):
    dump = subprocess.run(
        ["pg_dump", "--no-owner", world.stand.database], capture_output=True, check=True
    ).stdout
    # What must be in there, so that we know to have looked at the right place
    assert b"/paylink/preview/" in dump and b"paylink_link" in dump
    assert not holds_token(dump, any_of(live_tokens))


def test_no_file_of_the_database_or_its_sessions_opens_anything(world, live_tokens):
    needles = any_of(live_tokens)
    data = Path(os.environ["ODOO_DATA_DIR"])
    files = [
        *(data / "filestore" / world.stand.database).rglob("*"),
        *(data / "sessions").rglob("*"),
    ]
    contents = {path: read(path) for path in files}
    assert any(content[:5] == b"%PDF-" for content in contents.values()), "no PDF was stored"
    assert any("sessions" in path.parts for path in contents), "no session was stored"
    assert [path for path, content in contents.items() if holds_token(content, needles)] == []


def test_the_log_holds_no_token(world, live_tokens):
    log = world.stand.log.read_text(errors="replace")
    token = world.dialog_links[0]["token"]
    assert f"/paylink/{token[:4]}…" in log, "the requests were not logged, so nothing was proven"
    assert not re.search(r"paylink(?:/|%2F)(?:balance/)?[0-9A-Za-z]{16,}", log)
    halves = [part for token in live_tokens for part in (token[:20], token[15:])]
    found = [re.search(f".*{part}.*", log) for part in halves if part in log]
    assert found == []


# === A7, A8: ADDRESSES === #


def test_no_header_of_a_request_gets_into_a_mail(world):
    evil = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "Forwarded": "host=evil.example",
        "X-Original-Host": "evil.example",
    }
    cookie = {"Cookie": world.log_in(world.biller)}
    seen = len(world.stand.mailbox.messages)

    def call(model, method, *arguments):
        context = {
            "active_model": "account.move",
            "active_ids": [world.other],
            "allowed_company_ids": [world.company],
        }
        path = f"/web/dataset/call_kw/{model}/{method}"
        params = {
            "model": model,
            "method": method,
            "args": list(arguments),
            "kwargs": {"context": context},
        }
        answer = world.ask(
            path,
            "POST",
            {"params": params},
            {**evil, **cookie},
            target=f"http://evil.example{path}",
        )
        assert "result" in answer.json, answer
        return answer.json["result"]

    (wizard_id,) = call(
        "paylink.send", "create", [{"channel": "email", "partner_ids": [(6, 0, [world.carol])]}]
    )
    call("paylink.send", "action_send", [wizard_id])
    mail = world.wait_for_mail("carol@azure.example.com", seen)
    assert f"{world.stand.url}/paylink/" in mail.html
    assert b"evil.example" not in mail.raw
    assert "evil.example" not in mail.html
    assert not any(
        b"evil.example" in part for _name, raw in mail.attachments for part in unfold(raw)
    )


def test_no_answer_leads_to_an_address_from_the_request(world):
    link = world.take_link()
    evil = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "Referer": "https://evil.example/",
    }
    query = "?redirect=//evil.example&next=//evil.example&return_url=https://evil.example"
    form = "body=Hello&redirect=//evil.example&next=//evil.example&landing_route=//evil.example"
    path = f"/paylink/{link['token']}"
    answer = world.post_form(f"{path}/comment{query}", form, **evil)
    assert answer.status == 303
    assert answer["location"].startswith(f"{path}?")
    for route in ("", "/pay", "/renew", "/receipt/x", "/seen", "/nothing"):
        answer = world.ask(path + route + query, headers=evil)
        assert "evil.example" not in answer.text + str(answer.headers), route
    landing = world.ask(f"/paylink/landing{query}", headers=evil)
    assert landing.status == 200 and not landing["location"] and "evil.example" not in landing.text


def test_the_page_asks_nobody_else_and_sets_no_cookie(world, open_page):
    link = world.dialog_links[0]
    for kind in ("desk", "phone"):
        page = open_page(kind)
        requests, complaints = record_requests(page), []
        page.on("console", lambda message: complaints.append(message.text))  # noqa: B023
        page.on("pageerror", lambda error: complaints.append(str(error)))  # noqa: B023
        page.goto(f"{world.stand.url}/paylink/{link['token']}", wait_until="networkidle")
        for summary in page.query_selector_all("details > summary"):
            if summary.is_visible():
                summary.click()
        page.wait_for_load_state("networkidle")
        assert len(requests) > 2
        for request in requests:
            is_ours = request.url.startswith(world.stand.url + "/") or request.url.startswith(
                "data:"
            )
            assert is_ours, request.url
            assert link["token"] not in request.all_headers().get("referer", ""), request.url
        assert page.context.cookies() == []
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        assert complaints == []


def test_the_payment_form_asks_nobody_else(world, open_page):
    link = next(
        link
        for link in reversed(world.pool)
        if world.ask(f"/paylink/{link['token']}/pay").status == 200
    )
    page = open_page()
    requests = record_requests(page)
    page.goto(f"{world.stand.url}/paylink/{link['token']}/pay", wait_until="networkidle")
    assert page.locator("#o_payment_form").count() == 1
    foreign = [
        r.url for r in requests if not r.url.startswith((world.stand.url + "/", "data:", "blob:"))
    ]
    assert foreign == []
    referred = [r.url for r in requests if link["token"] in r.all_headers().get("referer", "")]
    assert referred == []


# === A9: HEADERS, VERBS === #


def test_every_status_has_the_promised_headers_and_no_cookie(world):
    link, ended = world.take_link(), world.take_link(revoked_date="now()")
    path = f"/paylink/{link['token']}"
    answers = {
        200: world.ask(path),
        303: world.post_form(f"{path}/comment", "body=one"),
        400: world.post_form(f"{path}/comment", "body="),
        403: world.post_form(f"{path}/comment", "body=x", Origin="https://evil.example"),
        404: world.ask("/paylink/nothing"),
        405: world.ask(path, "DELETE"),
        409: world.ask(f"/paylink/{world.no_payment['token']}/pay"),
        410: world.ask(f"/paylink/{ended['token']}"),
    }
    for _number in range(4):
        world.post_form(f"{path}/comment", "body=again")
    answers[429] = world.post_form(f"{path}/comment", "body=once+too+often")
    for status, answer in answers.items():
        assert answer.status == status, answer
        assert_promised(answer)
    assert 1 <= int(answers[429]["retry-after"]) <= 600
    for route in ("/pay", "/renew", "/landing", "/pdf", "/qr.svg", "/seen", "/x.css", "/"):
        assert_promised(world.ask(path + route), is_file=route == "/pdf")
    for odd in (
        "/paylink/",
        "/paylink/preview/1",
        "/paylink/landing",
        f"/paylink/preview/{'9' * 30}",
    ):
        assert_promised(world.ask(odd))


def test_a_link_is_no_file(world):
    # Whoever could make a cache take the page for a style sheet could read it there.
    token = world.pool[-1]["token"]
    the_404 = world.ask(f"/paylink/{NEVER_MINTED}").fingerprint
    for suffix in (
        "/x.css",
        "/x.js",
        "/pdf/x.css",
        ".css",
        "/seen.css",
        "%2Fx.css",
        "/.css",
        "/qr.svg/x.png",
    ):
        assert world.ask(f"/paylink/{token}{suffix}").fingerprint == the_404, suffix


@pytest.mark.parametrize(
    "route", ["", "/pdf", "/qr.svg", "/options", "/receipt/x", *BOTH_ROUTES, *POST_ROUTES]
)
def test_wrong_verbs_are_refused_and_do_nothing(world, route):
    link = world.take_link()
    nonce = world.nonce(link)
    before = world.trace(link)
    wrong = {"PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "PROPFIND", "BREW"}
    if route in POST_ROUTES:
        wrong |= {"GET", "HEAD"}
    elif route not in BOTH_ROUTES:
        wrong.add("POST")
    for verb in sorted(wrong):
        for body, kind in (
            ({"nonce": nonce, "body": "x"}, "application/json"),
            ("body=x&email=bob@azure.example.com", "application/x-www-form-urlencoded"),
        ):
            answer = world.ask(
                f"/paylink/{link['token']}{route}", verb, body, {"Content-Type": kind}
            )
            assert answer.status == 405, (verb, answer)
            assert answer["allow"], verb
            assert_promised(answer)
        # A forged token gets the same, so the verb tells nothing about it.
        assert world.ask(f"/paylink/{NEVER_MINTED}{route}", verb).status == 405, verb
    assert world.trace(link) == before


def test_robots_are_told_to_stay_away(world):
    rules = world.ask("/robots.txt").text.splitlines()
    assert "User-agent: *" in rules
    assert "Disallow: /" in rules or "Disallow: /paylink/" in rules
    assert not any(line.startswith("Allow: /paylink") for line in rules)
