# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Prices of a balance that were paid already, or do not settle any more what they said."""

from odoo.tests import tagged

from .test_balance import BalanceCase


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceQuotes(BalanceCase):
    def test_what_is_paid_ahead_is_paid_once(self):
        self.company.paylink_is_advance_allowed = True
        quote = self._quote_balance(amount="75.00")
        self._pay(self.balance_link, quote=quote["quote"])
        tx = self.balance_link.transaction_ids
        tx._set_done()
        for is_booked in (False, True):
            if is_booked:
                tx._post_process()
            response = self._pay(self.balance_link, quote=quote["quote"])
            self.assertEqual(response.status_code, 409)
        self.assertEqual(self.balance_link.transaction_ids, tx)
        again = self._quote_balance(amount="75.00")
        self.assertNotEqual(again["quote"], quote["quote"], "Who wants to may pay as much again.")
        self._pay(self.balance_link, quote=again["quote"])
        self.assertEqual(len(self.balance_link.transaction_ids), 2)

    def test_price_whose_credit_is_used_elsewhere_is_not_paid(self):
        late, soon, third = self._bill(100), self._bill(100, 10), self._bill(100, 20)
        credit = self._credit(100)
        quote = self._quote_balance(amount="50.00")
        record = self.env["paylink.quote"].sudo().search([("reference", "=", quote["quote"])])
        self.assertEqual(record.line_ids.move_id, late + soon)
        lines = (credit + third).line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        lines.reconcile()
        response = self._pay(self.balance_link, quote=quote["quote"])
        self.assertEqual(response.status_code, 409)
        again = self._quote_balance(amount="50.00")
        record = self.env["paylink.quote"].sudo().search([("reference", "=", again["quote"])])
        self.assertEqual(record.line_ids.move_id, late)
