# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a Stripe answers to payments, refunds and repeated requests: to compare ours with another.

`semantics.json` holds what an independent fake answered, `seahaven-stripe-world` 0.3.0, which is made
after recordings of the real one. `PAYLINK_OTHER_STRIPE=http://127.0.0.1:8000/worlds/x` has another one
asked anew, see `test_semantics.py`.
"""

import re

import stripe

ID = re.compile(r"\b(?:pi|ch|re|pm|cus|txn)_\w+")
METADATA = {"odoo_database": "u", "odoo_reference": "INV/1"}
INTENT = (
    *("status", "amount", "amount_received", "currency", "metadata", "last_payment_error"),
    *("latest_charge.status", "latest_charge.amount_refunded", "latest_charge.refunded"),
    *("latest_charge.paid", "latest_charge.captured"),
    *("latest_charge.balance_transaction.fee", "latest_charge.balance_transaction.net"),
    *("latest_charge.payment_method_details.type",),
    *("latest_charge.payment_method_details.card.funding",),
    *("latest_charge.payment_method_details.card.last4",),
)
REFUND = ("status", "amount", "currency", "metadata")
EXPAND = {"expand": ["latest_charge.balance_transaction"]}


class Conversation:
    """Asks a Stripe the same things in the same order, and notes what it answers.

    :param client: the ``v1`` of a `stripe.StripeClient`
    :param dict known: ids there: ``customer``, and the payment methods ``good``, ``declined`` and
        ``authenticate`` (which its bank refuses without its owner)
    """

    def __init__(self, client, known):
        self.client = client
        self.known = known
        self.answers = {}

    # === ASKING === #

    def ask(self, name, function, params, key=None, fields=()):
        """Note the answer to a request; return the id of what it is about."""
        options = {"idempotency_key": key} if key else {}
        try:
            answer = function(params, options).to_dict()
        except stripe.StripeError as error:
            self.answers[name] = self._note_error(error)
            return None
        self.answers[name] = {field: _read(answer, field) for field in fields}
        return answer["id"]

    def _note_error(self, error):
        details = error.error.to_dict() if error.error else {}
        return {
            "http": error.http_status,
            "type": details.get("type"),
            "code": error.code,
            "decline_code": details.get("decline_code"),
            "intent": _read(details, "payment_intent.status"),
            "charge": _kind(_read(details, "payment_intent.latest_charge")),
        }

    def charge(self, name, amount, method, key, **more):
        params = {
            "amount": amount,
            "currency": "usd",
            "payment_method": self.known[method],
            "confirm": True,
            "metadata": METADATA,
            **EXPAND,
            **more,
        }
        if method != "declined":
            # A card that is declined cannot be saved, so it is nobody's.
            params.update(customer=self.known["customer"], off_session=True)
        return self.ask(name, self.client.payment_intents.create, params, key, INTENT)

    def refund(self, name, intent, key=None, **more):
        params = {"payment_intent": intent, "metadata": METADATA, **more}
        return self.ask(name, self.client.refunds.create, params, key, REFUND)

    def look(self, name, intent):
        def retrieve(_params, _options):
            return self.client.payment_intents.retrieve(intent, EXPAND)

        self.ask(name, retrieve, {}, fields=INTENT)

    # === THE TALK === #

    def run(self):
        """Return all answers by name."""
        intent = self.talk_of_charges()
        self.talk_of_refunds(intent)
        self.talk_of_lists(intent)
        return self.answers

    def talk_of_charges(self):
        intent = self.charge("charge", 7000, "good", "a")
        again = self.charge("charge, same key", 7000, "good", "a")
        self.answers["charge, same key: is the same"] = again == intent
        self.charge("charge, same key, other amount", 7001, "good", "a")
        self.charge("declined", 5000, "declined", "b")
        self.charge("declined, same key", 5000, "declined", "b")
        self.charge("bank wants the owner", 5000, "authenticate", "c")
        self.charge("bad parameter", 5000, "good", "d", currency="nope")
        self.charge("key of a bad parameter", 5000, "good", "d")
        self.look("unknown", "pi_unknown")
        return intent

    def talk_of_refunds(self, intent):
        first = self.refund("refund", intent, "e", amount=3000)
        again = self.refund("refund, same key", intent, "e", amount=3000)
        self.answers["refund, same key: is the same"] = again == first
        self.refund("refund, same key, other amount", intent, "e", amount=3001)
        self.look("charge after a refund", intent)
        self.refund("refund of more than is left", intent, amount=4001)
        self.refund("refund of nothing", intent, amount=0)
        self.refund("refund of the rest", intent)
        self.refund("refund of what is refunded", intent, amount=1)
        self.look("charge after all refunds", intent)

    def talk_of_lists(self, intent):
        refunds = self.client.refunds.list({"payment_intent": intent, "limit": 100})
        self.answers["refunds"] = [(one.amount, one.status) for one in refunds.data]
        page = self.client.refunds.list({"payment_intent": intent, "limit": 1})
        self.answers["first refund"] = [page.has_more, [one.amount for one in page.data]]
        after = {"payment_intent": intent, "limit": 1, "starting_after": page.data[-1].id}
        page = self.client.refunds.list(after)
        self.answers["second refund"] = [page.has_more, [one.amount for one in page.data]]
        mine = {"customer": self.known["customer"], "limit": 100}
        intents = self.client.payment_intents.list(mine).data
        self.answers["intents"] = [
            (one.amount, one.status, bool(one.last_payment_error), _kind(one.latest_charge))
            for one in intents
        ]
        later = self.client.payment_intents.list({**mine, "created": {"gte": 4000000000}})
        self.answers["intents of the future"] = len(later.data)
        unpaid = next(one.id for one in intents if one.status != "succeeded")
        self.refund("refund of what was not paid", unpaid, amount=1)


def _read(answer, field):
    for name in field.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return ID.sub("…", answer) if isinstance(answer, str) else answer


def _kind(one):
    return type(one).__name__
