# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance link: what it shows, what can be paid with it, and what the books say afterwards."""

from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .common import slow
from .test_quote import QuoteCase


class BalanceCase(QuoteCase):
    """A customer without open invoices, with a balance link."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = cls.env["res.partner"].create(
            {"name": "Riverside Hotel", "is_company": True, "email": "desk@riverside.example.com"}
        )
        cls.guest = cls.env["res.partner"].create(
            {
                "name": "Grace Hall",
                "parent_id": cls.owner.id,
                "email": "grace@riverside.example.com",
            }
        )
        cls.today = fields.Date.today()
        cls.balance_link = cls._create_balance_link(cls.owner)

    @classmethod
    def _create_balance_link(cls, partner, **values):
        return (
            cls.env["paylink.link"]
            .sudo()
            .create(
                {
                    "kind": "balance",
                    "partner_id": partner.id,
                    "company_id": cls.company.id,
                    "expiration_date": False,
                    **values,
                }
            )
        )

    @classmethod
    def _bill(cls, amount, days=-10, **values):
        """Return an invoice of the customer that is due so many days from now."""
        return cls._create_invoice(**cls._get_bill_values(amount, days, **values))

    @classmethod
    def _get_bill_values(cls, amount, days=-10, **values):
        line = {"name": "Rooms", "price_unit": amount, "tax_ids": [Command.clear()]}
        return {
            "partner_id": cls.guest.id,
            "invoice_date": cls.today - timedelta(days=40),
            "invoice_date_due": cls.today + timedelta(days=days),
            "invoice_payment_term_id": False,
            "invoice_line_ids": [Command.create(line)],
            **values,
        }

    @classmethod
    def _credit(cls, amount):
        return cls._bill(amount, move_type="out_refund")

    def _open(self, suffix="", link=None):
        return self.url_open((link or self.balance_link)._get_path(suffix), allow_redirects=False)

    def _quote_balance(self, **wish):
        return self._quote(self.balance_link, **wish)

    def _pay_balance(self, **wish):
        """Pay a quote to the end and return its confirmed transaction."""
        quote = self._quote_balance(**wish)
        response = self._pay(self.balance_link, quote=quote["quote"], fee_accepted="1")
        self.assertEqual(response.status_code, 303, response.text)
        tx = (
            self.env["payment.transaction"]
            .sudo()
            .search([("paylink_quote_id.reference", "=", quote["quote"])])
        )
        tx._set_done()
        tx._post_process()
        return tx


@tagged("post_install", "-at_install", "paylink")
class TestBalancePage(BalanceCase):
    def test_nothing_is_due(self):
        page = self._open()
        self.assertEqual(page.status_code, 200)
        self.assertIn("Nothing to pay, thank you", page.text)
        self.assertNotIn("o_paylink_pay", page.text)

    def test_a_credit_is_told(self):
        self._credit(30)
        page = self._open()
        self.assertIn("Credit in your favor", page.text)
        self.assertIn("30.00", page.text)
        self.assertNotIn("o_paylink_pay", page.text)

    @slow
    def test_what_is_owed_is_listed_oldest_first(self):
        late, soon = self._bill(100, -10), self._bill(50, 10)
        self._credit(30)
        page = self._open().text
        self.assertIn("$\xa0120.00", page)
        self.assertIn("of it is overdue", page)
        self.assertIn("Your credit of", page)
        self.assertLess(page.index(late.name), page.index(soon.name))
        self.assertIn("View recent charges", page)

    def test_only_its_own_routes_open(self):
        token = self.balance_link._get_token()
        for path in (f"/paylink/{token}", f"/paylink/{token}/pay", f"/paylink/{token}/pdf"):
            self.assertEqual(self.url_open(path).status_code, 404)
        token = self.link._get_token()
        for suffix in ("", "/pay", "/options", "/invoice/1"):
            path = f"/paylink/balance/{token}{suffix}"
            self.assertEqual(self.url_open(path).status_code, 404)

    def test_a_regenerated_link_is_dead_at_once(self):
        path = self.balance_link._get_path()
        self.balance_link.action_regenerate()
        self.assertEqual(self.url_open(path).status_code, 404)
        self.assertEqual(self._open().status_code, 200)

    @slow
    def test_each_document_opens_and_no_other(self):
        mine, other = self._bill(100), self.posted_invoice
        page = self._open(f"invoice/{mine.id}")
        self.assertEqual(page.status_code, 200)
        self.assertIn(mine.name, page.text)
        self.assertIn("Back to your balance", page.text)
        self.assertNotIn("<form", page.text)
        pdf = self._open(f"invoice/{mine.id}/pdf")
        self.assertEqual(pdf.headers["Content-Type"], "application/pdf")
        draft = self._bill(5, post=False)
        for move_id in (other.id, draft.id, 0, 2**31, 2**70):
            for suffix in ("", "/pdf"):
                self.assertEqual(self._open(f"invoice/{move_id}{suffix}").status_code, 404)

    def test_currencies_are_never_added_up(self):
        self.currency_euro.active = True
        self._bill(100)
        self._bill(70, currency_id=self.currency_euro.id)
        page = self._open().text
        self.assertIn("100.00", page)
        self.assertIn("You also owe", page)
        self.assertIn("currency=EUR", page)
        self.assertNotIn("170.00", page)
        euro = self._quote_balance(currency="EUR")
        self.assertEqual((euro["currency"], euro["total"]), ("EUR", "70.00"))
        self.assertEqual(self._quote_balance()["total"], "100.00")

    @slow
    def test_without_a_provider_the_form_cannot_be_completed(self):
        self._bill(100)
        self.provider.state = "disabled"
        page = self._open().text
        self.assertIn("cannot be completed", page)
        self.assertIn('disabled="disabled"', page)

    @slow
    def test_the_number_of_queries_does_not_grow_with_the_documents(self):
        counts = []
        page = self.env["paylink.page"].sudo()
        for number in (2, 20):
            for _index in range(number):
                self._bill(10)
            for _fill_caches in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                page._prepare_balance_values(self.balance_link)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalancePayment(BalanceCase):
    def _assert_paid(self, *moves):
        for move in moves:
            self.assertEqual(move.amount_residual, 0, move.name)
            self.assertIn(move.payment_state, ("paid", "in_payment"))

    def test_everything_is_paid_at_once(self):
        moves = self._bill(100), self._bill(50, 10)
        tx = self._pay_balance()
        self.assertEqual((tx.amount, tx.invoice_ids), (150, moves[0] | moves[1]))
        self._assert_paid(*moves)
        self.assertEqual(tx._paylink_get_leftover(), 0)
        self.assertFalse(self.balance_link._get_balances())

    def test_credit_comes_first(self):
        late, soon, credit = self._bill(100), self._bill(50, 10), self._credit(120)
        tx = self._pay_balance()
        self.assertEqual(tx.amount, 30)
        self.assertEqual(tx.paylink_quote_id.line_ids.mapped("credit_amount"), [100, 20])
        self.assertEqual(late.payment_state, "reversed")
        self._assert_paid(soon)
        self.assertEqual(credit.amount_residual, 0)
        self.assertFalse(self.balance_link._get_balances())

    def test_what_is_overdue_is_paid_alone(self):
        late, soon = self._bill(100), self._bill(50, 10)
        tx = self._pay_balance(amount="next")
        self.assertEqual(tx.amount, 100)
        self._assert_paid(late)
        self.assertEqual(soon.amount_residual, 50)

    def test_chosen_documents_are_paid(self):
        late, soon = self._bill(100), self._bill(50, 10)
        tx = self._pay_balance(amount="chosen", documents=[soon.id])
        self.assertEqual(tx.amount, 50)
        self._assert_paid(soon)
        self.assertEqual(late.amount_residual, 100)

    def test_another_amount_settles_the_oldest_first(self):
        late, soon = self._bill(100), self._bill(50, 10)
        self._pay_balance(amount="120.00")
        self._assert_paid(late)
        self.assertEqual(soon.amount_residual, 30)

    def test_tip_and_fee_come_on_top(self):
        self.company.paylink_is_tip_enabled = True
        self._set_fee(percent=2, fixed=0)
        moves = self._bill(100), self._bill(50)
        tx = self._pay_balance(tip="20")
        self.assertEqual(
            (tx.amount, tx.paylink_tip_amount, tx.paylink_fee_amount), (183.6, 30, 3.6)
        )
        self._assert_paid(*moves)

    def test_an_early_payment_discount_is_granted(self):
        plain, early = self._bill(50), self._bill(100, 20)
        early.button_draft()
        early.write(
            {
                "invoice_date": self.today,
                "invoice_payment_term_id": self._create_discount_terms().id,
            }
        )
        early.action_post()
        tx = self._pay_balance()
        self.assertEqual(tx.amount, 148)
        self._assert_paid(plain, early)

    def _create_discount_terms(self):
        return self.env["account.payment.term"].create(
            {
                "name": "2 % in ten days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    def test_opening_balances_are_paid_too(self):
        account = self.company_data["default_account_receivable"]
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "date": self.today - timedelta(days=90),
                "line_ids": [
                    Command.create(
                        {
                            "name": "Opening balance",
                            "account_id": account.id,
                            "partner_id": partner.id,
                            "debit": debit,
                        }
                    )
                    for partner, debit in ((self.owner, 80), (self.customer, 40))
                ]
                + [
                    Command.create(
                        {
                            "name": "Opening",
                            "account_id": self.company_data["default_account_revenue"].id,
                            "credit": 120,
                        }
                    )
                ],
            }
        )
        entry.action_post()
        invoice = self._bill(100)
        tx = self._pay_balance()
        self.assertEqual(tx.amount, 180)
        self._assert_paid(invoice)
        residuals = entry.line_ids.filtered("debit").mapped("amount_residual")
        self.assertEqual(sorted(residuals), [0, 40])

    def test_what_others_are_just_paying_is_not_paid_twice(self):
        late, soon = self._bill(100), self._bill(50, 10)
        link = self._create_link(late, self.guest)
        self._start(link)
        quote = self._quote_balance()
        self._assert_code(self._pay(self.balance_link, quote=quote["quote"]), 409, "in_progress")
        quote = self._quote_balance(amount="chosen", documents=[soon.id])
        self.assertEqual(self._pay(self.balance_link, quote=quote["quote"]).status_code, 303)
        other = self._quote(self._create_link(soon, self.guest))
        links = self.env["paylink.link"].sudo().search([("move_id", "=", soon.id)])
        self._assert_code(self._pay(links, quote=other["quote"]), 409, "in_progress")

    def test_a_changed_balance_is_not_paid_at_the_old_price(self):
        self._bill(100)
        quote = self._quote_balance()
        self._bill(50)
        self._assert_code(self._pay(self.balance_link, quote=quote["quote"]), 409, "changed")

    def test_another_choice_replaces_the_one_before(self):
        late, soon = self._bill(100), self._bill(50, 10)
        first = self._quote_balance()
        self._pay(self.balance_link, quote=first["quote"])
        second = self._quote_balance(amount="chosen", documents=[soon.id])
        self._pay(self.balance_link, quote=second["quote"])
        txs = (late | soon).transaction_ids
        self.assertEqual(sorted(txs.mapped("state")), ["cancel", "draft"])
        self.assertEqual(txs.filtered(lambda tx: tx.state == "draft").invoice_ids, soon)

    def test_bad_choices_are_refused(self):
        self._bill(100)
        self._bill(50)
        for wish in (
            {"amount": "chosen"},
            {"amount": "chosen", "documents": [self.posted_invoice.id]},
            {"amount": "chosen", "documents": "all"},
            {"amount": "151.00"},
            {"amount": "-1"},
        ):
            with self.subTest(wish=wish):
                self._assert_code(self._ask(self.balance_link, **wish), 400, "invalid_amount")

    def test_the_receipt_is_shown_and_mailed(self):
        first, second = self._bill(100), self._bill(50)
        with self.catch_mail() as catcher:
            tx = self._pay_balance()
        page = self._open(f"receipt/{tx.reference}")
        self.assertEqual(page.status_code, 200)
        for text in ("150.00", first.name, second.name):
            self.assertIn(text, page.text)
        self.assertEqual(tx.paylink_receipt_message_id.res_id, self.owner.id)
        mail = catcher.get_html("desk@riverside.example.com")
        self.assertIn(self.balance_link._get_token(), mail)
        self.assertNotIn(self.balance_link._get_token(), str(tx.paylink_receipt_message_id.body))
        self.assertIn("Receipt for", self._open().text)

    def test_the_receipt_of_somebody_else_is_none(self):
        tx = self._start(self._create_link())
        tx._set_done()
        tx._post_process()
        self.assertEqual(self._open(f"receipt/{tx.reference}").status_code, 404)

    def test_a_refund_opens_nothing_that_was_credit(self):
        moves = self._bill(100), self._bill(50)
        self.provider.support_refund = "partial"
        self.payment_method.support_refund = "partial"
        tx = self._pay_balance()
        refund = tx._create_child_transaction(40, is_refund=True)
        refund._set_done()
        refund._post_process()
        self._assert_paid(*moves)
        self.assertEqual(self.balance_link._get_balance().owed, 40)
        values = self.env["paylink.page"].sudo()._prepare_balance_values(self.balance_link)
        self.assertEqual([item["name"] for item in values["open_items"]], ["Paid back to you"])
        self.assertIn("Refunded", self._open(f"receipt/{tx.reference}").text)

    def test_more_than_is_owed_is_refused_unless_the_company_wants_it(self):
        invoice = self._bill(100)
        wish = {"amount": "130.00"}
        self._assert_code(self._ask(self.balance_link, **wish), 400, "invalid_amount")
        self.company.paylink_is_advance_allowed = True
        tx = self._pay_balance(**wish)
        self._assert_paid(invoice)
        self.assertEqual(self.balance_link._get_balance().credit, 30)
        self.assertFalse(invoice.activity_ids)
        self.assertIn("Credit for later invoices", self._open(f"receipt/{tx.reference}").text)

    def test_the_form_of_the_payment_says_what_is_paid(self):
        self._bill(100)
        values = self.balance_link._prepare_payment_form_values()
        self.assertEqual(values["title"], "Pay your balance")

    def test_who_owes_nothing_pays_ahead_only(self):
        self.company.write({"paylink_is_advance_allowed": True, "paylink_is_tip_enabled": True})
        page = self._open().text
        self.assertIn("Pay ahead", page)
        self.assertNotIn('name="tip"', page)
        for amount in ("full", "next", "0", "1000000000001.00"):
            response = self._ask(self.balance_link, amount=amount)
            self._assert_code(response, 400, "invalid_amount")
        tx = self._pay_balance(amount="75.00")
        self.assertFalse(tx.invoice_ids)
        self.assertEqual(tx.payment_id.state, "paid" if not tx.payment_id.move_id else "in_process")
        self.assertEqual(self.balance_link._get_balance().credit, 75)
        self.assertEqual(self._open(f"receipt/{tx.reference}").status_code, 200)

    def test_a_question_goes_to_the_chatter_of_the_customer(self):
        response = self.url_open(
            self.balance_link._get_path("comment"),
            data={"body": "May I pay in May?"},
            allow_redirects=False,
        )
        self.assertEqual(response.status_code, 303)
        self.assertIn("May I pay in May?", str(self.owner.message_ids[:1].body))

    def test_staff_read_what_the_customer_is_offered(self):
        self._bill(100)
        self.assertIn("100.00", self.balance_link.offer_text)

    def test_reminders_by_text_are_offered_where_something_is_owed(self):
        self.owner.write({"phone": "+15035550199", "country_id": self.env.ref("base.us").id})
        self.assertNotIn('name="consent"', self._open().text)
        self._bill(100)
        self.assertIn('name="consent"', self._open().text)
        response = self.url_open(
            self.balance_link._get_path("consent"), data={"consent": "1"}, allow_redirects=False
        )
        self.assertEqual(response.status_code, 303)
        self.assertEqual(self.balance_link._get_consent_state(), "granted")
