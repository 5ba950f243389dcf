# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The customer's page: its words in every state, hostile texts, weight and number of queries."""

import base64
import io
import re
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from lxml import html as lxml_html
from markupsafe import Markup
from PIL import Image

from odoo import Command, fields
from odoo.exceptions import ConcurrencyError
from odoo.tests import BaseCase, HttpCase, mute_logger, tagged
from odoo.tools import file_open

from .. import theme
from ..assets import get_asset_url
from ..html_cleaning import clean_html
from ..logo import make_inline_image
from ..theme import contrast, theme_colors
from .common import PaylinkCommon, slow

TODAY = "2026-05-04"
XSS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'\"--></style></script><script>alert(1)</script>",
    "{{7*7}}${7*7}<t t-out='1'/>",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "\u202egnirts\u202c",
)


@tagged("post_install", "-at_install", "paylink")
class TestPageColors(BaseCase):
    """Whatever colour a company has, its page can be read."""

    # fmt: off
    BRANDS = (
        "#000000", "#ffffff", "#0f5c4d", "#ffdd00", "#ff0000", "#00ff00", "#0000ff", "#808080",
        "#777777", "#000080", "#e6e6fa", "#c2571a", "#7b68ee", "#00ffff", "#ff00ff", "#123", "#abc",
        "#757575", "#767676", "#9370db",
    )
    # fmt: on

    def test_text_on_buttons_and_links_can_be_read_in_every_brand_color(self):
        for brand in self.BRANDS:
            colors = theme_colors(brand)
            pairs = (
                ("brand", colors["on_brand"]),
                ("link", "#ffffff"),
                ("link", theme.LIGHT_SURFACE),
                ("dark_brand", colors["dark_on_brand"]),
                ("dark_brand", theme.DARK_SURFACE),
            )
            for name, other in pairs:
                with self.subTest(brand=brand, name=name, other=other):
                    self.assertGreaterEqual(contrast(colors[name], other), 4.5)

    def test_a_readable_brand_color_is_kept_as_it_is(self):
        self.assertEqual(theme_colors("#0F5C4D")["brand"], "#0f5c4d")
        self.assertEqual(theme_colors("#ffdd00")["brand"], "#ffdd00")
        self.assertEqual(theme_colors("#ffdd00")["on_brand"], theme.INK)
        self.assertEqual(theme_colors("#abc")["brand"], "#aabbcc")

    def test_what_is_no_color_becomes_the_neutral_default(self):
        default = theme_colors(theme.DEFAULT_BRAND)
        for value in (None, False, "", "red", "#12345", "#fff}</style><script>", 7):
            self.assertEqual(theme_colors(value), default, value)

    def test_the_surfaces_are_those_of_the_style_sheet(self):
        with file_open("paylink_invoice/static/src/page/page.css") as file:
            css = file.read()
        light, _dark_media, dark = css.partition("prefers-color-scheme: dark")
        self.assertIn(f"--o-bg: {theme.LIGHT_SURFACE}", light)
        for name in ("bg", "card"):
            color = re.search(rf"--o-{name}: (#\w{{6}})", dark).group(1)
            for brand in self.BRANDS:
                self.assertGreaterEqual(contrast(theme_colors(brand)["dark_brand"], color), 4.5)

    def test_contrast_is_that_of_the_standard(self):
        self.assertAlmostEqual(contrast("#000000", "#ffffff"), 21)
        self.assertAlmostEqual(contrast("#777777", "#ffffff"), 4.48, places=2)


@tagged("post_install", "-at_install", "paylink")
class TestPageRichText(BaseCase):
    """What people wrote, without anything that runs, loads or restyles."""

    def test_nothing_that_loads_or_runs_is_left(self):
        for html in (
            '<p>a<img src="https://t.example/x.gif">b</p>',
            '<p style="background:url(https://t.example)">a</p>',
            '<div class="o_x" id="y" onclick="alert(1)">a</div>',
            "<p>a</p><script>alert(1)</script><style>*{display:none}</style>",
            '<p>a<picture><source srcset="https://t.example"></picture></p>',
            '<svg><a href="https://t.example">x</a></svg>a',
            '<table background="https://t.example"><tr><td>a</td></tr></table>',
            '<form action="https://t.example"><input name="q"><button>x</button></form>a',
            "<p>a<!-- <img src=x> --></p>",
            '<iframe src="https://t.example"></iframe>a',
            '<video poster="https://t.example"></video>a',
        ):
            cleaned = str(clean_html(html))
            with self.subTest(html=html):
                self.assertIn("a", lxml_html.fromstring(cleaned).text_content())
                self.assertNotRegex(cleaned, r"t\.example|style|class|id=|onclick|alert|<img|<!--")

    def test_links_lead_out_only_and_tell_nothing(self):
        cleaned = str(clean_html('<a href="https://a.example/x" target="_blank">out</a>'))
        self.assertIn('href="https://a.example/x"', cleaned)
        self.assertIn('rel="noopener noreferrer nofollow"', cleaned)
        for href in (
            "/web#id=1",
            "javascript:alert(1)",
            "data:text/html,x",
            " jAvAscript:x",
            "//[",
        ):
            self.assertEqual(
                str(clean_html(f'<p><a href="{href}">in</a></p>')), "<div><p>in</p></div>"
            )

    def test_headings_do_not_disturb_those_of_the_page(self):
        self.assertEqual(
            str(clean_html("<h1>Terms</h1>")),
            '<div><p class="o_paylink_rich_title">Terms</p></div>',
        )

    def test_formatting_stays(self):
        html = "<p><b>a</b><br>b</p><ul><li>c</li></ul>"
        self.assertEqual(str(clean_html(html)), f"<div>{html}</div>")
        self.assertIn('colspan="2"', clean_html('<table><tr><td colspan="2">a</td></tr></table>'))

    def test_without_text_nothing_is_shown(self):
        for html in (
            "",
            None,
            False,
            "<p><br></p>",
            "<img src='x'>",
            "<!-- -->",
            Markup("<p> </p>"),
        ):
            self.assertFalse(clean_html(html), html)


