# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""Texts and files: whatever people write, nothing runs, nothing is fetched, nothing hidden leaves.

SECURITY.md, part G.
"""

import csv
import html
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote_plus, urlencode

import pytest
from lxml import html as lxml_html
from outside import LEAKS, assert_promised

pytestmark = pytest.mark.slow

EVIL = "//evil.example/x"
PAYLOADS = (
    "<script>window.__xss=1</script>",
    "<script src=//evil.example/x></script>",
    "</title><script>window.__xss=1</script>",
    "</textarea><script>window.__xss=1</script>",
    "</style><script>window.__xss=1</script>",
    "--><script>window.__xss=1</script>",
    "]]><script>window.__xss=1</script>",
    "<ScRiPt>window.__xss=1</sCrIpT>",
    "<scr<script>ipt>window.__xss=1</scr</script>ipt>",
    "<img src=x onerror=window.__xss=1>",
    "<img src=//evil.example/x>",
    "<img src='http://evil.example/pixel.gif' width=1 height=1>",
    "<img srcset='http://evil.example/a 1x'>",
    "<svg onload=window.__xss=1>",
    "<svg><script>window.__xss=1</script></svg>",
    "<svg><animate onbegin=window.__xss=1 attributeName=x dur=1s>",
    "<svg><use href='http://evil.example/x#a'/></svg>",
    "<math><mi xlink:href='javascript:window.__xss=1'>x</mi></math>",
    "<body onload=window.__xss=1>",
    "<iframe src=javascript:window.__xss=1></iframe>",
    "<iframe srcdoc='<script>parent.__xss=1</script>'></iframe>",
    "<iframe src=//evil.example/x></iframe>",
    "<object data=//evil.example/x></object>",
    "<embed src=//evil.example/x>",
    "<link rel=stylesheet href=//evil.example/x>",
    "<style>@import '//evil.example/x';</style>",
    "<div style='background:url(//evil.example/x)'>styled</div>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/x'>",
    "<form action=//evil.example/x><button>Pay here</button></form>",
    "<input autofocus onfocus=window.__xss=1>",
    "<button formaction=javascript:window.__xss=1>Pay</button>",
    "<details open ontoggle=window.__xss=1>more</details>",
    "<video src=//evil.example/x onerror=window.__xss=1></video>",
    "<audio src=//evil.example/x autoplay></audio>",
    "<a href=javascript:window.__xss=1>pay</a>",
    "<a href='java\tscript:window.__xss=1'>pay</a>",
    "<a href='&#106;avascript:window.__xss=1'>pay</a>",
    "<a href='data:text/html,<script>opener.__xss=1</script>'>pay</a>",
    "<a href='vbscript:x'>pay</a>",
    "<a onclick=window.__xss=1>pay</a>",
    '" onmouseover="window.__xss=1" x="',
    "' onmouseover='window.__xss=1' x='",
    '"><script>window.__xss=1</script>',
    "'><img src=x onerror=window.__xss=1>",
    "javascript:window.__xss=1",
    "${window.__xss=1}",
    "{{constructor.constructor('window.__xss=1')()}}",
    "<t t-out=\"env['res.users'].search([])\"/>",
    "<t t-raw='env'/>",
    "#{env.cr.dbname} ${object.company_id} {{object.env}} %(name)s %s",
    "\u202e\u2066gnp.exe\u2069",
    "<xss style='animation-name:x' onanimationstart=window.__xss=1>",
    "<marquee onstart=window.__xss=1>x</marquee>",
    "<template><script>window.__xss=1</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=window.__xss=1>'>",
    '=HYPERLINK("http://evil.example/";"Pay")',
    "=cmd|'/C calc'!A0",
    "+1+1|cmd",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "-2+3+cmd|'/C calc'!A0",
    "Bcc: eve@evil.example",
)

BUILD = """
from odoo import Command, fields
payloads = json.loads(PAYLOADS)
biller = env["res.users"].search([("login", "=", LOGIN)])
company = env["res.company"].browse(COMPANY)
env = env(context=dict(env.context, allowed_company_ids=company.ids))
alice = env["res.partner"].browse(ALICE)
move = env["account.move"].with_user(biller).with_company(company).create(
    {"move_type": "out_invoice", "partner_id": alice.id, "invoice_date": fields.Date.today(),
     "invoice_user_id": biller.id, "narration": "".join(f"<p>{text}</p>" for text in payloads),
     "ref": payloads[0], "invoice_origin": payloads[9],
     "invoice_line_ids": [Command.create({"name": text, "quantity": 1, "price_unit": 1.0, "tax_ids": [Command.clear()]})
                          for text in payloads]}
)
move.action_post()
comments = env["mail.message"]
for text in payloads:
    # Once as people type, once as a mail program sends it
    comments |= move.message_post(body=text, message_type="comment", subtype_xmlid="mail.mt_comment")
    comments |= move.message_post(body=text, body_is_html=True, message_type="email", subtype_xmlid="mail.mt_comment")
