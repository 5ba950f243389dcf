# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The real Stripe in test mode, for whoever names a key in ``PAYLINK_STRIPE_TEST_KEY``.

Without one these tests do not exist; with one they create and close a page, and charge nobody.
"""

import os

from odoo.tests import tagged

from odoo.addons.paylink_invoice.models.paylink_link_quote import Wish
from odoo.addons.paylink_invoice.tests.common import PaylinkCommon

from ..stripe_api import CODE

KEY = os.environ.get("PAYLINK_STRIPE_TEST_KEY")

if KEY:

    @tagged("post_install", "-at_install", "paylink", "slow", "external")
    class TestLive(PaylinkCommon):
        @classmethod
        def _request_handler(cls, session, request, **kwargs):
            # Odoo's tests let nobody out of the machine; this one is there for nothing else.
            kwargs.pop("allow_redirects", None)  # Stripe's package follows none.
            return session.get_adapter(request.url).send(request, **kwargs)

        def test_page_is_opened_and_closed(self):
            self.assertTrue(KEY.startswith(("sk_test_", "rk_test_")), "never with real money")
            provider = self.env["payment.provider"].search([("code", "=", CODE)], limit=1)
            provider = provider.copy({"company_id": self.company.id})
            provider.write(
                {
                    "paylink_stripe_secret_key": KEY,
                    "paylink_stripe_webhook_secret": "whsec_unused",
                    "state": "test",
                    "is_published": True,
                }
            )
            provider.action_paylink_stripe_check()
            self.assertIn("acct_", provider.paylink_stripe_account)
            link = self._create_link()
            method = self.env.ref("paylink_invoice_stripe.payment_method_any")
            quote = link._quote(Wish(option=f"{provider.id}-{method.id}"))
            visitor = {"ip_address": "203.0.113.7", "user_agent": "Mozilla/5.0"}
            _quote, tx = link._reserve_payment(visitor, quote.reference)
            self.assertTrue(tx._paylink_open_hosted_page().startswith("https://"))
            tx._paylink_stripe_close()
            self.assertEqual(tx.paylink_stripe_session_state, "expired")
