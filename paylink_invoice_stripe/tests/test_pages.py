# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""From the customer's page to Stripe's and back, by HTTP and in a browser."""

import json
from unittest.mock import patch

from odoo.tests import mute_logger, tagged
from odoo.tests.common import HttpCase

from odoo.addons.paylink_invoice.models import ir_http
from odoo.addons.paylink_invoice.tests.test_page_browser import BrowserCase

from . import fake_stripe
from .common import SECRET, StripeCase
from .fake_stripe import CREDIT, DECLINED


class PageCase(StripeCase, HttpCase):
    @property
    def tx(self):
        self.env.invalidate_all()
        return self.posted_invoice.transaction_ids[:1]

    def _tap_pay(self, **form):
        return self.url_open(
            self.link._get_path("pay"),
            data={"option": self._get_way(), **form},
            headers={"Accept": "text/html"},
            allow_redirects=False,
        )

    def _come_back(self, name="success_url"):
        session = self.stripe.objects[self.tx.paylink_stripe_session_ref]
        path = "/paylink/" + session[name].partition("/paylink/")[2]
        return self.url_open(path, allow_redirects=False)

    def _post_event(self, event, secret=SECRET):
        body = json.dumps(event)
        return self.url_open(
            f"/paylink/stripe/webhook/{self.provider.id}",
            data=body,
            headers={
                "Content-Type": "application/json",
                "Stripe-Signature": fake_stripe.sign(body, secret),
            },
        )


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPages(PageCase):
    def test_tap_on_pay_leads_to_stripe_by_one_request(self):
        response = self._tap_pay()
        self.assertEqual(response.status_code, 303)
        self.assertTrue(
            response.headers["Location"].startswith(f"{self.stripe.url}/c/pay/cs_test_")
        )
        self.assertEqual(len(self.stripe.requests), 1)

    def test_who_has_paid_comes_back_to_the_receipt(self):
        self._tap_pay()
        self._pay(self.tx)
        response = self._come_back()
        self.assertEqual(response.status_code, 303)
        self.assertIn("/receipt/", response.headers["Location"])
        self.assertEqual(self.tx.state, "done")
        page = self.url_open("/paylink/" + response.headers["Location"].partition("/paylink/")[2])
        self.assertIn("Thank you", page.text)
        self.assertIn("Visa •••• 4242", page.text)

    @mute_logger("odoo.addons.paylink_invoice_stripe.controllers.stripe_checkout")
    def test_who_has_paid_is_not_asked_to_pay_while_stripe_is_silent(self):
        self._tap_pay()
        self._pay(self.tx)
        self.stripe.fail("500", "GET /v1/checkout")
        response = self._come_back()
        self.assertIn("/receipt/", response.headers["Location"])
        page = self.url_open("/paylink/" + response.headers["Location"].partition("/paylink/")[2])
        self.assertIn("If you have just paid, wait a moment", page.text)
        self.assertIn("Refresh", page.headers)
        self._run_cron()
        self.assertEqual(self.tx.state, "done")

    def test_who_has_not_paid_can_try_again(self):
        self._tap_pay()
        first = self.tx
        response = self._come_back("cancel_url")
        self.assertTrue(response.headers["Location"].endswith("#o_paylink_pay"))
        self.assertEqual(first.paylink_stripe_session_state, "expired")
        self.assertEqual(self._tap_pay().status_code, 303)
        self.assertNotEqual(self.tx, first)

    def test_who_was_declined_reads_why(self):
        self._tap_pay()
        self._pay(self.tx, DECLINED)
        response = self._come_back("cancel_url")
        page = self.url_open("/paylink/" + response.headers["Location"].partition("/paylink/")[2])
        self.assertIn("was declined", page.text)
        self.assertNotIn(DECLINED, page.text)

    def test_address_of_the_way_back_shows_one_payment_to_others(self):
        self._tap_pay()
        self._pay(self.tx)
        self.opener.cookies.clear()
        response = self._come_back()
        self.assertEqual(response.status_code, 200)
        self.assertIn("Thank you", response.text)
        self.assertNotIn(self.link._get_token(), response.text)

    def test_forged_way_back_is_unknown(self):
        self._tap_pay()
        for proof in ("x", "0" * 23):
            path = f"/paylink/stripe/return/{self.tx.id}/{proof}"
            self.assertEqual(self.url_open(path).status_code, 404)

    def test_fee_is_charged_only_after_it_was_accepted(self):
        self._set_fee()
        response = self._tap_pay(option=self._get_way("credit"))
        self.assertEqual(response.status_code, 200)
        self.assertIn("fee_accepted", response.text)
        self.assertIn("save_card", response.text)
        self.assertFalse(self.stripe.requests)
        quote = self.link.quote_ids[:1].reference
        response = self._tap_pay(quote=quote, fee_accepted="1", save_card="1")
        self.assertEqual(response.status_code, 303)
        self.assertEqual((self.tx.amount, self.tx.tokenize), (103.0, True))

    def test_page_offers_to_save_the_card(self):
        text = self.url_open(self.link._get_path()).text
        self.assertIn('name="save_card"', text)
        self.provider.allow_tokenization = False
        self.assertNotIn('name="save_card"', self.url_open(self.link._get_path()).text)

    @mute_logger("odoo.addons.paylink_invoice_stripe.models.payment_transaction_session")
    def test_stripe_out_of_order(self):
        self.stripe.fail("500", "POST /v1/checkout/sessions")
        response = self._tap_pay()
        self.assertEqual(response.status_code, 409)
        self.assertIn("nothing was charged", response.text)
        self.assertEqual(self._tap_pay().status_code, 303)

    def test_webhook(self):
        self._tap_pay()
        self._pay(self.tx)
        event = self.stripe.events[0]
        self.assertEqual(self._post_event(event, "whsec_other").status_code, 400)
        self.assertEqual(self.tx.state, "draft")
        self.stripe.fail("500", "GET /v1/checkout")
        with mute_logger("odoo.addons.paylink_invoice_stripe.controllers.stripe_checkout"):
            self.assertEqual(self._post_event(event).status_code, 503)
        self.assertEqual(self._post_event(event).json(), {"received": True, "known": True})
        self.assertEqual(self.tx.state, "done")
        self.assertEqual(self._post_event({**event, "type": "x"}).json()["known"], False)
        for provider_id in (0, 999999999):
            path = f"/paylink/stripe/webhook/{provider_id}"
            self.assertEqual(self.url_open(path, data="{}").status_code, 404)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestInBrowser(BrowserCase, PageCase):
    def test_phone_without_scripts_pays(self):
        policy = ir_http.CONTENT_SECURITY_POLICY.replace("https:", f"https: {self.stripe.url}")
        with (
            patch.object(ir_http, "CONTENT_SECURITY_POLICY", policy),
            self._visit(width=390, has_script=False) as visitor,
        ):
            visitor.click(".o_paylink_pay")
            visitor.wait_for("document.title === 'Fake Checkout'")
            visitor.click("[name=card]")
            visitor.type(DECLINED)
            visitor.click("button")
            visitor.wait_for("document.body.innerText.includes('declined')")
            visitor.click("[name=card]")
            visitor.type(CREDIT)
            visitor.click("button")
            visitor.wait_for("document.body.innerText.includes('Thank you')")
            self.assertIn("4242", visitor.get_text())
        self.assertEqual(self.tx.state, "done")
