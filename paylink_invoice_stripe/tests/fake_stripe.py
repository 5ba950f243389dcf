# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A small Stripe on loopback, with its hosted page and everything that can go wrong on the way.

It keeps the rules that matter here: idempotency keys, one PaymentIntent for each session, refunds up
to what was paid, pages that close, cards that are blocked by their funding. It speaks through the
same HTTP as the real one, and every request is checked by :mod:`.request_check`.
"""

import html
import json
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from urllib.parse import parse_qs, urlsplit

from stripe import WebhookSignature

from . import request_check
from .fake_objects import ACCOUNT, EVIDENCE, SHAPES, WITHOUT_MODE

KEY = "sk_test_51FakeKeyOfNobody"
CREDIT, DEBIT, PREPAID = "4242424242424242", "4000056655665556", "5105105105105100"
DECLINED = "4000000000000002"
CARDS = {
    CREDIT: {"brand": "visa", "funding": "credit"},
    DEBIT: {"brand": "visa", "funding": "debit"},
    PREPAID: {"brand": "mastercard", "funding": "prepaid"},
    DECLINED: {"brand": "visa", "funding": "credit"},
}
EMAIL = re.compile(r"[^@\s.]+(\.[^@\s.]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
ID = re.compile(r"(?<=/)(cs_test|pi|re|we|dp|po|ch)_\w+")
DAY = 24 * 60 * 60


class Refusal(Exception):
    """An error that Stripe answers."""

    def __init__(self, status, message, kind="invalid_request_error", **more):
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message, **more}}


class Dropped(Exception):
    """The connection breaks, and no answer arrives."""


class Stripe:
    """What Stripe knows and does; no HTTP in here."""

    def __init__(self):
        self.numbers = count(1)
        self.lock = threading.RLock()
        self.forget()

    def forget(self):
        """Begin anew, as an account without any payment."""
        self.objects = {}
        self.paid_out = {}
        self.keys = {}
        self.events = []
        self.requests = []
        self.wrong = []
        self.faults = []
        # Faults that are no single event
        self.is_cost_late = False
        self.is_funding_ignored = False
        self.page_size = 100
        self.lies = {}

    # === OBJECTS === #

    def add(self, prefix, kind, **values):
        """Return a new object."""
        ref = f"{prefix}_{next(self.numbers):014d}Fake"
        one = {"id": ref, "object": kind, "created": int(time.time())}
        if kind not in WITHOUT_MODE:
            one["livemode"] = False
        one.update(json.loads(json.dumps(SHAPES.get(kind, {}))), **values)
        self.objects[ref] = one
        return one

    def get(self, ref, kind=None):
        one = self.objects.get(ref)
        if not one or (kind and one["object"] != kind):
            raise Refusal(404, f"No such {kind}: '{ref}'", code="resource_missing")
        return one

    def find(self, kind, **values):
        return [
            one
            for one in self.objects.values()
            if one["object"] == kind and all(one.get(name) == values[name] for name in values)
        ]

    def tell(self, kind, one):
        """Note the event that a webhook will tell."""
        self.events.append(
            {
                "id": f"evt_{next(self.numbers):014d}Fake",
                "object": "event",
                "type": kind,
                "created": int(time.time()),
                "livemode": False,
                "data": {"object": json.loads(json.dumps(one))},
            }
        )

    # === FAULTS === #

    def fail(self, kind, path, times=1):
        """Let the next requests fail.

        :param str kind: ``drop`` (it is done, the answer is lost), ``lose`` (nothing is done and no
            answer comes), ``500`` and ``429`` (nothing is done), ``crash`` (done, but the answer is an
            error, also to whoever asks again with the same key), ``garbage`` and ``empty`` (done, but
            the answer is nonsense)
        :param str path: a part of the path, with its verb: ``POST /v1/refunds``
        """
        self.faults.append([kind, path, times])

    def take_fault(self, request):
        for fault in self.faults:
            if fault[1] in request and fault[2] > 0:
                fault[2] -= 1
                return fault[0]
        return None

    # === API === #

    def answer(self, method, path, values, key=None):
        """Return the answer to a request of the API.

        :param key: the idempotency key
        """
        template = ID.sub("{id}", path)
        ref = ID.search(path)
        with self.lock:
            self.requests.append((f"{method} {path}", values, key))
            self.wrong += request_check.check_request(method, template, values)
            if len(key or "") > 255:
                raise Refusal(400, "Idempotency keys are at most 255 characters long.")
            if key and (known := self.keys.get(key)):
                return self.replay(known, method, path, values)
            name = f"{method} {template}".lower()
            work = getattr(self, "do_" + re.sub(r"\W+", "_", name).replace("_v1_", "_").strip("_"))
            try:
                answer = work(ref and ref[0], values) if ref else work(values)
            except KeyError as missing:
                message = f"Missing required param: {missing.args[0]}."
                raise Refusal(400, message, code="parameter_missing") from None
            except Refusal as refusal:
                self.remember(key, (method, path, values), refusal)
                raise
            self.remember(key, (method, path, values), json.loads(json.dumps(answer)))
            if not self.lies:
                self.wrong += request_check.check_answer(method, template, answer)
            return answer

    def remember(self, key, request, answer):
        """Keep an answer for whoever asks again with the same key; also an error, unless it was
        found before anything was done."""
        if key and not (isinstance(answer, Refusal) and answer.status in (400, 401, 404, 429)):
            self.keys[key] = (*request, answer)

    def replay(self, known, *request):
        """Return what was answered then, though it may have changed since."""
        if known[:3] != request:
            raise Refusal(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were "
                "first used with.",
                "idempotency_error",
            )
        if isinstance(known[3], Refusal):
            raise known[3]
        return json.loads(json.dumps(known[3]))

    def list(self, found, values):
        """Return a page of what was found, the newest first."""
        found = sorted(found, key=lambda one: one["id"], reverse=True)
        if after := values.get("starting_after"):
            found = [one for one in found if one["id"] < after]
        limit = min(int(values.get("limit", 10)), self.page_size)
        has_more = len(found) > limit
        return {"object": "list", "data": found[:limit], "has_more": has_more, "url": "/v1"}

    def do_get_account(self, _values):
        return ACCOUNT

    def do_post_webhook_endpoints(self, values):
        return self.add(
            "we", "webhook_endpoint", secret="whsec_FakeSecretOfNobody", status="enabled", **values
        )

    def do_get_webhook_endpoints(self, values):
        return self.list(self.find("webhook_endpoint"), values)

    def do_delete_webhook_endpoints_id(self, ref, _values):
        self.get(ref, "webhook_endpoint")
        del self.objects[ref]
        return {"id": ref, "object": "webhook_endpoint", "deleted": True}

    # === SESSIONS === #

    def do_post_checkout_sessions(self, values):
        expires = int(values["expires_at"])
        if not time.time() + 30 * 60 - 5 <= expires <= time.time() + DAY:
            raise Refusal(
                400,
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from now",
                param="expires_at",
            )
        if len(values["client_reference_id"]) > 200:
            message = "Invalid string: must be at most 200 characters"
            raise Refusal(400, message, param="client_reference_id")
        email = values.get("customer_email")
        if email and not EMAIL.fullmatch(email):
            message = f"Invalid email address: {email}"
            raise Refusal(400, message, param="customer_email", code="email_invalid")
        items = [item["price_data"] for item in values["line_items"]]
        total = sum(int(item["unit_amount"]) for item in items)
        if total < 50:
            raise Refusal(400, "The amount is too small", code="amount_too_small")
        session = self.add(
            "cs_test",
            "checkout.session",
            status="open",
            payment_status="unpaid",
            amount_total=total,
            currency=items[0]["currency"],
            client_reference_id=values["client_reference_id"],
            metadata=values["metadata"],
            payment_intent=None,
            customer=None,
            expires_at=expires,
            success_url=values["success_url"],
            cancel_url=values["cancel_url"],
            values=values,
        )
        session["url"] = f"{self.url}/c/pay/{session['id']}#fid"
        return self.show_session(session)

    def show_session(self, session, is_expanded=False):
        shown = {name: value for name, value in session.items() if name != "values"}
        if session["status"] != "open":
            shown["url"] = None
        if is_expanded and session["payment_intent"]:
            shown["payment_intent"] = self.show_intent(self.get(session["payment_intent"]))
        return {**shown, **self.lies.get(session["id"], {})}

    def do_get_checkout_sessions_id(self, ref, values):
        self.close_late()
        return self.show_session(self.get(ref, "checkout.session"), bool(values.get("expand")))

    def do_post_checkout_sessions_id_expire(self, ref, values):
        session = self.get(ref, "checkout.session")
        if session["status"] != "open":
            raise Refusal(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
        self.close(session)
        return self.show_session(session, bool(values.get("expand")))

    def close(self, session):
        session["status"] = "expired"
        if session["payment_intent"]:
            # With its last error, if a card was declined.
            intent = self.get(session["payment_intent"])
            intent.update(status="canceled", cancellation_reason="expired")
            self.tell("payment_intent.canceled", intent)
        self.tell("checkout.session.expired", self.show_session(session))

    def close_late(self):
        for session in self.find("checkout.session", status="open"):
            if session["expires_at"] <= time.time():
                self.close(session)

    # === PAYING === #

    def pay(self, ref, card=CREDIT, kind="card"):
        """Do what a customer does on the page of a session; return the PaymentIntent.

        :param str kind: ``card``, or a method that takes days: ``sepa_debit``
        """
        with self.lock:
            session = self.get(ref, "checkout.session")
            if session["status"] != "open":
                raise Refusal(400, "This page is closed")
            values = session["values"]
            self.check_blocked(values, card, kind)
            intent = self.take_intent(session)
            self.attempt(intent, card, kind)
            if intent["status"] in ("succeeded", "processing"):
                session["status"] = "complete"
                session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
                self.tell("checkout.session.completed", self.show_session(session))
            return intent

    def check_blocked(self, values, card, kind):
        allowed = values.get("allowed_payment_method_types")
        if allowed and kind not in allowed:
            raise Refusal(402, "This page takes cards only", "card_error")
        options = values.get("payment_method_options", {}).get("card", {}).get("restrictions", {})
        blocked = options.get("funding_types_blocked", [])
        if kind == "card" and CARDS[card]["funding"] in blocked and not self.is_funding_ignored:
            raise Refusal(402, "This kind of card is not accepted here", "card_error")

    def take_intent(self, session):
        if session["payment_intent"]:
            return self.get(session["payment_intent"])
        data = session["values"]["payment_intent_data"]
        customer = None
        if session["values"].get("customer_creation") == "always":
            customer = self.add("cus", "customer")["id"]
        intent = self.add_intent(
            session["amount_total"], session["currency"], data["metadata"], customer
        )
        session.update(payment_intent=intent["id"], customer=customer)
        return intent

    def add_intent(self, amount, currency, metadata, customer):
        return self.add(
            "pi",
            "payment_intent",
            status="requires_payment_method",
            amount=amount,
            amount_received=0,
            currency=currency,
            metadata=metadata,
            customer=customer,
            last_payment_error=None,
            latest_charge=None,
        )

    def attempt(self, intent, card, kind):
        """Charge, at once or after days, or be refused."""
        charge = self.add_charge(intent, card, kind)
        if card == DECLINED:
            message = f"Your card {card} was declined."
            charge.update(status="failed", captured=False, failure_message=message)
            self.decline(intent, "card_declined", message)
            return
        intent.update(last_payment_error=None, status="processing")
        if kind == "card":
            self.succeed(intent["id"])
        else:
            self.tell("payment_intent.processing", intent)

    def add_charge(self, intent, card, kind):
        details = {"last4": card[-4:]}
        if kind == "card":
            details.update(CARDS[card], exp_month=12, exp_year=2040)
        charge = self.add(
            "ch",
            "charge",
            status="pending",
            paid=False,
            amount=intent["amount"],
            currency=intent["currency"],
            payment_intent=intent["id"],
            payment_method=self.add("pm", "payment_method")["id"],
            payment_method_details={"type": kind, kind: details},
            receipt_url="https://pay.example.com/receipts/fake",
            balance_transaction=None,
        )
        intent["latest_charge"] = charge["id"]
        return charge

    def decline(self, intent, code, message):
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": code,
            "decline_code": code if code != "card_declined" else "generic_decline",
            "message": message,
        }
        self.tell("payment_intent.payment_failed", intent)

    def succeed(self, ref):
        """Let the money of a PaymentIntent arrive."""
        intent = self.get(ref)
        charge = self.get(intent["latest_charge"])
        intent.update(status="succeeded", amount_received=intent["amount"])
        charge.update(status="succeeded", paid=True, amount_captured=charge["amount"])
        for session in self.find("checkout.session", payment_intent=ref):
            session["payment_status"] = "paid"
            if session["status"] == "complete":
                self.tell("checkout.session.async_payment_succeeded", self.show_session(session))
        self.tell("payment_intent.succeeded", intent)
        if not self.is_cost_late:
            self.settle(charge)

    def settle(self, charge):
        """Say what a charge has cost."""
        fee = charge["amount"] * 29 // 1000 + 30
        balance = self.add(
            "txn",
            "balance_transaction",
            amount=charge["amount"],
            source=charge["id"],
            fee=fee,
            net=charge["amount"] - fee,
            currency=charge["currency"],
            available_on=int(time.time()) + 2 * DAY,
        )
        charge["balance_transaction"] = balance["id"]
        self.tell("charge.updated", charge)

    def fail_later(self, ref):
        """Let a payment that takes days come to nothing."""
        intent = self.get(ref)
        error = {"type": "invalid_request_error", "code": "debit_failed", "message": "No money."}
        intent.update(status="requires_payment_method", last_payment_error=error)
        self.get(intent["latest_charge"]).update(status="failed", paid=False)
        for session in self.find("checkout.session", payment_intent=ref):
            self.tell("checkout.session.async_payment_failed", self.show_session(session))
        self.tell("payment_intent.payment_failed", intent)

    # === PAYMENT INTENTS === #

    def do_post_payment_intents(self, values):
        currency = values["currency"]
        if len(currency) != 3:
            raise Refusal(400, f"Invalid currency: {currency}", code="parameter_invalid_string")
        intent = self.add_intent(
            int(values["amount"]), currency, values["metadata"], values.get("customer")
        )
        method = values["payment_method"]
        if method == "pm_authenticate":
            message = "Your card was declined. This transaction requires authentication."
            self.decline(intent, "authentication_required", message)
        else:
            self.attempt(intent, DECLINED if method == "pm_declined" else CREDIT, "card")
        if error := intent["last_payment_error"]:
            more = {name: error[name] for name in ("code", "decline_code")}
            shown = self.show_intent(intent, is_expanded=False)
            raise Refusal(402, error["message"], error["type"], payment_intent=shown, **more)
        return self.show_intent(intent, bool(values.get("expand")))

    def do_get_payment_intents(self, values):
        since = int(values.get("created", {}).get("gte", 0))
        found = [
            one
            for one in self.find("payment_intent", customer=values["customer"])
            if one["created"] >= since
        ]
        return self.list([self.show_intent(one, is_expanded=False) for one in found], values)

    def do_get_payment_intents_id(self, ref, values):
        return self.show_intent(self.get(ref, "payment_intent"), bool(values.get("expand")))

    def show_intent(self, intent, is_expanded=True):
        charge = intent["latest_charge"]
        if charge and is_expanded:
            charge = dict(self.get(charge))
            if charge["balance_transaction"]:
                charge["balance_transaction"] = self.get(charge["balance_transaction"])
        return {**intent, "latest_charge": charge, **self.lies.get(intent["id"], {})}

    # === REFUNDS === #

    def do_post_refunds(self, values):
        amount = int(values["amount"]) if "amount" in values else None
        return self.refund(values["payment_intent"], amount, values.get("metadata", {}))

    def refund(self, intent_ref, amount=None, metadata=None, status="succeeded"):
        """Give money back, as the API does, or somebody in the dashboard.

        :param amount: all that is left where it is None
        """
        intent = self.get(intent_ref, "payment_intent")
        if intent["status"] != "succeeded":
            raise Refusal(
                400,
                f"This PaymentIntent ({intent_ref}) does not have a successful charge to refund.",
            )
        left = intent["amount_received"] - self.get_refunded(intent_ref)
        amount = left if amount is None else amount
        self.check_refund(intent, amount, left)
        refund = self.add(
            "re",
            "refund",
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent_ref,
            charge=intent["latest_charge"],
            metadata=metadata or {},
            status=status,
        )
        self.update_refunded(intent)
        self.tell("refund.created", refund)
        return dict(refund)

    def check_refund(self, intent, amount, left):
        if not left:
            message = f"Charge {intent['latest_charge']} has already been refunded."
            raise Refusal(400, message, code="charge_already_refunded")
        if amount > left:
            raise Refusal(
                400,
                f"Refund amount (${amount / 100:.2f}) is greater than unrefunded amount on charge "
                f"(${left / 100:.2f})",
            )
        if amount < 1:
            message = "This value must be greater than or equal to 1."
            raise Refusal(400, message, code="parameter_invalid_integer")

    def get_refunded(self, intent_ref):
        refunds = self.find("refund", payment_intent=intent_ref)
        return sum(one["amount"] for one in refunds if one["status"] != "failed")

    def update_refunded(self, intent):
        charge = self.get(intent["latest_charge"])
        refunded = self.get_refunded(intent["id"])
        charge.update(amount_refunded=refunded, refunded=refunded == charge["amount"])

    def do_get_refunds(self, values):
        return self.list(self.find("refund", payment_intent=values["payment_intent"]), values)

    def do_get_refunds_id(self, ref, _values):
        return self.get(ref, "refund")

    def set_refund(self, ref, status):
        refund = self.get(ref, "refund")
        refund["status"] = status
        self.update_refunded(self.get(refund["payment_intent"]))
        self.tell("refund.failed" if status == "failed" else "refund.updated", refund)

    # === DISPUTES, PAYOUTS === #

    def dispute(self, intent_ref, amount):
        intent = self.get(intent_ref)
        dispute = self.add(
            "dp",
            "dispute",
            amount=amount,
            currency=intent["currency"],
            payment_intent=intent_ref,
            charge=intent["latest_charge"],
            status="needs_response",
            reason="fraudulent",
            evidence_details={**EVIDENCE, "due_by": int(time.time()) + 7 * DAY},
        )
        self.tell("charge.dispute.created", dispute)
        return dispute

    def do_get_disputes(self, values):
        return self.list(self.find("dispute", payment_intent=values["payment_intent"]), values)

    def do_get_disputes_id(self, ref, _values):
        return self.get(ref, "dispute")

    def pay_out(self):
        balances = [
            balance
            for balance in self.find("balance_transaction")
            if balance["id"] not in self.paid_out
        ]
        payout = self.add(
            "po",
            "payout",
            amount=sum(balance["net"] for balance in balances),
            arrival_date=int(time.time()) + 3 * DAY,
            status="paid",
        )
        self.paid_out.update({balance["id"]: payout["id"] for balance in balances})
        self.tell("payout.paid", payout)
        return payout

    def do_get_payouts_id(self, ref, _values):
        return self.get(ref, "payout")

    def do_get_balance_transactions(self, values):
        found = [
            balance
            for balance in self.find("balance_transaction")
            if self.paid_out.get(balance["id"]) == values["payout"]
        ]
        return self.list(found, values)


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP for :class:`Stripe`."""

    protocol_version = "HTTP/1.1"
    # Else each answer waits for 40 ms until its head is acknowledged.
    disable_nagle_algorithm = True
    stripe = None

    def log_message(self, *_args):
        pass

    def do_GET(self):
        self.serve("GET")

    def do_POST(self):
        self.serve("POST")

    def do_DELETE(self):
        self.serve("DELETE")

    def serve(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        parts = urlsplit(self.path)
        if parts.path.startswith("/c/pay/"):
            self.serve_page(method, parts.path.rpartition("/")[2], body)
        else:
            self.serve_api(method, parts, body)

    # === API === #

    def serve_api(self, method, parts, body):
        fault = self.stripe.take_fault(f"{method} {parts.path}")
        try:
            status, answer = self.get_answer(method, parts, body, fault)
        except Dropped:
            self.close_connection = True
            self.connection.close()
            return
        self.send(status, answer, "application/json")

    def get_answer(self, method, parts, body, fault):
        if fault == "lose":
            raise Dropped
        if fault in ("500", "429"):
            error = {"type": "api_error", "message": "Something went wrong."}
            return int(fault), json.dumps({"error": error})
        try:
            if self.headers.get("Authorization") != f"Bearer {KEY}":
                raise Refusal(401, "Invalid API Key provided: sk_test_************body")
            values = request_check.parse_form(body or parts.query)
            key = self.headers.get("Idempotency-Key") if method == "POST" else None
            status, answer = 200, self.stripe.answer(method, parts.path, values, key)
        except Refusal as refusal:
            status, answer = refusal.status, refusal.body
        if fault == "drop":
            raise Dropped
        if fault == "crash":
            failure = Refusal(500, "Something went wrong.", "api_error")
            self.stripe.keys[key] = (*self.stripe.keys[key][:3], failure)
            return failure.status, json.dumps(failure.body)
        nonsense = {"garbage": "<html>", "empty": "{}"}
        return status, nonsense.get(fault) or json.dumps(answer)

    def send(self, status, text, kind, **headers):
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)

    # === THE HOSTED PAGE === #

    def serve_page(self, method, ref, body):
        session = self.stripe.objects.get(ref)
        if not session or session["status"] != "open":
            self.send(200, "<h1>This page is closed</h1>", "text/html")
            return
        error = ""
        if method == "POST":
            card = parse_qs(body)["card"][0].replace(" ", "")
            try:
                intent = self.stripe.pay(ref, card)
            except Refusal as refusal:
                error = str(refusal)
            else:
                if intent["status"] == "succeeded":
                    self.send(303, "", "text/html", Location=session["success_url"])
                    return
                error = intent["last_payment_error"]["message"]
        self.send(200, self.render_page(session, error), "text/html; charset=utf-8")

    def render_page(self, session, error):
        rows = "".join(
            f"<li>{html.escape(item['price_data']['product_data']['name'])}: "
            f"{int(item['price_data']['unit_amount']) / 100:.2f}</li>"
            for item in session["values"]["line_items"]
        )
        return (
            '<!DOCTYPE html><html lang="en"><meta name="viewport" content="width=device-width">'
            f"<title>Fake Checkout</title><h1>Pay {session['amount_total'] / 100:.2f}</h1>"
            f"<ul>{rows}</ul><p role=alert>{html.escape(error)}</p>"
            "<form method=post><label>Card number <input name=card></label>"
            "<button>Pay</button></form>"
            f'<a id="back" href="{html.escape(session["cancel_url"])}">Back</a></html>'
        )


@contextmanager
def serve():
    """Yield a :class:`Stripe` that listens on loopback."""
    stripe = Stripe()
    handler = type("BoundHandler", (Handler,), {"stripe": stripe})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    stripe.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield stripe
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sign(payload, secret, moment=None):
    """Return the header with which Stripe signs a message."""
    return WebhookSignature.generate_signature_header(payload, secret, moment)
