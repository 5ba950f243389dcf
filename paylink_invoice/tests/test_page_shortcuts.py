# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the page does not ask Odoo for each time: it has to be what Odoo would have answered."""

from odoo import Command
from odoo.tests import TransactionCase, tagged

from .common import PaylinkCommon, slow

AMOUNTS = (0, -0.0, 0.004, 0.005, 1, -1, 12.345, 999.995, -1234.5, 1234567.891, -98765432.1, 1e12)


@tagged("post_install", "-at_install", "paylink")
class TestNumberFormat(TransactionCase):
    """Numbers and money of a page, to the letter those of Odoo."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.langs = cls.env["res.lang"].with_context(active_test=False).search([])
        cls.langs.active = True
        cls.currencies = cls.env["res.currency"].browse(
            cls.env.ref(f"base.{name}").id for name in ("USD", "EUR", "JPY", "KWD", "CHF", "SAR")
        )
        cls.env.ref("base.CHF").rounding = 0.05

    def _iter_formats(self):
        for lang in self.langs:
            page = self.env["paylink.page"].with_context(lang=lang.code)
            for currency in self.currencies.with_env(page.env):
                yield page._get_number_format(currency), lang, currency

    @slow
    def test_money_is_what_odoo_writes_in_every_language(self):
        self.assertGreater(len(self.langs), 80)
        for number_format, lang, currency in self._iter_formats():
            found = [number_format.money(amount) for amount in AMOUNTS]
            expected = [currency.format(amount) for amount in AMOUNTS]
            self.assertEqual(found, expected, (lang.code, currency.name))

    @slow
    def test_numbers_are_what_odoo_writes_in_every_language(self):
        for number_format, lang, _currency in self._iter_formats():
            for decimals in (0, 2, 5):
                found = [number_format.number(value, decimals) for value in AMOUNTS]
                expected = [lang.format(f"%.{decimals}f", value, True) for value in AMOUNTS]
                self.assertEqual(found, expected, lang.code)

    def test_a_changed_language_or_currency_changes_the_numbers_at_once(self):
        dollar = self.env.ref("base.USD")
        page = self.env["paylink.page"].with_context(lang="en_US")
        self.assertEqual(page._format_money(1234.5, dollar), "$\u00a01,234.50")
        dollar.write({"symbol": "US$", "position": "after"})
        self.env.ref("base.lang_en").thousands_sep = "'"
        self.assertEqual(page._format_money(1234.5, dollar), "1'234.50\u00a0US$")

    def test_prices_keep_the_decimals_that_the_currency_has_not(self):
        page = self.env["paylink.page"].with_context(lang="en_US")
        dollars = page._get_number_format(self.env.ref("base.USD"))
        yen = page._get_number_format(self.env.ref("base.JPY"))
        for number_format, price, text in (
            (dollars, 1.2345, "$\u00a01.2345"),
            (dollars, 1.5, "$\u00a01.50"),
            (dollars, 1234.5678, "$\u00a01,234.5678"),
            (dollars, -1.2345, "$\u00a0-\ufeff1.2345"),
            (yen, 12, "¥\u00a012"),
            (yen, 12.5, "¥\u00a012.5"),
        ):
            self.assertEqual(number_format.price(price, 4), text)
        self.assertEqual(dollars.price(1.2, 2), "$\u00a01.20")
        self.assertEqual(dollars.short_number(1200.50, 3), "1,200.5")


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPlainTotals(PaylinkCommon):
    """Totals from what is stored are those that Odoo computes; where they are not, Odoo is asked."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls._create_tax()

    @classmethod
    def _create_tax(cls, group=None, **values):
        name = f"Tax {cls.env['account.tax'].search_count([])}"
        tax = cls.company_data["default_tax_sale"].copy({"name": name, "amount": 21, **values})
        tax.tax_group_id = group or tax.tax_group_id.copy({"name": "VAT 21%"})
        return tax

    def _create(self, *lines, tax=None, post=True, **values):
        """Return an invoice of these prices, or dicts of values, with a tax on all lines."""
        taxes = self.tax if tax is None else tax
        default = {"name": "A line", "tax_ids": [Command.set(taxes.ids)]}
        lines = [line if isinstance(line, dict) else {"price_unit": line} for line in lines]
        commands = [Command.create({**default, **line}) for line in lines or [{"price_unit": 100}]]
        return self._create_invoice(post=post, invoice_line_ids=commands, **values)

    def _assert_plain(self, move, lang="en_US"):
        move.invalidate_recordset()
        page = self.env["paylink.page"].with_context(lang=lang).sudo()
        move = move.with_env(page.env)
        rows = page._prepare_plain_rows(move)
        self.assertTrue(rows, "Odoo is asked without need")
        self.assertEqual(rows, page._prepare_odoo_rows(move))
        return rows

    def _assert_not_plain(self, move):
        page = self.env["paylink.page"].sudo()
        self.assertIsNone(page._prepare_plain_rows(move.with_env(page.env)))

    def test_no_tax_and_one_tax_are_plain(self):
        rows = self._assert_plain(self._create(tax=self.env["account.tax"]))
        self.assertEqual([row["kind"] for row in rows], ["total"])
        rows = self._assert_plain(self._create(10, 19.99, 0))
        self.assertEqual(
            [row["label"] for row in rows], ["Untaxed Amount", self.tax.tax_group_id.name, "Total"]
        )

    def test_amounts_that_do_not_divide_are_those_of_odoo(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            for included in ("tax_included", "tax_excluded"):
                tax = self._create_tax(price_include_override=included)
                lines = [{"price_unit": 0.33 * place, "discount": place % 7} for place in range(15)]
                self._assert_plain(self._create(*lines, tax=tax))

    def test_refunds_receipts_and_negative_lines_are_plain(self):
        for move_type in ("out_refund", "out_receipt"):
            self._assert_plain(self._create(100, 33.33, move_type=move_type))
        self._assert_plain(self._create(100, -33.33))
        self._assert_plain(self._create({"price_unit": 10, "quantity": -1}, post=False))

    def test_taxes_of_nothing_and_reverse_charges_are_plain(self):
        self._assert_plain(self._create(tax=self._create_tax(amount=0)))
        reverse = self._create_tax()
        for lines in (reverse.invoice_repartition_line_ids, reverse.refund_repartition_line_ids):
            lines.filtered(lambda line: line.repartition_type == "tax").copy(
                {"factor_percent": -100}
            )
        self._assert_plain(self._create(tax=reverse))

    def test_a_tax_corrected_by_hand_is_plain(self):
        move = self._create(100, 33.33, post=False)
        tax_line = move.line_ids.filtered("tax_line_id")
        move.line_ids = [
            Command.update(tax_line.id, {"amount_currency": tax_line.amount_currency - 0.02})
        ]
        move.action_post()
        self.assertEqual(move.amount_tax, 28.02)
        self._assert_plain(move)

    def test_sections_and_instalments_are_plain(self):
        section = {"display_type": "line_section", "name": "A section", "tax_ids": False}
        term = self.env.ref("account.account_payment_term_advance_60days")
        self._assert_plain(self._create(section, 100, invoice_payment_term_id=term.id))

    def test_a_foreign_currency_is_plain_unless_the_own_one_is_shown_too(self):
        currency = self.env.ref("base.KWD")
        currency.active = True
        self.company.display_invoice_tax_company_currency = False
        move = self._create(100, 33.333, currency_id=currency.id)
        self._assert_plain(move)
        self.company.display_invoice_tax_company_currency = True
        self._assert_not_plain(move)

    def test_the_words_are_odoos_in_every_language(self):
        for lang in ("fr_FR", "de_DE", "ar_001"):
            self.env["res.lang"]._activate_lang(lang)
            rows = self._assert_plain(self._create(), lang)
            self.assertNotEqual(rows[0]["label"], "Untaxed Amount")

    def test_several_taxes_are_not_plain(self):
        other = self._create_tax(group=self.tax.tax_group_id, amount=6)
        foreign = self._create_tax(amount=6)
        untaxed = {"price_unit": 50, "tax_ids": False}
        for lines, tax in (
            ([100], self.tax | other),
            ([100], self.tax | foreign),
            ([100, {"price_unit": 50, "tax_ids": [Command.set(foreign.ids)]}], None),
            ([100, untaxed], None),
        ):
            self._assert_not_plain(self._create(*lines, tax=tax))

    def test_other_kinds_of_taxes_are_not_plain(self):
        for kind in ("fixed", "division"):
            self._assert_not_plain(self._create(tax=self._create_tax(amount_type=kind)))
        group = self._create_tax(
            amount_type="group", children_tax_ids=[Command.set(self._create_tax().ids)]
        )
        self._assert_not_plain(self._create(tax=group))
        self.tax.tax_group_id.preceding_subtotal = "Before tax"
        self._assert_not_plain(self._create())

    def test_cash_rounding_is_not_plain(self):
        accounts = self.company_data
        for strategy in ("add_invoice_line", "biggest_tax"):
            rounding = self.env["account.cash.rounding"].create(
                {
                    "name": "To five",
                    "rounding": 5,
                    "strategy": strategy,
                    "rounding_method": "UP",
                    "profit_account_id": accounts["default_account_revenue"].id,
                    "loss_account_id": accounts["default_account_expense"].id,
                }
            )
            self._assert_not_plain(self._create(invoice_cash_rounding_id=rounding.id))

    def test_a_discount_that_lowers_the_tax_is_not_plain(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "2/7 net 30",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 7,
                "early_pay_discount_computation": "mixed",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        self._assert_not_plain(self._create(invoice_payment_term_id=term.id))

    def test_totals_of_a_localization_are_asked_for(self):
        page, move = self.env["paylink.page"].sudo(), self._create()
        self.assertTrue(page._has_standard_totals(move))
        method = type(move)._compute_tax_totals
        self.patch(self.registry["account.move"], "_compute_tax_totals", method)
        self.assertFalse(page._has_standard_totals(move))
        self._assert_not_plain(move)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPaymentOptionCache(PaylinkCommon):
    """What a page offers to pay with is up to date, whoever changes what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([("id", "!=", cls.provider.id)]).state = "disabled"
        cls.pair = (cls.provider.id, cls.payment_method.id)
        cls.belgium, cls.france = cls.env.ref("base.be"), cls.env.ref("base.fr")
        cls.alice.country_id = cls.france
        cls._get_options()

    @classmethod
    def _get_options(cls):
        return cls.posted_invoice._paylink_get_option_ids()

    def _assert_offered(self, is_offered, message):
        found = self._get_options()
        self.assertEqual(self.pair in found, is_offered, message)
        # In sudo mode as the cached ones are.
        providers, methods = self.posted_invoice._paylink_get_payment_options()
        self.assertEqual(found, self.provider.sudo()._paylink_pair(providers, methods), message)
        denial = self.posted_invoice._paylink_get_payment_denial()
        self.assertEqual(denial is None, bool(found), message)

    def test_looking_again_costs_nothing(self):
        self._assert_offered(True, "as it is set up")
        with self.assertQueryCount(0):
            self._get_options()

    def test_changes_of_a_provider_are_seen_at_once(self):
        other = self.env.ref("base.JPY")
        for hide, show in (
            ({"is_published": False}, {"is_published": True}),
            ({"state": "disabled"}, {"state": "test", "is_published": True}),
            (
                {"available_country_ids": [Command.set(self.belgium.ids)]},
                {"available_country_ids": False},
            ),
            (
                {"available_currency_ids": [Command.set(other.ids)]},
                {"available_currency_ids": False},
            ),
            (
                {"payment_method_ids": False},
                {"payment_method_ids": [Command.set(self.payment_method.ids)]},
            ),
            ({"maximum_amount": 99}, {"maximum_amount": 0}),
        ):
            self.provider.write(hide)
            self._assert_offered(False, hide)
            self.provider.write(show)
            self.payment_method.active = True
            self._assert_offered(True, show)

    def test_changes_of_a_payment_method_are_seen_at_once(self):
        other = self.env.ref("base.JPY")
        for hide, show in (
            ({"active": False}, {"active": True}),
            (
                {"supported_country_ids": [Command.set(self.belgium.ids)]},
                {"supported_country_ids": False},
            ),
            (
                {"supported_currency_ids": [Command.set(other.ids)]},
                {"supported_currency_ids": False},
            ),
            (
                {"provider_ids": [Command.unlink(self.provider.id)]},
                {"provider_ids": [Command.set(self.provider.ids)]},
            ),
        ):
            self.payment_method.write(hide)
            self._assert_offered(False, hide)
            self.payment_method.write(show)
            self._assert_offered(True, show)

    def test_new_and_removed_ways_to_pay_are_seen_at_once(self):
        copy = self.payment_method.copy({"provider_ids": [Command.set(self.provider.ids)]})
        self.assertIn((self.provider.id, copy.id), self._get_options())
        copy.unlink()
        self.assertNotIn((self.provider.id, copy.id), self._get_options())

    def test_each_country_has_its_own_options(self):
        self.provider.available_country_ids = self.belgium
        self._assert_offered(False, "a customer in France")
        self.alice.country_id = self.belgium
        self._assert_offered(True, "moved to Belgium")
        self.alice.country_id = False
        self._assert_offered(True, "nobody knows where")

    def test_each_currency_and_company_has_its_own_options(self):
        self.provider.available_currency_ids = self.env.ref("base.EUR")
        self._assert_offered(self.company.currency_id.name == "EUR", "the company's currency")
        euro = self.env.ref("base.EUR")
        euro.active = True
        invoice = self._create_invoice(currency_id=euro.id)
        self.assertIn(self.pair, invoice._paylink_get_option_ids())
        self.provider.available_currency_ids = False
        company = self.env["res.company"].create({"name": "Another one"})
        self.assertFalse(
            self.provider._paylink_get_option_ids(company, self.alice, self.company.currency_id)
        )

    def test_a_maximum_is_compared_with_each_amount(self):
        self.provider.maximum_amount = 100
        self._assert_offered(True, "exactly the maximum")
        large = self._create_invoice(post=False)
        large.invoice_line_ids.price_unit = 101
        large.action_post()
        self.assertFalse(large._paylink_get_option_ids())
        self.assertEqual(large._paylink_get_payment_denial(), "no_provider")