@tagged("post_install", "-at_install", "paylink")
class TestPageLogo(BaseCase):
    """The logo travels inside the page, small and with its size."""

    def _make_png(self, size):
        stream = io.BytesIO()
        Image.effect_noise(size, 60).convert("RGBA").save(stream, "PNG")
        return stream.getvalue()

    def test_a_large_logo_becomes_small(self):
        logo = make_inline_image(self._make_png((1800, 480)))
        self.assertEqual((logo["width"], logo["height"]), (180, 48))
        self.assertTrue(logo["src"].startswith("data:image/png;base64,"))
        self.assertLess(len(logo["src"]), 60_000)  # noise is the worst there is

    def test_the_size_keeps_the_proportions(self):
        logo = make_inline_image(self._make_png((100, 100)))
        self.assertEqual((logo["width"], logo["height"]), (48, 48))

    def test_an_svg_is_kept_unless_it_is_heavy(self):
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
        self.assertEqual(
            make_inline_image(svg)["src"],
            f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}",
        )
        self.assertIsNone(make_inline_image(svg + b" " * 30_000))

    def test_what_is_no_image_is_no_logo(self):
        for raw in (b"", b"GIF89a", b"\x00" * 50, b"<html>"):
            self.assertIsNone(make_inline_image(raw))


