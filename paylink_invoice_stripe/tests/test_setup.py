# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Setting the provider up, and what it never tells."""

import builtins
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .. import amounts, stripe_api
from ..hooks import uninstall_hook
from . import fake_stripe
from .common import StripeCase

LIVE_KEY = "sk_live_51FakeKeyOfNobody"


@tagged("post_install", "-at_install", "paylink")
class TestSetup(StripeCase):
    def setUp(self):
        super().setUp()
        self.fresh = self.provider.copy({"company_id": self.company.id})

    def _paste(self, key):
        """Paste a key into the form; return the message it is answered with."""
        self.fresh.paylink_stripe_secret_key = False
        provider = self.fresh.new(origin=self.fresh)
        provider.paylink_stripe_secret_key = key
        answer = provider._onchange_paylink_stripe_secret_key() or {}
        return provider.paylink_stripe_account or answer["warning"]["message"]

    def test_three_clicks(self):
        with Form(self.fresh) as form:
            form.paylink_stripe_secret_key = f" {fake_stripe.KEY} "
            self.assertIn("Northwind Heating (acct_1Fake), test mode", form.paylink_stripe_account)
        self.fresh.action_paylink_stripe_create_webhook()
        self.assertEqual(self.fresh.state, "test")
        self.assertTrue(self.fresh.paylink_stripe_webhook_secret)
        self.assertTrue(
            self.fresh.paylink_stripe_webhook_url.endswith(f"/stripe/webhook/{self.fresh.id}")
        )
        self.fresh.action_toggle_is_published()
        self.assertTrue(self.fresh._paylink_is_offered())

    def test_new_key_of_the_same_account_goes_on_with_the_webhook(self):
        self.provider.paylink_stripe_account_ref = "acct_1Fake"
        secret = self.provider.paylink_stripe_webhook_secret
        with Form(self.provider) as form:
            form.paylink_stripe_secret_key = "sk_test_51NobodyKnowsIt"
            form.paylink_stripe_secret_key = fake_stripe.KEY
        self.assertEqual(self.provider.state, "test")
        self.assertEqual(self.provider.paylink_stripe_webhook_secret, secret)

    def test_key_of_another_account_begins_anew(self):
        self.provider.paylink_stripe_account_ref = "acct_2Fake"
        with Form(self.provider) as form:
            form.paylink_stripe_secret_key = "sk_test_51NobodyKnowsIt"
            form.paylink_stripe_secret_key = fake_stripe.KEY
        self.assertEqual(self.provider.state, "disabled")
        self.assertFalse(self.provider.paylink_stripe_webhook_secret)
        self.provider.action_paylink_stripe_create_webhook()
        self.assertEqual(self.provider.state, "test")

    def test_address_that_stripe_cannot_reach_is_told_with_what_to_do(self):
        self.fresh.paylink_stripe_secret_key = fake_stripe.KEY
        self.company.paylink_base_url = "https://127.0.0.1"
        refuse = patch.object(
            self.stripe,
            "do_post_webhook_endpoints",
            side_effect=fake_stripe.Refusal(400, "Invalid URL", code="url_invalid"),
            create=True,
        )
        with refuse, self.assertRaisesRegex(UserError, "Settings > Invoice Links"):
            self.fresh.action_paylink_stripe_create_webhook()
        self.assertEqual(self.fresh.state, "disabled")

    def test_webhook_made_anew_replaces_the_old_one(self):
        self.fresh.paylink_stripe_secret_key = fake_stripe.KEY
        for _time in range(2):
            self.fresh.action_paylink_stripe_create_webhook()
        self.assertEqual(len(self.stripe.find("webhook_endpoint")), 1)

    def test_webhook_is_made_though_the_old_one_cannot_be_deleted(self):
        self.fresh.paylink_stripe_secret_key = fake_stripe.KEY
        for fault in ("drop", "500"):
            with self.subTest(fault=fault):
                self.fresh.action_paylink_stripe_create_webhook()
                self.stripe.fail(fault, "DELETE /v1/webhook_endpoints")
                with self.assertLogs("odoo.addons.paylink_invoice_stripe", "WARNING"):
                    self.fresh.action_paylink_stripe_create_webhook()
                self.assertIn(self.fresh.paylink_stripe_webhook_ref, self.stripe.objects)

    def test_reset_forgets_keys_here_and_the_webhook_there(self):
        self.fresh.paylink_stripe_secret_key = fake_stripe.KEY
        self.fresh.action_paylink_stripe_create_webhook()
        self.fresh.action_reset_credentials()
        self.assertFalse(self.stripe.find("webhook_endpoint"))
        self.assertFalse(self.fresh.paylink_stripe_secret_key)
        self.assertFalse(self.fresh.paylink_stripe_webhook_secret)

    def test_pages_are_closed_before_their_key_is_gone(self):
        sudo_provider = self.provider.sudo()
        for leave in (
            lambda: sudo_provider.write(
                {"paylink_stripe_secret_key": LIVE_KEY, "state": "disabled"}
            ),
            sudo_provider.action_reset_credentials,
            lambda: uninstall_hook(self.env(su=True)),
        ):
            with self.subTest(leave=leave), self.env.cr.savepoint() as savepoint:
                self.provider.state = "disabled"
                sudo_provider.action_paylink_stripe_create_webhook()
                self.provider.is_published = True
                tx = self._open()
                leave()
                self.assertEqual(
                    self.stripe.objects[tx.paylink_stripe_session_ref]["status"], "expired"
                )
                self.assertEqual((tx.state, tx.paylink_is_given_up), ("cancel", True))
                self.assertFalse(self.stripe.find("webhook_endpoint"))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_page_stays_open_where_the_key_is_renewed(self):
        self.provider.paylink_stripe_account_ref = "acct_1Fake"
        tx = self._open()
        with patch.object(fake_stripe, "KEY", "sk_test_52FakeKeyOfNobody"):
            with Form(self.provider) as form:
                form.paylink_stripe_secret_key = fake_stripe.KEY
            self._run_cron()
        self.assertEqual((tx.state, tx.paylink_stripe_session_state), ("draft", "open"))

    def test_wrong_keys_are_answered_plainly(self):
        for key, words in (
            ("pk_test_51Abcdefgh", "publishable"),
            ("whatever", "no secret key"),
            ("sk_test_51NobodyKnowsIt", "Invalid API Key"),
        ):
            message = self._paste(key)
            self.assertIn(words, message)
            self.assertNotIn(key, message)
        self.stripe.fail("lose", "/v1/account")
        self.assertIn("did not answer", self._paste(fake_stripe.KEY))

    def test_mode_and_key_go_together(self):
        self.fresh.write(
            {
                "paylink_stripe_secret_key": fake_stripe.KEY,
                "paylink_stripe_webhook_secret": "whsec_x",
            }
        )
        with self.assertRaisesRegex(ValidationError, "no money moves"):
            self.fresh.state = "enabled"
        self.fresh.paylink_stripe_secret_key = "sk_live_51Abcdefgh"
        with self.assertRaisesRegex(ValidationError, "real money moves"):
            self.fresh.state = "test"

    def test_fee_above_what_card_networks_allow(self):
        with self.assertRaisesRegex(ValidationError, "card networks"):
            self.provider.paylink_fee_percent = 3.5

    def test_missing_package_is_told_with_what_to_do(self):
        real = builtins.__import__

        def refuse(name, *args, **kwargs):
            if name == "stripe":
                raise ImportError(name)
            return real(name, *args, **kwargs)

        with (
            patch.object(builtins, "__import__", refuse),
            self.assertRaisesRegex(UserError, "pip install stripe"),
        ):
            self.provider._paylink_stripe_get_client()

    def test_only_administrators_see_secrets(self):
        names = ("paylink_stripe_secret_key", "paylink_stripe_webhook_secret")
        for name in names:
            self.assertEqual(self.provider._fields[name].groups, "base.group_system")

    def test_masking(self):
        for secret in (
            "sk_test_51Abc", "rk_live_9xY", "whsec_abc", "cs_test_a1B2", "pi_3x_secret_y9",
            "4242 4242 4242 4242", "4242424242424242",
        ):  # fmt: skip
            self.assertNotIn(secret, stripe_api.mask(f"No: {secret}, sorry"))
        self.assertEqual(stripe_api.mask("Invoice INV/2026/00042"), "Invoice INV/2026/00042")

    def test_log_holds_no_secret(self):
        with self.assertLogs(level="DEBUG") as logs:
            tx = self._open()
            self._pay(tx, fake_stripe.DECLINED)
            self.stripe.fail("500", "/v1/checkout")
            self._run_cron()
            self._tell_all()
        text = "\n".join(logs.output)
        for secret in (fake_stripe.KEY, "whsec_", fake_stripe.DECLINED, "#fid"):
            self.assertNotIn(secret, text)

    def test_amounts(self):
        for amount, currency, decimals, minor in (
            ("12.30", "EUR", 2, 1230), ("500", "JPY", 0, 500), ("500", "ISK", 0, 50000),
            ("1.230", "KWD", 3, 1230), ("7", "MGA", 2, 7),
        ):  # fmt: skip
            self.assertEqual(amounts.to_minor(amount, currency, decimals), minor)
            self.assertEqual(amounts.to_major(minor, currency, decimals), amounts.Decimal(amount))
        for amount, currency, decimals in (("1.234", "KWD", 3), ("0.001", "EUR", 2)):
            with self.assertRaises(ValueError):
                amounts.to_minor(amount, currency, decimals)

    def test_what_was_paid_stays_readable_without_the_addon(self):
        tx = self._pay_and_tell()
        uninstall_hook(self.env(su=True))  # as Odoo uninstalls
        self.assertEqual((self.provider.code, self.provider.state), ("none", "disabled"))
        self.assertFalse(self.provider.paylink_stripe_secret_key)
        self.assertEqual((tx.state, tx.amount), ("done", 100.0))
        # Fields of the addon go with it; what they tell stays.
        for fact in ("Visa •••• 4242", "3.20", "96.80", "https://"):
            self.assertIn(fact, tx.state_message)
        self.assertEqual(tx.payment_id.payment_method_line_id.name, "Stripe Checkout")
        self.assertEqual(self.posted_invoice.amount_residual, 0)
