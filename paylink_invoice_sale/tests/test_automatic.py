# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import Command
from odoo.tests import tagged

from .common import OrderCase


@tagged("post_install", "-at_install", "paylink", "slow")
class TestAutomaticInvoice(OrderCase):
    def test_automatic_invoice_of_a_paid_order_carries_the_link(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.automatic_invoice", "True")
        self.assertFalse(self.company.paylink_include_by_default)
        order = self._create_order(confirm=False, require_payment=True)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": self.provider.id,
                "payment_method_id": self.payment_method.id,
                "reference": order.name,
                "amount": order.amount_total,
                "currency_id": order.currency_id.id,
                "partner_id": self.alice.id,
                "operation": "online_redirect",
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        tx._set_done()
        with self.catch_mail() as catcher:
            tx._post_process()
        move = order.invoice_ids
        self.assertEqual(move.state, "posted")
        link = move.sudo().paylink_link_ids
        self.assertEqual((link.partner_id, link.user_id), (self.alice, self.seller))
        tokens = [
            token
            for _to, message in catcher.messages
            for token in self._get_live_tokens(message.get_body(("html",)).get_content())
        ]
        self.assertEqual(set(tokens), {link._get_token()})
