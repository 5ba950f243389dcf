# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Saved cards on Odoo's own pages of an invoice that has a link."""

from odoo.tests import mute_logger, tagged

from odoo.addons.payment import utils as payment_utils

from .test_doors import DoorCase
from .test_payment import HTTP_LOG


@tagged("post_install", "-at_install", "paylink", "slow")
class TestSavedCards(DoorCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls._create_new_portal_user(login="paylink_owner", name="Alice Owner")
        cls.other = cls._create_new_portal_user(login="paylink_other", name="Somebody Else")
        cls.owner.partner_id.property_account_receivable_id = (
            cls.customer.property_account_receivable_id
        )
        cls.move = cls._create_invoice(
            partner_id=cls.owner.partner_id.id,
            invoice_date="2024-01-01",
            invoice_date_due="2024-01-15",
        )
        cls.plain_move = cls._create_invoice(partner_id=cls.owner.partner_id.id)
        cls._create_link(cls.move, cls.owner.partner_id)
        cls.saved_card = cls._create_token(
            cls, partner_id=cls.owner.partner_id.id, payment_details="SAVED4242"
        )
        cls.card_of_other = cls._create_token(
            cls, partner_id=cls.other.partner_id.id, payment_details="OTHER1111"
        )

    def _open_portal_page(self, move=None):
        move = move or self.move
        return self.url_open(f"/my/invoices/{move.id}?access_token={move._portal_ensure_token()}")

    def _open_payment_link(self, move=None):
        move = move or self.move
        proof = payment_utils.generate_access_token(
            move.partner_id.id, 100.0, move.currency_id.id, env=self.env
        )
        return self.url_open(f"/payment/pay?amount=100.0&invoice_id={move.id}&access_token={proof}")

    def _charge(self, token):
        return self._start_portal(self.move, token_id=token.id, flow="token")

    def test_visitor_with_the_address_of_the_portal_sees_no_saved_card(self):
        for response in (self._open_portal_page(), self._open_payment_link()):
            self.assertEqual(response.status_code, 200)
            self.assertIn("o_payment_form", response.text)
            self.assertNotIn("SAVED4242", response.text)
            self.assertNotIn('data-payment-option-type="token"', response.text)

    def test_owner_who_is_logged_in_sees_their_cards(self):
        self.authenticate("paylink_owner", "paylink_owner")
        for response in (
            self._open_portal_page(),
            self._open_payment_link(),
            self.url_open("/my/invoices/overdue"),
        ):
            self.assertIn("SAVED4242", response.text)

    def test_other_user_sees_their_own_cards_only(self):
        self.authenticate("paylink_other", "paylink_other")
        for response in (self._open_portal_page(), self._open_payment_link()):
            self.assertNotIn("SAVED4242", response.text)
            self.assertIn("OTHER1111", response.text)
        self.assertNotIn("SAVED4242", self.url_open("/my/invoices/overdue").text)

    def test_visitor_sees_no_overdue_invoices(self):
        response = self.url_open("/my/invoices/overdue")
        self.assertNotIn("SAVED4242", response.text)
        self.assertNotIn("o_payment_form", response.text)

    def test_pages_of_invoices_without_a_link_are_those_of_odoo(self):
        for response in (
            self._open_portal_page(self.plain_move),
            self._open_payment_link(self.plain_move),
        ):
            self.assertIn("SAVED4242", response.text)

    def test_visitor_charges_no_saved_card(self):
        for token in (self.saved_card, self.card_of_other):
            message = self._refuse_portal(self.move, token_id=token.id, flow="token")
            self.assertNotIn("SAVED4242", message)
        self.assertFalse(self.move.transaction_ids)

    def test_other_user_charges_no_saved_card_of_the_customer(self):
        self.authenticate("paylink_other", "paylink_other")
        self._refuse_portal(self.move, token_id=self.saved_card.id, flow="token")
        self.assertFalse(self.move.transaction_ids)

    @mute_logger(HTTP_LOG)
    def test_owner_who_is_logged_in_charges_their_card(self):
        self.authenticate("paylink_owner", "paylink_owner")
        tx = self._charge(self.saved_card)
        self.assertEqual(tx.token_id, self.saved_card)
        self.assertEqual(tx.invoice_ids, self.move)
