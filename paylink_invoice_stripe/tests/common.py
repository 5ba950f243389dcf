# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the tests share: a seller whose customers pay at a fake Stripe."""

import json
from datetime import timedelta
from unittest.mock import patch

from odoo import Command

from odoo.addons.paylink_invoice.models.paylink_link_quote import Wish
from odoo.addons.paylink_invoice.tests.common import PaylinkCommon

from .. import stripe_api
from . import fake_stripe

SECRET = "whsec_FakeSecretOfNobody"
VISITOR = {"ip_address": "203.0.113.7", "user_agent": "Mozilla/5.0"}


class StripeCase(PaylinkCommon):
    """A published provider, a link, and a Stripe that does as it is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([]).write({"state": "disabled", "is_published": False})
        cls.stripe = cls.enterClassContext(fake_stripe.serve())
        cls.enterClassContext(patch.dict(stripe_api.BASE_ADDRESSES, {"api": cls.stripe.url}))
        # Once is enough for whoever wants to see what follows from no answer.
        cls.enterClassContext(patch.object(stripe_api, "RETRIES", 0))
        stripe_api._get_http_client.cache_clear()
        cls.provider = cls._get_provider()
        cls.income = cls.company_data["default_account_revenue"]
        cls.provider.write(
            {
                "paylink_stripe_secret_key": fake_stripe.KEY,
                "paylink_stripe_webhook_secret": SECRET,
                "state": "test",
                "is_published": True,
            }
        )
        cls._set_outstanding_account()
        cls.link = cls._create_link()
        cls.classPatch(
            cls.env.registry["ir.cron"], "_commit_progress", lambda *_args, **_kwargs: 1.0
        )

    @classmethod
    def _get_provider(cls):
        code = stripe_api.CODE
        providers = cls.env["payment.provider"]
        found = providers.search([("code", "=", code), ("company_id", "=", cls.company.id)])
        if not found:
            # Companies that are made later get theirs by a copy, as users do it.
            main = providers.search([("code", "=", code)], limit=1)
            found = main.copy({"company_id": cls.company.id})
        found.paylink_fee_product_id = cls._create_fee_product()
        return found

    @classmethod
    def _create_fee_product(cls):
        return cls.env["product.product"].create(
            {
                "name": "Card fee",
                "type": "service",
                "property_account_income_id": cls.company_data["default_account_revenue"].id,
                "taxes_id": [Command.clear()],
            }
        )

    @classmethod
    def _set_outstanding_account(cls):
        line = cls.provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == cls.provider
        )
        line.payment_account_id = cls.inbound_payment_method_line.payment_account_id

    def setUp(self):
        super().setUp()
        self.stripe.forget()
        self.addCleanup(self._assert_requests_are_right)

    def _assert_requests_are_right(self):
        self.assertEqual(self.stripe.wrong, [])

    # === CUSTOMER === #

    def _set_fee(self, percent=3.0):
        self.provider.paylink_fee_percent = percent

    def _get_way(self, name="any"):
        """Return the id of a way to pay: any, credit, debit."""
        method = self.env.ref(f"paylink_invoice_stripe.payment_method_{name}")
        return f"{self.provider.id}-{method.id}"

    def _open(self, way="any", link=None, is_card_saved=False, **wish):
        """Return the payment of a customer who is at Stripe's page."""
        link = link or self.link
        quote = link._quote(Wish(option=self._get_way(way), **wish))
        quote._accept_fee(VISITOR)
        _quote, tx = link._reserve_payment(
            VISITOR, quote.reference, is_accepted=True, is_card_saved=is_card_saved
        )
        tx._paylink_open_hosted_page()
        return tx

    def _pay(self, tx, card=fake_stripe.CREDIT, kind="card"):
        """Pay on the page; return the PaymentIntent."""
        return self.stripe.pay(tx.paylink_stripe_session_ref, card, kind)

    def _pay_and_tell(self, way="any", card=fake_stripe.CREDIT, **wish):
        """Return a payment that was made, told of and booked."""
        tx = self._open(way, **wish)
        self._pay(tx, card)
        self._tell_all()
        tx._post_process()
        return tx

    # === NEWS === #

    def _tell(self, event, secret=SECRET, moment=None):
        """Let Stripe tell an event; return whether it was believed."""
        payload = json.dumps(event)
        header = fake_stripe.sign(payload, secret, moment)
        believed = self.provider._paylink_stripe_verify(payload.encode(), header)
        if believed:
            self.provider._paylink_stripe_process_event(believed)
        return bool(believed)

    def _tell_all(self):
        events, self.stripe.events = self.stripe.events, []
        for event in events:
            self._tell(event)

    def _run_cron(self):
        self.env["payment.transaction"]._cron_paylink_stripe()

    def _age(self, tx, **interval):
        """Move a payment into the past, here and at Stripe."""
        seconds = int(timedelta(**interval).total_seconds())
        tx.flush_recordset()
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s * interval '1 second',"
            " paylink_stripe_check_date = paylink_stripe_check_date - %s * interval '1 second'"
            " WHERE id = %s",
            [seconds, seconds, tx.id],
        )
        tx.invalidate_recordset()
        if session := self.stripe.objects.get(tx.paylink_stripe_session_ref):
            session["expires_at"] -= seconds
        self.stripe.close_late()

    def _make_older(self, kind, seconds=3600):
        """Move all objects of a kind at Stripe into the past."""
        for one in self.stripe.find(kind):
            one["created"] -= seconds

    def _patch_retries(self, retries):
        return patch.object(stripe_api, "RETRIES", retries)

    def _count(self, request):
        """Return how many such requests Stripe has got, e.g. ``POST /v1/refunds``."""
        return sum(name.startswith(request) for name, _values, _key in self.stripe.requests)

    def _get_request(self, request):
        """Return the values of the newest such request."""
        return next(
            values for name, values, _key in reversed(self.stripe.requests) if name == request
        )
