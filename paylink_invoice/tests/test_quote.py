# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the customer may choose, what the server prices, and what it refuses."""

import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import freeze_time, tagged

from ..models.paylink_link_quote import Wish
from .common import slow
from .test_payment import PaymentCase

NEVER_A_ROW = ("paylink.quote", "payment.transaction")


class QuoteCase(PaymentCase):
    """The dummy provider costs nothing, a second one of the same kind can bear a fee."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.provider.name = "Dummy"
        cls.option = f"{cls.provider.id}-{cls.payment_method_id}"

    @classmethod
    def _set_fee(cls, percent=2.9, fixed=0.3, maximum=0.0, **values):
        cls.provider.write(
            {
                "paylink_fee_percent": percent,
                "paylink_fee_fixed": fixed,
                "paylink_fee_max": maximum,
                **values,
            }
        )

    def _ask(self, link=None, suffix="quote", headers=None, data=None, **wish):
        """Post a wish as JSON."""
        body = {"amount": "full", "tip": "0", "option": self.option, **wish}
        return self.url_open(
            (link or self.link)._get_path(suffix),
            data=json.dumps(body) if data is None else data,
            headers={"Content-Type": "application/json", **(headers or {})},
            allow_redirects=False,
        )

    def _quote(self, link=None, **wish):
        response = self._ask(link, **wish)
        self.assertEqual(response.status_code, 200, response.text)
        return response.json()

    def _pay(self, link=None, headers=None, **form):
        return self.url_open(
            (link or self.link)._get_path("pay"),
            data=form or {"nothing": "1"},
            headers=headers,
            allow_redirects=False,
        )

    def _assert_code(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.json()["code"], code)

    def _start_quote(self, quote, link=None, **params):
        """Post what Odoo's form would, for a quote."""
        body = json.dumps(
            {
                "jsonrpc": "2.0",
                "method": "call",
                "params": {
                    "provider_id": self.provider.id,
                    "payment_method_id": self.payment_method_id,
                    "flow": "redirect",
                    **params,
                },
            }
        )
        path = (link or self.link)._get_path("transaction")
        return self.url_open(
            f"{path}?quote={quote['quote']}",
            data=body,
            headers={"Content-Type": "application/json"},
            allow_redirects=False,
        )

    def _get_rows(self):
        return {model: self.env[model].sudo().search_count([]) for model in NEVER_A_ROW}


