# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Our fake answers as an independent one does."""

import json
import os
from pathlib import Path

import stripe

from odoo.tests import tagged
from odoo.tests.common import BaseCase

from . import fake_stripe
from .semantics import Conversation

RECORD = Path(__file__).with_name("semantics.json")
# The address of another fake that is asked anew, and what it answers is written down.
OTHER = os.environ.get("PAYLINK_OTHER_STRIPE")


@tagged("post_install", "-at_install", "paylink")
class TestSemantics(BaseCase):
    def _get_client(self, url, key):
        client = stripe.StripeClient(
            key,
            base_addresses={"api": url},
            max_network_retries=0,
            http_client=stripe.RequestsClient(timeout=20),
        )
        return client.v1

    def _ask_other(self):
        client = self._get_client(OTHER, "sk_test_1")
        customer = client.customers.create({"email": "alice@azure.example.com"}).id
        known = {"customer": customer}
        for name, token in (
            ("good", "tok_visa"),
            ("authenticate", "tok_threeDSecure2Required"),
            ("declined", "tok_visa_chargeDeclined"),
        ):
            method = client.payment_methods.create({"type": "card", "card": {"token": token}})
            known[name] = method.id
            if name != "declined":
                client.payment_methods.attach(method.id, {"customer": customer})
        return Conversation(client, known).run()

    def test_fake_answers_as_an_independent_one(self):
        with fake_stripe.serve() as fake:
            client = self._get_client(fake.url, fake_stripe.KEY)
            customer = fake.add("cus", "customer")["id"]
            known = {
                "customer": customer,
                "good": "pm_good",
                "declined": "pm_declined",
                "authenticate": "pm_authenticate",
            }
            ours = Conversation(client, known).run()
        if OTHER:
            record = json.dumps(self._ask_other(), indent=1, ensure_ascii=False)
            RECORD.write_text(f"{record}\n", encoding="utf-8")
        theirs = json.loads(RECORD.read_text(encoding="utf-8"))
        self.assertEqual(json.loads(json.dumps(ours)), theirs)
