# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import HttpCase, tagged

from .common import OrderCase


@tagged("post_install", "-at_install", "paylink", "slow")
class TestOrderPage(OrderCase, HttpCase):
    def test_page_leads_to_the_order_by_its_own_token(self):
        move = self._invoice(self.order)
        link = self._create_link(move)
        self.assertTrue(self.order.access_token)
        html = self.url_open(link._get_path()).text
        self.assertIn(self.order.name, html)
        self.assertIn(f"/my/orders/{self.order.id}?access_token={self.order.access_token}", html)
        self.assertEqual(self.url_open(self.order.get_portal_url()).status_code, 200)

    def test_preview_shows_the_order_and_no_address(self):
        link = self._invoice(self.order)._paylink_new_link()
        (related,) = self.env["paylink.page"]._prepare_related_documents(link)
        self.assertIn(self.order.name, related["label"])
        self.assertFalse(related["url"])

    def test_order_of_another_customer_is_not_shown(self):
        move = self._invoice(self.order)
        stranger = self.env["res.partner"].create({"name": "Eve", "email": "eve@example.com"})
        self.order.partner_id = stranger
        link = self._create_link(move)
        self.assertEqual(self.env["paylink.page"]._prepare_related_documents(link), [])

    def test_invoice_without_an_order_searches_none(self):
        link = self._create_link()
        self.env.flush_all()
        with self.assertQueryCount(0):
            self.assertFalse(link._get_linked_orders())