@tagged("post_install", "-at_install", "paylink")
class TestPageValues(PaylinkCommon):
    """What the page says in every state of a document."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(f"{TODAY} 10:00:00"))
        cls.tax = cls.company_data["default_tax_sale"]
        cls.halves, cls.early = cls.env["account.payment.term"].create(
            [
                {
                    "name": "Two halves",
                    "line_ids": [
                        Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                        for days in (10, 40)
                    ],
                },
                {
                    "name": "2/7 net 30",
                    "early_discount": True,
                    "discount_percentage": 2,
                    "discount_days": 7,
                    "line_ids": [
                        Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                    ],
                },
            ]
        )

    def _get_values(self, move, lang="en_US", is_preview=False, **values):
        link = self._create_link(move, **values).with_context(lang=lang)
        return self.env["paylink.page"]._prepare_values(link, is_preview=is_preview)

    def _create_due(self, days, **values):
        """Return an invoice that is due in so many days."""
        due = fields.Date.today() + timedelta(days=days)
        values = {"invoice_payment_term_id": False, "invoice_date_due": due, **values}
        return self._create_invoice(invoice_date=fields.Date.today() - timedelta(days=60), **values)

    def _pay(self, move, amount=None):
        values = {"amount": amount} if amount else {}
        context = {"active_model": "account.move", "active_ids": move.ids}
        wizard = self.env["account.payment.register"].with_context(**context).create(values)
        wizard.action_create_payments()

    @slow
    def test_the_due_date_is_told_in_words(self):
        for days, code, text in (
            (6, "due", "Due in 6 days · May 10, 2026"),
            (1, "due", "Due tomorrow · May 5, 2026"),
            (0, "due_today", "Due today · May 4, 2026"),
            (-1, "overdue", "Overdue since yesterday · May 3, 2026"),
            (-9, "overdue", "Overdue by 9 days · Apr 25, 2026"),
            (-45, "overdue", "Overdue by 45 days · Mar 20, 2026"),
        ):
            summary = self._get_values(self._create_due(days))["summary"]
            self.assertEqual((summary["status_code"], summary["status_text"]), (code, text))
            self.assertEqual(summary["amount_due"], "$\u00a0100.00")
            self.assertEqual(summary["amount_in_words"], "One Hundred Dollars")

    def test_today_is_the_day_of_the_customer(self):
        self.alice.tz = "Pacific/Kiritimati"  # 14 hours ahead: already tomorrow there
        summary = self._get_values(self._create_due(0))["summary"]
        self.assertEqual(summary["status_code"], "overdue")

    def test_a_due_invoice_offers_to_pay(self):
        values = self._get_values(self._create_due(6))
        self.assertIsNone(values["payment"]["denial"])
        self.assertEqual(values["payment"]["label"], "Pay $\u00a0100.00")
        self.assertTrue(values["paths"]["pay"].endswith("/pay"))

    def test_what_is_paid_in_part_shows_the_rest(self):
        invoice = self._create_due(6)
        self._pay(invoice, 30)
        values = self._get_values(invoice)
        self.assertEqual(values["summary"]["amount_due"], "$\u00a070.00")
        self.assertEqual(
            values["summary"]["status_details"], ["$\u00a030.00 of $\u00a0100.00 is already paid."]
        )
        rows = [(row["kind"], row["label"], row["amount"]) for row in values["totals"]]
        self.assertEqual(
            rows,
            [
                ("total", "Total", "$\u00a0100.00"),
                ("payment", "Paid on May 4, 2026", "\u2212\u2060$\u00a030.00"),
                ("due", "Still to pay", "$\u00a070.00"),
            ],
        )

    def test_instalments_are_listed_and_the_next_one_is_offered(self):
        invoice = self._create_invoice(invoice_payment_term_id=self.halves.id)
        values = self._get_values(invoice)
        self.assertEqual(
            [(part["date"], part["amount"], part["state_text"]) for part in values["instalments"]],
            [("May 14, 2026", "$\u00a050.00", "Open"), ("Jun 13, 2026", "$\u00a050.00", "Open")],
        )
        self.assertEqual(values["summary"]["status_text"], "Due in 10 days · May 14, 2026")
        self.assertEqual(
            values["payment"]["offers"],
            [{"amount": "$\u00a050.00", "text": "of it is due by May 14, 2026"}],
        )

    def test_a_paid_instalment_moves_the_due_date(self):
        invoice = self._create_invoice(invoice_payment_term_id=self.halves.id)
        self._pay(invoice, 50)
        values = self._get_values(invoice)
        self.assertEqual([part["tone"] for part in values["instalments"]], ["ok", "calm"])
        self.assertFalse(values["payment"]["offers"], "the next part is all there is")
        self.assertEqual(values["summary"]["status_text"], "Due in 40 days · Jun 13, 2026")

    def test_an_early_payment_discount_is_offered_until_its_date(self):
        invoice = self._create_invoice(invoice_payment_term_id=self.early.id)
        offer = self._get_values(invoice)["payment"]["offers"][0]
        self.assertEqual(offer["amount"], "$\u00a098.00")
        self.assertIn("May 11, 2026", offer["text"])
        with freeze_time("2026-05-20 10:00:00"):
            invoice.invalidate_recordset()
            self.assertFalse(self._get_values(invoice)["payment"]["offers"])

    def test_a_paid_invoice_thanks_and_asks_for_nothing(self):
        invoice = self._create_due(6)
        self._pay(invoice)
        values = self._get_values(invoice)
        self.assertEqual(values["summary"]["status_code"], "paid")
        self.assertEqual(values["summary"]["status_tone"], "ok")
        self.assertEqual(values["summary"]["amount_due"], "")
        self.assertEqual(values["payment"]["denial"], "paid")
        self.assertIsNone(values["bank"])

    def test_a_credited_invoice_and_its_credit_note_say_so(self):
        invoice = self._create_due(6)
        context = {"active_model": "account.move", "active_ids": invoice.ids}
        wizard = (
            self.env["account.move.reversal"]
            .with_context(**context)
            .create({"journal_id": invoice.journal_id.id})
        )
        wizard.reverse_moves()
        note = invoice.reversal_move_ids
        note.action_post()
        values = self._get_values(invoice)
        self.assertEqual(values["summary"]["status_code"], "credited")
        self.assertIn("Credit note of May 4, 2026", [row["label"] for row in values["totals"]])
        values = self._get_values(note)
        self.assertEqual(values["summary"]["status_code"], "credit_note")
        self.assertTrue(values["summary"]["document_label"].startswith("Credit Note R"))
        self.assertIn("in full", values["summary"]["status_details"][0])
        self.assertTrue(values["totals"][-1]["label"].startswith("Set off on "))

    def test_a_credit_note_that_is_not_used_yet_tells_what_is_left(self):
        values = self._get_values(self._create_invoice(move_type="out_refund"))
        self.assertEqual(values["summary"]["status_code"], "credit_note")
        self.assertIn("$\u00a0100.00", values["summary"]["status_details"][0])
        self.assertEqual(values["summary"]["amount_due"], "")
        self.assertEqual(values["payment"]["denial"], "not_payable")

    def test_a_cancelled_invoice_asks_for_nothing(self):
        invoice = self._create_due(6)
        invoice.button_draft()
        invoice.button_cancel()
        values = self._get_values(invoice)
        self.assertEqual(values["summary"]["status_code"], "cancelled")
        self.assertEqual(values["summary"]["amount_due"], "")
        self.assertEqual(values["payment"]["denial"], "not_payable")
        self.assertFalse(values["has_pdf"])

    def test_an_invoice_being_corrected_shows_no_lines(self):
        invoice = self._create_due(6)
        invoice.button_draft()
        values = self._get_values(invoice)
        self.assertEqual(values["summary"]["status_code"], "correcting")
        self.assertFalse(values["sections"] or values["totals"] or values["notes"])
        self.assertFalse(values["has_pdf"])

    def test_a_blocked_invoice_asks_for_nothing(self):
        invoice = self._create_due(6)
        invoice.action_toggle_block_payment()
        values = self._get_values(invoice)
        self.assertEqual(values["summary"]["status_code"], "blocked")
        self.assertEqual(values["payment"]["denial"], "not_payable")
        self.assertIsNone(values["bank"])

    def test_a_payment_on_its_way_is_told(self):
        invoice = self._create_due(6)
        running = self._create_transaction(
            "redirect", invoice_ids=[Command.set(invoice.ids)], state="pending"
        )
        AccountMove = type(invoice)
        with patch.object(AccountMove, "_paylink_get_pending_transactions", lambda _self: running):
            values = self._get_values(invoice)
        self.assertEqual(values["summary"]["status_code"], "pending")
        self.assertEqual(values["payment"]["denial"], "in_progress")
        self.assertIsNone(values["bank"])

    def test_without_a_provider_the_bank_account_is_shown(self):
        self.env["payment.provider"].search([]).state = "disabled"
        bank = self.env["res.partner.bank"].create(
            {
                "acc_number": "BE71 0961 2345 6769",
                "partner_id": self.company.partner_id.id,
                "bank_id": self.env["res.bank"]
                .create({"name": "Harbor Bank", "bic": "HBRBBEBB"})
                .id,
                "allow_out_payment": True,
            }
        )
        invoice = self._create_due(6, partner_bank_id=bank.id)
        values = self._get_values(invoice)
        self.assertEqual(values["payment"]["denial"], "no_provider")
        self.assertIn("bank transfer", values["payment"]["hint"])
        rows = {row["label"]: row["value"] for row in values["bank"]}
        self.assertEqual(rows["Account number"], "BE71 0961 2345 6769")
        self.assertEqual(rows["BIC"], "HBRBBEBB")
        self.assertEqual(rows["Payment reference"], invoice.payment_reference)
        invoice.partner_bank_id = False
        self.assertIn("Northwind Heating", self._get_values(invoice)["payment"]["hint"])

    def test_a_link_without_payment_has_no_pay_button(self):
        values = self._get_values(self._create_due(6), allow_payment=False)
        self.assertEqual(values["payment"]["denial"], "not_offered")

    def test_a_currency_without_decimals_has_none(self):
        yen = self.env.ref("base.JPY")
        yen.active = True
        invoice = self._create_due(6, currency_id=yen.id)
        invoice_values = self._get_values(invoice)
        self.assertEqual(invoice_values["summary"]["amount_due"], "¥\u00a0100")
        self.assertEqual(invoice_values["sections"][0]["rows"][0]["detail"], "1 × ¥\u00a0100")

    @slow
    def test_numbers_dates_and_words_are_those_of_the_customer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.with_context(lang="de_DE").position = "after"
        invoice = self._create_due(6, currency_id=euro.id)
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 1234.5
        invoice.action_post()
        values = self._get_values(invoice, lang="de_DE")
        self.assertEqual(values["lang"], "de_DE")
        self.assertEqual(values["html_lang"], "de-DE")
        self.assertEqual(values["summary"]["amount_due"], "1.234,50\u00a0€")
        self.assertEqual(values["summary"]["issue_date"], "05.03.2026")
        self.assertIn(
            "eintausendzweihundertvierunddreißig", values["summary"]["amount_in_words"].lower()
        )

    def test_sections_subsections_notes_and_discounts_are_shown(self):
        lines = (
            {"display_type": "line_section", "name": "Building B"},
            {"name": "Maintenance\nUnits 1 to 4", "quantity": 4, "price_unit": 210, "discount": 10},
            {"display_type": "line_subsection", "name": "Repairs"},
            {"name": "Filter", "quantity": 1.5, "price_unit": 42},
            {"display_type": "line_note", "name": "All readings are normal."},
        )
        values = self._get_values(self._create_lines(lines))
        (section,) = values["sections"]
        self.assertEqual((section["title"], section["amount"]), ("Building B", "$\u00a0819.00"))
        rows = [
            (r["kind"], r["name"], r["text"], r["detail"], r["amount"]) for r in section["rows"]
        ]
        self.assertEqual(
            rows,
            [
                (
                    "line",
                    "Maintenance",
                    "Units 1 to 4",
                    "4 × $\u00a0210.00 · 10% off",
                    "$\u00a0756.00",
                ),
                ("sub", "Repairs", "", "", "$\u00a063.00"),
                ("line", "Filter", "", "1.5 × $\u00a042.00", "$\u00a063.00"),
                ("note", "", "All readings are normal.", "", ""),
            ],
        )

    def _create_lines(self, lines):
        return self._create_due(
            6,
            invoice_line_ids=[
                Command.create({"sequence": place, "tax_ids": [Command.clear()], **line})
                for place, line in enumerate(lines, start=10)
            ],
        )

    def test_collapsed_sections_hide_what_the_pdf_hides(self):
        lines = (
            {"display_type": "line_section", "name": "A whole", "collapse_composition": True},
            {"name": "Secret part", "price_unit": 70},
            {
                "display_type": "line_section",
                "name": "Parts without prices",
                "collapse_prices": True,
            },
            {"name": "Shown part", "quantity": 3, "price_unit": 10},
        )
        sections = self._get_values(self._create_lines(lines))["sections"]
        text = str(sections)
        self.assertNotIn("Secret part", text)
        self.assertIn("A whole", text)
        self.assertIn("$\\xa070.00", text)
        priced = sections[-1]
        self.assertEqual(
            (priced["title"], priced["amount"]), ("Parts without prices", "$\u00a030.00")
        )
        self.assertEqual(priced["rows"][0]["name"], "Shown part")
        self.assertEqual((priced["rows"][0]["detail"], priced["rows"][0]["amount"]), ("3", ""))

    def test_taxes_are_named_by_group_and_on_lines_only_where_they_differ(self):
        taxed = {"tax_ids": [Command.set(self.tax.ids)]}
        same = self._get_values(self._create_lines([{"name": "a", "price_unit": 100, **taxed}]))
        labels = [row["label"] for row in same["totals"]]
        self.assertIn(self.tax.tax_group_id.name, labels)
        self.assertEqual(labels[-1], "Total")
        self.assertEqual(same["sections"][0]["rows"][0]["detail"], "1 × $\u00a0100.00")
        mixed = self._get_values(
            self._create_lines(
                [{"name": "a", "price_unit": 100, **taxed}, {"name": "b", "price_unit": 50}]
            )
        )
        details = [row["detail"] for row in mixed["sections"][0]["rows"]]
        self.assertEqual(details[0], f"1 × $\u00a0100.00 · {self.tax.tax_label}")
        self.assertEqual(details[1], "1 × $\u00a050.00")

    def test_cash_rounding_is_shown(self):
        rounding = self.env["account.cash.rounding"].create(
            {
                "name": "To five",
                "rounding": 5,
                "strategy": "add_invoice_line",
                "rounding_method": "UP",
                "profit_account_id": self.company_data["default_account_revenue"].id,
                "loss_account_id": self.company_data["default_account_expense"].id,
            }
        )
        invoice = self._create_due(6, post=False, invoice_cash_rounding_id=rounding.id)
        invoice.invoice_line_ids.price_unit = 101
        invoice.action_post()
        rows = {row["label"]: row["amount"] for row in self._get_values(invoice)["totals"]}
        self.assertEqual((rows["Rounding"], rows["Total"]), ("$\u00a04.00", "$\u00a0105.00"))

    def test_only_what_the_sender_shares_is_shown(self):
        invoice = self._create_due(6)
        shared, hidden = (
            invoice.message_post(
                body=Markup("<p>%s</p>") % text, author_id=self.biller.partner_id.id
            )
            for text in ("Please mind the gap.", "Bad payer.")
        )
        values = self._get_values(
            invoice, comment_ids=[Command.set(shared.ids)], show_narration=False
        )
        self.assertEqual([comment["author"] for comment in values["comments"]], ["Marta Rossi"])
        self.assertIn("mind the gap", values["comments"][0]["body"])
        self.assertNotIn(str(hidden.body), str(values["comments"]))
        self.assertFalse(values["notes"])
        self.assertIn("Thank you", str(self._get_values(invoice)["notes"]))

    def test_the_life_of_the_link_is_told(self):
        invoice = self._create_due(6)
        for values, text in (
            ({"expiration_date": "2026-05-18 10:00:00"}, "It works until May 18, 2026."),
            (
                {"expiration_date": "2026-05-04 18:30:00"},
                "It works until May 4, 2026, 6:30 PM (UTC).",
            ),
            ({"expiration_date": False}, "It works until it is replaced."),
            (
                {"expiration_date": False, "hours_after_view": 24},
                "It works for 24 hours after it is first opened.",
            ),
        ):
            # Newer language data has a narrow space before AM and PM.
            life = self._get_values(invoice, **values)["life"].replace("\u202f", " ")
            self.assertEqual(life, text)

    def test_a_preview_has_no_live_path(self):
        link = self._create_link(self._create_due(6))
        values = self.env["paylink.page"]._prepare_values(link, is_preview=True)
        self.assertNotIn(link._get_token(), str(values))
        self.assertFalse(values["paths"] or values["beacon"])

    def test_a_preview_of_a_link_that_does_not_exist_yet(self):
        values = self.env["paylink.page"]._prepare_values(
            self._create_due(6)._paylink_new_link(), is_preview=True
        )
        self.assertEqual(values["summary"]["recipient"], "Alice Moreau, Azure Interior")
        self.assertIsNone(values["payment"]["denial"])
        self.assertTrue(values["has_pdf"])

    def test_an_expired_link_shows_staff_the_document_in_a_preview(self):
        values = self._get_values(
            self._create_due(6), is_preview=True, expiration_date="2026-01-01 00:00:00"
        )
        self.assertIsNone(values["payment"]["denial"])

    def test_languages_of_browsers_are_negotiated(self):
        for code in ("fr_FR", "pt_BR"):
            self.env["res.lang"]._activate_lang(code)
        negotiate = self.env["paylink.page"]._negotiate_lang
        for wishes, expected in (
            (["fr-CH", "fr", "en"], "fr_FR"),
            (["pt-BR"], "pt_BR"),
            (["pt"], "pt_BR"),
            (["xx", "en-GB"], "en_US"),
            (["*"], "en_US"),
            ([], "en_US"),
            (["f" * 9000, "\x00", "--", ""], "en_US"),
        ):
            self.assertEqual(negotiate(wishes), expected, wishes)

    def test_every_denial_is_explained(self):
        link = self._create_link(
            self._create_due(6),
            expiration_date="2026-05-01 10:00:00",
            revoked_date="2026-05-02 10:00:00",
        )
        for denial, heading in (
            ("expired", "This link has ended"),
            ("revoked", "This link was withdrawn"),
            ("unavailable", "Not available right now"),
            ("paid", "Already paid"),
            ("in_progress", "A payment is on its way"),
            ("not_payable", "Nothing to pay here"),
            ("no_provider", "No online payment"),
            ("not_offered", "No online payment"),
            ("something_new", "Nothing to pay here"),
        ):
            values = self.env["paylink.page"]._prepare_denial_values(link, denial)
            self.assertEqual(values["heading"], heading)
            self.assertTrue(values["text"])
            is_over = denial in ("expired", "revoked")
            self.assertEqual(values["back_path"], None if is_over else link._get_path())
            self.assertEqual(bool(values["renew_path"]), denial == "expired")
        expired = self.env["paylink.page"]._prepare_denial_values(link, "expired")
        self.assertIn("May 1, 2026", expired["text"])


@tagged("post_install", "-at_install", "paylink")
class TestPageRendering(PaylinkCommon, HttpCase):
    """The page as it leaves the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.company_data["default_tax_sale"]
        cls.link = cls._create_link()

    def _open(self, link=None, suffix="", **kwargs):
        return self.url_open((link or self.link)._get_path(suffix), **kwargs)

    def _parse(self, response):
        return lxml_html.fromstring(response.content)

    def test_the_page_opens_without_a_cookie_and_names_everything(self):
        response = self._open()
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Set-Cookie", response.headers)
        page = self._parse(response)
        self.assertEqual(page.get("lang"), "en-US")
        self.assertEqual(page.get("dir"), "ltr")
        self.assertEqual(
            page.findtext(".//title"), f"Invoice {self.posted_invoice.name} · Northwind Heating"
        )
        self.assertEqual(len(page.xpath("//h1")), 1)
        self.assertEqual(len(page.xpath("//main")), 1)
        self.assertTrue(page.xpath("//form[@action]//button[contains(@class, 'o_paylink_pay')]"))
        self.assertIn("Thank you for your business.", page.text_content())

    def test_parameters_are_no_arguments_of_the_method(self):
        query = "?self=1&cls=1&args=1&kwargs=1&_kwargs=1&link_sudo=1"
        for suffix in ("", "pdf", "pay", "options", "renew", "qr.svg"):
            with self.subTest(suffix=suffix):
                self.assertEqual(self._open(suffix=suffix + query).status_code, 200)
        for path in ("comment", "quote", "pay", "renew", "seen", "transaction"):
            response = self._open(suffix=path, data={"self": "1"})
            self.assertLess(response.status_code, 500, path)
        upload = self.url_open("/paylink", data={"self": "1"}, files={"rest": b"a file"})
        self.assertEqual(upload.status_code, 405)

    def test_the_page_is_light(self):
        html = len(self._open().content)
        files = 0
        for name in ("page.css", "page.js"):
            response = self.url_open(get_asset_url(name))
            self.assertEqual(response.status_code, 200)
            files += len(response.content)
        self.assertLess(files, 40_000)
        self.assertLess(html + files, 60_000)

    def test_nothing_comes_from_elsewhere_and_nothing_is_inline(self):
        response = self._open()
        page = self._parse(response)
        loaded = page.xpath("//*[self::script or self::img or self::iframe]/@src | //link/@href")
        self.assertTrue(loaded)
        for url in loaded:
            self.assertTrue(url.startswith(("/paylink_invoice/static/", "/paylink/", "data:")), url)
        self.assertFalse(
            page.xpath("//*[@style] | //script[not(@src)] | //@*[starts-with(name(), 'on')]")
        )
        (style,) = page.xpath("//style")
        policy = response.headers["Content-Security-Policy"]
        self.assertIn(f"'nonce-{style.get('nonce')}'", policy)
        self.assertNotIn("unsafe", policy)

    @slow
    def test_hostile_texts_stay_texts(self):
        invoice = self._create_invoice(post=False)
        texts = "\n".join(XSS)
        self.customer.write({"name": texts, "street": texts, "vat": False})
        self.alice.name = texts
        self.company.write({"name": texts, "phone": texts, "website": "javascript:alert(1)"})
        invoice.write(
            {
                "ref": texts,
                "invoice_origin": texts,
                "payment_reference": texts,
                "narration": Markup("<p>terms</p>%s") % Markup(texts),
            }
        )
        invoice.invoice_line_ids.name = texts
        invoice.action_post()
        comment = invoice.message_post(
            body=Markup("<p>note<img src='https://track.example/p.gif'/></p>") + texts
        )
        file = self.env["ir.attachment"].create(
            {"name": texts, "raw": b"x", "res_model": "account.move", "res_id": invoice.id}
        )
        link = self._create_link(
            invoice,
            comment_ids=[Command.set(comment.ids)],
            attachment_ids=[Command.set(file.ids)],
        )
        page = self._parse(self._open(link))
        self.assertEqual(len(page.xpath("//script")), 1)
        self.assertFalse(page.xpath("//@*[starts-with(name(), 'on')] | //svg | //iframe"))
        self.assertFalse(
            page.xpath(
                "//img[not(starts-with(@src, '/paylink/')) and not(starts-with(@src, 'data:'))]"
            )
        )
        for href in page.xpath("//@href"):
            self.assertRegex(href, r"^(/|data:,|tel:|mailto:|https?://)")
        self.assertIn("<script>alert(1)</script>", page.text_content())
        self.assertNotIn("track.example", lxml_html.tostring(page, encoding="unicode"))

    def test_a_preview_holds_no_live_url(self):
        self.authenticate(self.biller.login, self.biller.login)
        response = self.url_open(f"/paylink/preview/{self.link.id}")
        self.assertEqual(response.status_code, 200)
        self.assertFalse(self._get_live_tokens(response.text))
        page = self._parse(response)
        self.assertIn(
            "Preview", page.xpath("//*[contains(@class, 'o_paylink_ribbon')]")[0].text_content()
        )
        self.assertFalse(page.xpath("//body/@data-seen | //form[@action]"))
        self.assertTrue(page.xpath("//button[contains(@class, 'o_paylink_pay')][@disabled]"))
        self.assertFalse(self.link.event_ids.filtered(lambda event: event.event_type == "viewed"))

    @slow
    def test_the_number_of_queries_does_not_grow_with_the_lines(self):
        counts = {}
        for size in (3, 60):
            lines = [
                {
                    "sequence": place,
                    "name": f"Line {place}",
                    "quantity": place,
                    "price_unit": 10,
                    "tax_ids": [Command.set(self.tax.ids)],
                }
                for place in range(1, size + 1)
            ]
            lines[1] = {"sequence": 2, "display_type": "line_section", "name": "A section"}
            invoice = self._create_invoice(
                invoice_line_ids=[Command.create(line) for line in lines]
            )
            link = self._create_link(invoice)
            counts[size] = self._count_queries(link)
        self.assertEqual(counts[3], counts[60])
        self.assertLessEqual(counts[3], 16)

    def _count_queries(self, link):
        """Return the queries of a page once everything is warm that stays warm on a server."""
        token = link._get_token()
        for _round in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            # As the gate does.
            link = self.env["paylink.link"]._resolve("invoice", token)
            link = link.with_context(lang="en_US", allowed_company_ids=link.company_id.ids)
            link.env["paylink.page"]._prefetch_document(link)
            values = link.env["paylink.page"]._prepare_values(link)
            html = link.env["ir.qweb"]._render(
                "paylink_invoice.paylink_link_page", values, minimal_qcontext=True
            )
        self.assertIn("Line 3", html)
        return self.env.cr.sql_log_count - before

    def test_showing_a_page_writes_nothing(self):
        invoice = self._create_invoice(
            invoice_line_ids=[
                Command.create({"display_type": "line_section", "name": "A section"}),
                Command.create({"name": "a", "price_unit": 10}),
            ]
        )
        link = self._create_link(invoice)
        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(type(invoice.line_ids), "write", side_effect=AssertionError("written")):
            self.env["paylink.page"]._prepare_values(link)

    def test_the_page_for_nothing_is_one_and_names_nobody(self):
        token = self.link._get_token()
        altered = token[:-1] + ("x" if token[-1] != "x" else "y")
        bodies = {
            self.url_open(f"/paylink/{wrong}").content
            for wrong in ("x", "0" * 35, altered, "a/b/c")
        }
        self.assertEqual(len(bodies), 1)
        self.assertNotIn(b"Northwind", bodies.pop())
        self.assertEqual(self.url_open("/paylink/x").status_code, 404)

    def test_the_page_for_nothing_is_rendered_once_per_language(self):
        page = self.env["paylink.page"]
        self.assertIs(page._render_not_found("en_US"), page._render_not_found("en_US"))

    def test_an_expired_link_shows_how_to_get_a_new_one(self):
        self.link.expiration_date = fields.Datetime.now() - timedelta(days=1)
        response = self._open()
        self.assertEqual(response.status_code, 410)
        page = self._parse(response)
        self.assertIn("Northwind Heating", page.text_content())
        self.assertTrue(page.xpath("//form[@method='post']//input[@type='email'][@name='email']"))
        self.assertFalse(page.xpath("//input[@type='password']"))
        self.assertNotIn("100.00", page.text_content())

    def test_a_revoked_link_tells_whom_to_ask(self):
        self.link.revoked_date = fields.Datetime.now()
        response = self._open()
        self.assertEqual(response.status_code, 410)
        page = self._parse(response)
        self.assertTrue(page.xpath("//a[@href='mailto:office@northwind.example.com']"))
        self.assertFalse(page.xpath("//form"))

    def test_the_renewal_page_asks_then_says_the_same_to_everybody(self):
        self.assertIn("Send me a new link", self._open(suffix="renew").text)
        answers = {
            self._open(suffix="renew", data={"email": address}).text
            for address in ("alice@azure.example.com", "nobody@nowhere.example", "no address")
        }
        nonces = re.compile(r'nonce="[^"]+"')
        self.assertEqual(len({nonces.sub("", answer) for answer in answers}), 1)
        self.assertIn("is on file", answers.pop())

    def test_a_question_is_answered_with_thanks(self):
        self.assertNotIn("has arrived. ", self._open().text)
        self.assertIn(
            "your question has arrived", self.url_open(self.link._get_path() + "?asked=1").text
        )

    def test_whoever_comes_at_a_busy_moment_is_told_to_come_again(self):
        def fail(_self, *_args):
            raise ConcurrencyError("Others were faster")

        with (
            patch.object(self.env.registry["paylink.link"], "_get_denial", fail),
            patch("odoo.service.model.MAX_TRIES_ON_CONCURRENCY_FAILURE", 1),
            mute_logger("odoo.http"),
        ):
            response = self.url_open(self.link._get_path())
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.headers["Retry-After"], "5")
        self.assertEqual(response.headers["Cache-Control"], "no-store, private")
        for technical in ("Traceback", "faster", "odoo"):
            self.assertNotIn(technical, response.text)

    def test_a_company_without_a_logo_has_its_initial(self):
        self.company.logo = False
        page = self._parse(self._open())
        self.assertEqual(page.xpath("//span[@class='o_paylink_initial']")[0].text, "N")
        self.assertFalse(page.xpath("//img[@class='o_paylink_logo']"))

    @slow
    def test_a_logo_is_shown_at_its_size(self):
        pixel = io.BytesIO()
        Image.new("RGB", (300, 100), "red").save(pixel, "PNG")
        self.company.logo = base64.b64encode(pixel.getvalue())
        (logo,) = self._parse(self._open()).xpath("//img[@class='o_paylink_logo']")
        self.assertEqual((logo.get("width"), logo.get("height")), ("144", "48"))
        self.assertEqual(logo.get("alt"), "")

    @slow
    def test_a_page_in_arabic_runs_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.alice.lang = "ar_001"
        page = self._parse(self._open())
        self.assertEqual((page.get("lang"), page.get("dir")), ("ar-001", "rtl"))

    def test_what_runs_from_left_to_right_keeps_its_direction_in_arabic(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.alice.lang = "ar_001"
        self.company.write({"phone": "+1 503-555-0100", "vat": "93-1284507"})
        page = self._parse(self._open())
        phone = page.xpath("//a[starts-with(@href, 'tel:')]/bdi[@dir='ltr']")
        self.assertEqual([bdi.text for bdi in phone], ["+1 503-555-0100"])
        amount = page.xpath("//bdi[contains(@class, 'o_paylink_sum')]")
        self.assertEqual([bdi.text for bdi in amount], ["$\u00a0100.00"])
        self.assertIn("\u206893-1284507\u2069", page.xpath("string(//address)"))
        for name in (self.alice.name, self.customer.name):
            self.assertIn(f"\u2068{name}\u2069", page.xpath("string(//header)"))

    def test_amounts_inside_of_arabic_sentences_keep_their_direction(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.alice.lang = "ar_001"
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=self.posted_invoice.ids
        ).create({"amount": 40.0})._create_payments()
        link = self.link.with_context(lang="ar_001")
        values = self.env["paylink.page"]._prepare_values(link)
        paid, total, left = (
            f"\u2068$\u00a0{amount}\u2069" for amount in ("40.00", "100.00", "60.00")
        )
        (sentence,) = values["summary"]["status_details"]
        self.assertIn(paid, sentence)
        self.assertIn(total, sentence)
        self.assertIn(left, link._prepare_payment_form_values()["pay_label"])
        # Alone in its place, an amount needs no marks.
        self.assertEqual(values["summary"]["amount"], "$\u00a060.00")

    def test_no_marks_of_direction_from_left_to_right(self):
        self.assertNotRegex(self._open().text, "[\u2066-\u2069]")