@tagged("post_install", "-at_install", "paylink")
class TestQuote(QuoteCase):
    def test_options_tell_what_each_way_to_pay_costs(self):
        self._set_fee(maximum=9.5)
        response = self._get("options")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(
            response.json(),
            [
                {
                    "id": self.option,
                    "label": "Dummy",
                    "provider": "none",
                    "flow": "form",
                    "fee_percent": "2.9",
                    "fee_fixed": "0.30",
                    "fee_max": "9.50",
                }
            ],
        )

    def test_options_of_a_paid_invoice_are_a_code(self):
        self.posted_invoice.button_cancel()
        self._assert_code(self._get("options"), 409, "not_payable")

    def test_quote_is_what_was_asked_for(self):
        quote = self._quote()
        reference, expires = quote.pop("quote"), quote.pop("expires")
        self.assertEqual(
            quote,
            {
                "base": "100.00",
                "tip": "0.00",
                "fee": "0.00",
                "total": "100.00",
                "currency": self.posted_invoice.currency_id.name,
                "fee_text": None,
            },
        )
        row = self.env["paylink.quote"].search([("reference", "=", reference)])
        self.assertEqual(row.link_id, self.link)
        self.assertEqual(row.line_ids.move_id, self.posted_invoice)
        self.assertEqual(expires, f"{row.expiration_date.isoformat()}Z")
        self.assertEqual(row.expiration_date - row.quote_date, timedelta(minutes=15))

    def test_quote_is_written_for_its_reader_too(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.alice.lang = "de_DE"
        self.company.paylink_is_tip_enabled = True
        self._set_fee()
        wish = {"amount": "50.00", "tip": "20", "option": self.option}
        display = self.url_open(self.link._get_path("quote"), data=wish).json()["display"]
        rows = [row["amount"].replace("\N{NO-BREAK SPACE}", " ") for row in display["rows"]]
        self.assertEqual(rows, ["$ 50,00", "$ 10,00", "$ 2,04", "$ 62,04"])
        self.assertIn(rows[-1], display["label"].replace("\N{NO-BREAK SPACE}", " "))
        self.assertEqual(set(display["tips"]), {"18", "20", "25"})

    def test_tip_and_fee_come_on_top(self):
        self.company.paylink_is_tip_enabled = True
        self._set_fee()
        quote = self._quote(tip="18")
        self.assertEqual(
            [quote[name] for name in ("base", "tip", "fee", "total")],
            ["100.00", "18.00", "3.72", "121.72"],
        )
        self.assertIn("3.72", quote["fee_text"])

    def test_fee_is_capped(self):
        self._set_fee(maximum=1.5)
        self.assertEqual(self._quote()["fee"], "1.50")

    def test_fee_is_charged_in_the_named_countries_only(self):
        self._set_fee(paylink_fee_country_ids=[Command.set(self.env.ref("base.fr").ids)])
        self.customer.country_id = self.env.ref("base.de")
        self.assertEqual(self._quote()["fee"], "0.00")
        self.customer.country_id = self.env.ref("base.fr")
        self.assertEqual(self._quote()["fee"], "3.20")

    def test_fee_is_charged_for_the_named_methods_only(self):
        other = self.env["payment.method"].create({"name": "Other", "code": "other_one"})
        self._set_fee(paylink_fee_method_ids=[Command.set(other.ids)])
        self.assertEqual(self._quote()["fee"], "0.00")
        self.provider.paylink_fee_method_ids += self.payment_method
        self.assertEqual(self._quote()["fee"], "3.20")

    def test_fixed_fee_and_maximum_are_of_the_company_currency(self):
        currency = self.setup_other_currency("KWD", rates=[("2016-01-01", 2.0)], rounding=0.001)
        invoice = self._create_invoice(currency_id=currency.id)
        self._set_fee(percent=1, fixed=0.3, maximum=0)
        link = self._create_link(invoice)
        self.assertEqual(self._quote(link)["fee"], "1.600")
        self.provider.paylink_fee_max = 0.5
        self.assertEqual(self._quote(link)["fee"], "1.000")

    def test_amounts_follow_the_currency(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        invoice = self._create_invoice(currency_id=yen.id)
        quote = self._quote(self._create_link(invoice), amount="40")
        self.assertEqual((quote["base"], quote["currency"]), ("40", "JPY"))
        self._assert_code(
            self._ask(self._create_link(invoice), amount="40.5"), 400, "invalid_amount"
        )

    def test_same_wish_again_gets_the_same_quote(self):
        first = self._quote()
        self.assertEqual(self._quote()["quote"], first["quote"])
        self.assertNotEqual(self._quote(amount="50.00")["quote"], first["quote"])
        self.posted_invoice.invoice_line_ids.name = "Something else"
        self.assertNotEqual(self._quote()["quote"], first["quote"])

    def test_next_instalment_can_be_paid(self):
        terms = self.env["account.payment.term"].create(
            {
                "name": "Two parts",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 30, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 70, "nb_days": 40}),
                ],
            }
        )
        link = self._create_link(self._create_invoice(invoice_payment_term_id=terms.id))
        self.assertEqual(self._quote(link, amount="next")["base"], "30.00")
        self.assertEqual(self._quote(link, amount="30.00")["base"], "30.00")
        self.assertEqual(self._quote(link)["base"], "100.00")
        self.company.paylink_is_part_allowed = False
        self.assertEqual(self._quote(link, amount="next")["base"], "30.00")
        self._assert_code(self._ask(link, amount="40.00"), 400, "invalid_amount")

    def test_next_of_an_invoice_without_parts_is_everything(self):
        self.assertEqual(self._quote(amount="next")["base"], "100.00")

    def test_other_amount_has_a_minimum_and_leaves_one(self):
        self.company.write({"paylink_minimum_amount": 20, "paylink_minimum_percent": 25})
        for amount in ("25.00", "75", "74.99", "100", "100.00"):
            self.assertEqual(float(self._quote(amount=amount)["base"]), float(amount))
        for amount in ("24.99", "75.01", "99.99", "0", "0.00", "100.01", "1000"):
            self._assert_code(self._ask(amount=amount), 400, "invalid_amount")

    def test_early_payment_discount_is_for_everything_only(self):
        link = self._create_link(self._create_discounted_invoice())
        self.assertEqual(self._quote(link)["base"], "98.00")
        self.assertEqual(self._quote(link, amount="100.00")["base"], "98.00")
        self.assertEqual(self._quote(link, amount="97.00")["base"], "97.00")
        self._assert_code(self._ask(link, amount="99.00"), 400, "invalid_amount")
        quote = self._quote(link, amount="98.00")
        row = self.env["paylink.quote"].search([("reference", "=", quote["quote"])])
        self.assertEqual(row.line_ids.discount_amount, 2)

    def test_early_payment_discount_ends_to_the_day(self):
        invoice = self._create_discounted_invoice()
        link = self._create_link(invoice)
        last_day = invoice.line_ids.filtered("discount_date").discount_date
        for day, base in ((last_day, 98.0), (last_day + timedelta(days=1), 100.0)):
            with freeze_time(day):
                invoice.invalidate_recordset()
                self.assertEqual(float(link._get_amount_choices()["full"]), base)

    @slow
    def test_bad_input_leaves_no_row(self):
        rows = self._get_rows()
        for amount in (*BAD_AMOUNTS, *BAD_VALUES):
            with self.subTest(amount=amount):
                self._assert_code(self._ask(amount=amount), 400, "invalid_amount")
        for tip in ("18", "1", "00", "0.0", "-1", " 0", *BAD_VALUES[1:]):
            with self.subTest(tip=tip):
                self._assert_code(self._ask(tip=tip), 400, "invalid_tip")
        for option in ("0-0", self.option + "0", "1-1' OR 1=1", *BAD_VALUES[1:]):
            with self.subTest(option=option):
                self._assert_code(self._ask(option=option), 400, "invalid_option")
        for data in (" ", "[]", "null", "1", "{", '"full"', "[" * 5000, "\x00"):
            with self.subTest(data=data[:10]):
                self._assert_code(self._ask(data=data), 400, "invalid_request")
        self._assert_code(self._ask(headers={"Content-Type": "text/plain"}), 400, "invalid_request")
        self._assert_code(
            self._ask(headers={"Origin": "https://evil.example"}), 403, "foreign_origin"
        )
        self.assertEqual(self._get_rows(), rows)

    def test_price_cannot_be_sent(self):
        quote = self._quote(base="1.00", total="1.00", fee="0.00", currency="JPY", company_id=7)
        self.assertEqual((quote["total"], quote["currency"]), ("100.00", "USD"))

    def test_unpublished_way_to_pay_is_none(self):
        self.provider.is_published = False
        self._assert_code(self._ask(), 409, "not_payable")

    def test_what_cannot_be_paid_has_no_price(self):
        credit_note = self._create_invoice(move_type="out_refund")
        for move, code in (
            (self._create_invoice(post=False), "not_payable"),
            (credit_note, "not_payable"),
        ):
            self._assert_code(self._ask(self._create_link(move)), 409, code)
        self.link.action_revoke()
        self._assert_code(self._ask(), 410, "revoked")
        self.assertFalse(self.env["paylink.quote"].search([]))

    def test_flood_of_prices_ends(self):
        values = self.link._prepare_quote_values(self._make_wish())
        values["link_id"] = self.link.id
        self.env["paylink.quote"].sudo().create([dict(values) for _number in range(500)])
        self._assert_code(self._ask(amount="50.00"), 429, "too_many_requests")

    def test_quotes_are_neither_changed_nor_deleted(self):
        self._quote()
        quote = self.env["paylink.quote"].sudo().search([])
        for record in (quote, quote.line_ids):
            with self.assertRaises(UserError):
                record.write({"currency_id": False})
            with self.assertRaises(UserError):
                record.unlink()

    @slow
    def test_number_of_queries_does_not_grow_with_the_lines(self):
        lines = [Command.create({"name": f"Line {n}", "price_unit": 1}) for n in range(100)]
        long_link = self._create_link(self._create_invoice(invoice_line_ids=lines))
        counts = []
        for link in (self.link, long_link):
            for amount in ("50.00", "60.00"):  # First fill the caches that all requests share.
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                link._quote(self._make_wish(amount=amount))
                self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(*counts)

    def _make_wish(self, **values):
        return Wish(**{"option": self.option, **values})

    def _create_discounted_invoice(self):
        """Return an invoice of 100.00 with 2 % off for ten days."""
        terms = self.env["account.payment.term"].create(
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
        return self._create_invoice(invoice_payment_term_id=terms.id)


BAD_AMOUNTS = (
    *("NaN", "Infinity", "-Infinity", "1e308", "1E2", "-0", "-1", "+1", "1,000", "1 000", "1_0"),
    *(
        "\uff11\uff12",
        "\u0661",
        " 1",
        "1 ",
        "1\n",
        "0x1",
        "1.234",
        ".5",
        "5.",
        "05",
        "other",
        "all",
    ),
    *("", "9" * 400, "FULL", "full\x00", "'; DROP TABLE paylink_quote; --"),
)
BAD_VALUES = (None, True, False, 1, 10.5, [], ["full"], {}, {"amount": "full"})


@tagged("post_install", "-at_install", "paylink")
class TestQuotePayment(QuoteCase):
    def test_quote_without_a_fee_leads_to_the_form(self):
        self.company.paylink_is_tip_enabled = True
        quote = self._quote(amount="50.00", tip="20")
        response = self._pay(quote=quote["quote"])
        self.assertEqual(response.status_code, 303)
        form = self.url_open(response.headers["Location"])
        self.assertEqual(form.status_code, 200)
        self.assertIn('data-amount="60.0"', form.text)
        self.assertIn(f"transaction?quote={quote['quote']}", form.text)

    def test_transaction_pays_the_quote(self):
        self.company.paylink_is_tip_enabled = True
        self._set_fee()
        quote = self._quote(amount="50.00", tip="20")
        self.assertEqual(self._pay(quote=quote["quote"], fee_accepted="1").status_code, 303)
        response = self._start_quote(quote, amount=1.0, currency_id=1)
        self.assertEqual(response.status_code, 200, response.text)
        tx = self.transactions
        self.assertEqual(tx.paylink_quote_id.reference, quote["quote"])
        self.assertEqual(tx.amount, float(quote["total"]))
        self.assertEqual((tx.paylink_tip_amount, tx.paylink_fee_amount), (10.0, 2.04))

    def test_fee_must_be_accepted_for_that_very_quote(self):
        self._set_fee()
        quote, other = self._quote(), self._quote(amount="50.00")
        self._assert_code(self._pay(quote=quote["quote"]), 400, "fee_not_accepted")
        self._assert_code(
            self._pay(quote=quote["quote"], fee_accepted="0"), 400, "fee_not_accepted"
        )
        self._assert_refused(self._start_quote(quote), 400, "fee_not_accepted")
        self._assert_refused(self._post(), 400, "fee_not_accepted")
        self.assertFalse(self.transactions)
        self.assertEqual(self._pay(quote=other["quote"], fee_accepted="1").status_code, 303)
        self._assert_code(self._pay(quote=quote["quote"]), 400, "fee_not_accepted")
        self._assert_refused(self._start_quote(quote), 400, "fee_not_accepted")
        self.assertEqual(self.transactions.paylink_quote_id.reference, other["quote"])

    def test_confirmed_price_keeps_the_invoice_and_is_what_the_form_pays(self):
        quote = self._quote(amount="60.00")
        self.assertEqual(self._pay(quote=quote["quote"]).status_code, 303)
        reserved = self.transactions
        self.assertTrue(reserved.paylink_is_reserved)
        self.assertEqual((reserved.state, reserved.amount), ("draft", 60.0))
        other = self._create_link(partner=self.bob)
        self._assert_code(self._pay(other, amount="full", option=self.option), 409, "in_progress")
        cheaper = self._quote(amount="40.00")
        self.assertEqual(self._pay(quote=cheaper["quote"]).status_code, 303)
        self.assertEqual((self.transactions, reserved.amount), (reserved, 40.0))
        self.assertEqual(self._start(), reserved)
        self.assertFalse(reserved.paylink_is_reserved)
        self.assertEqual(reserved.paylink_quote_id.reference, cheaper["quote"])

    def test_form_that_has_shown_everything_pays_everything(self):
        proof = self._get_payment_context(self._get("pay"))["access_token"]
        self._pay(quote=self._quote(amount="60.00")["quote"])
        self.assertEqual(self._start(access_token=proof).amount, 100.0)

    def test_acceptance_is_kept_with_text_amount_time_and_visitor(self):
        self._set_fee()
        quote = self._quote()
        for _again in range(2):
            self._pay(
                quote=quote["quote"], fee_accepted="1", headers={"User-Agent": "Phone of Alice"}
            )
        event = self.link.event_ids.filtered(lambda event: event.event_type == "fee_accepted")
        self.assertEqual(len(event), 1)
        self.assertEqual(event.quote_id.fee_amount, 3.2)
        self.assertEqual(event.quote_id.fee_text, quote["fee_text"])
        self.assertEqual(event.user_agent, "Phone of Alice")
        self.assertTrue(event.ip_address and event.event_date)

    def test_form_without_a_quote_offers_only_what_costs_no_fee(self):
        self._set_fee()
        response = self._get("pay", allow_redirects=False)
        self.assertEqual(response.status_code, 303)
        self.assertTrue(response.headers["Location"].endswith(self.link._get_path()))

    def test_changed_document_is_not_paid_at_the_old_price(self):
        quote = self._quote()
        self.posted_invoice.button_draft()
        self.posted_invoice.invoice_line_ids.price_unit = 120
        self.posted_invoice.action_post()
        self._assert_code(self._pay(quote=quote["quote"]), 409, "changed")
        self._assert_refused(self._start_quote(quote), 409, "changed")
        page = self._pay(quote=quote["quote"], headers={"Accept": "text/html"})
        self.assertEqual(page.status_code, 409)
        self.assertIn("120.00", page.text)
        self.assertFalse(self.transactions)

    def test_price_that_is_over_is_not_paid(self):
        quote = self._quote()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=16)):
            response = self._pay(quote=quote["quote"])
        self._assert_code(response, 409, "changed")
        self.assertIn("good for 15 minutes. Check it again", response.json()["message"])

    def test_total_that_is_more_than_the_provider_takes_has_no_price(self):
        self._set_fee()
        self.provider.maximum_amount = self.posted_invoice.amount_residual
        response = self._ask()
        self._assert_code(response, 400, "invalid_option")
        self.assertIn("Choose another way to pay", response.json()["message"])
        self.assertEqual(self._ask(amount="50.00").status_code, 200)

    def test_opening_a_price_that_is_over_writes_nothing(self):
        quote = self._quote()
        rows = self._get_rows()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=16)):
            page = self._get(f"pay?quote={quote['quote']}")
        self.assertEqual(page.status_code, 409)
        self.assertIn(f'href="{self.link._get_path()}"', page.text)
        self.assertEqual(self._get_rows(), rows)

    def test_changed_fee_is_not_charged_unseen(self):
        quote = self._quote()
        self._set_fee()
        self._assert_code(self._pay(quote=quote["quote"]), 409, "changed")

    def test_quote_of_another_link_is_none(self):
        other = self._create_link(partner=self.bob)
        quote = self._quote(other)
        self._assert_code(self._pay(quote=quote["quote"]), 400, "invalid_request")
        for reference in ("", "0", "\x00", "x" * 1000):
            self._assert_code(self._pay(quote=reference), 400, "invalid_request")

    def test_other_way_to_pay_than_quoted_is_refused(self):
        quote = self._quote()
        self._assert_refused(self._start_quote(quote, provider_id=0), 400, "invalid_option")

    def test_running_attempt_of_another_link_can_be_taken_over(self):
        other = self._create_link(partner=self.bob)
        running = self._start(other)
        quote = self._quote()
        self._assert_code(self._pay(quote=quote["quote"]), 409, "in_progress")
        page = self._pay(quote=quote["quote"], headers={"Accept": "text/html"})
        self.assertEqual(page.status_code, 409)
        self.assertIn("take_over", page.text)
        self.assertEqual(self._pay(quote=quote["quote"], take_over="1").status_code, 303)
        self.assertEqual(running.state, "cancel")
        self.assertTrue(running.paylink_is_given_up)
        self.assertEqual(self._start_quote(quote).status_code, 200)

    def test_plain_form_pays_without_any_script(self):
        response = self._pay(amount="full", option=self.option, headers={"Accept": "text/html"})
        self.assertEqual(response.status_code, 303)
        self.assertIn("data-amount", self.url_open(response.headers["Location"]).text)

    @slow
    def test_plain_form_asks_to_accept_the_fee(self):
        self._set_fee()
        response = self._pay(
            amount="other",
            amount_other="1,0.5",
            option=self.option,
            headers={"Accept": "text/html"},
        )
        self.assertEqual(response.status_code, 400)
        response = self._pay(
            amount="other",
            amount_other="60",
            option=self.option,
            headers={"Accept": "text/html"},
        )
        self.assertEqual(response.status_code, 200)
        self.assertIn("fee_accepted", response.text)
        self.assertIn("62.04", response.text)

    def test_settings_refuse_what_is_no_tip_and_no_fee(self):
        for text in ("a", "18;20", "101", "-1", "1,2,3,4,5,6,7", "<b>18</b>", "NaN", "1e1"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.company.paylink_tip_percentages = text
        for values in ({"percent": -1}, {"percent": 101}, {"fixed": -1}, {"maximum": -1}):
            with self.subTest(values=values), self.assertRaises(ValidationError):
                self._set_fee(**values)
