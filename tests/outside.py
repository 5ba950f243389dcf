# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests from outside share: a seller with customers and sent links, and raw HTTP.

The world is made once for each server, in one Odoo shell; links that a test spoils come from a
pool, those that have to arrive by mail are sent by the biller through the dialog over RPC.
"""

import http.client
import json
import re
import secrets
import time
from contextlib import closing
from urllib.parse import urlsplit

LIVE_URL = re.compile(r"/paylink/([0-9A-Za-z]{35})(?![0-9A-Za-z])")
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"

# What every answer below /paylink/ carries, see DESIGN.md, section 4.
PROMISED_HEADERS = {
    "cache-control": "no-store, private",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow, noarchive",
    "x-content-type-options": "nosniff",
}
# What no answer to a stranger may hold.
LEAKS = re.compile(
    r"Traceback \(most recent|odoo\.(?:addons|http|exceptions)|werkzeug|psycopg2|"
    r"/dist-packages/|/site-packages/|\bres\.users\b|account\.move|paylink\.link|"
    r"name=[\"']password|/web/login|href=[\"']/my\b",
)

# Part of a script in the shell: what a `company` offers its customers, two providers among it, one of them
# for a fee, and a third one that nobody sees.
OFFERS = """
company.write({"paylink_is_tip_enabled": True, "paylink_minimum_amount": 10.0})
methods = env["payment.method"].with_context(active_test=False).search([("is_primary", "=", True)], limit=3)
free, dear, hidden = env["payment.provider"].create([
    {"name": name, "code": "demo", "state": "test", "is_published": name != "Hidden", "company_id": company.id,
     "payment_method_ids": [Command.set(method.ids)]}
    for name, method in zip(("Free", "Dear", "Hidden"), methods)
])
# Only the methods of an enabled provider can be activated.
methods.write({"active": True, "supported_currency_ids": False, "supported_country_ids": False})
dear.write({"paylink_fee_percent": 2.9, "paylink_fee_fixed": 0.3, "paylink_fee_max": 10.0})
"""

BUILD = """
from uuid import uuid4
from odoo import Command, fields
from odoo.addons.paylink_invoice import tokens
from odoo.addons.paylink_invoice.keyring import derived

env["ir.config_parameter"].set_param("paylink_invoice.is_test_database", "True")
company = env["res.company"].create(
    {"name": "Northwind Heating", "email": "office@northwind.example.com",
     "currency_id": env.ref("base.USD").id}
)
# No country: it would install a localisation, under the feet of the running server.
env["account.chart.template"].try_loading("generic_coa", company=company, install_demo=False)
env.user.company_ids |= company
env = env(context=dict(env.context, allowed_company_ids=company.ids, tracking_disable=True))
company = company.with_env(env)

def user(login, name, groups):
    return env["res.users"].with_context(no_reset_password=True).create(
        {"login": login, "password": PASSWORD, "name": name, "email": login,
         "company_id": company.id, "company_ids": [Command.set(company.ids)],
         "group_ids": [Command.set([env.ref(group).id for group in groups])]}
    )

biller = user("biller@northwind.example.com", "Marta Rossi", ["account.group_account_invoice", "base.group_allow_export"])
employee = user("employee@northwind.example.com", "Sam Idle", ["base.group_user"])
customer = env["res.partner"].create({"name": "Azure Interior", "is_company": True, "email": "info@azure.example.com"})
alice, bob, carol = env["res.partner"].create(
    [{"name": name, "parent_id": customer.id, "email": f"{name.split()[0].lower()}@azure.example.com"}
     for name in ("Alice Moreau", "Bob Tanaka", "Carol Diaz")]
)
method = env["payment.method"].with_context(active_test=False).search([("code", "=", "card")], limit=1)
provider = env["payment.provider"].create(
    {"name": "Test Provider", "code": "demo", "state": "test", "is_published": True, "company_id": company.id,
     "payment_method_ids": [Command.set(method.ids)], "allow_tokenization": False}
)
method.active = True

def invoice(**values):
    move = env["account.move"].with_user(biller).with_company(company).create(
        {"move_type": "out_invoice", "partner_id": alice.id, "invoice_date": fields.Date.today(),
         "invoice_user_id": biller.id, "narration": "<p>Thank you for your business.</p>",
         "invoice_line_ids": [Command.create({"name": "Annual maintenance", "quantity": 1, "price_unit": 100.0,
                                              "tax_ids": [Command.clear()]})], **values}
    )
    move.action_post()
    return move.sudo()

