# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What becomes of links whose invoice is corrected after they were sent."""

from odoo.tests import tagged

from .common import PaylinkCommon


@tagged("post_install", "-at_install", "paylink")
class TestCorrections(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create(
            {"name": "Gemini Furniture", "email": "gemini@example.com"}
        )
        cls.link = cls._create_link()

    def _correct(self, **values):
        move = self.posted_invoice.with_user(self.biller)
        move.button_draft()
        move.write(values)
        move.action_post()
        return move

    def test_the_former_customer_does_not_see_the_invoice_of_another_one(self):
        printed = self._create_link(channel="pdf")
        move = self._correct(partner_id=self.other.id)
        for link in self.link | printed:
            self.assertEqual(link.state, "revoked")
            self.assertEqual(link._get_denial("renew"), "revoked")
            self.assertIn("revoked", link.event_ids.mapped("event_type"))
        self.assertEqual(self.link.event_ids[:1].user_id, self.biller)
        self.assertIn("Alice Moreau have ended", move.message_ids.filtered("body")[:1].body)
        self.assertEqual(self._send(move).partner_id, self.other)

    def test_another_contact_of_the_same_customer_changes_nothing(self):
        move = self._correct(partner_id=self.bob.id)
        self.assertEqual(self.link.state, "active")
        move = self._correct(partner_id=self.customer.id, narration="Corrected.")
        self.assertEqual(self.link.state, "active")
        self.assertEqual(move.paylink_state, "sent")

    def test_a_link_of_whoever_is_the_customer_now_lives_on(self):
        wrong = self._create_invoice(partner_id=self.other.id)
        link = self._create_link(wrong, partner=self.bob)
        wrong.button_draft()
        wrong.partner_id = self.alice
        self.assertEqual(link.state, "active")
