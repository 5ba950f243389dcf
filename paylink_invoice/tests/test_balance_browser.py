# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Choosing what to pay of a balance in a real browser, with its script and without."""

from odoo.tests import tagged

from .test_balance import BalanceCase
from .test_choice_browser import ASKED, LABEL, PAY
from .test_page_browser import BrowserCase

CHOSEN = "document.querySelector('[name=amount]:checked').value"


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceInBrowser(BrowserCase, BalanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late, cls.soon = cls._bill(100), cls._bill(50, 10)
        cls.path = cls.balance_link._get_path()

    def _tick(self, move):
        return f"[name=document][value='{move.id}']"

    def _is_ticked(self, visitor, move):
        return visitor.evaluate(f'document.querySelector("{self._tick(move)}").checked')

    def test_ticks_and_the_choice_of_an_amount_keep_in_step(self):
        with self._visit(self.path, width=390) as visitor:
            self.assertEqual(visitor.evaluate(LABEL), "Pay $ 150.00")
            visitor.click(self._tick(self.soon))
            visitor.wait_for(f"{LABEL} === 'Pay $ 50.00'")
            self.assertEqual(visitor.evaluate(CHOSEN), "chosen")
            visitor.click(self._tick(self.late))
            visitor.wait_for(f"{LABEL} === 'Pay $ 150.00'")
            visitor.click("[name=amount][value=next]")
            visitor.wait_for(f"{LABEL} === 'Pay $ 100.00'")
            for move in (self.late, self.soon):
                self.assertFalse(self._is_ticked(visitor, move))
            visitor.click(self._tick(self.soon))
            visitor.wait_for(f"{LABEL} === 'Pay $ 50.00'")
            visitor.click(self._tick(self.soon))
            visitor.wait_for(f"{LABEL} === 'Pay $ 150.00'")
            self.assertEqual(visitor.evaluate(CHOSEN), "full")
            self.assertFalse(visitor.errors)

    def test_an_invoice_is_paid_from_its_own_page(self):
        with self._visit(f"{self.path}/invoice/{self.soon.id}") as visitor:
            visitor.click(PAY)
            visitor.wait_for("location.hash === '#o_paylink_pay'")
            self.assertEqual(visitor.wait_for(LABEL), "Pay $ 50.00")
            self.assertTrue(self._is_ticked(visitor, self.soon))
            self.assertFalse(visitor.evaluate(ASKED), "the server has priced it already")
            visitor.click("[name=amount][value=full]")
            visitor.wait_for(f"{LABEL} === 'Pay $ 150.00'")
            self.assertNotIn("has changed", visitor.get_text())
            visitor.click(self._tick(self.soon))
            visitor.wait_for(f"{LABEL} === 'Pay $ 50.00'")
            visitor.click(PAY)
            visitor.wait_for("!!document.querySelector('#o_payment_form')")
            self.assertIn("50.00", visitor.get_text())
        self.env.invalidate_all()
        self.assertEqual(self.soon.transaction_ids.mapped("amount"), [50])

    def test_an_invoice_is_paid_from_its_own_page_without_a_script(self):
        path = f"{self.path}/invoice/{self.soon.id}"
        with self._visit(path, width=390, has_script=False) as visitor:
            visitor.click(PAY)
            visitor.wait_for("location.hash === '#o_paylink_pay'")
            self.assertTrue(self._is_ticked(visitor, self.soon))
            self.assertIn("Continue", visitor.get_text())
            visitor.click(PAY)
            visitor.wait_for("!!document.querySelector('#o_payment_form')")
            self.assertIn("50.00", visitor.get_text())

    def test_a_tick_alone_is_enough_without_a_script(self):
        with self._visit(self.path, has_script=False) as visitor:
            self.assertIn("Pay $ 150.00", visitor.get_text())
            visitor.click(self._tick(self.soon))
            self.assertNotIn("Pay $ 150.00", visitor.get_text())
            visitor.click(PAY)
            visitor.wait_for("!!document.querySelector('#o_payment_form')")
            self.assertIn("50.00", visitor.get_text())
