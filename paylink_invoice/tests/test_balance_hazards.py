# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Where a balance could be paid wrongly: other currencies, money on its way, credit used twice."""

from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.account.models.account_move import AccountMove

from ..models import paylink_link_balance
from ..models.paylink_link_quote import Wish
from .test_balance import BalanceCase


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceCurrencies(BalanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.euro = cls.currency_euro
        cls.euro.active = True

    def _bill_euro(self, amount, **values):
        return self._bill(amount, currency_id=self.euro.id, **values)

    def _block(self, move):
        move.payment_state = "blocked"

    def test_what_was_settled_meanwhile_is_not_paid_in_another_currency(self):
        self._bill(100)
        invoice = self._bill_euro(100)
        quote = self._quote_balance(currency="EUR")
        invoice.button_cancel()
        before = self._get_rows()
        self._assert_code(self._ask(self.balance_link, currency="EUR"), 409, "paid")
        self._assert_code(self._ask(self.balance_link, currency="XYZ"), 400, "invalid_request")
        for wrong in (["EUR"], "\ud800", "\x00", "€", {"a": "\ud800"}, True, 978):
            answer = self._ask(self.balance_link, currency=wrong)
            self._assert_code(answer, 400, "invalid_request")
        self._assert_code(self._pay(self.balance_link, quote=quote["quote"]), 409, "changed")
        self.assertEqual(self._get_rows(), before)

    def test_half_a_letter_is_refused_by_every_route(self):
        self._bill(100)
        before = self._get_rows()
        for link in (self.link, self.balance_link):
            for suffix, name in (("quote", "quote"), ("quote", "currency"), ("comment", "body")):
                response = self._ask(link, suffix, **{name: "\ud800"})
                self._assert_code(response, 400, "invalid_request")
        self.assertEqual(self._get_rows(), before)

    def test_a_currency_with_a_credit_costs_nothing(self):
        self._bill(100)
        self._bill_euro(50, move_type="out_refund")
        before = self._get_rows()
        self._assert_code(self._ask(self.balance_link, currency="EUR"), 409, "paid")
        self.assertEqual(self._get_rows(), before)

    def test_one_currency_is_paid_while_the_other_is_on_hold(self):
        self._block(self._bill(100))
        invoice = self._bill_euro(70)
        self.assertEqual(self._open("options?currency=EUR").status_code, 200)
        tx = self._pay_balance(currency="EUR")
        self.assertEqual((tx.currency_id, tx.amount), (self.euro, 70))
        self.assertEqual(invoice.amount_residual, 0)
        self._assert_code(self._ask(self.balance_link), 409, "not_payable")
        self.assertIn("has put it on hold", self._open().text)

    def test_the_form_without_a_quote_pays_what_it_has_shown(self):
        invoice = self._bill(100)
        self._bill_euro(100)
        form = self._open("pay")
        self.assertIn("transaction?currency=USD", form.text)
        self.assertIn("transaction?currency=EUR", self._open("pay?currency=EUR").text)
        invoice.button_cancel()
        response = self.url_open(
            f"{self.balance_link._get_path('transaction')}?currency=USD",
            json={
                "params": {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.payment_method_id,
                    "flow": "redirect",
                }
            },
        )
        self._assert_refused(response, 409, "paid")

    def test_who_has_no_scripts_mends_an_amount_in_the_same_currency(self):
        self._bill(100)
        self._bill_euro(70)
        headers = {"Accept": "text/html"}
        form = {"amount": "other", "amount_other": "x", "currency": "EUR", "option": self.option}
        page = self._pay(self.balance_link, headers=headers, **form)
        self.assertEqual(page.status_code, 400)
        self.assertIn('name="currency" value="EUR"', page.text)
        self.assertIn("70.00", page.text)
        self.assertIn("?currency=EUR", page.text)
        self.assertIn("Back to your balance", page.text)

    def test_who_is_kept_waiting_can_take_over_in_the_second_currency(self):
        self._bill(100)
        invoice = self._bill_euro(70)
        self._start(self._create_link(invoice, self.guest))
        quote = self._quote_balance(currency="EUR")
        page = self._pay(self.balance_link, headers={"Accept": "text/html"}, quote=quote["quote"])
        self.assertEqual(page.status_code, 409)
        self.assertIn("Pay here instead", page.text)
        response = self._pay(self.balance_link, quote=quote["quote"], take_over="1")
        self.assertEqual(response.status_code, 303)

    def test_a_receipt_leads_back_to_its_own_currency(self):
        self._bill(100)
        self._bill_euro(70)
        self._bill_euro(30, days=20)
        tx = self._pay_balance(currency="EUR", amount="next")
        page = self._open(f"receipt/{tx.reference}").text
        self.assertIn("?currency=EUR", page)
        self.assertIn("Pay what else is open", page)
        tx = self._pay_balance(currency="EUR")
        self.assertNotIn("Pay what else is open", self._open(f"receipt/{tx.reference}").text)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceOnItsWay(BalanceCase):
    def _make_pending(self, **wish):
        """Pay a quote with a card whose money does not come at once."""
        quote = self._quote_balance(**wish)
        self.assertEqual(self._pay(self.balance_link, quote=quote["quote"]).status_code, 303)
        tx = self.env["payment.transaction"].sudo().search([], order="id desc", limit=1)
        tx._set_pending()
        return tx

    def _open_balance_entry(self, amount):
        account = self.company_data["default_account_receivable"]
        lines = [
            {"name": "Opening", "account_id": account.id, "partner_id": self.owner.id},
            {"name": "Equity", "account_id": self.company_data["default_account_revenue"].id},
        ]
        lines[0]["debit"] = lines[1]["credit"] = amount
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self.today,
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        entry.action_post()
        return entry

    def test_an_opening_balance_is_not_paid_twice(self):
        self._as_card_provider()
        self._open_balance_entry(80)
        self._make_pending()
        self._assert_code(self._ask(self.balance_link), 409, "in_progress")
        page = self._open().text
        self.assertIn("is on its way", page)
        self.assertIn("You need not pay again", page)
        self.assertNotIn("Overdue</span>", page)

    def test_credit_that_a_payment_on_its_way_uses_pays_nothing_else(self):
        self._as_card_provider()
        late, soon = self._bill(100), self._bill(50, 10)
        self._credit(60)
        self._make_pending(amount="chosen", documents=[late.id])
        quote = self._quote_balance()
        self.assertEqual(quote["base"], "50.00")
        tx = self._pay_balance()
        self.assertEqual(tx.invoice_ids, soon)
        self.assertEqual(soon.amount_residual, 0)

    def test_two_attempts_do_not_use_the_same_credit(self):
        late, soon = self._bill(100), self._bill(50, 10)
        self._credit(40)
        for move in (late, soon):
            quote = self._quote_balance(amount="chosen", documents=[move.id])
            response = self._pay(self.balance_link, quote=quote["quote"])
            self.assertEqual(response.status_code, 303)
        self.assertEqual(late.transaction_ids.mapped("state"), ["cancel"])
        self.assertEqual(soon.transaction_ids.mapped("state"), ["draft"])

    def test_what_is_paid_ahead_is_started_once(self):
        self.company.paylink_is_advance_allowed = True
        quote = self._quote_balance(amount="75.00")
        for _number in range(3):
            response = self._pay(self.balance_link, quote=quote["quote"])
            self.assertEqual(response.status_code, 303)
        self.assertEqual(len(self.balance_link.transaction_ids), 1)
        other = self._quote_balance(amount="80.00")
        self._pay(self.balance_link, quote=other["quote"])
        states = sorted(self.balance_link.transaction_ids.mapped("state"))
        self.assertIn(states, (["draft"], ["cancel", "draft"]))

    def test_money_that_is_paid_ahead_is_shown_on_its_way(self):
        self._as_card_provider()
        self.company.paylink_is_advance_allowed = True
        self._make_pending(amount="75.00")
        self.assertIn("A payment of $\xa075.00 is on its way", self._open().text)

    def test_what_the_bank_statement_will_book_is_not_paid_twice(self):
        # As in Odoo Enterprise: the payment has no entry until the bank statement comes.
        invoice = self._bill(100)
        with patch.object(AccountMove, "_get_invoice_in_payment_state", lambda _self: "in_payment"):
            wizard = self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            )
            method_line = self.company_data["default_journal_bank"].inbound_payment_method_line_ids
            method_line.payment_account_id = False
            payment = wizard.create(
                {"payment_method_line_id": method_line[:1].id}
            )._create_payments()
            invoice.invalidate_recordset()
        self.assertFalse(payment.move_id)
        self.assertEqual(invoice.payment_state, "in_payment")
        self._assert_code(self._ask(self.balance_link), 409, "in_progress")
        page = self._open().text
        self.assertIn("Your payment is on its way", page)
        self.assertIn("A payment of $\xa0100.00 is on its way", page)

    def test_a_second_try_reads_anew_what_is_open(self):
        """After somebody else's payment, which began while this one waited for the lock."""
        self._as_card_provider()
        invoice = self._bill(100)
        link = self.balance_link.sudo()._choose_currency(None)
        self._make_pending()
        self.assertIn(invoice, link._get_payable_moves())
        self.assertFalse(link._read_anew()._get_payable_moves())


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceChoice(BalanceCase):
    def _choose(self, **form):
        """Post the form as a browser without scripts does."""
        return self._pay(self.balance_link, headers={"Accept": "text/html"}, **form)

    def test_a_document_leads_to_its_tick(self):
        late, soon = self._bill(100), self._bill(50, 10)
        page = self._open(f"invoice/{soon.id}").text
        path = f"?currency=USD&amp;document={soon.id}#o_paylink_pay"
        self.assertIn(path, page)
        self.assertIn("Pay this invoice", page)
        page = self._open(f"?currency=USD&document={soon.id}").text
        self.assertRegex(page, rf'value="{soon.id}"\s+checked="checked"')
        self.assertNotRegex(page, rf'value="{late.id}"\s+checked="checked"')
        self.assertRegex(page, r'value="chosen"\s+checked="checked"')
        self.assertIn("Pay $\xa050.00", page)

    def test_a_document_that_is_not_listed_is_ticked_all_the_same(self):
        self.patch(paylink_link_balance, "MAX_SHOWN", 3)
        moves = self._create_invoices([self._get_bill_values(1)] * 4)
        last = self._bill(7, 30)
        self.assertNotIn(f"/invoice/{last.id}", self._open().text)
        page = self._open(f"?document={last.id}").text
        self.assertRegex(page, rf'value="{last.id}"\s+checked="checked"')
        self.assertNotRegex(page, rf'value="{moves[0].id}"\s+checked="checked"')

    def test_documents_that_cannot_be_paid_are_not_ticked(self):
        self._bill(100)
        paid, foreign = self._bill(50), self.posted_invoice
        paid.button_cancel()
        for document in (paid.id, foreign.id, 0, 2**31, "x", "١", "1e3", -5):
            with self.subTest(document=document):
                page = self._open(f"?document={document}")
                self.assertEqual(page.status_code, 200)
                self.assertNotIn('name="document" form="o_paylink_pay" checked', page.text)
                self.assertIn("Pay $\xa0100.00", page.text)
        credit = self._credit(20)
        self.assertNotIn("Pay this invoice", self._open(f"invoice/{credit.id}").text)

    def test_ticks_without_scripts_are_what_is_paid(self):
        self._bill(100)
        soon = self._bill(50, 10)
        response = self._choose(amount="full", document=soon.id, option=self.option, currency="USD")
        self.assertEqual(response.status_code, 303)
        self.assertEqual(soon.transaction_ids.amount, 50)

    def test_nothing_ticked_says_what_to_do(self):
        self._bill(100)
        self._bill(50)
        page = self._choose(amount="chosen", option=self.option)
        self.assertEqual(page.status_code, 400)
        self.assertIn("Tick at least one", page.text)
        self.assertNotIn('name="amount_other"', page.text)
        self.assertIn("Back to your balance", page.text)

    def test_what_credit_covers_needs_no_payment(self):
        self._bill(100)
        small = self._bill(10, 10)
        self._credit(30)
        wish = {"amount": "chosen", "documents": [small.id]}
        response = self._ask(self.balance_link, **wish)
        self._assert_code(response, 400, "invalid_amount")
        self.assertIn("Your credit covers", response.json()["message"])

    def test_the_form_is_shown_though_nobody_takes_payments(self):
        self._bill(100)
        self._bill(50, 10)
        self.company.paylink_is_tip_enabled = True
        self.provider.state = "disabled"
        page = self._open().text
        self.assertIn('<fieldset disabled="disabled"', page)
        for text in ("cannot be completed", 'name="amount"', 'name="tip"', 'name="save_card"'):
            self.assertIn(text, page)
        self.assertIn("Pay $\xa0150.00", page)
        self.assertNotIn('id="o_paylink_pay"', page)
        self._assert_code(self._ask(self.balance_link), 409, "not_payable")

    def test_credits_are_listed_and_open(self):
        self._bill(100)
        credit = self._credit(30)
        page = self._open().text
        self.assertIn("Your credit", page)
        self.assertIn(f"/invoice/{credit.id}", page)
        self.assertEqual(self._open(f"invoice/{credit.id}").status_code, 200)

    def test_credit_that_covers_all_that_is_open(self):
        self._bill(50)
        self._credit(80)
        page = self._open().text
        self.assertIn("Your credit covers all that is open", page)
        self.assertNotIn("Everything is paid", page)

    def test_who_may_pay_ahead_is_not_asked_to_pay_a_rest(self):
        self.company.paylink_is_advance_allowed = True
        self._bill(100)
        tx = self._pay_balance()
        page = self._open(f"receipt/{tx.reference}").text
        self.assertNotIn("Pay what else is open", page)
        self.assertIn("Back to your balance", page)

    def test_a_transfer_is_asked_for_what_can_be_paid(self):
        account = self.env["res.partner.bank"].create(
            {"acc_number": "NW-0001", "partner_id": self.company.partner_id.id}
        )
        first, second = (self._bill(amount, partner_bank_id=account.id) for amount in (100, 50))
        first.payment_state = "blocked"
        page = self._open().text
        self.assertIn("NW-0001", page)
        values = self.env["paylink.page"].sudo()._prepare_balance_values(self.balance_link)
        amounts = [row["value"] for row in values["bank"]]
        self.assertIn("$\xa050.00", amounts)
        second.payment_state = "blocked"
        self.assertNotIn("NW-0001", self._open().text)

    def test_many_abandoned_attempts_hide_no_receipt(self):
        self._bill(100)
        tx = self._pay_balance()
        for number in range(12):
            tx.copy({"reference": f"ABANDONED-{number}", "state": "cancel"})
        self.assertIn("Receipt for", self._open().text)

    def test_a_transfer_from_the_bank_statement_is_a_payment(self):
        account = self.company_data["default_account_receivable"]
        transfer = self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "payment_ref": "Thank you",
                "partner_id": self.guest.id,
                "amount": 33,
                "date": self.today,
            }
        )
        self.assertNotIn("View recent payments", self._open().text)
        suspense = transfer.move_id.line_ids.filtered(
            lambda line: line.account_id == transfer.journal_id.suspense_account_id
        )
        suspense.write({"account_id": account.id, "partner_id": self.owner.id})
        page = self._open().text
        self.assertIn("View recent payments", page)
        self.assertIn("33.00", page)

    def test_wishes_of_the_page_are_those_of_scripts(self):
        self._bill(100)
        soon = self._bill(50, 10)
        wish = Wish("chosen", option=self.option, documents=(soon.id,))
        self.assertEqual(self.balance_link._quote(wish).total_amount, 50)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestReceivableAccounts(BalanceCase):
    def test_a_contact_with_an_account_of_its_own_is_part_of_the_balance(self):
        account = self.company_data["default_account_receivable"].copy({"code": "1219"})
        self.guest.property_account_receivable_id = account
        self.owner.property_account_receivable_id = account
        own = self._bill(100)
        self.owner.property_account_receivable_id = self.company_data["default_account_receivable"]
        other = self._bill(50, 10)
        accounts = (own | other).line_ids.account_id.filtered(
            lambda each: each.account_type == "asset_receivable"
        )
        self.assertEqual(len(accounts), 2)
        self.assertEqual(self._quote_balance()["total"], "150.00")
        tx = self._pay_balance()
        for move in (own, other):
            self.assertEqual(move.amount_residual, 0)
        self.assertEqual(tx._paylink_get_leftover(), 0)
        self.assertFalse(self.balance_link._get_balances())

    def test_an_archived_account_counts_too(self):
        account = self.company_data["default_account_receivable"].copy({"code": "1218"})
        self.owner.property_account_receivable_id = account
        self._bill(100)
        account.active = False
        self.assertEqual(self.balance_link._get_balance().owed, 100)

    def test_credit_in_another_account_settles_what_is_open(self):
        account = self.company_data["default_account_receivable"].copy({"code": "1217"})
        self._credit(40)
        self.owner.property_account_receivable_id = account
        invoice = self._bill(100)
        tx = self._pay_balance()
        self.assertEqual(tx.amount, 60)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertFalse(self.balance_link._get_balances())
