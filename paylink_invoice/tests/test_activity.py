# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import PaylinkCommon, slow

BROWSER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
PERSON = {"ip_address": "203.0.113.7", "user_agent": BROWSER}


@tagged("post_install", "-at_install", "paylink")
class TestVisits(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link = cls._create_link()

    def _see(self, nonce=None, event_type="viewed", link=None, **visitor):
        link = link or self.link
        link._register_visit(event_type, nonce or link._issue_page_nonce(), {**PERSON, **visitor})

    def _get_chatter_lines(self):
        subtype = self.env.ref("paylink_invoice.mt_paylink_viewed")
        return self.posted_invoice.message_ids.filtered(lambda m: m.subtype_id == subtype)

    def test_a_view_is_counted_and_told_in_the_chatter(self):
        self._see()
        self.assertEqual(self.link.view_count, 1)
        self.assertTrue(self.link.first_view_date)
        line = self._get_chatter_lines()
        self.assertEqual(len(line), 1)
        self.assertIn("link sent to", line.body)
        self.assertIn("Alice Moreau", line.body)

    def test_one_visitor_is_one_view_in_half_an_hour(self):
        now = fields.Datetime.now()
        for minutes, count in ((0, 1), (10, 1), (29, 1), (31, 2)):
            with freeze_time(now + timedelta(minutes=minutes)):
                self._see()
                self.assertEqual(self.link.view_count, count, f"after {minutes} minutes")

    def test_two_visitors_are_two_views_but_one_line_a_day(self):
        with freeze_time("2026-05-04 09:00:00"):
            self._see()
            self._see(ip_address="198.51.100.4")
        self.assertEqual(self.link.view_count, 2)
        self.assertEqual(len(self._get_chatter_lines()), 1)
        with freeze_time("2026-05-05 09:00:00"):
            self._see()
        self.assertEqual(len(self._get_chatter_lines()), 2)

    def test_a_question_is_a_view_unless_staff_or_a_machine_asked_it(self):
        self.link._post_question("Which unit?", PERSON, is_person=False)
        self.assertEqual(self.link.view_count, 0)
        self.link._post_question("Which unit?", PERSON)
        self.assertEqual(self.link.view_count, 1)
        asked = self.link.event_ids.filtered(lambda event: event.event_type == "commented")
        self.assertEqual(len(asked), 2)

    def test_what_is_posted_for_staff_does_not_touch_the_customer(self):
        # Odoo would prepare a sign-up, and two who do so at the same moment fail.
        self.env["ir.config_parameter"].set_param("auth_signup.invitation_scope", "b2c")
        self.alice.signup_type = False
        self._see()
        self.link._post_question("Which unit?", PERSON)
        self.assertFalse(self.alice.signup_type)
        self.posted_invoice.message_post(
            body="Odoo's own", subtype_xmlid="mail.mt_comment", partner_ids=self.bob.ids
        )
        self.assertEqual(self.alice.signup_type, "signup")

    def test_a_replayed_beacon_counts_nothing(self):
        nonce = self.link._issue_page_nonce()
        now = fields.Datetime.now()
        self._see(nonce)
        with freeze_time(now + timedelta(hours=2)):
            self._see(nonce)
            self._see(nonce, ip_address="198.51.100.4")
        self.assertEqual(self.link.view_count, 1)

    def test_a_beacon_needs_a_fresh_nonce_of_its_own_page(self):
        other = self._create_link(partner=self.bob)
        good = self.link._issue_page_nonce()
        for nonce in (
            "",
            "a.b.c",
            None,
            7,
            ["x"],
            "x" * 5000,
            other._issue_page_nonce(),
            good[:-1] + ("0" if good[-1] != "0" else "1"),
            "z" + good[1:],
        ):
            self.link._register_visit("viewed", nonce, PERSON)
        with freeze_time(fields.Datetime.now() + timedelta(hours=13)):
            self._see(good)
        self.assertEqual(self.link.view_count, 0)

    def test_a_machine_is_no_view_whatever_it_proves(self):
        self._see(user_agent="Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")
        self.assertEqual(self.link.view_count, 0)

    def test_only_views_and_downloads_can_be_reported(self):
        for event_type in ("paid", "sent", "revoked", None, ["viewed"], {}):
            self.link._register_visit(event_type, self.link._issue_page_nonce(), PERSON)
        self.assertEqual(self.link.event_ids.mapped("event_type"), ["sent"])

    def test_a_download_is_an_event_and_a_view(self):
        self._see(event_type="downloaded")
        self.assertEqual(
            sorted(self.link.event_ids.mapped("event_type")), ["downloaded", "sent", "viewed"]
        )
        self.assertEqual(self.link.view_count, 1)

    @slow
    def test_a_flood_adds_a_bounded_number_of_rows(self):
        for number in range(100):
            self._see(user_agent=f"{BROWSER} {number}")
        self.assertLessEqual(len(self.link.event_ids), 60)
        self.assertEqual(len(self._get_chatter_lines()), 1)

    def test_a_question_reaches_the_responsible_as_plain_unverified_text(self):
        self.link._post_question("<script>alert(1)</script>\nHow do I pay?", PERSON)
        message = self.posted_invoice.message_ids[0]
        self.assertEqual(message.author_id, self.alice)
        self.assertIn("&lt;script&gt;", message.body)
        self.assertNotIn("<script", message.body)
        self.assertIn("not verified", message.body)
        self.assertIn(self.biller.partner_id, message.notified_partner_ids)
        self.assertEqual(self.link.view_count, 1)

    def test_a_question_never_speaks_as_the_team(self):
        staff_link = self._create_link(partner=self.biller.partner_id)
        staff_link._post_question("Give him a discount.", PERSON)
        author = self.posted_invoice.message_ids[0].author_id
        self.assertNotEqual(author, self.biller.partner_id)

    def test_five_questions_in_ten_minutes_are_enough(self):
        now = fields.Datetime.now()
        for _number in range(5):
            self.assertEqual(self.link._get_question_delay(), 0)
            self.link._post_question("Hello?", PERSON)
        self.assertGreater(self.link._get_question_delay(), 590)
        with freeze_time(now + timedelta(minutes=11)):
            self.assertEqual(self.link._get_question_delay(), 0)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestRenewal(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link = cls._create_link(expiration_date=fields.Datetime.now() - timedelta(days=1))
        cls.cron = cls.env.ref("paylink_invoice.ir_cron_paylink_renewal")

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.cron.sudo().method_direct_trigger()

    def _ask(self, email):
        self.link._request_renewal(email, PERSON)
        self._run_cron()
        return self.env["paylink.link"].sudo().search([("renewal_event_id", "!=", False)])

    def test_an_address_on_file_gets_a_new_link_by_mail(self):
        with self.catch_mail() as catcher:
            new = self._ask(" ALICE@azure.example.com ")
        self.assertEqual(new.partner_id, self.alice)
        self.assertEqual(new.state, "active")
        self.assertEqual(new.user_id, self.biller)
        tokens = self._get_live_tokens(catcher.get_html(self.alice.email))
        self.assertEqual(set(tokens), {new._get_token()})

    def test_each_address_of_a_contact_is_on_file(self):
        self.alice.email = "alice@azure.example.com, Ally <ally@azure.example.com>"
        with self.catch_mail() as catcher:
            new = self._ask("ally@azure.example.com")
        self.assertEqual(new.partner_id, self.alice)
        tokens = self._get_live_tokens(catcher.get_html("ally@azure.example.com"))
        self.assertEqual(set(tokens), {new._get_token()})

    def test_other_addresses_get_nothing(self):
        for email in ("eve@example.com", "", None, "no address", "a@b\r\nBcc: eve@example.com", 5):
            with self.subTest(email=email):
                self.assertFalse(self._ask(email))

    def test_an_address_gets_one_mail_in_a_quarter_of_an_hour_and_three_a_day(self):
        start = fields.Datetime.now()
        for minutes, count in ((0, 1), (5, 1), (16, 2), (32, 3), (60, 3), (25 * 60, 4)):
            with freeze_time(start + timedelta(minutes=minutes)):
                self.assertEqual(len(self._ask(self.alice.email)), count, f"after {minutes}")

    def test_an_answered_request_is_not_answered_again(self):
        self._ask(self.alice.email)
        self._run_cron()
        self.assertEqual(len(self.posted_invoice.paylink_link_ids), 2)

    def test_requests_of_known_and_unknown_addresses_are_found_by_the_same_index(self):
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        for partner_id in (self.alice.id, False):
            query = self.env["paylink.event"].sudo()._search([("partner_id", "=", partner_id)])
            self.env.cr.execute(SQL("EXPLAIN %s", query.select()))
            plan = "\n".join(line for (line,) in self.env.cr.fetchall())
            self.assertRegex(plan, r"partner_type_date[^$]*Cond: \(partner_id (= \d|IS NULL)")
