# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reminders by text are asked for by a tick, written down as a proof, and ended at once."""

from lxml import html

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import slow
from .test_texts import ALICE_NUMBER, TextCommon


class ConsentCommon(TextCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link = cls._create_link()

    def _post(self, data=None, link=None, **kwargs):
        self.env.flush_all()
        path = (link or self.link)._get_path("consent")
        response = self.url_open(
            path, data={"x": "", **(data or {})}, allow_redirects=False, **kwargs
        )
        self.env.invalidate_all()
        return response

    def _get_section(self, link=None, suffix=""):
        page = html.fromstring(self.url_open((link or self.link)._get_path() + suffix).content)
        found = page.xpath("//section[@id='reminders']")
        return found[0] if found else None

    def _get_consents(self):
        return self.env["paylink.consent"].search([("partner_id", "=", self.alice.id)])

    def _denials(self, partner=None):
        partner = partner or self.alice
        found = partner._paylink_get_text_denials(self.company, needs_consent=True)
        return found.get(partner)


@tagged("post_install", "-at_install", "paylink")
class TestConsent(ConsentCommon):
    def test_the_box_is_not_ticked_and_shows_the_end_of_the_number_only(self):
        section = self._get_section()
        (box,) = section.xpath(".//input[@type='checkbox']")
        self.assertNotIn("checked", box.attrib)
        text = section.text_content()
        self.assertIn("+32 ••• 56", text)
        self.assertNotIn("123456", text)
        self.assertIn("without agreeing", text)
        self.assertEqual(self._denials(), "no_consent")

    def test_a_tick_is_a_proof(self):
        words = self._get_section().xpath(".//label")[0].text_content()
        response = self._post({"consent": "1"}, headers={"User-Agent": "Phone 1.0"})
        self.assertEqual(response.status_code, 303)
        consent = self._get_consents()
        self.assertEqual(len(consent), 1)
        self.assertEqual(consent.action, "granted")
        self.assertEqual(consent.number, ALICE_NUMBER)
        self.assertEqual(consent.link_id, self.link)
        self.assertEqual(consent.text, words)
        self.assertTrue(consent.text_version)
        self.assertEqual(consent.lang, "en_US")
        self.assertEqual(consent.ip_address, "127.0.0.1")
        self.assertEqual(consent.user_agent, "Phone 1.0")
        self.assertFalse(consent.is_box_preticked)
        self.assertTrue(consent.is_current)
        self.assertEqual(consent.company_id, self.company)
        self.assertIn("consented", self.link.event_ids.mapped("event_type"))
        self.assertIsNone(self._denials())
        self.assertFalse(response.cookies)
        self.assertEqual(self._post({"consent": "1"}).status_code, 303)
        self.assertEqual(len(self._get_consents()), 1, "said once is said")

    def test_the_way_back_leads_to_what_has_changed(self):
        location = self._post({"consent": "1"}).headers["Location"]
        self.assertTrue(location.endswith("?reminders=1#reminders"))
        section = self._get_section(suffix="?reminders=1")
        self.assertIn("this is noted", section.text_content())
        self.assertTrue(section.xpath(".//button[@name='withdraw']"))

    def test_without_a_tick_nothing_is_agreed(self):
        for data in ({}, {"consent": ""}, {"consent": "0"}, {"consent": "yes please"}):
            with self.subTest(data=data):
                response = self._post(data)
                self.assertEqual(response.status_code, 400)
                self.assertEqual(response.json(), {"code": "invalid_consent"})
        response = self._post({"x": "1"}, headers={"Accept": "text/html"})
        self.assertEqual(response.status_code, 400)
        self.assertIn("tick the box", response.text)
        self.assertFalse(self._get_consents())

    def test_json_says_the_same(self):
        self.env.flush_all()
        path = self.link._get_path("consent")
        for wish, action in ((True, "granted"), (False, "withdrawn")):
            response = self.url_open(path, json={"consent": wish})
            self.assertEqual(response.json(), {"consent": wish})
            self.env.invalidate_all()
            self.assertEqual(self._get_consents()[0].action, action)
        for wish in ("true", 1, None, [True]):
            self.assertEqual(self.url_open(path, json={"consent": wish}).status_code, 400)

    def test_another_site_cannot_agree_for_the_customer(self):
        response = self._post({"consent": "1"}, headers={"Origin": "https://evil.example.com"})
        self.assertEqual(response.status_code, 403)
        self.assertFalse(self._get_consents())

    def test_a_colleague_cannot_agree_for_the_customer(self):
        self.authenticate(self.biller.login, self.biller.login)
        self.assertEqual(self._post({"consent": "1"}).status_code, 403)
        self.assertFalse(self._get_consents())

    def test_no_number_no_box(self):
        self.alice.phone = False
        self.assertIsNone(self._get_section())
        self.assertEqual(self._post({"consent": "1"}).status_code, 409)
        self.assertFalse(self._get_consents())

    def test_a_link_that_is_over_takes_no_agreement(self):
        self.link.action_revoke()
        self.assertEqual(self._post({"consent": "1"}).status_code, 410)
        self.assertFalse(self._get_consents())

    @slow
    def test_withdrawing_ends_all_texts_also_those_that_wait(self):
        self._post({"consent": "1"})
        waiting = self._send_text()
        self._post({"withdraw": "1"})
        self.assertEqual(self._get_consents()[0].action, "withdrawn")
        self.assertEqual(self._denials(), "withdrawn")
        self.assertIn("withdrawn", self.link.event_ids.mapped("event_type"))
        self.assertEqual(self._get_texts(waiting).state, "error")
        with self.mockSMSGateway():
            self._process_queue()
        self.assertFalse(self._sms)
        with self.assertRaisesRegex(UserError, "does not want text messages"):
            self._send_text()
        self.assertFalse(any(self._get_consents().mapped("is_current")))

    def test_whoever_never_agreed_can_say_no_as_well(self):
        self._post({"withdraw": "1"})
        self._post({"withdraw": "1"})
        self.assertEqual(self._get_consents().mapped("action"), ["withdrawn"])
        with self.assertRaises(UserError):
            self._send_text()

    def test_another_number_voids_the_agreement(self):
        self._post({"consent": "1"})
        self.alice.phone = "+32470999999"
        self.assertEqual(self._denials(), "no_consent")
        self.alice.phone = ALICE_NUMBER
        self.assertEqual(self._denials(), "no_consent", "void is void")
        self.assertEqual(self._get_consents().mapped("action"), ["voided", "granted"])

    def test_another_way_to_write_the_number_changes_nothing(self):
        self._post({"consent": "1"})
        self.alice.phone = "+32 470 12 34 56"
        self.assertIsNone(self._denials())

    def test_a_reply_with_stop_ends_all_texts(self):
        self._post({"consent": "1"})
        self.env["paylink.consent"]._withdraw_by_reply(ALICE_NUMBER, self.company, "STOP")
        self.assertEqual(self._denials(), "blocked")
        self.assertEqual(self._get_consents()[0].source, "reply")
        self.assertEqual(self._get_consents()[0].text, "STOP")
        self.assertIn("stopped", self._get_section().text_content())
        self._post({"consent": "1"})
        self.assertEqual(self._get_consents()[0].action, "withdrawn", "a block is no tick away")

    def test_staff_write_down_what_a_customer_says(self):
        self._post({"consent": "1"})
        with self.assertRaises(AccessError):
            self._get_consents().with_user(self.employee).action_withdraw()
        self._get_consents().with_user(self.biller).action_withdraw()
        newest = self._get_consents()[0]
        self.assertEqual((newest.action, newest.source), ("withdrawn", "staff"))
        self.assertEqual(newest.user_id, self.biller)

    def test_a_proof_is_neither_changed_nor_deleted(self):
        self._post({"consent": "1"})
        consent = self._get_consents()
        for attempt in (lambda: consent.write({"text": "x"}), consent.unlink):
            with self.assertRaises(UserError):
                attempt()

    def test_a_proof_of_another_company_is_out_of_reach(self):
        foreign = self.env["res.company"].create({"name": "Southwind"})
        self.env["paylink.consent"].sudo()._withdraw_number(BOB, foreign, source="staff")
        found = self.env["paylink.consent"].with_user(self.biller).search([])
        self.assertNotIn(foreign, found.sudo().company_id)

    @slow
    def test_a_button_that_is_pressed_for_ever_fills_no_table(self):
        for _round in range(10):
            self._post({"consent": "1"})
            self._post({"withdraw": "1"})
        response = self._post({"consent": "1"})
        self.assertEqual(response.status_code, 429)
        self.assertTrue(response.headers["Retry-After"])
        self.assertEqual(len(self._get_consents()), 20)

    def test_what_is_paid_offers_no_reminders(self):
        self.posted_invoice.button_draft()
        self.posted_invoice.invoice_line_ids.price_unit = 0
        self.posted_invoice.action_post()
        self.assertIsNone(self._get_section())

    def test_the_page_reads_little_more_for_it(self):
        with_number = self._count_queries()
        self.alice.phone = False
        self.assertLessEqual(with_number - self._count_queries(), 2)

    def _count_queries(self):
        token = self.link._get_token()
        for _round in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            link = self.env["paylink.link"]._resolve("invoice", token)
            link = link.with_context(lang="en_US", allowed_company_ids=link.company_id.ids)
            link.env["paylink.page"]._prefetch_document(link)
            link.env["paylink.page"]._prepare_values(link)
        return self.env.cr.sql_log_count - before


BOB = "+32470654321"
