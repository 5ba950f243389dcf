# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.tests import HttpCase, tagged

from .common import PaylinkCommon


@tagged("post_install", "-at_install", "paylink")
class TestBackendTours(PaylinkCommon, HttpCase):
    """The back end as an accountant uses it, in a real browser."""

    PATIENCE = 300  # seconds; a busy machine is no failure

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Else each tour waits until they are compiled anew, which is rolled back with the test.
        for name in ("web.assets_web", "web.assets_tests"):
            cls.env["ir.qweb"]._get_asset_bundle(name, css=False).js()
            cls.env["ir.qweb"]._get_asset_bundle(name, js=False).css()
        cls.posted_invoice.message_post(
            body="Unit 3 needs a new fan.",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def test_an_accountant_sends_a_link_from_the_invoice(self):
        with self.catch_mail() as catcher:
            self.start_tour(
                f"/odoo/action-account.action_move_out_invoice_type/{self.posted_invoice.id}",
                "paylink_send_link",
                login=self.biller.login,
                timeout=self.PATIENCE,
            )
        link = self.posted_invoice.sudo().paylink_link_ids
        self.assertEqual(link.partner_id, self.alice)
        self.assertFalse(link.comment_ids, "the comment was switched off")
        self.assertEqual(link.message_id.subject, "Your heat pump")
        self.assertEqual(
            [message["Subject"] for _to, message in catcher.messages], ["Your heat pump"]
        )

    def test_an_accountant_sends_the_links_of_selected_rows(self):
        sent = self.posted_invoice
        self._create_link(sent)
        unsent = self._create_invoice(partner_id=self.bob.id)
        unsent |= self._create_invoice(partner_id=self.bob.id)
        with self.catch_mail() as catcher:
            self.start_tour(
                "/odoo/action-account.action_move_out_invoice_type",
                "paylink_list",
                login=self.biller.login,
                timeout=self.PATIENCE,
            )
        self.assertEqual(unsent.sudo().paylink_link_ids.partner_id, self.bob)
        self.assertEqual(len(sent.sudo().paylink_link_ids), 1)
        self.assertEqual([to for to, _message in catcher.messages], [[self.bob.email]] * 2)
