# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a request costs before anything is done for it."""

from odoo import Command, http
from odoo.http import request

from odoo.addons.paylink_invoice.controllers.gate import PaylinkGate


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

    @http.route("/paylink_bench/rows/<int:link_id>", methods=["POST"], **PaylinkGate._public_route)
    def paylink_bench_rows(self, link_id):
        """Read and write the rows that a new price needs, and do nothing else with them."""
        page = request.env["paylink.page"].sudo()
        link = page.env["paylink.link"].browse(link_id)
        page._fetch(link)
        page._prefetch_document(link)
        page._read_lines(link.move_id)
        pending = link.move_id.transaction_ids
        known = link._get_recent_quotes()
        amount = 10 + len(known) / 100
        known.create(
            {
                "link_id": link.id,
                "company_id": link.company_id.id,
                "currency_id": link.move_id.currency_id.id,
                "amount_choice": "other",
                "base_amount": amount,
                "total_amount": amount,
                "line_ids": [
                    Command.create(
                        {
                            "company_id": link.company_id.id,
                            "currency_id": link.move_id.currency_id.id,
                            "move_id": link.move_id.id,
                            "amount": amount,
                            "document_version": "0",
                        }
                    )
                ],
            }
        )
        return request.make_response(f"{len(pending)}")