files = env["ir.attachment"].create(
    [{"name": text, "raw": b"<script>window.__xss=1</script>", "mimetype": "text/html",
      "res_model": "account.move", "res_id": move.id} for text in payloads]
)
link = env["paylink.link"].create(
    {"move_id": move.id, "partner_id": alice.id, "channel": "email", "user_id": biller.id,
     "comment_ids": [Command.set(comments.ids)], "attachment_ids": [Command.set(files.ids)]}
)
link._mark_sent()
answer({"id": link.id, "token": link._get_token(), "move": move.id, "files": files.ids})
"""


@pytest.fixture(scope="module")
def poisoned(world):
    """Return a link to an invoice that holds every hostile text wherever there is one to write."""
    assert len(PAYLOADS) >= 60
    values = {"PAYLOADS": repr(json.dumps(PAYLOADS)), "LOGIN": repr(world.biller)}
    values |= {"COMPANY": str(world.company), "ALICE": str(world.alice)}
    code = re.sub(r"\b(PAYLOADS|LOGIN|COMPANY|ALICE)\b", lambda match: values[match[1]], BUILD)
    return world.stand.shell("import json\n" + code)


@pytest.fixture
def recorder(world, open_page):
    """Return a page that notes all that hostile text could make it do."""
    page = open_page()
    page.notes = []
    page.on(
        "dialog", lambda dialog: (page.notes.append(f"dialog {dialog.message}"), dialog.dismiss())
    )
    page.on(
        "console", lambda message: "410 (GONE)" in message.text or page.notes.append(message.text)
    )
    page.on("pageerror", lambda error: page.notes.append(f"error {error}"))
    page.on("popup", lambda popup: page.notes.append(f"popup {popup.url}"))

    def note_request(request):
        if not request.url.startswith((world.stand.url + "/", "data:")):
            page.notes.append(f"request {request.url}")

    page.on("request", note_request)
    return page


def provoke(page):
    """Do what a person may do: open, hover and focus everything."""
    page.evaluate(
        "document.querySelectorAll('details').forEach((details) => { details.open = true; })"
    )
    for element in page.query_selector_all(
        "h1, h2, th, dd, article p, .o_paylink_rich p, li, button"
    )[:150]:
        element.dispatch_event("mouseover")
        element.dispatch_event("focus")
    page.wait_for_timeout(400)


def test_the_recorder_sees_an_injection(world, recorder):
    # Else the tests below prove nothing.
    recorder.goto(f"{world.stand.url}/paylink/{world.pool[-1]['token']}")
    recorder.evaluate(
        """document.body.insertAdjacentHTML("beforeend",
            "<img src=x onerror=window.__xss=1><img src=//evil.example/x><p onmouseover=window.__xss=1>x</p>")"""
    )
    recorder.wait_for_timeout(500)
    assert any("Content Security Policy" in note for note in recorder.notes), recorder.notes


def test_nothing_that_people_write_runs_on_the_page(world, poisoned, recorder):
    recorder.goto(f"{world.stand.url}/paylink/{poisoned['token']}", wait_until="networkidle")
    provoke(recorder)
    assert recorder.evaluate("window.__xss") is None
    assert recorder.notes == []
    text = re.sub(r"\s+", " ", recorder.inner_text("body"))
    for payload in PAYLOADS:
        # It is shown as what it is: a text. (Else it might have been left out, which proves less.)
        assert re.sub(r"\s+", " ", payload) in text, payload
    hrefs = recorder.evaluate(
        "[...document.querySelectorAll('a[href]')].map((a) => a.protocol + a.host)"
    )
    ours = world.stand.url.replace("//", "")
    allowed = {ours, "mailto:", "tel:"}
    # Where a comment links to is its author's choice, if it is the web, and a click away.
    assert {href for href in hrefs if not href.startswith(("http:", "https:"))} <= allowed, hrefs
    assert (
        recorder.evaluate(
            "document.querySelectorAll('main [style], main img:not(.o_paylink_qr), main iframe').length"
        )
        == 0
    )


@pytest.mark.parametrize("column", ["res_partner.name", "account_move.ref", "res_company.name"])
def test_no_name_or_reference_runs_anywhere(world, recorder, column):
    link, ended = world.take_link(), world.take_link(expiration_date="now() - interval '1 day'")
    table, name = column.split(".")
    ids = {"res_partner": world.alice, "account_move": link["move"], "res_company": world.company}
    ((original,),) = world.sql(f"SELECT {name} FROM {table} WHERE id = %s", ids[table])
    chosen = [text for text in PAYLOADS if "__xss" in text or EVIL in text][:30]
    try:
        for start in range(0, len(chosen), 10):
            text = " ".join(chosen[start : start + 10])
            world.sql(f"UPDATE {table} SET {name} = %s WHERE id = %s", text, ids[table])
            for path in (link["token"], f"{link['token']}/renew", ended["token"]):
                recorder.goto(f"{world.stand.url}/paylink/{path}")
                recorder.wait_for_timeout(150)
                assert recorder.evaluate("window.__xss") is None, path
                assert recorder.notes == [], path
        pay = world.ask(f"/paylink/{link['token']}/pay")
        assert "<script>window.__xss" not in pay.text
    finally:
        world.sql(f"UPDATE {table} SET {name} = %s WHERE id = %s", original, ids[table])


def test_shared_files_are_downloads_whatever_they_are_called(world, poisoned):
    for file_id, payload in zip(poisoned["files"], PAYLOADS, strict=True):
        answer = world.ask(f"/paylink/{poisoned['token']}/attachment/{file_id}")
        assert answer.status == 200, payload
        assert answer["content-type"] == "application/octet-stream", payload
        assert answer["content-disposition"].startswith("attachment;"), payload
        assert answer["x-content-type-options"] == "nosniff"
        names = {name for name, _value in answer.headers}
        assert "bcc" not in names and "set-cookie" not in names


def test_hostile_questions_arrive_as_plain_text_for_staff(world):
    seen = len(world.stand.mailbox.messages)
    links = [world.take_link() for _number in range((len(PAYLOADS) + 4) // 5)]

    for number, payload in enumerate(PAYLOADS):
        path = f"/paylink/{links[number // 5]['token']}/comment"
        assert world.post_form(path, "body=" + quote_plus(payload)).status == 303, payload
    bodies = [
        body
        for (body,) in world.sql(
            "SELECT body FROM mail_message WHERE model = 'account.move' AND res_id = %s"
            " AND body LIKE '%%not verified%%' ORDER BY id DESC LIMIT %s",
            *(links[0]["move"], len(PAYLOADS)),
        )
    ]
    together = html.unescape(" ".join(bodies))
    for payload in PAYLOADS:
        assert re.sub(r"\s+", " ", payload) in re.sub(r"\s+", " ", together), payload
    for body in bodies:
        assert_harmless(body)
    mails = [
        mail for mail in world.stand.mailbox.messages[seen:] if world.biller in mail.recipients
    ]
    for mail in mails:
        assert mail.recipients == [world.biller]
        assert "evil" not in str(mail.content["Bcc"]) + str(mail.content["Cc"])
        assert_harmless(mail.html)
    assert mails, "no question was mailed to the one who bills"


def assert_harmless(markup):
    """Fail if some HTML holds an element or attribute that runs or loads something."""
    for element in lxml_html.fragment_fromstring(markup, create_parent="div").iter():
        assert element.tag not in (
            "script",
            "svg",
            "iframe",
            "img",
            "object",
            "form",
            "style",
            "base",
        ), markup
        assert not [name for name in element.attrib if name.startswith("on")], markup
        assert not element.get("href", "").lower().startswith(("javascript", "data", "vbscript")), (
            markup
        )


def test_no_agent_of_a_visitor_is_a_formula_in_an_export(world):
    link = world.take_link()
    formulas = [payload for payload in PAYLOADS if payload[0] in "=+-@"]
    assert {formula[0] for formula in formulas} == set("=+-@")
    engine = " AppleWebKit/537.36"  # Else it is a machine's, and leaves no event.
    for formula in [*formulas, "\t=1+1", " =1+1"]:
        agent = {"User-Agent": formula + engine}
        world.post_form(f"/paylink/{link['token']}/renew", "email=eve@evil.example", **agent)
        world.beacon(link, **agent)
    fields = [
        {"name": name, "label": name, "type": "char"} for name in ("event_type", "user_agent")
    ]
    data = {
        "model": "paylink.event",
        "fields": fields,
        "ids": False,
        "domain": [["link_id", "=", link["id"]]],
        "groupby": [],
        "import_compat": False,
        "context": {"allowed_company_ids": [world.company]},
    }
    query = urlencode({"data": json.dumps(data)})
    cookie = {"Cookie": world.log_in(world.biller)}
    answer = world.ask(f"/web/export/csv?{query}", headers=cookie)
    assert answer.status == 200, answer
    rows = list(csv.reader(io.StringIO(answer.text)))
    agents = [agent for _type, agent in rows[1:] if agent]
    assert sum(engine in agent for agent in agents) >= len(formulas), rows
    for agent in agents:
        assert agent.lstrip()[:1] not in ("=", "+", "-", "@"), agent


def test_hostile_names_change_no_mail(world):
    seen = len(world.stand.mailbox.messages)
    name = 'Eve" <eve@evil.example>, "Bcc: eve@evil.example\\r\\n <script>alert(1)</script>'
    try:
        world.sql("UPDATE res_partner SET name = %s WHERE id = %s", name, world.carol)
        subject = "Hello <script>alert(1)</script>"
        world.send(world.pool[-1]["move"], [world.carol], subject=subject)
        mail = world.wait_for_mail("carol@azure.example.com", seen)
    finally:
        world.sql("UPDATE res_partner SET name = 'Carol Diaz' WHERE id = %s", world.carol)
    assert mail.recipients == ["carol@azure.example.com"]
    assert mail.content["Bcc"] is None and mail.content["Subject"] == subject
    assert_harmless(mail.html)
    assert not [m for m in world.stand.mailbox.messages if "eve@evil.example" in m.recipients]


# === WHAT STAYS INSIDE === #


def test_hidden_comments_and_unshared_files_are_in_no_output(world):
    for link in world.dialog_links:
        path = f"/paylink/{link['token']}"
        outputs = {
            "page": world.ask(path).text,
            "mail": link["mail"].html + link["mail"].raw.decode("utf-8", "replace"),
            "comment page": world.ask(f"{path}?asked=1").text,
            "pay": world.ask(f"{path}/pay").text,
            "renew": world.ask(f"{path}/renew").text,
        }
        assert "SHOWN COMMENT" in outputs["page"] and "Photo of unit 3.txt" in outputs["page"]
        for title, text in outputs.items():
            for secret in (
                "HIDDEN COMMENT",
                "INTERNAL NOTE",
                "PRIVATE FILE",
                "Internal calculation",
                "FOREIGN FILE",
            ):
                assert secret not in text, (title, secret)
        names = [name for name, _raw in link["mail"].attachments]
        assert len(names) == 1 and names[0].endswith(".pdf"), names


def test_files_of_an_invoice_leave_by_no_other_way(world):
    world.dialog_links  # noqa: B018 - sent, so that the invoice has its PDF
    rows = world.sql(
        "SELECT id, name FROM ir_attachment WHERE res_model = 'account.move' AND res_id = %s",
        world.sent,
    )
    assert len(rows) >= 3
    for attachment_id, name in rows:
        for path in (
            f"/web/content/{attachment_id}",
            f"/web/content/{attachment_id}?download=1",
            f"/web/image/{attachment_id}",
            f"/web/content/ir.attachment/{attachment_id}/raw",
        ):
            answer = world.ask(path)
            assert b"PRIVATE FILE" not in answer.body and b"%PDF" not in answer.body, (name, path)
            assert b"shared file" not in answer.body, (name, path)


# === HOW MANY === #


def test_five_questions_in_ten_minutes_are_enough_also_at_once(world):
    link = world.take_link()
    before = world.trace(link)
    path = f"/paylink/{link['token']}/comment"
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda number: world.insist(path, f"body=Question+{number}"), range(16))
        )
    refused = [answer for answer in answers if answer.status == 429]
    assert sorted({answer.status for answer in answers}) == [303, 429]
    assert len(refused) == 11
    for answer in refused:
        assert 1 <= int(answer["retry-after"]) <= 600
        assert_promised(answer)
    assert world.trace(link)["events"]["commented"] == 5
    # Other links are not held up by it.
    assert (
        world.ask(
            f"/paylink/{world.take_link()['token']}/comment", "POST", {"body": "Hello"}
        ).status
        == 201
    )
    # One question and one "opened" line each: nothing more got into the chatter.
    assert world.trace(link)["messages"] <= before["messages"] + 5 + 1 + 2


def test_questions_that_are_none_are_refused(world):
    link = world.take_link()
    before = world.trace(link)
    path = f"/paylink/{link['token']}/comment"
    for body in ("", " ", "\n\t", "x" * 4001, "a\x00b", None, 1, True, ["x"], {"x": 1}):
        answer = world.ask(path, "POST", {"body": body})
        assert answer.status == 400 and answer.json["code"] == "invalid_comment", body
        assert not LEAKS.search(answer.text)
    for fields in ("", "body=", "body=+", "bodY=x", "body=" + "x" * 70_000):
        assert world.post_form(path, fields).status == 400, fields[:20]
    assert world.trace(link) == before
