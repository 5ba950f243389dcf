# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Makes a server ask the Stripe at `PAYLINK_FAKE_STRIPE`, and lets browsers go there."""

import logging
import os
import time

import stripe

from odoo.addons.paylink_invoice.models import ir_http
from odoo.addons.paylink_invoice_stripe import stripe_api

_url = os.environ["PAYLINK_FAKE_STRIPE"]
stripe_api.BASE_ADDRESSES["api"] = _url
ir_http.CONTENT_SECURITY_POLICY = ir_http.CONTENT_SECURITY_POLICY.replace(
    "https:", f"https: {_url}"
)

_logger = logging.getLogger("paylink_fake_stripe")


class TimedClient(stripe.RequestsClient):
    """Writes into the log how long each call takes, and how much of that is computed here."""

    def request(self, *args, **kwargs):
        started, computed = time.perf_counter(), time.thread_time()
        try:
            return super().request(*args, **kwargs)
        finally:
            _logger.info(
                "paylink_fake_stripe: asked in %.6f s, computed %.6f s",
                time.perf_counter() - started,
                time.thread_time() - computed,
            )


stripe.RequestsClient = TimedClient
