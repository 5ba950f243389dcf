# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying at Stripe: the page there, what comes back, and what ends it."""

from odoo.tests import tagged

from odoo.addons.paylink_invoice.models.payment_transaction import PaymentRefused

from .common import StripeCase
from .fake_stripe import CREDIT, DEBIT, DECLINED, PREPAID, Refusal


@tagged("post_install", "-at_install", "paylink")
class TestPayment(StripeCase):
    def test_payment_is_booked_with_what_it_has_cost(self):
        tx = self._pay_and_tell()
        self.assertEqual((tx.state, self.posted_invoice.amount_residual), ("done", 0.0))
        self.assertEqual(tx.provider_reference[:3], "pi_")
        self.assertEqual(tx.paylink_stripe_session_state, "complete")
        self.assertEqual(tx.paylink_stripe_instrument, "Visa •••• 4242")
        self.assertEqual((tx.paylink_stripe_cost, tx.paylink_stripe_net), (3.2, 96.8))
        self.assertEqual(tx._paylink_get_method_name(), "Visa •••• 4242")
        self.assertFalse(tx.paylink_stripe_check_date)
