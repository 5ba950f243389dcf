# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request costs before anything is done for it."""

from odoo import http
from odoo.http import request


class PaylinkBench(http.Controller):
    @http.route("/paylink_bench/empty", type="http", auth="public", readonly=True, sitemap=False)
    def paylink_bench_empty(self):
        """Answer at once, as Odoo answers any public page."""
        return request.make_response("ok")

    @http.route(
        "/paylink_bench/empty_no_session",
        type="http",
        auth="public",
        readonly=True,
        save_session=False,
        sitemap=False,
    )
    def paylink_bench_empty_no_session(self):
        """Answer at once and keep no session, as the routes of links do."""
        return request.make_response("ok")

    @http.route("/paylink_bench/stripe", type="http", auth="public", readonly=True, sitemap=False)
    def paylink_bench_stripe(self):
        """Ask Stripe once, and answer."""
        from odoo.addons.paylink_invoice_stripe import (  # pylint: disable=import-outside-toplevel
            stripe_api,
        )

        client = stripe_api.make_client(request.env, "sk_test_51FakeKeyOfNobody")
        stripe_api.call(request.env, client.v1.accounts.retrieve_current)
        return request.make_response("ok")
