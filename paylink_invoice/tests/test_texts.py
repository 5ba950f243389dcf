# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts with links: who gets them, what they say, what leaves, and that none leaves twice."""

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from urllib3.exceptions import NewConnectionError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.sms.tests.common import SMSCase
from odoo.addons.sms.tools.sms_api import SmsApi

from ..wizards import paylink_send
from .common import LIVE_URL, PaylinkCommon, slow

ALICE_NUMBER = "+32470123456"
BOB_NUMBER = "+32470654321"


class TextCommon(PaylinkCommon, SMSCase):
    """Contacts with mobile numbers, and a gateway that keeps what it is given."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.belgium = cls.env.ref("base.be")
        cls.alice.write({"phone": "0470 12 34 56", "country_id": cls.belgium.id})
        cls.bob.phone = BOB_NUMBER

    def _send_text(self, moves=None, **values):
        """Send by text; the texts wait in the queue, as they do until its job runs."""
        return self._send(moves, channel="sms", **values)

    def _process_queue(self, model="sms.sms", method="_process_queue"):
        """Run the queue as its job does, with its commits."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            getattr(env[model], method)()
            cr.flush()
        self.env.invalidate_all()

    def _get_texts(self, links):
        return self.env["sms.sms"].search([("paylink_link_id", "in", links.ids)])

    def _get_notification(self, link):
        return link.message_id.notification_ids

    @contextmanager
    def gateway(self, answer):
        """Let a function take the place of the gateway: messages -> results."""
        calls = []

        def send(_api, messages, **_kwargs):
            calls.append(messages)
            return answer(messages)

        with patch.object(SmsApi, "_send_sms_batch", send):
            yield calls


