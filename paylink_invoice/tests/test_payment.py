# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying in full from a link: what the form offers, who may start, and where the money goes."""

import json
import re
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import mute_logger, new_test_user, tagged

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.payment.tests.http_common import PaymentHttpCommon

from .common import PaylinkCommon, slow

HTTP_LOG = "odoo.http"
TRANSACTION_LOG = "odoo.addons.payment.models.payment_transaction"
CONTROLLER_LOG = "odoo.addons.paylink_invoice.controllers.payment"


class PaymentCase(PaylinkCommon, PaymentHttpCommon):
    """A link whose invoice can be paid with the dummy provider; what a browser does with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([("id", "!=", cls.provider.id)]).write(
            {"state": "disabled", "is_published": False}
        )
        cls.provider.available_currency_ids = False
        cls.link = cls._create_link()

    @property
    def transactions(self):
        return self.posted_invoice.transaction_ids

    def _get(self, suffix="", link=None, **kwargs):
        return self.url_open((link or self.link)._get_path(suffix), **kwargs)

    def _post(self, link=None, headers=None, data=None, **params):
        """Post to the transaction route what Odoo's form would, changed by ``params``."""
        choice = {
            "provider_id": self.provider.id,
            "payment_method_id": self.payment_method_id,
            "token_id": None,
            "amount": 100.0,
            "flow": "redirect",
            "tokenization_requested": False,
            "landing_route": "/paylink/landing",
            "is_validation": False,
            "access_token": "",
            "csrf_token": "",
        }
        body = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "call", "params": choice | params})
        return self.url_open(
            (link or self.link)._get_path("transaction"),
            data=data if data is not None else body,
            headers={"Content-Type": "application/json", **(headers or {})},
            allow_redirects=False,
        )

    def _start(self, link=None, **params):
        """Start a payment and return its transaction."""
        response = self._post(link, **params)
        self.assertEqual(response.status_code, 200, response.text)
        reference = response.json()["result"]["reference"]
        return self._get_tx(reference)

    def _start_in_portal(self):
        """Return a payment of the invoice that was started in Odoo's own portal."""
        return self._create_transaction(
            "redirect",
            reference="PORTAL",
            amount=100.0,
            currency_id=self.posted_invoice.currency_id.id,
            partner_id=self.alice.id,
            invoice_ids=[Command.set(self.posted_invoice.ids)],
        )

    def _make_older(self, tx, interval):
        """Move the start of a payment into the past, e.g. by ``16 minutes``."""
        self.env.cr.execute(
            "UPDATE payment_transaction SET create_date = create_date - %s::interval WHERE id = %s",
            [interval, tx.id],
        )
        tx.invalidate_recordset()

    def _assert_refused(self, response, status, code):
        """Check status, code and sentence of a refusal, and that it tells nothing else."""
        self.assertEqual(response.status_code, status, response.text)
        error = response.json()["error"]
        self.assertEqual(error["data"]["code"], code)
        self.assertTrue(error["data"]["message"])
        self.assertEqual(set(error["data"]), {"name", "code", "message"})
        for technical in ("Traceback", "odoo.", "psycopg", ".py"):
            self.assertNotIn(technical, response.text)

    def _settle(self, tx):
        """Let the provider report success, and book it."""
        tx._set_done()
        tx._post_process()

    def _as_card_provider(self):
        """Have the dummy provider taken for one that reserves money and confirms it later."""
        registry = self.env.registry
        self.startPatcher(patch.object(registry["payment.transaction"], "provider_code", "card"))
        self.startPatcher(
            patch.object(registry["payment.provider"], "support_manual_capture", "full_only")
        )

    def _get_message(self, response):
        return response.json()["error"]["data"]["message"]


