# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment and its refunds leave in the books, to the cent and to the account."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, mute_logger, tagged

from ..models.paylink_link_quote import Wish
from .common import PaylinkCommon

BOOKING_LOG = "odoo.addons.paylink_invoice.models.payment_transaction_booking"
VISITOR = {"ip_address": "192.0.2.1", "user_agent": "Phone"}


class BookingCase(PaylinkCommon):
    """Fee and tip have accounts and taxes of their own; payments are confirmed without a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([("id", "!=", cls.provider.id)]).write(
            {"state": "disabled", "is_published": False}
        )
        cls.provider.available_currency_ids = False
        cls.payment_method.support_refund = "partial"
        cls.option = f"{cls.provider.id}-{cls.payment_method_id}"
        cls.company.write({"paylink_is_tip_enabled": True, "paylink_tip_percentages": "0,10,20"})
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.fee_income, cls.tip_income, cls.tax_account = cls.env["account.account"].create(
            [
                {"name": name, "code": code, "account_type": account_type}
                for name, code, account_type in (
                    ("Fees", "PLFEE", "income_other"),
                    ("Tips", "PLTIP", "income_other"),
                    ("Tax to pay", "PLTAX", "liability_current"),
                )
            ]
        )
        cls.fee_product, cls.tip_product = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "type": "service",
                    "property_account_income_id": account.id,
                    "taxes_id": [Command.clear()],
                }
                for name, account in (("Card fee", cls.fee_income), ("Gratuity", cls.tip_income))
            ]
        )
        cls.provider.paylink_fee_product_id = cls.fee_product
        cls.company.paylink_tip_product_id = cls.tip_product

    # === SET-UP === #

    @classmethod
    def _set_fee(cls, percent=3.0, fixed=0.0, maximum=0.0):
        cls.provider.write(
            {
                "paylink_fee_percent": percent,
                "paylink_fee_fixed": fixed,
                "paylink_fee_max": maximum,
            }
        )

    @classmethod
    def _create_tax(cls, name, amount, **values):
        """Return a tax on sales whose lines have accounts and tags of their own."""
        tags = cls.env["account.account.tag"].create(
            [
                {
                    "name": f"{name} {document} {part}",
                    "applicability": "taxes",
                    "country_id": cls.company.account_fiscal_country_id.id,
                }
                for document in ("invoice", "refund")
                for part in ("base", "tax")
            ]
        )

        def repartition(base_tag, tax_tag):
            return [
                Command.clear(),
                Command.create({"repartition_type": "base", "tag_ids": base_tag.ids}),
                Command.create(
                    {
                        "repartition_type": "tax",
                        "account_id": cls.tax_account.id,
                        "tag_ids": tax_tag.ids,
                    }
                ),
            ]

        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "company_id": cls.company.id,
                "invoice_repartition_line_ids": repartition(tags[0], tags[1]),
                "refund_repartition_line_ids": repartition(tags[2], tags[3]),
                **values,
            }
        )

    @classmethod
    def _create_early_terms(cls, mode="included", percent=2):
        return cls.env["account.payment.term"].create(
            {
                "name": f"{percent} % in ten days, {mode}",
                "early_discount": True,
                "discount_percentage": percent,
                "discount_days": 10,
                "early_pay_discount_computation": mode,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    @classmethod
    def _create_taxed_invoice(cls, price=100.0, taxes=None, **values):
        line = {"name": "Maintenance", "price_unit": price, "tax_ids": [Command.clear()]}
        if taxes:
            line["tax_ids"] = [Command.set(taxes.ids)]
        return cls._create_invoice(invoice_line_ids=[Command.create(line)], **values)

    def _pay_elsewhere(self, invoice, **values):
        """Let staff release the invoice and register a payment; the customer's money still comes."""
        invoice.transaction_ids._paylink_get_running_attempts()._paylink_give_up("Released.")
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(values)
            ._create_payments()
        )

    # === PAYING === #

    def _start(self, invoice=None, amount="full", tip="0"):
        """Return the transaction that a customer starts through a link."""
        invoice = invoice or self.posted_invoice
        link = invoice.sudo().paylink_link_ids[:1] or self._create_link(invoice)
        quote = link._quote(Wish(amount=amount, tip=tip, option=self.option))
        quote._accept_fee(VISITOR)
        return link._start_payment(self.option, "redirect", quote.reference)

    def _start_several(self, *parts):
        """Return a transaction that pays several documents: pairs of invoice and amount."""
        invoices = self.env["account.move"].union(*(invoice for invoice, _amount in parts))
        base = sum(amount for _invoice, amount in parts)
        link = self._create_link(invoices[:1])
        values = link._prepare_quote_values(Wish(option=self.option))
        line = values["line_ids"][0][2]
        tip = values["tip_amount"]
        values.update(base_amount=base, total_amount=base + tip + values["fee_amount"])
        values["line_ids"] = [
            Command.create({**line, "move_id": invoice.id, "amount": amount, "discount_amount": 0})
            for invoice, amount in parts
        ]
        for command in values["line_ids"]:
            invoice = self.env["account.move"].browse(command[2]["move_id"])
            link_of = self._create_link(invoice)
            base = invoice.currency_id._paylink_to_decimal(command[2]["amount"])
            discounted = link_of._prepare_quote_lines(base, link_of._get_amount_choices(), Wish())[
                0
            ]
            command[2]["discount_amount"] = discounted["discount_amount"]
        quote = self.env["paylink.quote"].sudo().create(values)
        return self.env["payment.transaction"]._paylink_open_attempt(
            link, link._prepare_payment_values(quote, "redirect")
        )

    def _settle(self, tx):
        tx._set_done()
        tx._post_process()
        return tx.payment_id

    def _pay(self, invoice=None, **wish):
        tx = self._start(invoice, **wish)
        self._settle(tx)
        return tx

    def _refund(self, tx, amount=None):
        child = tx._refund(amount)
        self._settle(child)
        return child

    # === CHECKS === #

    def _get_sum(self, entry, account, field="amount_currency"):
        """Return what an entry debits an account with."""
        return round(
            sum(entry.line_ids.filtered(lambda x: x.account_id == account).mapped(field)), 6
        )

    def _assert_lines(self, entry, expected):
        """Check the lines of an entry: pairs of account and debit in the payment's currency."""
        lines = [
            (line.account_id.display_name, round(line.amount_currency, 6))
            for line in entry.line_ids
        ]
        expected = [(account.display_name, amount) for account, amount in expected]
        self.assertCountEqual(lines, expected)

    def _get_credit(self):
        """Return what the customer is owed or owes beside the invoices."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("move_id.move_type", "=", "entry"),
            ]
        )
        return sum(lines.mapped("amount_residual_currency"))

    def _assert_paid(self, invoice):
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(invoice.amount_residual, 0.0)

    @property
    def outstanding(self):
        return self.inbound_payment_method_line.payment_account_id


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBooking(BookingCase):
    def test_fee_and_tip_are_lines_of_the_one_entry(self):
        self._set_fee()
        tx = self._pay(tip="20")
        self.assertEqual(tx.amount, 123.6)
        self._assert_lines(
            tx.payment_id.move_id,
            [
                (self.outstanding, 123.6),
                (self.receivable, -100.0),
                (self.tip_income, -20.0),
                (self.fee_income, -3.6),
            ],
        )
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_credit(), 0.0)
        self.assertFalse(self.posted_invoice.activity_ids)
        self.assertEqual(self.posted_invoice.reconciled_payment_ids, tx.payment_id)

    def test_lines_bear_product_and_customer(self):
        self._set_fee()
        entry = self._pay(tip="20").payment_id.move_id
        for product, account in (
            (self.fee_product, self.fee_income),
            (self.tip_product, self.tip_income),
        ):
            line = entry.line_ids.filtered(lambda x, product=product: x.product_id == product)
            self.assertEqual(line.account_id, account)
            self.assertEqual(line.partner_id, self.customer)
            self.assertEqual(line.name, product.name)

    def test_payment_without_fee_tip_and_discount_has_two_lines(self):
        tx = self._pay()
        self._assert_lines(
            tx.payment_id.move_id, [(self.outstanding, 100.0), (self.receivable, -100.0)]
        )
        self._assert_paid(self.posted_invoice)

    def test_part_leaves_exactly_the_rest_open(self):
        self._set_fee()
        self._pay(amount="40.00", tip="10")
        self.assertEqual(self.posted_invoice.amount_residual, 60.0)
        self.assertEqual(self.posted_invoice.payment_state, "partial")
        self.assertEqual(self._get_credit(), 0.0)

    def test_next_instalment_settles_that_instalment(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 40}),
                ],
            }
        )
        self._set_fee()
        invoice = self._create_taxed_invoice(invoice_payment_term_id=terms.id)
        self._pay(invoice, amount="next")
        lines = invoice.line_ids.filtered(lambda x: x.display_type == "payment_term")
        self.assertEqual(lines.sorted("date_maturity").mapped("amount_residual"), [0.0, 70.0])

    # === TAXES === #

    def test_tax_is_part_of_the_fee_whatever_its_setting(self):
        self._set_fee(percent=12.0)
        for included in ("tax_excluded", "tax_included"):
            with self.subTest(included=included):
                tax = self._create_tax(included, 20, price_include_override=included)
                self.fee_product.taxes_id = tax
                tx = self._pay(self._create_taxed_invoice())
                self._assert_lines(
                    tx.payment_id.move_id,
                    [
                        (self.outstanding, 112.0),
                        (self.receivable, -100.0),
                        (self.fee_income, -10.0),
                        (self.tax_account, -2.0),
                    ],
                )

    def test_tax_report_gets_base_and_tax(self):
        self._set_fee(percent=12.0)
        tax = self._create_tax("VAT", 20)
        self.fee_product.taxes_id = tax
        entry = self._pay().payment_id.move_id
        base = entry.line_ids.filtered("tax_ids")
        self.assertEqual(base.account_id, self.fee_income)
        self.assertEqual(base.tax_tag_ids.mapped("name"), ["VAT invoice base"])
        line = entry.line_ids.filtered("tax_line_id")
        self.assertEqual(line.tax_repartition_line_id, tax.invoice_repartition_line_ids[1])
        self.assertEqual(line.tax_tag_ids.mapped("name"), ["VAT invoice tax"])
        self.assertEqual(abs(line.tax_base_amount), 10.0)

    def test_two_taxes_on_the_tip_and_one_on_the_fee_add_up(self):
        self._set_fee(percent=2.9, fixed=0.3)
        taxes = self._create_tax("State", 7.5) + self._create_tax("City", 3.33)
        self.tip_product.taxes_id = taxes
        self.fee_product.taxes_id = self._create_tax("VAT", 19)
        tx = self._pay(tip="10")
        entry = tx.payment_id.move_id
        fee_lines = entry.line_ids.filtered(
            lambda x: x.account_id == self.fee_income or x.tax_line_id.name == "VAT"
        )
        self.assertAlmostEqual(sum(fee_lines.mapped("balance")), -tx.paylink_fee_amount)
        self.assertEqual(len(entry.line_ids.filtered("tax_line_id")), 3)
        self.assertEqual(self._get_sum(entry, self.receivable), -100.0)

    def test_smallest_fee_with_a_tax_stays_what_was_charged(self):
        self.fee_product.taxes_id = self._create_tax("VAT", 20)
        for fixed in (0.01, 0.02, 0.03, 0.04, 0.05):
            self._set_fee(percent=0, fixed=fixed)
            entry = self._pay(self._create_taxed_invoice()).payment_id.move_id
            fee = self._get_sum(entry, self.fee_income) + self._get_sum(entry, self.tax_account)
            self.assertAlmostEqual(fee, -fixed)
            self.assertEqual(self._get_sum(entry, self.receivable), -100.0)

    def test_fiscal_position_of_the_document_maps_taxes_and_account(self):
        domestic, export = self._create_tax("Domestic", 20), self._create_tax("Export", 0)
        abroad = self.fee_income.copy({"name": "Fees abroad", "code": "PLABROAD"})
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "account_ids": [
                    Command.create(
                        {"account_src_id": self.fee_income.id, "account_dest_id": abroad.id}
                    )
                ],
            }
        )
        export.write({"fiscal_position_ids": position.ids, "original_tax_ids": domestic.ids})
        self.fee_product.taxes_id = domestic
        self._set_fee(percent=12.0)
        self.customer.property_account_position_id = position
        for invoice in (
            self._create_taxed_invoice(),
            self._create_taxed_invoice(fiscal_position_id=False),
        ):
            entry = self._pay(invoice).payment_id.move_id
            self.assertEqual(self._get_sum(entry, abroad), -12.0)
            self.assertEqual(entry.line_ids.tax_ids, export)
            self.assertEqual(self._get_sum(entry, self.tax_account), 0.0)

    def test_taxes_of_another_company_are_not_ours(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self.env["account.tax"].create(
            {
                "name": "Foreign",
                "amount": 50,
                "company_id": other.id,
                "country_id": self.company.account_fiscal_country_id.id,
                "tax_group_id": self.env["account.tax.group"]
                .create({"name": "Group", "company_id": other.id})
                .id,
            }
        )
        self.fee_product.sudo().taxes_id = foreign
        self._set_fee(percent=12.0)
        entry = self._pay().payment_id.move_id
        self.assertFalse(entry.line_ids.tax_ids)

    def test_cash_basis_taxes_of_invoice_and_fee_become_due_with_the_payment(self):
        self.company.tax_exigibility = True
        transition = self.tax_account.copy({"code": "PLTRANS", "reconcile": True})
        cash_tax = self._create_tax(
            "Cash",
            20,
            tax_exigibility="on_payment",
            cash_basis_transition_account_id=transition.id,
        )
        self.fee_product.taxes_id = cash_tax
        self._set_fee(percent=10)
        invoice = self._create_taxed_invoice(taxes=cash_tax)
        tx = self._pay(invoice, amount="60.00")
        self._pay(invoice)
        self._assert_paid(invoice)
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "in", (transition + self.tax_account).ids),
                ("parent_state", "=", "posted"),
            ]
        )
        due = lines.filtered(lambda x: x.account_id == self.tax_account)
        # 20 of the invoice, 1 of each fee of 6
        self.assertAlmostEqual(sum(due.mapped("balance")), -22.0)
        self.assertAlmostEqual(sum((lines - due).mapped("balance")), 0.0)
        self.assertEqual(self._get_sum(tx.payment_id.move_id, self.receivable), -60.0)

    # === ACCOUNTS === #

    def test_account_is_of_the_product_its_category_the_company_or_the_journal(self):
        self._set_fee()
        category = self.env["product.category"].create({"name": "Charges"})
        by_category, by_company, by_journal = (
            self.fee_income.copy({"code": f"PL{number}"}) for number in range(3)
        )
        self.fee_product.categ_id = category
        category.property_account_income_categ_id = by_category
        self.company.income_account_id = by_company
        self.company_data["default_journal_sale"].default_account_id = by_journal

        def assert_booked_on(account):
            entry = self._pay(self._create_taxed_invoice()).payment_id.move_id
            self.assertEqual(self._get_sum(entry, account), -3.0)

        assert_booked_on(self.fee_income)
        self.fee_product.property_account_income_id = False
        assert_booked_on(by_category)
        category.property_account_income_categ_id = False
        assert_booked_on(by_company)
        self.company.income_account_id = False
        assert_booked_on(by_journal)
        by_journal.active = False

    def _remove_income_accounts(self):
        self.env["ir.default"].search(
            [("field_id.name", "=", "property_account_income_categ_id")]
        ).unlink()
        self.fee_product.property_account_income_id = False
        self.fee_product.categ_id.property_account_income_categ_id = False
        self.company.income_account_id = False
        self.company_data["default_journal_sale"].default_account_id = False

    def test_without_any_account_the_fee_is_credit_and_a_task(self):
        self._set_fee()
        tx = self._start()
        self._remove_income_accounts()
        self._settle(tx)
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_credit(), -3.0)
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)
        self.assertIn("103.00", self.posted_invoice.activity_ids.note)
        self.assertEqual(tx._paylink_get_leftover(), 0.0)
        self._refund(tx)
        self.assertEqual(self._get_credit(), 100.0)

    def test_fee_of_a_part_without_any_account_does_not_settle_the_invoice(self):
        self._set_fee()
        tx = self._start(amount="40.00")
        self._remove_income_accounts()
        self._settle(tx)
        self.assertEqual(self.posted_invoice.amount_residual, 60.0)
        self.assertEqual(self._get_credit(), -1.2)

    @mute_logger(BOOKING_LOG)
    def test_faulty_tax_does_not_keep_money_out_of_the_books(self):
        tax = self._create_tax("Abroad", 20)
        self.fee_product.taxes_id = tax
        self._set_fee()
        tx = self._start(tip="10")
        self.company.account_fiscal_country_id = self.env.ref("base.de")
        self._settle(tx)
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_credit(), -13.3)
        self.assertIn("fiscal country", self.posted_invoice.activity_ids.note)

    @mute_logger(BOOKING_LOG)
    def test_what_cannot_be_reconciled_is_booked_all_the_same(self):
        self._set_fee()
        tx = self._start()
        with patch.object(
            self.env.registry["account.move.line"], "reconcile", side_effect=UserError("Locked")
        ):
            self._settle(tx)
        self.assertEqual(tx.payment_id.move_id.state, "posted")
        self.assertEqual(self._get_credit(), -100.0)
        notes = " ".join(self.posted_invoice.activity_ids.mapped("note"))
        self.assertIn("Locked", notes)

    # === CURRENCIES === #

    def _set_rates(self, currency, *rates):
        """Give a currency rates: units of it for one of the company's, from a number of days ago."""
        currency.rate_ids.unlink()
        today = fields.Date.today()
        currency.rate_ids = [
            Command.create(
                {"name": today - timedelta(days), "rate": rate, "company_id": self.company.id}
            )
            for days, rate in rates
        ]

    def test_rate_that_changed_leaves_nothing_open(self):
        self._set_fee(percent=2.9, fixed=0.3)
        self.fee_product.taxes_id = self._create_tax("VAT", 19)
        for code, old, new, price in (
            ("EUR", 0.9, 0.83, 99.99),
            ("JPY", 151.37, 149.11, 10001),
            ("KWD", 0.307, 0.31, 77.777),
        ):
            with self.subTest(currency=code):
                currency = self.env.ref(f"base.{code}")
                currency.active = True
                if code == "KWD":
                    currency.rounding = 0.001
                self._set_rates(currency, (60, old), (2, new))
                invoice = self._create_taxed_invoice(
                    price,
                    currency_id=currency.id,
                    invoice_date=fields.Date.today() - timedelta(30),
                )
                tx = self._pay(invoice, tip="10")
                entry = tx.payment_id.move_id
                self._assert_paid(invoice)
                self.assertEqual(invoice.amount_residual_signed, 0.0)
                self.assertEqual(self._get_sum(entry, self.receivable), -invoice.amount_total)
                self.assertAlmostEqual(
                    self._get_sum(entry, self.fee_income) + self._get_sum(entry, self.tax_account),
                    -tx.paylink_fee_amount,
                )
                self.assertEqual(
                    self._get_sum(entry, self.receivable, "balance"),
                    -currency._convert(invoice.amount_total, self.company.currency_id),
                )
                self.assertEqual(self._get_credit(), 0.0)

    def test_same_rate_makes_no_exchange_difference(self):
        self._set_fee(percent=2.9, fixed=0.3)
        self._set_rates(self.currency_euro, (60, 0.8731))
        for cents in (1, 3, 7, 11, 15, 19):
            invoice = self._create_taxed_invoice(
                10 + cents / 100, currency_id=self.currency_euro.id
            )
            entry = self._pay(invoice, tip="20").payment_id.move_id
            partials = entry.line_ids.matched_debit_ids
            self.assertTrue(partials)
            self.assertFalse(partials.exchange_move_id)

    def test_journal_in_another_currency_books_the_same(self):
        self._set_fee()
        self._set_rates(self.currency_euro, (60, 0.8731))
        self.provider.journal_id.currency_id = self.currency_euro
        self.env.flush_all()  # Odoo makes the journal's ways to pay anew.
        self.env.invalidate_all()
        tx = self._pay(tip="10")
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_sum(tx.payment_id.move_id, self.fee_income), -3.3)
        self.assertEqual(tx.payment_id.currency_id, self.company.currency_id)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestEarlyPaymentDiscount(BookingCase):
    def _create_discounted_invoice(self, mode="included", price=1000.0, taxes=None, **values):
        terms = self._create_early_terms(mode)
        return self._create_taxed_invoice(price, taxes, invoice_payment_term_id=terms.id, **values)

    def test_every_mode_takes_off_what_the_quote_granted(self):
        self._set_fee()
        taxes = self._create_tax("State", 10) + self._create_tax("City", 5)
        for mode in ("included", "excluded", "mixed"):
            with self.subTest(mode=mode):
                invoice = self._create_discounted_invoice(mode, taxes=taxes)
                tx = self._pay(invoice, tip="10")
                entry = tx.payment_id.move_id
                base = tx.amount - tx.paylink_fee_amount - tx.paylink_tip_amount
                self.assertLess(base, invoice.amount_total)
                self._assert_paid(invoice)
                self.assertEqual(self._get_sum(entry, self.receivable), -invoice.amount_total)
                self.assertEqual(self._get_credit(), 0.0)
                off = entry.line_ids.filtered(lambda x: x.name.startswith("Early"))
                self.assertAlmostEqual(sum(off.mapped("balance")), invoice.amount_total - base)
                # only where the discount lowers the taxes too, they are taken off: 10 % and 5 % of 20
                self.assertEqual(
                    sorted(off.filtered("tax_line_id").mapped("balance")),
                    [1.0, 2.0] if mode == "included" else [],
                )

    def test_day_of_the_quote_counts_not_the_day_of_the_money(self):
        self._set_fee()
        invoice = self._create_discounted_invoice()
        last_day = invoice.line_ids.filtered("discount_date").discount_date
        with freeze_time(f"{last_day} 12:00:00"):
            tx = self._start(invoice)
        with freeze_time(last_day + timedelta(5)):
            self._settle(tx)
        self._assert_paid(invoice)

    def test_amounts_that_happen_to_match_grant_nothing(self):
        # A part of 970.30 and a fee of 9.70 come to the 980.00 that would settle the invoice.
        self._set_fee(percent=0, fixed=9.7)
        invoice = self._create_discounted_invoice()
        tx = self._pay(invoice, amount="970.30")
        self.assertEqual(tx.amount, 980.0)
        self.assertEqual(invoice.amount_residual, 29.7)
        self.assertFalse(tx.payment_id.move_id.line_ids.filtered(lambda x: "Early" in x.name))

    def test_what_was_paid_meanwhile_ends_the_discount(self):
        self._set_fee()
        invoice = self._create_discounted_invoice()
        tx = self._start(invoice)
        self._pay_elsewhere(invoice, amount=10.0)
        self._settle(tx)
        self.assertEqual(invoice.amount_residual, 10.0)
        self.assertEqual(self._get_credit(), 0.0)

    def test_invoice_that_was_paid_meanwhile_makes_credit_without_discount(self):
        self._set_fee()
        invoice = self._create_discounted_invoice()
        tx = self._start(invoice)
        self._pay_elsewhere(invoice)
        self._settle(tx)
        self._assert_paid(invoice)
        self.assertEqual(self._get_credit(), -980.0)
        self.assertEqual(len(invoice.activity_ids), 1)
        self.assertIn("980.00", invoice.activity_ids.note)

    def test_changed_invoice_gets_no_discount(self):
        invoice = self._create_discounted_invoice()
        tx = self._start(invoice)
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 1500
        invoice.action_post()
        self._settle(tx)
        self.assertEqual(invoice.amount_residual, 520.0)

    def test_rate_that_changed_leaves_nothing_open(self):
        self._set_fee()
        self.env["res.currency.rate"].create(
            [
                {
                    "name": date,
                    "rate": rate,
                    "currency_id": self.currency_euro.id,
                    "company_id": self.company.id,
                }
                for date, rate in (
                    (fields.Date.today() - timedelta(30), 0.9),
                    (fields.Date.today() - timedelta(1), 0.8),
                )
            ]
        )
        for mode in ("included", "mixed"):
            invoice = self._create_discounted_invoice(
                mode,
                taxes=self._create_tax(mode, 10) + self._create_tax(f"{mode} 2", 5),
                currency_id=self.currency_euro.id,
                invoice_date=fields.Date.today() - timedelta(5),
            )
            entry = self._pay(invoice).payment_id.move_id
            self._assert_paid(invoice)
            self.assertEqual(invoice.amount_residual_signed, 0.0)
            self.assertAlmostEqual(sum(entry.line_ids.mapped("balance")), 0.0)
            self.assertEqual(self._get_credit(), 0.0)

    def test_missing_account_for_discounts_is_replaced(self):
        self.company.account_journal_early_pay_discount_loss_account_id = False
        invoice = self._create_discounted_invoice()
        entry = self._pay(invoice).payment_id.move_id
        self._assert_paid(invoice)
        self.assertEqual(self._get_sum(entry, self.company.income_account_id), 20.0)

    def test_each_of_several_documents_keeps_its_discount(self):
        first = self._create_discounted_invoice(taxes=self._create_tax("VAT", 10))
        second = self._create_discounted_invoice("excluded", price=500)
        tx = self._start_several((first, 1078.0), (second, 490.0))
        self._settle(tx)
        self._assert_paid(first)
        self._assert_paid(second)
        self.assertEqual(self._get_credit(), 0.0)
        self.assertEqual(self._get_sum(tx.payment_id.move_id, self.receivable), -1600.0)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestSeveralDocuments(BookingCase):
    def _create_due(self, days, price=100.0, **values):
        return self._create_taxed_invoice(
            price, invoice_date_due=fields.Date.today() + timedelta(days), **values
        )

    def test_each_document_gets_what_its_line_says(self):
        self._set_fee(percent=0, fixed=2)
        later, earlier = self._create_due(20), self._create_due(5)
        tx = self._start_several((earlier, 100.0), (later, 50.0))
        payment = self._settle(tx)
        self._assert_paid(earlier)
        self.assertEqual(later.amount_residual, 50.0)
        self.assertEqual(self._get_sum(payment.move_id, self.fee_income), -2.0)
        self.assertEqual(payment.reconciled_invoice_ids, earlier + later)
        self.assertEqual(self._get_credit(), 0.0)

    def test_line_of_a_document_counts_more_than_the_age_of_its_parts(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "Now and late",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 0}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 60}),
                ],
            }
        )
        parts = self._create_taxed_invoice(invoice_payment_term_id=terms.id)
        whole = self._create_due(5)
        self._settle(self._start_several((parts, 80.0), (whole, 20.0)))
        self.assertEqual(parts.amount_residual, 20.0)
        self.assertEqual(whole.amount_residual, 80.0)

    def test_what_one_document_does_not_need_any_more_settles_the_others(self):
        first, second = self._create_due(5), self._create_due(20)
        tx = self._start_several((first, 100.0), (second, 50.0))
        self._pay_elsewhere(first)
        self._settle(tx)
        self._assert_paid(second)
        self.assertEqual(self._get_credit(), -50.0)
        self.assertEqual(tx._paylink_get_leftover(), 50.0)

    def test_cancelled_document_leaves_its_part_to_the_others(self):
        first, second = self._create_due(5), self._create_due(20)
        tx = self._start_several((first, 100.0), (second, 50.0))
        first.button_cancel()
        self._settle(tx)
        self._assert_paid(second)
        self.assertEqual(self._get_credit(), -50.0)

    def test_documents_on_different_accounts_are_all_settled(self):
        first = self._create_due(5)
        other = self.receivable.copy({"code": "PLRECV"})
        self.customer.property_account_receivable_id = other
        second = self._create_due(20)
        self._settle(self._start_several((first, 100.0), (second, 100.0)))
        self._assert_paid(first)
        self._assert_paid(second)

    def test_payment_of_parts_cannot_be_melted_in_draft(self):
        self._set_fee()
        tx = self._pay(tip="10")
        payment = tx.payment_id
        payment.action_draft()
        with self.assertRaises(UserError):
            payment.amount = 50.0
        before = payment.move_id.line_ids.mapped("balance")
        payment.date = fields.Date.today() - timedelta(1)
        self.assertEqual(payment.move_id.date, payment.date)
        self.assertEqual(payment.move_id.line_ids.mapped("balance"), before)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestCredit(BookingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._set_fee()

    def _assert_credit(self, tx, amount):
        self.assertEqual(self._get_credit(), -amount)
        self.assertEqual(tx._paylink_get_leftover(), amount)
        entry = tx.payment_id.move_id
        self.assertEqual(self._get_sum(entry, self.fee_income), -tx.paylink_fee_amount)
        self.assertEqual(self._get_sum(entry, self.tip_income), -tx.paylink_tip_amount)
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)
        self.assertIn(f"{amount:.2f}", self.posted_invoice.activity_ids.note)

    def test_late_second_success_is_credit_of_the_base_only(self):
        first = self._start(tip="20")
        second = self._start(tip="10")
        self._settle(second)
        self._settle(first)
        self._assert_credit(first, 100.0)

    def test_money_for_a_cancelled_document_is_credit_of_the_base_only(self):
        tx = self._start(tip="20")
        self.posted_invoice.button_cancel()
        self._settle(tx)
        self._assert_credit(tx, 100.0)

    def test_document_that_needs_less_leaves_the_rest_as_credit(self):
        tx = self._start(tip="20")
        self._pay_elsewhere(self.posted_invoice, amount=30.0)
        self._settle(tx)
        self._assert_paid(self.posted_invoice)
        self._assert_credit(tx, 30.0)

    def test_refund_of_credit_leaves_nothing_open(self):
        tx = self._start(tip="20")
        self.posted_invoice.button_cancel()
        self._settle(tx)
        self._refund(tx)
        self.assertEqual(self._get_credit(), 0.0)
        self.assertEqual(tx._paylink_get_leftover(), 0.0)

    def test_payment_of_the_portal_is_booked_by_odoo(self):
        tx = self._create_transaction(
            "redirect",
            reference="PORTAL",
            amount=100.0,
            currency_id=self.posted_invoice.currency_id.id,
            partner_id=self.alice.id,
            invoice_ids=[Command.set(self.posted_invoice.ids)],
        )
        self._settle(tx)
        self.assertEqual(len(tx.payment_id.move_id.line_ids), 2)
        self._assert_paid(self.posted_invoice)

    def test_price_survives_its_quote(self):
        tx = self._start(tip="20")
        self.env.cr.execute("UPDATE payment_transaction SET paylink_quote_id = NULL")
        tx.invalidate_recordset()
        self._settle(tx)
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_sum(tx.payment_id.move_id, self.fee_income), -3.6)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPaymentWithoutEntry(BookingCase):
    """The way of Odoo Enterprise: the bank statement books payments."""

    def setUp(self):
        super().setUp()
        self.startPatcher(
            patch.object(
                self.env.registry["account.move"],
                "_get_invoice_in_payment_state",
                lambda _move: "in_payment",
            )
        )
        self.provider.journal_id.inbound_payment_method_line_ids.payment_account_id = False

    def test_plain_payment_stays_without_an_entry(self):
        tx = self._pay()
        self.assertFalse(tx.payment_id.move_id)
        self.assertEqual(self.posted_invoice.payment_state, "in_payment")
        self.assertEqual(tx._paylink_get_leftover(), 0.0)

    def test_fee_tip_or_discount_force_an_entry(self):
        self._set_fee()
        fee = self._pay(self._create_taxed_invoice())
        self._set_fee(0)
        tip = self._pay(self._create_taxed_invoice(), tip="10")
        terms = self._create_early_terms()
        discount = self._pay(self._create_taxed_invoice(invoice_payment_term_id=terms.id))
        for tx in (fee, tip, discount):
            self.assertEqual(tx.payment_id.move_id.state, "posted")
            self.assertEqual(tx.invoice_ids.amount_residual, 0.0)
        self.assertEqual(self._get_sum(fee.payment_id.move_id, self.fee_income), -3.0)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestRefund(BookingCase):
    def setUp(self):
        super().setUp()
        self._set_fee()
        self.tax = self._create_tax("VAT", 20)
        self.startPatcher(
            patch.object(self.env.registry["payment.provider"], "support_refund", "partial")
        )

    def _assert_refundable(self, tx, amount):
        tx.payment_id.invalidate_recordset(["amount_available_for_refund"])
        self.assertAlmostEqual(tx.payment_id.amount_available_for_refund, amount)

    def test_refund_in_full_gives_everything_back(self):
        self.fee_product.taxes_id = self.tax
        tx = self._pay(tip="20")
        child = self._refund(tx)
        self.assertEqual(child.amount, -123.6)
        self.assertEqual((child.paylink_tip_amount, child.paylink_fee_amount), (-20.0, -3.6))
        self._assert_lines(
            child.payment_id.move_id,
            [
                (self.outstanding, -123.6),
                (self.receivable, 100.0),
                (self.tip_income, 20.0),
                (self.fee_income, 3.0),
                (self.tax_account, 0.6),
            ],
        )
        self._assert_refundable(tx, 0.0)

    def test_refund_takes_taxes_back_in_the_tax_report(self):
        self.fee_product.taxes_id = self.tax
        entry = self._refund(self._pay()).payment_id.move_id
        base, line = entry.line_ids.filtered("tax_ids"), entry.line_ids.filtered("tax_line_id")
        self.assertEqual(base.tax_tag_ids.mapped("name"), ["VAT refund base"])
        self.assertEqual(line.tax_tag_ids.mapped("name"), ["VAT refund tax"])
        self.assertEqual(line.tax_repartition_line_id, self.tax.refund_repartition_line_ids[1])

    def test_refunds_in_parts_add_up_exactly(self):
        tx = self._pay(tip="20")
        children = [self._refund(tx, amount) for amount in (0.01, 33.33, 33.33, 50.0, 6.93)]
        for name, total in (
            ("amount", 123.6),
            ("paylink_tip_amount", 20.0),
            ("paylink_fee_amount", 3.6),
        ):
            self.assertAlmostEqual(sum(child[name] for child in children), -total)
            self.assertTrue(all(child[name] <= 0 for child in children))
        entries = self.env["account.move"].union(*(child.payment_id.move_id for child in children))
        for account, total in (
            (self.receivable, 100.0),
            (self.tip_income, 20.0),
            (self.fee_income, 3.6),
        ):
            self.assertEqual(self._get_sum(entries, account), total)
        self._assert_refundable(tx, 0.0)

    def test_refund_that_failed_does_not_count(self):
        tx = self._pay(tip="20")
        failed = tx._refund(61.8)
        second = tx._refund(61.8)
        failed._set_error("No")
        self._settle(second)
        self.assertEqual(second.paylink_tip_amount, -10.0)
        self._assert_refundable(tx, 61.8)
        last = self._refund(tx, 61.8)
        self.assertEqual(last.paylink_fee_amount + second.paylink_fee_amount, -3.6)

    def test_refund_in_another_order_adds_up(self):
        tx = self._pay(tip="20")
        first, second, third = tx._refund(41.21), tx._refund(41.2), tx._refund(41.19)
        for child in (third, first, second):
            self._settle(child)
        children = first + second + third
        self.assertAlmostEqual(sum(children.mapped("paylink_tip_amount")), -20.0)
        self.assertAlmostEqual(sum(children.mapped("paylink_fee_amount")), -3.6)

    def test_more_than_was_paid_is_given_back_by_the_receivable(self):
        tx = self._pay(tip="20")
        self._refund(tx)
        child = self._refund(tx, 10.0)
        self.assertEqual((child.paylink_tip_amount, child.paylink_fee_amount), (0.0, 0.0))
        self.assertEqual(self._get_sum(child.payment_id.move_id, self.receivable), 10.0)

    def test_chatter_tells_amount_tip_and_fee_to_its_reader(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.biller.lang = "fr_FR"
        tx = self._pay(tip="20")
        self._refund(tx, 61.8)
        body = self.posted_invoice.message_ids.filtered(
            lambda x: "1,80" in (x.body or "")
        ).body.replace("\N{NO-BREAK SPACE}", " ")
        for amount in ("61,80", "10,00", "1,80"):
            self.assertIn(amount, body)
        self.assertIn(tx.reference, body)

    def test_refund_without_extras_is_the_one_of_odoo(self):
        self._set_fee(0)
        tx = self._pay()
        child = self._refund(tx, 40.0)
        self._assert_lines(
            child.payment_id.move_id, [(self.outstanding, -40.0), (self.receivable, 40.0)]
        )
        self._assert_refundable(tx, 60.0)

    def test_refund_of_a_foreign_payment_at_another_rate(self):
        self.fee_product.taxes_id = self.tax
        today = fields.Date.today()
        self.currency_euro.rate_ids.unlink()
        self.currency_euro.rate_ids = [
            Command.create(
                {"name": today - timedelta(9), "rate": 0.9, "company_id": self.company.id}
            )
        ]
        invoice = self._create_taxed_invoice(currency_id=self.currency_euro.id)
        tx = self._pay(invoice, tip="10")
        self.currency_euro.rate_ids.rate = 0.8
        entry = self._refund(tx).payment_id.move_id
        self.assertEqual(self._get_sum(entry, self.receivable), 100.0)
        self.assertEqual(self._get_sum(entry, self.receivable, "balance"), 125.0)
        self.assertAlmostEqual(sum(entry.line_ids.mapped("balance")), 0.0)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPartialCapture(BookingCase):
    def setUp(self):
        super().setUp()
        self._set_fee()
        self.startPatcher(
            patch.object(self.env.registry["payment.provider"], "support_manual_capture", "partial")
        )

    def test_captures_share_tip_and_fee(self):
        tx = self._start(tip="20")
        tx._set_authorized()
        children = [tx._capture(61.8), tx._capture(61.8)]
        for child in children:
            self.assertEqual((child.paylink_tip_amount, child.paylink_fee_amount), (10.0, 1.8))
            self._settle(child)
        self.assertEqual(tx.state, "done")
        tx._post_process()
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_credit(), 0.0)
        self.assertFalse(tx.payment_id)
        self.assertFalse(self.posted_invoice.activity_ids)

    def test_capture_of_a_part_settles_a_part(self):
        tx = self._start(tip="20")
        tx._set_authorized()
        child = tx._capture(61.8)
        tx._void(61.8)._set_canceled()
        self._settle(child)
        self.assertEqual(self.posted_invoice.amount_residual, 50.0)
        self.assertEqual(self._get_sum(child.payment_id.move_id, self.fee_income), -1.8)
        refund = self._refund(child, 30.9)
        self.assertEqual((refund.paylink_tip_amount, refund.paylink_fee_amount), (-5.0, -0.9))

    def test_captures_of_several_documents_go_on_where_the_last_one_ended(self):
        self._set_fee(0)
        first, second = self._create_taxed_invoice(), self._create_taxed_invoice()
        tx = self._start_several((first, 100.0), (second, 50.0))
        tx._set_authorized()
        self._settle(tx._capture(70.0))
        self.assertEqual((first.amount_residual, second.amount_residual), (30.0, 100.0))
        self._settle(tx._capture(80.0))
        self.assertEqual((first.amount_residual, second.amount_residual), (0.0, 50.0))

    def test_capture_for_a_document_that_was_paid_makes_credit_and_a_task(self):
        tx = self._start()
        tx._set_authorized()
        self._pay_elsewhere(self.posted_invoice)
        for amount in (51.5, 51.5):
            self._settle(tx._capture(amount))
        tx._post_process()
        self.assertEqual(self._get_credit(), -100.0)
        self.assertEqual(tx._paylink_get_leftover(), 100.0)
        self.assertEqual(len(self.posted_invoice.activity_ids), 1)