def link(move, partner=alice, **values):
    made = env["paylink.link"].create({"move_id": move.id, "partner_id": partner.id, "channel": "email",
                                       "user_id": biller.id, **values})
    made._mark_sent()
    return made

def known(made):
    return {"id": made.id, "token": made._get_token(), "move": made.move_id.id, "partner": made.partner_id.id}

def attach(move, name, **values):
    return env["ir.attachment"].create({"name": name, "res_model": "account.move", "res_id": move.id, **values})

def alien_tokens(made):
    "Return tokens that would open a link, had they been made for it, by us, for this database."
    keyring, uuid = made._get_signing_material()
    ref = int(made.public_ref, 16)
    stranger = derived("0" * 64)
    return {
        "of another purpose": tokens.mint(keyring, "balance", ref, 0, uuid),
        "of the page's purpose": tokens.mint(keyring, "page", ref, 0, uuid),
        "of a copy of the database": tokens.mint(keyring, "invoice", ref, 0, str(uuid4())),
        "of another key": tokens.mint(stranger, "invoice", ref, 0, uuid),
        "of the next generation": tokens.mint(keyring, "invoice", ref, 1, uuid),
        "of no link": tokens.mint(keyring, "invoice", ref ^ 1, 0, uuid),
    }

sent, other, pooled, paid_for, to_revoke, declined = (invoice() for _number in range(6))
shared = attach(sent, "Photo of unit 3.txt", raw=b"shared file", mimetype="text/plain")
private = attach(sent, "Internal calculation.txt", raw=b"PRIVATE FILE", mimetype="text/plain")
foreign = attach(other, "Other customer.txt", raw=b"FOREIGN FILE", mimetype="text/plain")
for text, subtype in (("SHOWN COMMENT: we come on Monday.", "mail.mt_comment"),
                      ("HIDDEN COMMENT: he pays late.", "mail.mt_comment"),
                      ("INTERNAL NOTE: check his credit.", "mail.mt_note")):
    sent.with_user(biller).message_post(body=text, message_type="comment", subtype_xmlid=subtype)