@tagged("post_install", "-at_install", "paylink")
class TestTexts(TextCommon):
    # === WHAT LEAVES === #

    @slow
    def test_the_queue_holds_the_placeholder_and_the_recipient_gets_the_live_link(self):
        link = self._send_text()
        self.assertEqual(link.channel, "sms")
        self.assertEqual(link.partner_id, self.alice)
        self.assertEqual(link.sms_number, ALICE_NUMBER)
        text = self._get_texts(link)
        self.assertIn(f"/paylink/preview/{link.id}", text.body)
        self.assertFalse(LIVE_URL.search(text.body))
        with self.mockSMSGateway():
            self._process_queue()
        (sent,) = self._sms
        self.assertEqual(sent["number"], ALICE_NUMBER)
        self.assertIn(link._get_url(), sent["body"])
        self.assertNotIn("/preview/", sent["body"])
        self.assertEqual(link.delivery_status, "sent")

    def test_nothing_live_is_stored_before_and_after_the_text_has_left(self):
        link = self._send_text()
        with self.mockSMSGateway():
            self._process_queue()
        self.env.flush_all()
        for table, column in (
            ("sms_sms", "body"),
            ("mail_message", "body"),
            ("mail_notification", "failure_reason"),
        ):
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} WHERE {column} LIKE %s",
                [f"%{link._get_token()[:12]}%"],
            )
            self.assertEqual(self.env.cr.fetchone()[0], 0, f"{table}.{column}")

    def test_the_chatter_shows_who_was_texted_what(self):
        link = self._send_text(sms_body="Dear Alice, please look: {link}")
        message = link.message_id
        self.assertEqual(message.message_type, "sms")
        self.assertEqual(message.author_id, self.biller.partner_id)
        self.assertIn("Dear Alice, please look", message.body)
        self.assertIn(f"/paylink/preview/{link.id}", message.body)
        notification = self._get_notification(link)
        self.assertEqual(notification.res_partner_id, self.alice)
        self.assertEqual(notification.sms_number, ALICE_NUMBER)
        self.assertEqual(self.posted_invoice.paylink_state, "sent")
        self.assertEqual(link.event_ids.mapped("event_type"), ["sent"])

    def test_staff_are_told_of_a_text_that_has_not_arrived(self):
        link = self._send_text()
        with self.mockSMSGateway(sim_error="wrong_number_format"):
            self._process_queue()
        self.assertIn("bounced", link.event_ids.mapped("event_type"))
        told = self.posted_invoice.message_ids.filtered(
            lambda message: "did not arrive" in message.body
        )
        self.assertIn(ALICE_NUMBER, told.body)

    def test_followers_get_no_text(self):
        self.posted_invoice.message_subscribe(self.bob.ids)
        link = self._send_text()
        with self.mockSMSGateway():
            self._process_queue()
        self.assertEqual([text["number"] for text in self._sms], [link.sms_number])

    def test_each_recipient_has_a_link_of_their_own_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.bob.lang = "fr_FR"
        company = self.company
        company.with_context(lang="en_US").paylink_sms_message = "Hello {name}: {link}"
        company.with_context(lang="fr_FR").paylink_sms_message = "Bonjour {name} : {link}"
        links = self._send_text(partner_ids=[Command.set((self.alice | self.bob).ids)])
        bodies = {link.partner_id: self._get_texts(link).body for link in links}
        self.assertTrue(bodies[self.alice].startswith("Hello Alice Moreau: http"))
        self.assertTrue(bodies[self.bob].startswith("Bonjour Bob Tanaka : http"))
        with self.mockSMSGateway():
            self._process_queue()
        sent = {text["number"]: text["body"] for text in self._sms}
        urls = {link.sms_number: link._get_url() for link in links}
        for number, url in urls.items():
            self.assertIn(url, sent[number])
        self.assertEqual(len(set(urls.values())), 2)

    def test_a_text_without_a_place_for_the_link_has_it_at_the_end(self):
        link = self._send_text(sms_body="Please look at your invoice:")
        self.assertTrue(
            self._get_texts(link).body.endswith(f"invoice: {self._get_placeholder(link)}")
        )

    def _get_placeholder(self, link):
        return f"{self.company._paylink_get_base_url()}/paylink/preview/{link.id}"

    def test_whoever_writes_into_the_text_of_mails_only_is_understood(self):
        link = self._send_text(body="<p>Unit 3 needs a new fan.</p>")
        self.assertIn("Unit 3 needs a new fan. http", self._get_texts(link).body)

    @slow
    def test_a_placeholder_of_another_link_stays_dead(self):
        other = self._create_link(self._create_invoice(), self.bob)
        link = self._send_text(sms_body=f"Look {self._get_placeholder(other)} {{link}}")
        with self.mockSMSGateway():
            self._process_queue()
        self.assertEqual(LIVE_URL.findall(self._sms[0]["body"]), [link._get_token()])

    def test_a_text_that_is_posted_by_hand_gets_no_live_link(self):
        link = self._create_link()
        reader = new_test_user(
            self.env,
            login="paylink_reader",
            groups="base.group_user,account.group_account_readonly",
            company_id=self.company.id,
        )
        with self.mockSMSGateway():
            self.posted_invoice.with_user(reader).with_context(
                paylink_link_id=link.id
            )._message_sms(
                f"Look: {self._get_placeholder(link)}",
                partner_ids=self.alice.ids,
                sms_pid_to_number={self.alice.id: BOB_NUMBER},
            )
        self.assertFalse(LIVE_URL.search(self._sms[0]["body"]))

    @slow
    def test_the_link_goes_to_the_number_it_was_made_for_only(self):
        link = self._send_text()
        text = self._get_texts(link)
        self.alice.phone = "+32470999999"
        with self.mockSMSGateway():
            self._process_queue()
        self.assertFalse(self._sms)
        self.assertEqual(text.state, "error")
        self.assertIn("changed", link.delivery_failure)

    @slow
    def test_a_link_that_is_revoked_while_its_text_waits_does_not_leave(self):
        link = self._send_text()
        link.action_revoke()
        with self.mockSMSGateway():
            self._process_queue()
        self.assertFalse(self._sms)
        self.assertEqual(link.delivery_status, "failed")

    # === NEVER TWICE === #

    def test_a_text_is_sent_once_however_often_the_queue_runs(self):
        link = self._send_text()
        with self.mockSMSGateway():
            self._process_queue()
            first = list(self._sms)
            self._process_queue()
            self._process_queue(method="_paylink_cron_texts")
            self._get_texts(link).send()
        self.assertEqual(len(first), 1)
        self.assertEqual(self._sms, first)

    def test_a_text_is_claimed_before_the_gateway_is_asked(self):
        link = self._send_text()
        text = self._get_texts(link)
        seen = []

        def answer(messages):
            self.env.invalidate_all()
            seen.append((text.state, bool(text.paylink_claim_date)))
            raise KeyboardInterrupt

        with self.gateway(answer), self.assertRaises(KeyboardInterrupt):
            text.send()
        self.assertEqual(seen, [("process", True)])

    @slow
    def test_a_text_whose_worker_died_is_not_sent_again_but_told_of(self):
        link = self._send_text()
        text = self._get_texts(link)
        text._paylink_claim()
        with self.mockSMSGateway():
            self._process_queue()
            self.assertFalse(self._sms)
            self.assertEqual(text.state, "process")
            with freeze_time(fields.Datetime.now() + timedelta(hours=1)):
                self._process_queue(method="_paylink_cron_texts")
        self.assertFalse(self._sms)
        self.assertEqual(text.state, "error")
        self.assertEqual(link.delivery_status, "failed")
        self.assertIn("may have arrived", link.delivery_failure)
        self.assertIn(ALICE_NUMBER, self.posted_invoice.paylink_failure_notice)

    @slow
    def test_an_answer_that_is_not_clear_is_no_reason_to_send_again(self):
        link = self._send_text()

        def answer(_messages):
            raise ValueError("<html>502</html>")

        with self.gateway(answer) as calls:
            self._process_queue()
            self._process_queue()
        self.assertEqual(len(calls), 1)
        self.assertEqual(self._get_notification(link).failure_type, "sms_server")
        self.assertIn("may have arrived", link.delivery_failure)

    def test_a_gateway_that_forgets_a_text_leaves_it_in_doubt(self):
        links = self._send_text(partner_ids=[Command.set((self.alice | self.bob).ids)])

        def answer(messages):
            return [{"uuid": messages[0]["numbers"][0]["uuid"], "state": "success"}]

        with self.gateway(answer):
            self._process_queue()
        self.assertEqual(sorted(links.mapped("delivery_status")), ["failed", "sent"])

    def test_a_gateway_that_cannot_be_reached_is_tried_again(self):
        link = self._send_text()

        def refuse(_messages):
            raise ConnectionError("down") from NewConnectionError(None, "refused")

        with self.gateway(refuse) as calls:
            self._process_queue()
        self.assertEqual(len(calls), 1)
        self.assertEqual(self._get_texts(link).state, "outgoing")
        self.assertEqual(link.delivery_status, "queued")
        self.assertIn("cannot be reached", link.delivery_failure)
        with self.mockSMSGateway():
            self._process_queue(method="_paylink_cron_texts")
        self.assertEqual(len(self._sms), 1)
        self.assertEqual(link.delivery_status, "sent")
        self.assertFalse(link.delivery_failure)

    @slow
    def test_a_text_does_not_wait_for_its_gateway_for_ever(self):
        link = self._send_text()

        def refuse(_messages):
            raise ConnectionError("down") from NewConnectionError(None, "refused")

        with self.gateway(refuse), freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self._process_queue()
        self.assertEqual(link.delivery_status, "failed")

    def test_a_text_that_failed_is_sent_again_on_demand_to_the_number_of_now(self):
        link = self._send_text()
        with self.mockSMSGateway(sim_error="wrong_number_format"):
            self._process_queue()
        self.assertEqual(link.delivery_status, "failed")
        self.assertIn("Wrong Number Format", link.delivery_failure)
        self.assertIn("Wrong Number Format", self.posted_invoice.paylink_failure_notice)
        self.alice.phone = "+32470999999"
        link.with_user(self.biller).action_resend_text()
        with self.mockSMSGateway():
            self._process_queue()
        (sent,) = self._sms
        self.assertEqual(sent["number"], "+32470999999")
        self.assertIn(link._get_url(), sent["body"])
        self.assertEqual(link.delivery_status, "sent")
        self.assertFalse(self.posted_invoice.paylink_failure_notice)
        with self.assertRaises(UserError):
            link.with_user(self.biller).action_resend_text()

    def test_a_delivery_report_is_seen_on_the_link(self):
        link = self._send_text()
        with self.mockSMSGateway():
            self._process_queue()
        self._get_notification(link).sms_tracker_ids._action_update_from_provider_error(
            "not_delivered"
        )
        self.env.invalidate_all()
        self.assertEqual(link.delivery_status, "failed")
        failed = self.env["paylink.link"].search([("is_undelivered", "=", True)])
        self.assertIn(link, failed)

    def test_texts_of_others_leave_as_before(self):
        with self.mockSMSGateway():
            self.alice._message_sms("Hello", partner_ids=self.alice.ids, put_in_queue=True)
            self._send_text()
            self._process_queue()
        self.assertEqual(len(self._sms), 2)

    # === BAD INPUT === #

    def test_a_contact_without_a_number_is_named(self):
        self.alice.phone = False
        with self.assertRaisesRegex(UserError, "Alice Moreau has no phone number"):
            self._send_text(partner_ids=[Command.set(self.alice.ids)])
        dialog = self._open_dialog(channel="sms", partner_ids=[Command.set(self.alice.ids)])
        self.assertIn("has no phone number", dialog.problem_text)
        self.assertFalse(self.posted_invoice.paylink_link_ids)

    def test_a_number_that_is_none_is_named(self):
        self.alice.phone = "12"
        with self.assertRaisesRegex(UserError, "Alice Moreau is not valid"):
            self._send_text(partner_ids=[Command.set(self.alice.ids)])

    def test_a_blocked_number_is_named(self):
        self.env["phone.blacklist"].sudo().add(ALICE_NUMBER)
        with self.assertRaisesRegex(UserError, "blacklist"):
            self._send_text()

    def test_no_recipient_and_archived_and_foreign_ones_are_named(self):
        with self.assertRaisesRegex(UserError, "at least one recipient"):
            self._send_text(partner_ids=[Command.clear()])
        stranger = self.env["res.partner"].create({"name": "Eve", "phone": BOB_NUMBER})
        with self.assertRaisesRegex(UserError, "no contact of Azure Interior"):
            self._send_text(partner_ids=[Command.set(stranger.ids)])
        self.bob.active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self._send_text(partner_ids=[Command.set(self.bob.ids)])

    def test_a_contact_of_another_company_of_ours_is_named(self):
        other = self.env["res.company"].create({"name": "Southwind"})
        self.bob.company_id = other
        with self.assertRaisesRegex(UserError, "another company"):
            self._send_text(partner_ids=[Command.set(self.bob.ids)])

    def test_a_text_of_too_many_parts_is_refused(self):
        with self.assertRaisesRegex(UserError, "too long"):
            self._send_text(sms_body="a" * 1600)

    @slow
    def test_who_has_no_number_is_reached_through_the_customer(self):
        self.alice.phone = False
        self.customer.phone = "+32470111111"
        self.assertEqual(self._send_text().partner_id, self.customer)

    @slow
    def test_one_bad_invoice_does_not_keep_the_others_from_being_sent(self):
        other = self.env["res.partner"].create({"name": "Gemini", "country_id": self.belgium.id})
        moves = self.posted_invoice | self._create_invoice(partner_id=self.bob.id)
        mute, draft = self._create_invoice(partner_id=other.id), self._create_invoice(post=False)
        dialog = self._open_dialog(moves | mute | draft, channel="sms")
        self.assertIn("Gemini has no phone number", dialog.problem_text)
        self.assertIn("is a draft", dialog.problem_text)
        action = dialog.action_send()
        self.assertIn("Gemini", action["params"]["message"])
        self.assertEqual(moves.paylink_link_ids.partner_id, self.alice | self.bob)
        self.assertFalse((mute | draft).paylink_link_ids)
        with self.mockSMSGateway():
            self._process_queue()
        self.assertEqual(len(self._sms), 2)

    @slow
    def test_many_are_sent_in_the_background_and_once(self):
        moves = self.posted_invoice | self._create_invoice(partner_id=self.bob.id)
        with patch.object(paylink_send, "MAX_SYNCHRONOUS", 1):
            links = self._send_text(moves, sms_body="{name}: {link}")
        self.assertFalse(links.message_id)
        cron = self.env.ref("account.ir_cron_account_move_send").sudo()
        cron.method_direct_trigger()
        cron.method_direct_trigger()
        with self.mockSMSGateway():
            self._process_queue()
        self.assertEqual(
            sorted(text["number"] for text in self._sms), sorted((ALICE_NUMBER, BOB_NUMBER))
        )
        self.assertTrue(any(text["body"].startswith("Bob Tanaka: http") for text in self._sms))

    @slow
    def test_texts_of_two_companies_leave_through_the_gateway_of_each(self):
        foreign = self.setup_other_company()["company"]
        link = self._send_text()
        links = link.copy({"company_id": foreign.id}) | link
        seen = []
        origin = SmsApi.__init__

        def note(api, env, **kwargs):
            seen.append(env.company)
            return origin(api, env, **kwargs)

        texts = self._get_texts(link) | self._get_texts(link).copy()
        texts[1].paylink_link_id = links[0]
        with patch.object(SmsApi, "__init__", note), self.mockSMSGateway():
            texts._paylink_claim()
            texts.write({"state": "outgoing"})
            with patch.object(type(links), "_get_text_denials", lambda *_args: {}):
                texts._send()
        self.assertEqual(set(seen), {self.company, foreign})

    # === THE DIALOG === #

    def test_the_length_is_that_of_the_text_with_a_real_link(self):
        self.company.paylink_base_url = "https://pay.example.com"
        dialog = self._open_dialog(channel="sms", sms_body="{link}")
        length = len(self._create_link()._get_url())
        self.assertIn(f"{length} of 160", dialog.sms_size)
        dialog.sms_body = "a" * 100 + "{link}"
        self.assertIn("2 text messages", dialog.sms_size)
        dialog.sms_body = "Здравствуйте: {link}"
        self.assertIn("special letters", dialog.sms_size)

    def test_the_usual_text_fits_into_one_message(self):
        self.company.paylink_base_url = "https://pay.northwind.example.com"
        dialog = self._open_dialog(channel="sms")
        self.assertIn("{link}", dialog.sms_body)
        self.assertIn(self.posted_invoice.name, dialog.sms_body)
        self.assertIn(": 1 text message", dialog.sms_size)
        self.assertIn(ALICE_NUMBER, dialog.sms_numbers)

    def test_a_link_is_copied_whatever_the_channel(self):
        self.alice.phone = False
        dialog = self._open_dialog(channel="sms", partner_ids=[Command.set(self.alice.ids)])
        self.assertIn("/paylink/", dialog.action_copy()["params"]["url"])

    def test_who_may_not_send_links_sends_no_texts(self):
        with self.assertRaises(AccessError):
            self._send_text(user=self.employee)
        link = self._send_text()
        with self.assertRaises(AccessError):
            link.with_user(self.employee).action_resend_text()

    @slow
    def test_mail_is_not_affected(self):
        with self.catch_mail() as catcher:
            link = self._send()
        self.assertEqual(link.channel, "email")
        self.assertEqual(len(catcher.messages), 1)
        self.assertEqual(link.delivery_status, "sent")