@tagged("post_install", "-at_install", "paylink")
class TestPaymentForm(PaymentCase):
    def test_form_shows_what_is_paid_and_how_much(self):
        response = self._get("pay")
        self.assertEqual(response.status_code, 200)
        context = self._get_payment_context(response)
        self.assertEqual(context["amount"], 100.0)
        self.assertEqual(context["payment_method_ids"], self.payment_method.ids)
        self.assertEqual(context["landing_route"], "/paylink/landing")
        self.assertIn("Northwind Heating", response.text)
        self.assertIn(f'href="{self.link._get_path()}"', response.text)
        self.assertIn("$ 100.00", response.text.replace("\N{NO-BREAK SPACE}", " "))

    def test_the_only_way_to_pay_is_preselected(self):
        self.assertRegex(self._get("pay").text, r'name="o_payment_radio"[^>]*checked')

    def test_form_writes_nothing_and_leaves_no_cookie(self):
        with self.assertNoLogs(HTTP_LOG, "WARNING"):  # It warns of a write on a reading route.
            response = self._get("pay")
        self.assertNotIn("Set-Cookie", response.headers)
        self.assertFalse(self.transactions)

    def test_form_has_no_header_footer_or_login(self):
        html = self._get("pay").text
        for other in ("/web/login", "/my/home", "o_footer", "o_main_navbar", 'href="/my'):
            self.assertNotIn(other, html)

    def test_form_runs_no_inline_script_without_a_nonce(self):
        response = self._get("pay")
        policy = response.headers["Content-Security-Policy"]
        scripts = re.search(r"script-src ([^;]*)", policy)[1]
        self.assertNotIn("'unsafe-inline'", scripts)
        self.assertIn("frame-ancestors 'none'", policy)
        nonce = re.search(r"'nonce-([^']+)'", scripts)[1]
        for attributes in re.findall(r"<script([^>]*)>", response.text):
            self.assertTrue(f'nonce="{nonce}"' in attributes or "src=" in attributes, attributes)
        self.assertNotIn(nonce, self._get("pay").text)

    def test_form_offers_to_save_a_card_where_that_is_possible(self):
        self.provider.allow_tokenization = False
        html = self._get("pay").text
        self.assertNotIn("o_payment_tokenize_checkbox", html)
        self.provider.allow_tokenization = True
        self.payment_method.support_tokenization = True
        (box,) = re.findall(
            r'<input name="o_payment_tokenize_checkbox"[^>]*>', self._get("pay").text
        )
        self.assertNotIn("checked", box)

    def test_card_is_saved_only_if_asked_for_and_possible(self):
        for can_save, is_wanted, is_saved in (
            (False, True, False),
            (True, False, False),
            (True, None, False),
            (True, True, True),
        ):
            self.provider.allow_tokenization = can_save
            self.payment_method.support_tokenization = can_save
            tx = self._start(tokenization_requested=is_wanted)
            self.assertEqual(tx.tokenize, is_saved)
        self.payment_method.support_tokenization = False
        self.assertFalse(self._start(tokenization_requested=True).tokenize)
        for value in (1, "true", [True], {}, 0, ""):
            self._assert_refused(self._post(tokenization_requested=value), 400, "invalid_request")

    @slow
    def test_form_shows_no_saved_card(self):
        self.customer.country_id = self.country_belgium
        tokens = self._create_token(partner_id=self.alice.id, payment_details="SAVED4242")
        tokens |= self._create_token(partner_id=self.customer.id, payment_details="SAVED1111")
        html = self._get("pay").text
        self.assertNotIn("SAVED", html)
        self.assertNotIn('data-payment-option-type="token"', html)

    def test_owner_of_a_saved_card_does_not_see_it_either(self):
        user = self._create_new_portal_user(login="paylink_portal", name="Somebody Else")
        self._create_token(partner_id=user.partner_id.id, payment_details="SAVED4242")
        self.authenticate("paylink_portal", "paylink_portal")
        html = self._get("pay").text
        self.assertNotIn("SAVED4242", html)
        self.assertNotIn("Somebody Else", html)
        self.assertIn(f'data-partner-id="{self.alice.id}"', html)

    def test_staff_see_no_provider_that_is_not_published(self):
        new_test_user(self.env, "paylink_admin", "base.group_system", company_id=self.company.id)
        self.env.user.search([("login", "=", "paylink_admin")]).company_ids = self.company
        hidden = self.provider.copy({"name": "Hidden Provider"})
        hidden.write({"state": "test", "is_published": False})
        self.authenticate("paylink_admin", "paylink_admin")
        html = self._get("pay").text
        self.assertNotIn(f'data-provider-id="{hidden.id}"', html)
        self.assertNotIn("payment_availability_report", html)
        self.provider.is_published = False
        self.assertEqual(self._get("pay").status_code, 409)

    def test_form_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.alice.lang = "fr_FR"
        response = self._get("pay")
        self.assertIn('<html lang="fr-FR"', response.text)
        self.assertIn('"lang": "fr_FR"', response.text)

    @slow
    def test_form_is_not_shown_where_nothing_can_be_paid(self):
        def of(**values):
            return self._create_link(self._create_invoice(**values))

        cancelled = of()
        cancelled.move_id.button_cancel()
        paid = of()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=paid.move_id.ids
        ).create({})._create_payments()
        refund = of(move_type="out_refund")
        view_only = self._create_link(allow_payment=False)
        for link in (cancelled, paid, refund, view_only):
            response = self._get("pay", link)
            self.assertEqual(response.status_code, 409)
            self.assertNotIn("o_payment_form", response.text)

    def test_form_of_a_link_that_is_over_says_so(self):
        expired = self._create_link(expiration_date=fields.Datetime.now() - timedelta(seconds=1))
        revoked = self._create_link()
        revoked.action_revoke()
        for link in (expired, revoked):
            self.assertEqual(self._get("pay", link).status_code, 410)
        self.assertEqual(self.url_open(f"/paylink/{'0' * 35}/pay").status_code, 404)

    def test_form_without_any_payment_method_is_not_shown(self):
        self.payment_method.active = False
        self.assertEqual(self._get("pay").status_code, 409)


