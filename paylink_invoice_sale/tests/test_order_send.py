# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import OrderCase


@tagged("post_install", "-at_install", "paylink", "slow")
class TestOrderSend(OrderCase):
    def test_invoice_of_an_order_is_sent_with_a_link(self):
        move = self._invoice(self.order)
        with self.catch_mail() as catcher:
            action = self._open_order_dialog(is_link_included=True).action_send()
        link = move.sudo().paylink_link_ids
        self.assertEqual((link.partner_id, link.user_id), (self.alice, self.seller))
        tokens = self._get_live_tokens(catcher.get_html(self.alice.email))
        self.assertEqual(set(tokens), {link._get_token()})
        self.assertIn("Alice Moreau", action["params"]["message"])

    def test_without_the_tick_no_link_is_sent_whatever_the_setting(self):
        move = self._invoice(self.order)
        self.company.paylink_include_by_default = True
        with self.catch_mail() as catcher:
            action = self._open_order_dialog(is_link_included=False).action_send()
        self.assertFalse(move.sudo().paylink_link_ids)
        self.assertNotIn("/paylink/", catcher.get_html(self.alice.email))
        self.assertIn("without a payment link", action["params"]["message"])

    def test_box_is_ticked_because_that_is_what_the_button_says(self):
        self._invoice(self.order)
        self.assertTrue(self._open_order_dialog().is_link_included)

    def test_order_is_invoiced_after_a_confirmation_only(self):
        dialog = self._open_order_dialog(is_link_included=True)
        self.assertIn("120.00", dialog.invoicing_text)
        with self.assertRaisesRegex(UserError, "Tick"):
            dialog.action_send()
        self.assertFalse(self.order.invoice_ids)
        dialog.is_invoicing_confirmed = True
        with self.catch_mail() as catcher:
            dialog.action_send()
        move = self.order.invoice_ids
        self.assertEqual((move.state, move.amount_total), ("posted", 120))
        self.assertEqual(move.sudo().paylink_link_ids.partner_id, self.alice)
        self.assertEqual(len(catcher.messages), 1)

    def test_draft_invoice_is_posted_and_no_second_one_made(self):
        move = self._invoice(self.order, post=False)
        with self.catch_mail():
            self._open_order_dialog(
                is_link_included=True, is_invoicing_confirmed=True
            ).action_send()
        self.assertEqual(self.order.invoice_ids, move)
        self.assertEqual(move.state, "posted")

    def test_second_click_invoices_and_sends_nothing_again(self):
        dialog = self._open_order_dialog(is_link_included=True, is_invoicing_confirmed=True)
        with self.catch_mail() as catcher:
            dialog.action_send()
            with self.assertRaisesRegex(UserError, "sent already"):
                dialog.action_send()
        self.assertEqual(len(catcher.messages), 1)
        self.assertEqual(len(self.order.invoice_ids), 1)

    def test_several_orders_are_sent_and_those_that_cannot_be_named(self):
        orders = self.order | self._create_order(self.bob)
        quotation = self._create_order(confirm=False)
        self._invoice(self.order)
        dialog = self._open_order_dialog(
            orders | quotation, is_link_included=True, is_invoicing_confirmed=True
        )
        self.assertIn(f"{quotation.name} is a quotation", dialog.problem_text)
        with self.catch_mail() as catcher:
            action = dialog.action_send()
        self.assertEqual(len(catcher.messages), 2)
        self.assertEqual(len(orders.invoice_ids.sudo().paylink_link_ids.move_id), 2)
        self.assertIn(quotation.name, action["params"]["message"])
        self.assertEqual(action["params"]["type"], "warning")

    def test_typed_address_becomes_a_contact(self):
        move = self._invoice(self.order)
        with self.catch_mail() as catcher:
            self._open_order_dialog(
                is_link_included=True, email="Dora Quist <Dora@azure.example.com>"
            ).action_send()
        dora = move.sudo().paylink_link_ids.partner_id - self.alice
        self.assertEqual((dora.name, dora.parent_id), ("Dora Quist", self.customer))
        self.assertTrue(dora.active)
        self.assertIn("dora@azure.example.com", [to for to, _message in catcher.messages][-1])

    def test_typed_address_is_used_once_if_the_sender_wants_it_so(self):
        move = self._invoice(self.order)
        with self.catch_mail() as catcher:
            self._open_order_dialog(
                is_link_included=True, email="dora@azure.example.com", is_contact_kept=False
            ).action_send()
        link = move.sudo().paylink_link_ids.filtered(lambda each: each.partner_id != self.alice)
        html = catcher.get_html("dora@azure.example.com")
        self.assertEqual(set(self._get_live_tokens(html)), {link._get_token()})
        self.assertFalse(link.partner_id.active)
        self.assertNotIn(link.partner_id, link._get_renewal_contacts())

    def test_typed_address_on_file_makes_no_second_contact(self):
        move = self._invoice(self.order)
        with self.catch_mail():
            self._open_order_dialog(is_link_included=True, email=self.bob.email).action_send()
        self.assertEqual(move.sudo().paylink_link_ids.partner_id, self.alice | self.bob)

    def test_bad_address_stops_everything_before_it_is_written(self):
        with self.assertRaisesRegex(UserError, "is no e-mail address"):
            self._open_order_dialog(
                is_invoicing_confirmed=True, is_link_included=True, email="nobody"
            ).action_send()
        self.assertFalse(self.order.invoice_ids)

    def test_dialog_can_be_filled_in_as_it_opens(self):
        action = self.order.with_user(self.seller).action_paylink_send()
        dialogs = self.env["paylink.sale.send"].with_user(self.seller)
        form = Form(dialogs.with_context(**action["context"]))
        self.assertEqual(form.partner_ids[:], self.alice)
        self.assertTrue(form.is_link_included)
        form.save()
