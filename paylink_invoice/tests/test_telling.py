# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What staff hear of links: once a day, at once, in their language, unless they muted it."""

from datetime import timedelta
from unittest.mock import MagicMock, patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from .common import PaylinkCommon
from .test_activity import PERSON
from .test_quote import QuoteCase


class TellingCase(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env,
            login="paylink_seller",
            groups="base.group_user",
            name="Sara Seller",
            email="sara@northwind.example.com",
            company_id=cls.company.id,
        )
        cls.seller.notification_type = "inbox"
        cls.posted_invoice.invoice_user_id = cls.seller

    def _get_lines(self, name, move=None):
        subtype = self.env.ref(f"paylink_invoice.mt_paylink_{name}")
        messages = (move or self.posted_invoice).message_ids
        return messages.filtered(lambda message: message.subtype_id == subtype)

    def _catch_toasts(self, action):
        """Return who was shown what on the screen while something happened."""
        toasts = []

        def collect(users, kind, content, **_kwargs):
            if kind == "simple_notification":
                toasts.append((users, content["message"]))

        with patch.object(self.env.registry["res.users"], "_bus_send", collect):
            action()
        return toasts


@tagged("post_install", "-at_install", "paylink", "slow")
class TestTelling(TellingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link = cls._create_link()

    def test_salesperson_hears_of_the_link_as_soon_as_it_is_sent(self):
        self.assertIn(self.seller.partner_id, self.posted_invoice.message_partner_ids)
        follower = self.posted_invoice.message_follower_ids.filtered(
            lambda follower: follower.partner_id == self.seller.partner_id
        )
        self.assertEqual(len(follower.subtype_ids), 6)
        self.assertNotIn(self.env.ref("mail.mt_comment"), follower.subtype_ids)

    def test_opened_is_told_at_once_in_the_inbox_and_on_the_screen(self):
        toasts = self._catch_toasts(
            lambda: self.env["paylink.event"]._register_view(self.link, PERSON)
        )
        self.assertIn(self.seller, [user for user, _text in toasts])
        name = self.link.partner_id.display_name
        self.assertEqual(toasts[0][1], f"Invoice opened with the link sent to {name}.")
        line = self._get_lines("viewed")
        notified = line.notification_ids.filtered(
            lambda each: each.res_partner_id == self.seller.partner_id
        )
        self.assertEqual(notified.notification_type, "inbox")

    def test_who_mutes_the_subtype_or_leaves_hears_no_more_of_it(self):
        follower = self.posted_invoice.message_follower_ids.filtered(
            lambda follower: follower.partner_id == self.seller.partner_id
        )
        follower.subtype_ids -= self.env.ref("paylink_invoice.mt_paylink_viewed")
        toasts = self._catch_toasts(
            lambda: self.env["paylink.event"]._register_view(self.link, PERSON)
        )
        self.assertNotIn(self.seller, [user for user, _text in toasts])
        toasts = self._catch_toasts(lambda: self.link._tell("failed", amount="1", method="Card"))
        self.assertIn(self.seller, [user for user, _text in toasts])
        self.posted_invoice.message_unsubscribe(self.seller.partner_id.ids)
        self._create_link()
        self.assertNotIn(self.seller.partner_id, self.posted_invoice.message_partner_ids)

    def test_everybody_reads_it_in_their_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        view = self.env.ref("paylink_invoice.chatter_viewed")
        view.update_field_translations(
            "arch_db", {"fr_FR": {"Invoice opened with the link sent to": "Facture ouverte par"}}
        )
        self.seller.lang = "fr_FR"
        self.biller.partner_id.lang = "en_US"
        self.posted_invoice.message_subscribe(self.biller.partner_id.ids)
        toasts = dict(
            self._catch_toasts(lambda: self.env["paylink.event"]._register_view(self.link, PERSON))
        )
        self.assertIn("Facture ouverte par", toasts[self.seller])
        self.assertIn("Invoice opened", toasts[self.biller])

    def test_nothing_that_goes_wrong_in_telling_stops_the_customer(self):
        with (
            patch.object(
                self.env.registry["account.move"], "message_post", side_effect=ValueError("no")
            ),
            self.assertLogs("odoo.addons.paylink_invoice.models.paylink_link_telling"),
        ):
            self.env["paylink.event"]._register_view(self.link, PERSON)
        self.assertEqual(self.link.view_count, 1)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestTellingRenewal(TellingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.link = cls._create_link(expiration_date=fields.Datetime.now() - timedelta(days=1))

    def _ask(self, email, link=None):
        (link or self.link)._request_renewal(email, PERSON)
        with self.enter_registry_test_mode():
            cron = self.env.ref("paylink_invoice.ir_cron_paylink_renewal")
            cron.sudo().method_direct_trigger()
        return self.env["paylink.link"].sudo().search([("renewal_event_id", "!=", False)])

    def test_request_is_told_once_a_day(self):
        with freeze_time("2026-05-04 09:00:00"):
            for email in (self.alice.email, "eve@example.com", ""):
                self._ask(email)
        line = self._get_lines("renewal")
        self.assertEqual(len(line), 1)
        self.assertIn("Alice Moreau", line.body)
        self.assertIn(self.seller.partner_id, line.notified_partner_ids)
        with freeze_time("2026-05-05 09:00:00"):
            self._ask("eve@example.com")
        self.assertEqual(len(self._get_lines("renewal")), 2)
        self.assertIn("not on file", self._get_lines("renewal")[0].body)

    def test_what_is_not_mailed_is_not_said_to_be(self):
        other = self._create_link(expiration_date=fields.Datetime.now() - timedelta(days=1))
        self.assertTrue(self._ask(self.alice.email))
        self.assertIn("mailed to the address on file", self._get_lines("renewal").body)
        self._ask(self.alice.email, other)
        self.assertIn("asked for one a short while ago", self._get_lines("renewal")[0].body)
        self.posted_invoice.button_draft()
        third = self._create_link(
            partner=self.bob, expiration_date=fields.Datetime.now() - timedelta(days=1)
        )
        with self.assertLogs("odoo.addons.paylink_invoice.models.paylink_event", "WARNING"):
            self._ask(self.bob.email, third)
        self.assertIn("is a draft. Confirm it first", self._get_lines("renewal")[0].body)

    def test_what_a_stranger_types_is_plain_text(self):
        self._ask('"<img src=x>"@example.com')
        self.assertNotIn("<img", self._get_lines("renewal").body)

    def test_who_was_cut_off_gets_no_link_through_a_colleague(self):
        bobs = self._create_link(partner=self.bob)
        bobs.action_revoke()
        self.assertFalse(self._ask(self.bob.email))
        self._create_link(partner=self.bob)
        self.assertTrue(self._ask(self.bob.email, self.link))

    def test_request_is_not_answered_when_the_link_was_revoked_meanwhile(self):
        self.link._request_renewal(self.alice.email, PERSON)
        self.link.action_revoke()
        logger = "odoo.addons.paylink_invoice.models.paylink_event"
        with self.assertLogs(logger, "WARNING"), self.enter_registry_test_mode():
            cron = self.env.ref("paylink_invoice.ir_cron_paylink_renewal")
            cron.sudo().method_direct_trigger()
        self.assertFalse(
            self.env["paylink.link"].sudo().search([("renewal_event_id", "!=", False)])
        )

    def test_staff_send_a_new_link_with_one_button(self):
        comment = self.posted_invoice.message_post(
            body="Monday.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.link.write({"comment_ids": [Command.set(comment.ids)], "allow_payment": False})
        with self.catch_mail() as catcher:
            action = self.posted_invoice.with_user(self.biller).action_paylink_renew()
            with self.assertRaisesRegex(UserError, "No link of this invoice has ended"):
                self.posted_invoice.with_user(self.biller).action_paylink_renew()
            with self.assertRaisesRegex(UserError, "a moment ago"):
                self.link.with_user(self.biller).action_renew()
        new = self.posted_invoice.sudo().paylink_link_ids - self.link
        self.assertEqual(new.partner_id, self.alice)
        self.assertEqual(new.comment_ids, comment)
        self.assertFalse(new.allow_payment)
        self.assertEqual(new.user_id, self.biller)
        self.assertEqual(new.state, "active")
        self.assertIn("Alice Moreau", action["params"]["message"])
        tokens = self._get_live_tokens(catcher.get_html(self.alice.email))
        self.assertEqual(set(tokens), {new._get_token()})

    def test_new_links_of_many_are_sent_at_once_and_obstacles_named(self):
        self.bob.email = False
        links = self.link | self._create_link(partner=self.bob)
        with self.catch_mail() as catcher:
            action = links.with_user(self.biller).action_renew()
        self.assertEqual(len(catcher.messages), 1)
        self.assertIn("Bob Tanaka has no valid e-mail", action["params"]["message"])

    def test_who_may_not_send_renews_nothing(self):
        with self.assertRaises(AccessError):
            self.link.with_user(self.employee).action_renew()


@tagged("post_install", "-at_install", "paylink", "slow")
class TestTellingDelivery(TellingCase):
    def test_what_comes_back_is_told_once_and_seen_on_the_link(self):
        with self.catch_mail():
            link = self._send()
        notification = link.message_id.notification_ids
        for _number in range(2):
            notification.write({"notification_status": "bounce", "failure_type": "mail_bounce"})
        line = self._get_lines("bounced")
        self.assertEqual(len(line), 1)
        self.assertIn("alice@azure.example.com", line.body)
        self.assertIn(self.seller.partner_id, line.notified_partner_ids)
        self.assertTrue(link.is_undelivered)
        self.assertEqual(link.delivery_failure, "Bounce")
        found = self.env["paylink.link"].sudo().search([("is_undelivered", "=", True)])
        self.assertIn(link, found)
        self.assertNotIn(self._create_link(), found)

    def test_refused_address_is_told(self):
        with (
            patch.object(IrMail_Server, "_disable_send", lambda _self: False),
            patch.object(IrMail_Server, "_connect__", return_value=MagicMock()),
            patch.object(IrMail_Server, "send_email", side_effect=ValueError("refused")),
            self.assertLogs("odoo.addons.mail", level="ERROR"),
        ):
            link = self._send()
        self.assertEqual(len(self._get_lines("bounced")), 1)
        self.assertEqual(sorted(link.event_ids.mapped("event_type")), ["bounced", "sent"])
        # The line that tells it was posted while the mail left, and is not what the link was sent with.
        self.assertEqual(link.message_id.partner_ids, self.alice)
        self.assertTrue(link.is_undelivered)
        self.assertIn("Alice Moreau was not delivered", link.move_id.paylink_failure_notice)

    def test_what_leaves_is_no_failure(self):
        with self.catch_mail():
            link = self._send()
        self.assertFalse(self._get_lines("bounced"))
        self.assertFalse(link.is_undelivered)
        self.assertEqual(link.event_ids.mapped("event_type"), ["sent"])


@tagged("post_install", "-at_install", "paylink", "slow")
class TestTellingPayment(QuoteCase, TellingCase):
    def test_payment_is_told_once(self):
        tx = self._pay_in_full()
        for _number in range(2):
            tx._post_process()
        line = self._get_lines("paid")
        self.assertEqual(len(line), 1)
        self.assertIn("Alice Moreau", line.body)
        self.assertIn(self.seller.partner_id, line.notified_partner_ids)

    def test_declined_payments_are_told_once_a_day(self):
        for _number in range(3):
            self._start_quote(self._quote())
            self.transactions.filtered(lambda tx: tx.state == "draft")._set_error("Declined")
        line = self._get_lines("failed")
        self.assertEqual(len(line), 1)
        self.assertIn("failed", line.body)
        events = self.link.event_ids.filtered(lambda event: event.event_type == "failed")
        self.assertEqual(len(events), 3)

    def _pay_in_full(self):
        self._start_quote(self._quote())
        tx = self.transactions
        tx._set_done()
        tx._post_process()
        return tx