answer({
    "company": company.id, "provider": provider.id, "method": method.id,
    "biller": biller.login, "employee": employee.login, "biller_id": biller.id,
    "customer": customer.id, "alice": alice.id, "bob": bob.id, "carol": carol.id,
    "sent": sent.id, "other": other.id, "pooled": pooled.id, "paid_for": paid_for.id,
    "to_revoke": to_revoke.id,
    "shared": shared.id, "private": private.id, "foreign": foreign.id,
    "pool": [known(link(pooled)) for _number in range(POOL)],
    "others": [known(link(other, partner)) for partner in (bob, carol)],
    "to_pay": known(link(paid_for)),
    "to_revoke_link": known(link(to_revoke)),
    "declined": known(link(declined)),
    "no_payment": known(link(other, allow_payment=False)),
    "alien_tokens": alien_tokens(link(other)),
})
"""


class Answer:
    """What came back: `status`, `headers` (names in small letters, a list of pairs), `body`."""

    def __init__(self, response):
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.getheaders()]
        self.body = response.read()

    def __getitem__(self, name):
        """Return a header, '' without it."""
        return ", ".join(value for key, value in self.headers if key == name)

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def fingerprint(self):
        """Return all that a stranger can tell answers apart by; the time of day is not his."""
        kept = [pair for pair in self.headers if pair[0] != "date"]
        return self.status, tuple(kept), self.body

    def __repr__(self):
        return f"<{self.status} {self['content-type']} {self.text[:200]!r}>"


class Client:
    """Raw HTTP and SQL on a running server.

    :param stand: the `tools.harness.stand.Stand`
    """

    def __init__(self, stand):
        self.stand = stand
        self._connection = stand.connect()
        self._connection.autocommit = True

    def sql(self, statement, *values):
        """Return the rows of a statement, committed."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def ask(self, path, method="GET", body=None, headers=None, target=None):
        """Send one request as it is given, nothing normalised; return the `Answer`.

        :param str path: goes onto the request line as it is
        :param dict headers: added to a person's browser's; ``None`` as a value takes one away
        :param target: the whole request target, in the place of ``path``
        """
        sent = {"User-Agent": PERSON, "Accept-Language": "en-US", **(headers or {})}
        if isinstance(body, dict):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        with closing(
            http.client.HTTPConnection(urlsplit(self.stand.url).netloc, timeout=120)
        ) as connection:
            raw = (target or path).encode("utf-8").decode("latin-1")
            connection._validate_path = lambda url: None
            connection._encode_request = lambda request: request.encode("latin-1")
            has_host = any(name.lower() == "host" for name in sent)
            connection.putrequest(method, raw, skip_host=has_host, skip_accept_encoding=True)
            if isinstance(body, str):
                body = body.encode()
            if body is not None or method in ("POST", "PUT", "PATCH"):
                sent.setdefault("Content-Length", str(len(body or b"")))
            for name, value in sent.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            return Answer(connection.getresponse())

    def post_form(self, path, fields="", **headers):
        """Send a form, its body already encoded."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask(path, "POST", fields, {**kind, **headers})

    def insist(self, path, fields, patience=60):
        """Send a form; come again, as one is asked to, while the server is too busy for it."""
        deadline = time.monotonic() + patience
        while True:
            answer = self.post_form(path, fields)
            if answer.status != 503 or time.monotonic() > deadline:
                return answer
            assert_promised(answer)
            time.sleep(0.5)


class World(Client):
    """A seller, a customer with three contacts, invoices and links, on a running server."""

    def __init__(self, stand):
        super().__init__(stand)
        self.password = secrets.token_hex(8)
        code = BUILD.replace("PASSWORD", repr(self.password)).replace("POOL", "140")
        self.data = stand.shell(code)
        self.pool = self.data["pool"]
        self._dialog_links = None
        self.cookies = {}

    def __getattr__(self, name):
        try:
            return self.__dict__["data"][name]
        except KeyError:
            raise AttributeError(name) from None

    # === DATA === #

    def take_link(self, **columns):
        """Return a live link of the pool that no other test uses; write columns into its row."""
        link = self.pool.pop()
        if columns:
            self.set_link(link, **columns)
        return link

    def set_link(self, link, **columns):
        """Write columns of a link; a value may be SQL, as in ``"now() - interval '1 day'"``."""
        pairs = ", ".join(f"{name} = {value}" for name, value in columns.items())
        self.sql(f"UPDATE paylink_link SET {pairs} WHERE id = {link['id']}")

    def as_biller(self, model, method, *arguments, **keywords):
        """Call a method as the one who bills; fail when it raises."""
        answer = self.call_as(self.biller, model, method, *arguments, **keywords)
        if "error" in answer:
            raise AssertionError(answer["error"]["data"]["message"])
        return answer.get("result")  # JSON-RPC leaves out what is None

    def call_as(self, login, model, method, *arguments, **keywords):
        """Call a method as the web client does; return the whole answer, which may be an error."""
        keywords["context"] = {"allowed_company_ids": [self.company], **keywords.get("context", {})}
        params = {"model": model, "method": method, "args": arguments, "kwargs": keywords}
        headers = {"Cookie": self.log_in(login)}
        return self.ask(
            f"/web/dataset/call_kw/{model}/{method}", "POST", {"params": params}, headers
        ).json

    def send(self, move_id, partner_ids, **values):
        """Send links through the dialog as the biller does; return them as their mails hold them.

        :return: list of ``{'id', 'token', 'partner', 'mail'}``, one for each recipient
        """
        seen = len(self.stand.mailbox.messages)
        before = {row[0] for row in self._links_of(move_id)}
        context = {"active_model": "account.move", "active_ids": [move_id]}
        wizard_id = self.as_biller(
            "paylink.send",
            "create",
            {"channel": "email", "partner_ids": [(6, 0, partner_ids)], **values},
            context=context,
        )
        self.as_biller("paylink.send", "action_send", [wizard_id], context=context)
        links = [row for row in self._links_of(move_id) if row[0] not in before]
        assert len(links) == len(partner_ids)
        return [self._find_in_mail(*row, seen) for row in links]

    def _links_of(self, move_id):
        return self.sql(
            "SELECT l.id, l.partner_id, p.email FROM paylink_link l"
            " JOIN res_partner p ON p.id = l.partner_id WHERE l.move_id = %s ORDER BY l.id",
            move_id,
        )

    def _find_in_mail(self, link_id, partner_id, address, seen):
        mail = self.wait_for_mail(address, seen)
        (token,) = set(LIVE_URL.findall(mail.html))
        return {"id": link_id, "token": token, "partner": partner_id, "mail": mail}

    def wait_for_mail(self, address, seen=0, patience=60):
        """Return the first mail to an address among those after the first `seen` ones."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for mail in self.stand.mailbox.messages[seen:]:
                if address in mail.recipients:
                    return mail
            time.sleep(0.1)
        raise TimeoutError(f"no mail to {address}")

    @property
    def dialog_links(self):
        """Return the links that the biller sent to Alice and Bob through the dialog, once."""
        if not self._dialog_links:
            self._dialog_links = self._send_dialog()
        return self._dialog_links

    def _send_dialog(self):
        context = {"active_model": "account.move", "active_ids": [self.sent]}
        wizard_id = self.as_biller("paylink.send", "create", {"channel": "email"}, context=context)
        lines = self.as_biller(
            "paylink.send.comment", "search_read", [("wizard_id", "=", wizard_id)], ["preview"]
        )
        hidden = [line["id"] for line in lines if "HIDDEN" in line["preview"]]
        self.as_biller("paylink.send.comment", "write", hidden, {"is_shown": False})
        self.as_biller(
            "paylink.send",
            "write",
            [wizard_id],
            {
                "partner_ids": [(6, 0, [self.alice, self.bob])],
                "attachment_ids": [(6, 0, [self.shared])],
            },
        )
        seen = len(self.stand.mailbox.messages)
        self.as_biller("paylink.send", "action_send", [wizard_id], context=context)
        return [self._find_in_mail(*row, seen) for row in self._links_of(self.sent)]

    # === WHAT WAS COUNTED === #

    def trace(self, link):
        """Return all that a visit could leave: views, events, the chatter's size, the link's row."""
        ((count,),) = self.sql("SELECT view_count FROM paylink_link WHERE id = %s", link["id"])
        events = self.sql(
            "SELECT event_type, count(*) FROM paylink_event WHERE link_id = %s GROUP BY 1 ORDER BY 1",
            link["id"],
        )
        ((messages,),) = self.sql(
            "SELECT count(*) FROM mail_message WHERE model = 'account.move' AND res_id ="
            " (SELECT move_id FROM paylink_link WHERE id = %s)",
            link["id"],
        )
        row = self.sql(
            "SELECT first_view_date, last_view_date, expiration_date, write_date, generation"
            " FROM paylink_link WHERE id = %s",
            link["id"],
        )
        return {"views": count, "events": dict(events), "messages": messages, "row": row}

    def views(self, link):
        """Return how many views were counted."""
        return self.trace(link)["views"]

    # === VISITS === #

    def log_in(self, login):
        """Return the session cookie of a member of staff, whose password is checked once."""
        if login not in self.cookies:
            self.cookies[login] = self._log_in(login)
        return self.cookies[login]

    def _log_in(self, login):
        body = {
            "jsonrpc": "2.0",
            "params": {"db": self.stand.database, "login": login, "password": self.password},
        }
        answer = self.ask("/web/session/authenticate", "POST", body)
        assert answer.json["result"]["uid"]
        return re.search(r"session_id=[^;]+", answer["set-cookie"]).group()

    def nonce(self, link, **headers):
        """Open a page and return its nonce."""
        page = self.ask(f"/paylink/{link['token']}", headers=headers)
        assert page.status == 200, page
        return re.search(r'data-nonce="([^"]+)"', page.text).group(1)

    def beacon(self, link, nonce=None, event="viewed", **headers):
        """Say what page.js says after a person's gesture."""
        data = {"nonce": self.nonce(link) if nonce is None else nonce, "event": event}
        return self.ask(f"/paylink/{link['token']}/seen", "POST", data, headers)


def record_requests(page):
    """Return the list of the requests that a browser's page makes from now on."""
    requests = []

    def note(request):
        requests.append(request)

    page.on("request", note)
    return requests


def get_world(stand):
    """Return the world of a server, made at the first call."""
    if not hasattr(stand, "world"):
        stand.world = World(stand)
    return stand.world


def assert_promised(answer, is_file=False):
    """Fail unless an answer below /paylink/ has the promised headers, sets nothing, leaks nothing."""
    for name, value in PROMISED_HEADERS.items():
        assert answer[name] == value, (name, answer.headers, answer)
    policy = answer["content-security-policy"]
    assert policy.startswith("default-src 'none'"), answer.headers
    if not answer["content-type"].startswith("image/"):
        assert "frame-ancestors 'none'" in policy, policy
        assert "'unsafe-inline'" not in re.search(r"script-src ([^;]*)", policy).group(1), policy
    assert not answer["set-cookie"], answer.headers
    if not is_file:
        assert not LEAKS.search(answer.text), LEAKS.search(answer.text)
