# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Settings tell what a customer will read; the back end shows prices to who may see them."""

import psycopg2
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .test_quote import QuoteCase


class SettingsCase(QuoteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency = cls.company.currency_id
        cls.admin = cls._create_staff(
            "paylink_admin", "base.group_system,account.group_account_manager"
        )
        cls.adviser = cls._create_staff("paylink_adviser", "account.group_account_manager")

    @classmethod
    def _create_staff(cls, login, groups):
        return new_test_user(cls.env, login, groups, company_id=cls.company.id)

    def _open_settings(self):
        return Form(
            self.env["res.config.settings"]
            .with_user(self.admin)
            .with_context(allowed_company_ids=self.company.ids)
        )

    def _money(self, amount):
        return self.currency.format(amount)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestSettings(SettingsCase):
    def test_sentence_about_parts_follows_what_is_typed(self):
        settings = self._open_settings()
        settings.paylink_is_part_allowed = True
        settings.paylink_minimum_amount = 20
        self.assertEqual(
            settings.paylink_part_text,
            f"Enter an amount from {self._money(20)} to {self._money(80)}, "
            f"or pay the whole amount, {self._money(100)}.",
        )
        settings.paylink_minimum_percent = 30
        self.assertIn(self._money(70), settings.paylink_part_text)
        settings.paylink_is_part_allowed = False
        self.assertEqual(
            settings.paylink_part_text, f"Please pay the whole amount, {self._money(100)}."
        )
        self.assertEqual(self.company.paylink_minimum_amount, 0)

    def test_sentence_about_parts_is_the_one_that_customers_read(self):
        settings = self._open_settings()
        settings.paylink_minimum_amount = 20
        settings.save()
        self.assertEqual(self.company.paylink_minimum_amount, 20)
        refusal = self._ask(amount="19.00").json()["message"]
        self.assertEqual(settings.paylink_part_text, refusal)

    def test_tips_follow_what_is_typed(self):
        settings = self._open_settings()
        settings.paylink_is_tip_enabled = True
        settings.paylink_tip_percentages = "0, 18, 12.5"
        self.assertEqual(
            settings.paylink_tip_text,
            f"No tip · 18% {self._money(18)} · 12.5% {self._money(12.5)}",
        )
        settings.paylink_tip_percentages = "18;20"
        self.assertIn("“18;20” is no list of tips", settings.paylink_tip_text)
        settings.paylink_tip_percentages = "0,18"
        settings.save()
        tips = self.env["paylink.page"]._prepare_choices(self.link)["tips"]
        self.assertEqual(self.env["paylink.page"]._join_tips(tips), settings.paylink_tip_text)

    def test_life_of_a_link_is_told_as_its_holder_reads_it(self):
        settings = self._open_settings()
        settings.paylink_validity_days = 0
        settings.paylink_hours_after_view = 24
        self.assertEqual(
            settings.paylink_life_text, "It works for 24 hours after it is first opened."
        )
        settings.paylink_hours_after_view = 0
        self.assertEqual(settings.paylink_life_text, "It works until it is replaced.")
        settings.paylink_validity_days = 14
        self.assertIn(
            self.env["paylink.page"]._format_date(fields.Date.add(fields.Date.today(), days=14)),
            settings.paylink_life_text,
        )

    def test_life_beyond_all_measure_is_refused(self):
        settings = self._open_settings()
        settings.paylink_validity_days = 5_000_000
        self.assertIn("It works until", settings.paylink_life_text)
        for values in (
            {"paylink_validity_days": 5_000_000},
            {"paylink_hours_after_view": 2_000_000_000},
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.company.write(values)

    def test_settings_list_the_fee_of_each_published_provider(self):
        hidden = self.provider.copy({"name": "Hidden Provider"})
        hidden.write({"state": "test", "is_published": False})
        self.assertIn("Dummy: No fee", self._open_settings().paylink_fee_text)
        self.assertFalse(self._open_settings().paylink_has_fee)
        self._set_fee(maximum=10)
        settings = self._open_settings()
        self.assertIn(f"Dummy: Fee: 2.9% + {self._money(0.3)}", settings.paylink_fee_text)
        self.assertNotIn("Hidden", settings.paylink_fee_text)
        self.assertTrue(settings.paylink_has_fee)

    def test_missing_income_account_is_hinted_at(self):
        settings = self._open_settings()
        settings.paylink_is_tip_enabled = True
        self._set_fee()
        self.assertFalse(settings.paylink_is_tip_account_missing)
        self.assertFalse(self.provider.paylink_is_fee_account_missing)
        products = self.env.ref("paylink_invoice.product_tip") | self.env.ref(
            "paylink_invoice.product_processing_fee"
        )
        products.with_company(self.company).property_account_income_id = False
        products.categ_id.with_company(self.company).property_account_income_categ_id = False
        self.company.income_account_id = False
        self.provider.invalidate_recordset()
        settings = self._open_settings()
        settings.paylink_is_tip_enabled = True
        self.assertTrue(settings.paylink_is_tip_account_missing)
        self.assertTrue(settings.paylink_is_fee_account_missing)
        self.assertTrue(self.provider.paylink_is_fee_account_missing)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestFeeOfProvider(SettingsCase):
    def test_example_follows_what_is_typed_and_is_what_is_charged(self):
        form = Form(self.provider.with_user(self.admin))
        self.assertEqual(form.paylink_fee_text, "No fee")
        form.paylink_fee_percent = 2.9
        form.paylink_fee_fixed = 0.3
        form.paylink_fee_max = 10
        self.assertEqual(
            form.paylink_fee_text,
            f"Fee: 2.9% + {self._money(0.3)}, at most {self._money(10)} — "
            f"for {self._money(100)} the customer pays {self._money(103.2)}",
        )
        form.save()
        self.assertEqual(self._quote()["total"], "103.20")
        option = self.env["paylink.page"]._prepare_choices(self.link)["options"][0]
        self.assertTrue(form.paylink_fee_text.startswith(option["text"]))

    def test_fees_are_edited_in_a_list(self):
        action = self.env["ir.actions.act_window"]._for_xml_id("paylink_invoice.paylink_fee_action")
        found = (
            self.env["payment.provider"]
            .with_user(self.admin)
            .search([("company_id", "=", self.company.id), ("is_published", "=", True)])
        )
        self.assertIn(self.provider, found)
        view_id = self.env.ref("paylink_invoice.payment_provider_view_list_fee").id
        self.assertIn((view_id, "list"), action["views"])
        with Form(self.provider.with_user(self.admin), view=view_id) as row:
            row.paylink_fee_percent = 1.5
            self.assertIn(self._money(101.5), row.paylink_fee_text)
        self.assertEqual(self.provider.paylink_fee_percent, 1.5)

    def test_law_is_hinted_at_where_a_fee_is_entered(self):
        arch = self.provider.with_user(self.admin).get_views([(False, "form")])["views"]["form"][
            "arch"
        ]
        self.assertIn("banned in the EU", arch)

    def test_only_the_administrator_sets_fees(self):
        for user in (self.adviser, self.biller):
            with self.assertRaises(AccessError):
                self.provider.with_user(user).write({"paylink_fee_percent": 5})
            with self.assertRaises(AccessError):
                self.env["res.config.settings"].with_user(user).create({})

    def test_adviser_reads_on_each_link_what_is_offered(self):
        self._set_fee(maximum=10)
        self.company.write({"paylink_is_tip_enabled": True, "paylink_minimum_amount": 20})
        text = self.link.with_user(self.adviser).offer_text
        for part in (
            f"Enter an amount from {self._money(20)} to {self._money(80)}",
            f"18% {self._money(18)}",
            f"Dummy: Fee: 2.9% + {self._money(0.3)}, at most {self._money(10)}",
        ):
            self.assertIn(part, text)
        self.link.action_revoke()
        self.link.invalidate_recordset()
        self.assertFalse(self.link.with_user(self.adviser).offer_text)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestPricesInBackEnd(SettingsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor = cls._create_staff(
            "paylink_auditor", "base.group_user,account.group_account_readonly"
        )

    def _pay_quote(self):
        self.company.paylink_is_tip_enabled = True
        self._set_fee()
        quote = self._quote(tip="18")
        self._pay(quote=quote["quote"], fee_accepted="1")
        self._start_quote(quote)
        return self.env["paylink.quote"].search([("reference", "=", quote["quote"])])

    def _open(self, record, user):
        """Read a record as the web client does for its form view."""
        record = self.env(user=user, context={})[record._name].browse(record.id)
        views = record.get_views([(False, "form")])
        fields_info = views["models"][record._name]["fields"]
        specification = {}
        for field in etree.fromstring(views["views"]["form"]["arch"]).iterfind(".//field"):
            name = field.get("name")
            parents = [parent for parent in field.iterancestors() if parent.tag == "field"]
            if parents:
                specification[parents[0].get("name")]["fields"][name] = {}
            else:
                is_many = fields_info[name]["type"] in ("one2many", "many2many")
                specification[name] = {"fields": {}} if is_many else {}
        return record.web_read(specification)[0]

    def test_everybody_who_sees_links_opens_their_form_with_prices(self):
        quote = self._pay_quote()
        for user in (self.biller, self.adviser, self.auditor):
            with self.subTest(user=user.login):
                row = self._open(self.link, user)
                self.assertEqual(row["quote_ids"][0]["id"], quote.id)
                self.assertEqual(row["quote_ids"][0]["fee_amount"], quote.fee_amount)
                self.assertTrue(row["quote_ids"][0]["is_fee_accepted"])

    def test_history_names_the_price_whose_fee_was_accepted(self):
        quote = self._pay_quote()
        row = self._open(self.link, self.biller)
        accepted = [event for event in row["event_ids"] if event["event_type"] == "fee_accepted"]
        self.assertEqual(accepted[0]["quote_id"], quote.id)

    def test_payment_shows_link_price_base_tip_and_fee(self):
        quote = self._pay_quote()
        row = self._open(self.transactions, self.biller)
        self.assertEqual(row["paylink_link_id"], self.link.id)
        self.assertEqual(row["paylink_quote_id"], quote.id)
        self.assertEqual(
            [row[f"paylink_{part}_amount"] for part in ("base", "tip", "fee")], [100, 18, 3.72]
        )
        row = self._open(self.link, self.biller)
        self.assertEqual(row["transaction_ids"][0]["paylink_fee_amount"], 3.72)

    def test_prices_open_read_only(self):
        quote = self._pay_quote()
        for user in (self.biller, self.auditor):
            row = self._open(quote, user)
            self.assertEqual(row["total_amount"], quote.total_amount)
        for kind in ("form", "list"):
            arch = quote.get_views([(False, kind)])["views"][kind]["arch"]
            for operation in ("create", "edit", "delete"):
                self.assertIn(f'{operation}="0"', arch)