@tagged("post_install", "-at_install", "paylink")
class TestPaymentStart(PaymentCase):
    def test_server_decides_everything_but_the_way_to_pay(self):
        tx = self._start(
            amount=0.01,
            currency_id=self.currency_euro.id,
            partner_id=self.bob.id,
            is_validation=True,
            landing_route="https://evil.example.com/",
            reference_prefix="EVIL",
            invoice_id=1,
            unknown={"a": [1]},
        )
        self.assertEqual(tx.amount, 100.0)
        self.assertEqual(tx.currency_id, self.posted_invoice.currency_id)
        self.assertEqual(tx.partner_id, self.alice)
        self.assertEqual(tx.invoice_ids, self.posted_invoice)
        self.assertEqual(tx.operation, "online_redirect")
        self.assertEqual(tx.landing_route, "/paylink/landing")
        self.assertEqual(tx.reference, self.posted_invoice.name)
        self.assertEqual(tx.paylink_link_id, self.link)

    def test_answer_holds_what_the_script_of_the_provider_needs(self):
        result = self._post().json()["result"]
        self.assertIn("<form", result["redirect_form_html"])
        self.assertEqual(result["provider_id"], self.provider.id)
        self.assertEqual(result["state"], "draft")

    def test_logged_in_visitor_pays_as_the_customer(self):
        self._create_new_portal_user(login="paylink_portal")
        self.authenticate("paylink_portal", "paylink_portal")
        tx = self._start()
        self.assertEqual(tx.partner_id, self.alice)
        self.assertTrue(tx.create_uid._is_public())

    @slow
    def test_early_payment_discount_is_granted(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "2/10 net 30",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        invoice = self._create_invoice(invoice_payment_term_id=terms.id)
        link = self._create_link(invoice)
        self.assertIn('data-amount="98.0"', self._get("pay", link).text)
        tx = self._start(link)
        self.assertEqual(tx.amount, 98.0)
        self._settle(tx)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(invoice.amount_residual, 0)

    def test_part_that_was_paid_already_is_not_asked_again(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.posted_invoice.ids
        ).create({"amount": 30.0})._create_payments()
        self.assertEqual(self._start().amount, 70.0)

    def test_same_choice_again_gets_the_same_payment(self):
        self.assertEqual(self._start(), self._start())
        self.assertEqual(len(self.transactions), 1)

    def test_another_choice_takes_the_place_of_the_first(self):
        first = self._start()
        second = self._start(flow="direct")
        self.assertNotEqual(first, second)
        self.assertEqual(first.state, "cancel")
        self.assertTrue(first.paylink_is_given_up)
        self.assertTrue(first.state_message)
        self.assertEqual(second.state, "draft")
        self.assertEqual(second.reference, f"{self.posted_invoice.name}-1")

    def test_another_link_has_to_wait_and_is_told_until_when(self):
        first = self._start()
        other = self._create_link(partner=self.bob)
        self.bob.tz = "Asia/Tokyo"
        response = self._post(other)
        self._assert_refused(response, 409, "in_progress")
        end = fields.Datetime.context_timestamp(
            first.with_context(tz="Asia/Tokyo"), first.create_date + timedelta(minutes=15)
        )
        message = self._get_message(response).replace("\N{NARROW NO-BREAK SPACE}", " ")
        self.assertIn(f"{end:%-I:%M %p}", message)
        self.assertEqual(self.transactions, first)

    def test_nobody_is_locked_out_by_an_attempt_that_was_given_up(self):
        first = self._start()
        self._make_older(first, "16 minutes")
        second = self._start(self._create_link(partner=self.bob))
        self.assertEqual(first.state, "cancel")
        self.assertEqual(second.state, "draft")

    def test_attempt_in_the_portal_counts_as_well(self):
        portal_tx = self._start_in_portal()
        self._assert_refused(self._post(), 409, "in_progress")
        self.assertEqual(self.transactions, portal_tx)

    def test_payment_whose_outcome_is_open_keeps_everybody_from_paying(self):
        self._as_card_provider()
        first = self._start()
        first._set_pending()
        response = self._post()
        self._assert_refused(response, 409, "in_progress")
        self.assertIn("100.00", self._get_message(response))

    def test_announced_transfer_keeps_nobody_from_paying(self):
        first = self._start()
        first._set_pending()
        self.assertNotEqual(self._start(), first)

    def test_money_that_is_not_booked_yet_is_not_asked_again(self):
        self._start()._set_done()
        self._assert_refused(self._post(), 409, "in_progress")

    def test_paid_invoice_takes_no_payment(self):
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.posted_invoice.ids
        ).create({})._create_payments()
        self._assert_refused(self._post(), 409, "paid")
        self.assertFalse(self.transactions)

    def test_cancelled_invoice_takes_no_payment(self):
        self.posted_invoice.button_cancel()
        self._assert_refused(self._post(), 409, "not_payable")

    def test_link_that_is_over_starts_no_payment(self):
        self.link.expiration_date = fields.Datetime.now() - timedelta(seconds=1)
        self._assert_refused(self._post(), 410, "expired")
        self.link.expiration_date = False
        self.link.action_revoke()
        self._assert_refused(self._post(), 410, "revoked")

    def test_forged_token_starts_no_payment(self):
        path = f"/paylink/{'0' * 35}/transaction"
        response = self.url_open(path, data="{}", headers={"Content-Type": "application/json"})
        self._assert_refused(response, 404, "not_found")
        self.assertNotIn("Set-Cookie", response.headers)

    def test_customer_is_told_when_the_amount_has_changed(self):
        proof = self._get_payment_context(self._get("pay"))["access_token"]
        self.posted_invoice.button_draft()
        self.posted_invoice.invoice_line_ids.price_unit = 130.0
        self.posted_invoice.action_post()
        response = self._post(access_token=proof)
        self._assert_refused(response, 409, "changed")
        self.assertIn("130.00", self._get_message(response))
        self.assertFalse(self.transactions)
        new_proof = self._get_payment_context(self._get("pay"))["access_token"]
        self.assertEqual(self._start(access_token=new_proof).amount, 130.0)

    def test_made_up_proof_of_the_amount_changes_nothing(self):
        for proof in ("1_000000.AAAAAAAAAAAAAAAAAAAAAAA", "x" * 5000, ["a"], 1.5, True, {"a": 1}):
            self.assertEqual(self._start(access_token=proof).amount, 100.0)

    def test_provider_that_was_withdrawn_takes_no_payment(self):
        other = self.provider.copy({"name": "Other"})
        other.write({"state": "test", "is_published": True})
        self.provider.is_published = False
        self._assert_refused(self._post(), 400, "invalid_option")
        other.is_published = False
        self._assert_refused(self._post(), 409, "no_provider")

    def test_method_of_another_provider_is_refused(self):
        method = self.env["payment.method"].search([("is_primary", "=", True)], limit=2)
        stranger = (method - self.payment_method)[:1] or self.payment_method.copy(
            {"code": "stranger", "provider_ids": False}
        )
        stranger.active = True
        self._assert_refused(self._post(payment_method_id=stranger.id), 400, "invalid_option")
        self._assert_refused(self._post(provider_id=10**30), 400, "invalid_option")

    def test_saved_card_cannot_be_charged(self):
        token = self._create_token(partner_id=self.alice.id)
        for params in ({"flow": "token"}, {"token_id": token.id}, {"token_id": 0}):
            self._assert_refused(self._post(**params), 400, "invalid_request")
        self.assertFalse(self.transactions)

    @slow
    @mute_logger("odoo.http")
    def test_hostile_bodies_are_refused(self):
        hostile = (
            *(
                {name: value}
                for name in ("provider_id", "payment_method_id", "flow")
                for value in (None, True, "1", 1.5, float("nan"), [1], {"a": 1}, "x" * 1000)
            ),
        )
        for params in hostile:
            self._assert_refused(self._post(**params), 400, "invalid_request")
        for body in (
            " ",
            "[]",
            "null",
            "1",
            '"a"',
            "{",
            "NaN",
            "[" * 30000,
            '{"params": []}',
            '{"params": 1}',
            '{"params": null}',
            "{}",
            '{"a": "%s"}' % ("x" * 61440),
            '{"a": "%s"}' % ("x" * 70000),
            b"\xff\xfe\x00",
            '{"id": {"a": 1}, "params": {}}',
        ):
            self._assert_refused(self._post(data=body), 400, "invalid_request")
        self.assertFalse(self.transactions)

    def test_other_content_types_are_refused(self):
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "", "text/json"):
            response = self._post(headers={"Content-Type": content_type})
            self._assert_refused(response, 400, "invalid_request")

    def test_other_sites_are_refused(self):
        for headers in (
            {"Origin": "https://evil.example.com"},
            {"Origin": "null"},
            {"Sec-Fetch-Site": "cross-site"},
        ):
            self._assert_refused(self._post(headers=headers), 403, "foreign_origin")
        self.assertFalse(self.transactions)

    def test_failing_provider_leaves_nothing_and_says_nothing_technical(self):
        for error in (ValidationError("Invalid API key sk_test_1234"), KeyError("odoo.secret")):
            with (
                patch.object(
                    self.env.registry["payment.transaction"],
                    "_get_processing_values",
                    side_effect=error,
                ),
                mute_logger(CONTROLLER_LOG),
            ):
                response = self._post()
            self._assert_refused(response, 409, "provider_failed")
            self.assertNotIn("sk_test", response.text)
            self.assertNotIn("Set-Cookie", response.headers)
        self.assertFalse(self.transactions)

    @slow
    def test_nothing_that_is_stored_opens_the_link(self):
        tx = self._start()
        self._settle(tx)
        token = self.link._get_token()
        texts = [
            json.dumps(tx.read()[0], default=str),
            *self.posted_invoice.message_ids.mapped("body"),
            *self.posted_invoice.message_ids.mapped("subject"),
        ]
        self.assertFalse([text for text in texts if token in (text or "")])


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPaymentLimits(PaymentCase):
    """Who tries stolen cards, and who tries to pay with play money."""

    def _decline(self, count, link=None, state="error"):
        """Start and decline so many payments."""
        for _number in range(count):
            tx = self._start(link)
            tx._set_canceled() if state == "cancel" else tx._set_error("Declined")

    def _move_time(self, hours):
        self.env.cr.execute(
            "UPDATE payment_transaction SET last_state_change = last_state_change - %s::interval",
            [f"{hours} hours"],
        )
        self.env.invalidate_all()

    def test_a_few_declines_do_not_keep_a_customer_from_paying(self):
        self._decline(4)
        self._settle(self._start())
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    def test_too_many_declines_of_a_link_stop_it_for_an_hour(self):
        other = self._create_link(self._create_invoice())
        self._decline(3)
        self._decline(2, state="cancel")
        count = len(self.transactions)
        response = self._post()
        self._assert_refused(response, 429, "too_many_declines")
        self.assertLessEqual(1, int(response.headers["Retry-After"]))
        self.assertLessEqual(int(response.headers["Retry-After"]), 3600)
        self.assertIn("Northwind Heating", self._get_message(response))
        self.assertEqual(len(self.transactions), count)
        self._start(other)
        self._move_time(hours=1)
        self._start()

    def test_too_many_declines_in_a_day_stop_a_link_although_they_were_slow(self):
        for _round in range(5):
            self._decline(2)
            self._move_time(hours=2)
        response = self._post()
        self._assert_refused(response, 429, "too_many_declines")
        self.assertGreater(int(response.headers["Retry-After"]), 10 * 3600)

    @slow
    def test_too_many_declines_of_a_network_stop_all_of_its_links(self):
        for invoice in self._create_invoices([{}] * 10):
            self._decline(3, self._create_link(invoice))
        self._assert_refused(self._post(), 429, "too_many_declines")
        # From elsewhere the link is as good as before.
        self.transactions.search([]).paylink_network = "198.51.100.0/24"
        self._start()

    def test_attempts_that_nobody_declined_do_not_count(self):
        for number in range(12):
            self._start(flow=("direct", "redirect")[number % 2])
        self.assertEqual(len(self.transactions.filtered("paylink_is_given_up")), 11)
        self._start()

    def test_play_money_is_taken_in_test_databases_only(self):
        self.startPatcher(patch.object(self.env.registry["payment.provider"], "code", "demo"))
        self.env.ref("base.module_base").demo = False
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("database.is_neutralized", False)
        self.company.paylink_base_url = "https://pay.northwind-heating.net"
        self.assertEqual(self._get("pay").status_code, 409)
        self._assert_refused(self._post(), 409, "no_provider")
        for name in ("paylink_invoice.is_test_database", "database.is_neutralized"):
            parameters.set_param(name, "True")
            self.assertIsNone(self.link._get_denial("pay"), name)
            parameters.set_param(name, "False")
            self.assertEqual(self.link._get_denial("pay"), "no_provider", name)
        for url in (
            "http://127.0.0.1:8069",
            "http://[::1]",
            "https://pay.example.com",
            "http://a.test",
        ):
            self.company.paylink_base_url = url
            self.assertIsNone(self.link._get_denial("pay"), url)
        self.company.paylink_base_url = "https://pay.northwind-heating.net"
        self.assertEqual(self.link._get_denial("pay"), "no_provider")
        self.env.ref("base.module_base").demo = True
        self.env.registry.clear_cache()  # Demo data come with an installation, which clears it.
        self.assertIsNone(self.link._get_denial("pay"))
        self.assertFalse(self.transactions)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPaymentEnd(PaymentCase):
    def _get_events(self, event_type="paid"):
        return self.link.event_ids.filtered(lambda event: event.event_type == event_type)

    def test_confirmed_money_settles_the_invoice_and_is_told_once(self):
        tx = self._start()
        self._settle(tx)
        tx._post_process()
        self.assertIn(self.posted_invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(len(self.posted_invoice.reconciled_payment_ids), 1)
        self.assertEqual(len(self._get_events()), 1)
        self.assertFalse(self.posted_invoice.activity_ids)

    def test_browser_that_never_returns_does_not_matter(self):
        tx = self._start()
        tx._set_done()
        self.assertEqual(self.posted_invoice.amount_residual, 100.0)
        with patch.object(self.env.cr, "commit"):
            self.env["payment.transaction"]._cron_post_process()
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)
        self.assertEqual(len(self._get_events()), 1)

    def test_poll_books_and_leads_to_the_landing_page(self):
        tx = self._start()
        tx._set_done()
        answer = self.make_jsonrpc_request("/payment/status/poll", {})
        self.assertEqual(answer["landing_route"], "/paylink/landing")
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)

    @mute_logger(TRANSACTION_LOG)
    def test_second_success_becomes_credit_and_a_task(self):
        first = self._start()
        second = self._start(flow="direct")
        self._settle(second)
        self._settle(first)
        self.assertEqual(first.state, "done")
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)
        credit = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        self.assertEqual(credit.amount_residual, -100.0)
        task = self.posted_invoice.activity_ids
        self.assertEqual(len(task), 1)
        self.assertEqual(task.user_id, self.biller)
        self.assertIn(first.reference, task.note)
        self.assertIn("100.00", task.note)
        self.assertEqual(len(self._get_events()), 2)
        html = self._get(f"receipt/{first.reference}").text
        self.assertIn("credit", html)

    def test_attempt_that_was_given_up_can_still_pay(self):
        first = self._start()
        self._start(flow="direct")
        self._settle(first)
        self.assertIn(self.posted_invoice.payment_state, ("paid", "in_payment"))
        self.assertFalse(self.posted_invoice.activity_ids)

    def test_attempt_in_the_portal_that_was_given_up_can_still_pay(self):
        portal_tx = self._start_in_portal()
        self._make_older(portal_tx, "1 hour")
        self._start()
        self.assertEqual(portal_tx.state, "cancel")
        self._settle(portal_tx)
        self.assertIn(self.posted_invoice.payment_state, ("paid", "in_payment"))
        self.assertFalse(self._get_events())

    @mute_logger(TRANSACTION_LOG)
    def test_payment_that_others_canceled_stays_canceled(self):
        tx = self._create_transaction("redirect", reference="NOT OURS")
        tx._set_canceled()
        tx._set_done()
        self.assertEqual(tx.state, "cancel")

    @mute_logger(TRANSACTION_LOG)
    def test_old_news_of_the_provider_do_not_wake_a_canceled_payment(self):
        tx = self._start()
        tx._set_canceled()
        tx._set_pending()
        self.assertEqual(tx.state, "cancel")

    @mute_logger(TRANSACTION_LOG)
    def test_wrong_amount_is_final_and_makes_a_task(self):
        tx = self._start()
        wrong = {"amount": 1.0, "currency_code": tx.currency_id.name}
        model = self.env.registry["payment.transaction"]
        with (
            patch.object(model, "_extract_amount_data", lambda _tx, _data: wrong),
            patch.object(model, "_apply_updates", lambda tx, _data: tx._set_done()),
        ):
            tx._process("none", {})
            self.assertEqual(tx.state, "error")
            tx._process("none", {})
        self.assertEqual(tx.state, "error")
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)
        self.assertEqual(self.posted_invoice.amount_residual, 100.0)
        html = self._get(f"receipt/{tx.reference}").text
        self.assertNotIn("Try again", html)

    @mute_logger(TRANSACTION_LOG)
    def test_wrong_amount_does_not_wake_an_attempt_that_was_given_up(self):
        tx = self._start()
        self._start(flow="direct")
        wrong = {"amount": 1.0, "currency_code": tx.currency_id.name}
        model = self.env.registry["payment.transaction"]
        with (
            patch.object(model, "_extract_amount_data", lambda _tx, _data: wrong),
            patch.object(model, "_apply_updates", lambda tx, _data: tx._set_done()),
        ):
            tx._process("none", {})
        self.assertEqual(tx.state, "error")

    def test_money_for_a_cancelled_invoice_becomes_credit_and_a_task(self):
        tx = self._start()
        self.posted_invoice.button_cancel()
        self._settle(tx)
        self.assertEqual(tx.payment_id.amount, 100.0)
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)

    def test_task_goes_to_somebody_who_can_open_the_invoice(self):
        self.posted_invoice.invoice_user_id = self.employee  # who may not read invoices
        tx = self._start()
        self.posted_invoice.button_cancel()
        self._settle(tx)
        self.assertEqual(self.posted_invoice.activity_ids.user_id, self.biller)

    def test_task_reaches_a_biller_when_nobody_answers_for_the_invoice(self):
        self.posted_invoice.invoice_user_id = False
        self.link.user_id = self.env.ref("base.user_root")
        tx = self._start()
        self.posted_invoice.button_cancel()
        self._settle(tx)
        user = self.posted_invoice.activity_ids.user_id
        self.assertTrue(user.active)
        self.assertTrue(user.has_group("account.group_account_invoice"))

    def test_money_for_a_revoked_link_is_booked(self):
        tx = self._start()
        self.link.action_revoke()
        self._settle(tx)
        self.assertEqual(self.posted_invoice.amount_residual, 0.0)
        self.assertEqual(len(self._get_events()), 1)

    # === PAGES === #

    def test_receipts_in_arabic_keep_the_direction_of_names_and_amounts(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.alice.lang = "ar_001"
        tx = self._start()
        self._as_card_provider()
        link = self.link.with_context(lang="ar_001")
        for state in ("pending", "authorized", "error", "cancel"):
            tx.state = state
            text = tx._paylink_prepare_receipt_values(link)["text"]
            self.assertIn("\u2068$\u00a0100.00\u2069", text, state)
        tx.state = "authorized"
        text = tx._paylink_prepare_receipt_values(link)["text"]
        self.assertIn("\u2068Northwind Heating\u2069", text)

    def test_status_page_is_our_own_and_follows_the_payment(self):
        self._start()
        response = self.url_open("/payment/status")
        self.assertIn('name="o_payment_status"', response.text)
        self.assertIn("Northwind Heating", response.text)
        self.assertNotIn("/web/login", response.text)
        self.assertNotIn(self.link._get_token(), response.text)
        self.assertIn("frame-ancestors 'none'", response.headers["Content-Security-Policy"])

    def test_status_page_of_other_payments_is_the_one_of_odoo(self):
        tx = self._create_transaction("redirect", reference="NOT OURS")
        self.authenticate(
            None, None, session_extra={PaymentPostProcessing.MONITORED_TX_ID_KEY: tx.id}
        )
        response = self.url_open("/payment/status")
        self.assertIn("NOT OURS", response.text)
        self.assertNotIn("o_paylink", response.text)

    def test_status_of_a_pending_payment_is_its_receipt(self):
        self._start()._set_pending()
        response = self.url_open("/payment/status", allow_redirects=False)
        self.assertEqual(response.headers["Location"].partition("/paylink")[2], "/landing")

    def test_landing_page_leads_to_the_receipt(self):
        tx = self._start()
        response = self.url_open("/paylink/landing", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        path = self.link._get_path(f"receipt/{tx.reference}")
        self.assertTrue(response.headers["Location"].endswith(path))
        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")

    def test_landing_page_without_a_session_tells_what_to_do(self):
        response = self.url_open("/paylink/landing")
        self.assertEqual(response.status_code, 200)
        self.assertIn("<title>Your payment is being processed</title>", response.text)
        self.assertNotIn("Set-Cookie", response.headers)

    def test_whoever_paid_while_the_link_ended_still_sees_the_outcome(self):
        tx = self._start()
        self._settle(tx)
        self.link.action_revoke()
        response = self.url_open("/paylink/landing", allow_redirects=False)
        self.assertEqual(response.status_code, 200)
        self.assertIn("has arrived", response.text)
        self.assertNotIn(self.link._get_token(), response.text)

    def test_receipt_tells_the_truth_in_every_state(self):
        self._as_card_provider()
        tx = self._start()
        for state, words, button, looks_again in (
            ("draft", "Not confirmed yet", "Pay now", True),
            ("pending", "on its way", None, True),
            ("authorized", "is reserved", None, False),
            ("error", "did not work", "Try again", False),
            ("cancel", "stopped before it was finished", "Try again", False),
        ):
            tx.write({"state": state, "state_message": "Your card <b>was</b> declined"})
            response = self._get(f"receipt/{tx.reference}")
            self.assertEqual(response.status_code, 200)
            self.assertIn(words, response.text)
            self.assertEqual(self.link._get_path("pay") in response.text, bool(button), state)
            self.assertIn(button or "", response.text)
            self.assertEqual("Refresh" in response.headers, looks_again, state)
            self.assertNotIn("Download receipt", response.text)
            self.assertEqual(
                "Your card &lt;b&gt;was" in response.text, state in ("cancel", "error"), state
            )

    def test_receipt_shows_who_paid_what_for_which_invoice(self):
        tx = self._start()
        self._settle(tx)
        response = self._get(f"receipt/{tx.reference}")
        text = response.text.replace("\N{NO-BREAK SPACE}", " ")
        for part in (
            "Thank you",
            "Northwind Heating",
            "Azure Interior",
            "$ 100.00",
            tx.reference,
            self.posted_invoice.name,
            "Dummy Provider",
            "Still to pay",
            "$ 0.00",
        ):
            self.assertIn(part, text)
        self.assertNotIn("Try again", text)
        self.assertNotIn("Refresh", response.headers)
        self.assertNotIn("Set-Cookie", response.headers)

    def test_receipt_looks_again_ever_less_often_and_stops(self):
        tx = self._start()
        waits = []
        for look in range(30):
            response = self._get(f"receipt/{tx.reference}?n={look}")
            if "Refresh" not in response.headers:
                break
            waits.append(int(response.headers["Refresh"].partition(";")[0]))
        self.assertEqual(waits, sorted(waits))
        self.assertLess(len(waits), 20)
        for look in ("x", "-1", "1e9", "9" * 500, "\N{SUPERSCRIPT TWO}"):
            self.assertEqual(self._get(f"receipt/{tx.reference}?n={look}").status_code, 200)

    def test_receipt_is_only_for_payments_of_the_document(self):
        tx = self._start()
        other = self._create_link(self._create_invoice())
        not_found = self.url_open(f"/paylink/{'0' * 35}").content
        for path in (
            other._get_path(f"receipt/{tx.reference}"),
            other._get_path(f"receipt/{tx.reference}.pdf"),
            self.link._get_path("receipt/NONE"),
            self.link._get_path(f"receipt/{tx.reference}.pdf.pdf"),
            f"/paylink/{'0' * 35}/receipt/{tx.reference}",
        ):
            response = self.url_open(path)
            self.assertEqual(response.status_code, 404, path)
            self.assertEqual(response.content, not_found)

    def test_other_recipients_of_the_document_see_its_receipts(self):
        tx = self._start()
        other = self._create_link(partner=self.bob)
        self.assertEqual(self._get(f"receipt/{tx.reference}", other).status_code, 200)

    def test_receipt_of_a_link_that_is_over_is_closed(self):
        tx = self._start()
        self.link.action_revoke()
        for suffix in ("", ".pdf"):
            self.assertEqual(self._get(f"receipt/{tx.reference}{suffix}").status_code, 410)

    def test_receipts_of_a_document_are_those_with_money(self):
        first = self._start()
        self.assertFalse(self.link._get_receipts())
        self._settle(first)
        self.assertEqual(self.link._get_receipts(), first)

    def test_transfer_is_explained(self):
        self.startPatcher(
            patch.object(self.env.registry["payment.transaction"], "provider_code", "custom")
        )
        self.provider.pending_msg = "<p>IBAN <b>BE71</b><script>alert(1)</script></p>"
        tx = self._start()
        tx._set_pending()
        response = self._get(f"receipt/{tx.reference}")
        self.assertIn("<b>BE71</b>", response.text)
        self.assertIn(self.posted_invoice.payment_reference, response.text)
        self.assertNotIn("alert", response.text)
        self.assertNotIn("Refresh", response.headers)

    # === FILE === #

    def test_receipt_can_be_downloaded_once_the_money_has_come(self):
        tx = self._start()
        self.assertEqual(self._get(f"receipt/{tx.reference}.pdf").status_code, 409)
        self._settle(tx)
        with (
            # The real thing would ask this very server for its styles while it is waiting for it.
            patch.object(
                self.env.registry["ir.actions.report"],
                "_render_qweb_pdf",
                lambda _report, _name, ids: (f"%PDF {ids}".encode(), "pdf"),
            ),
            self.assertNoLogs(HTTP_LOG, "WARNING"),
        ):
            response = self._get(f"receipt/{tx.reference}.pdf")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")
        self.assertEqual(response.content, f"%PDF {tx.ids}".encode())
        self.assertIn("INV_", response.headers["Content-Disposition"])

    @slow
    def test_downloaded_receipt_is_a_pdf_and_stored_nowhere(self):
        tx = self._start()
        self._settle(tx)
        is_file = [("mimetype", "=", "application/pdf")]
        files = self.env["ir.attachment"].search_count(is_file)
        link = self.link.with_context(force_report_rendering=True)
        filename, pdf = tx._paylink_render_receipt(link)
        self.assertTrue(pdf.startswith(b"%PDF"))
        self.assertNotIn("/", filename)
        self.assertEqual(self.env["ir.attachment"].search_count(is_file), files)

    def test_downloaded_receipt_names_what_was_paid(self):
        tx = self._start()
        self._settle(tx)
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("paylink_invoice.report_payment_receipt", tx.ids)[0]
            .decode()
        )
        for part in (tx.reference, self.posted_invoice.name, "100.00", "Azure Interior"):
            self.assertIn(part, html)

    def test_downloaded_receipt_runs_in_the_direction_of_its_language(self):
        self.env["res.lang"]._activate_lang("ar_001")
        tx = self._start()
        self._settle(tx)
        for lang, direction, start in (
            ("en_US", "ltr", "text-start"),
            ("ar_001", "rtl", "text-end"),
        ):
            self.link.partner_id.lang = lang
            html = (
                self.env["ir.actions.report"]
                ._render_qweb_html("paylink_invoice.report_payment_receipt", tx.ids)[0]
                .decode()
            )
            self.assertIn(f'class="page" dir="{direction}"', html)
            self.assertIn(f'<th class="{start}">', html)
