# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import Command
from odoo.tests import new_test_user

from odoo.addons.paylink_invoice.tests.common import PaylinkCommon


class OrderCase(PaylinkCommon):
    """Two salespeople without billing rights, each with an order, and something to sell."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Who makes the data of the tests sells, too.
        cls.env.user.group_ids |= cls.quick_ref("sales_team.group_sale_manager")
        cls.seller, cls.colleague = (
            new_test_user(
                cls.env,
                login=f"paylink_{name.lower()}",
                groups="sales_team.group_sale_salesman",
                name=name,
                email=f"{name.lower()}@northwind.example.com",
                company_id=cls.company.id,
            )
            for name in ("Sara", "Carl")
        )
        cls.product = cls.env["product.product"].create(
            {
                "name": "Heat pump",
                "type": "service",
                "invoice_policy": "order",
                "list_price": 120.0,
                "taxes_id": [Command.clear()],
            }
        )
        cls.order = cls._create_order()

    @classmethod
    def _create_order(cls, partner=None, user=None, confirm=True, **values):
        order = cls.env["sale.order"].create(
            {
                "partner_id": (partner or cls.alice).id,
                "user_id": (user or cls.seller).id,
                "order_line": [
                    Command.create({"product_id": cls.product.id, "product_uom_qty": 1})
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _invoice(cls, order, post=True):
        moves = order._create_invoices()
        if post:
            moves.action_post()
        return moves

    def _open_order_dialog(self, orders=None, user=None, **values):
        """Return the dialog as a user opens it on some orders."""
        orders = (orders or self.order).with_user(user or self.seller)
        action = orders.action_paylink_send()
        dialogs = orders.env[action["res_model"]].with_context(**action["context"])
        return dialogs.create(values)
