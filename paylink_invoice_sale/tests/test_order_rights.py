# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A salesperson sends for their own customers only; who bills is not restricted by selling too."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import OrderCase


@tagged("post_install", "-at_install", "paylink", "slow")
class TestOrderRights(OrderCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls._invoice(cls.order)
        cls.foreign_order = cls._create_order(cls.bob, cls.colleague)
        cls.foreign_move = cls._invoice(cls.foreign_order)
        cls.link, cls.foreign_link = (
            cls._create_link(move, user_id=user.id)
            for move, user in ((cls.move, cls.seller), (cls.foreign_move, cls.colleague))
        )
        cls.leader, cls.both = (
            new_test_user(cls.env, login=f"paylink_{login}", groups=groups, company_id=company)
            for company in cls.company.ids
            for login, groups in (
                ("leader", "sales_team.group_sale_salesman_all_leads"),
                ("both", "sales_team.group_sale_salesman,account.group_account_invoice"),
            )
        )

    def test_salesperson_sends_their_own(self):
        with self.catch_mail() as catcher:
            self._send(self.move, user=self.seller)
        self.assertEqual(len(catcher.messages), 1)

    def test_salesperson_sends_nothing_of_a_colleague(self):
        with self.assertRaises(AccessError):
            self._send(self.foreign_move, user=self.seller)
        with self.assertRaises(AccessError):
            self._open_order_dialog(self.foreign_order)
        dialog = self._open_order_dialog()
        dialog.sudo().order_ids = self.foreign_order
        before = self.foreign_move.sudo().paylink_link_ids
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            dialog.with_user(self.seller).action_send()
        self.assertEqual(self.foreign_move.sudo().paylink_link_ids, before)

    def test_everybody_sees_the_links_of_the_invoices_they_see(self):
        both_links = self.link | self.foreign_link
        for user, expected in (
            (self.seller, self.link),
            (self.colleague, self.foreign_link),
            (self.leader, both_links),
            (self.both, both_links),
            (self.biller, both_links),
        ):
            for model, ids in (
                ("paylink.link", expected.ids),
                ("paylink.event", expected.event_ids.ids),
            ):
                with self.subTest(user=user.login, model=model):
                    domain = [("move_id", "in", (self.move | self.foreign_move).ids)]
                    found = self.env[model].with_user(user).search(domain)
                    self.assertEqual(set(found.ids), set(ids))

    def test_link_of_a_colleague_is_out_of_reach(self):
        for action in ("action_copy_url", "action_revoke", "action_regenerate", "action_renew"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(self.foreign_link.with_user(self.seller), action)()
        with self.assertRaises(AccessError):
            self.foreign_link.with_user(self.seller).read(["public_ref"])

    def test_salesperson_cannot_write_links_by_hand(self):
        link = self.link.with_user(self.seller)
        with self.assertRaises(AccessError):
            link.write({"allow_payment": False})
        with self.assertRaises(AccessError):
            link.create({"move_id": self.move.id, "partner_id": self.alice.id})
        with self.assertRaises(AccessError):
            self.move.with_user(self.seller).write({"narration": "mine"})

    def test_dialog_of_a_colleague_is_out_of_reach(self):
        dialog = self._open_order_dialog()
        with self.assertRaises(AccessError):
            dialog.with_user(self.colleague).action_send()

    def test_posting_by_salespeople_can_be_switched_off(self):
        order = self._create_order()
        self.company.paylink_is_sale_invoicing_allowed = False
        with self.assertRaisesRegex(UserError, "billing rights"):
            self._open_order_dialog(order)
        self.assertFalse(order.invoice_ids)
        order.user_id = self.both
        with self.catch_mail():
            self._open_order_dialog(
                order, user=self.both, is_link_included=True, is_invoicing_confirmed=True
            ).action_send()
        self.assertEqual(order.invoice_ids.state, "posted")
