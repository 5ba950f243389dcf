# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reminders: on their day, once, with a fresh link, and only to who is to get one."""

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..models import paylink_reminder
from .common import LIVE_URL, slow
from .test_texts import ALICE_NUMBER, TextCommon

DAY = fields.Date.to_date("2026-03-02")


class ReminderCommon(TextCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            login="paylink_manager",
            groups="account.group_account_manager",
            company_id=cls.company.id,
        )
        cls.company.partner_id.tz = "UTC"
        cls.rule = cls._create_rule()
        cls.due = cls._create_due_invoice(DAY)

    @classmethod
    def _create_rule(cls, **values):
        return cls.env["paylink.reminder.rule"].create(
            {
                "name": "Three days after",
                "days": 3,
                "timing": "after",
                "company_ids": [Command.set(cls.company.ids)],
                **values,
            }
        )

    @classmethod
    def _create_due_invoice(cls, due_date, **values):
        return cls._create_invoice(
            invoice_date=due_date - timedelta(days=30),
            invoice_date_due=due_date,
            invoice_payment_term_id=False,
            **values,
        )

    def _run(self, day):
        """Run the cron on a day, as it runs on a server: with its commits."""
        self.env.flush_all()
        with freeze_time(f"{day} 12:00:00"), self.catch_mail() as catcher:
            self.env.ref("paylink_invoice.ir_cron_paylink_reminder").sudo().method_direct_trigger()
        self.env.invalidate_all()
        return catcher

    def _get_reminders(self, moves=None):
        moves = moves or self.due
        return self.env["paylink.reminder"].sudo().search([("move_id", "in", moves.ids)])

    def _plan(self, rule=None, move=None):
        return (move or self.due)._paylink_plan_reminder(rule or self.rule)

    def _consent(self, partner=None):
        link = self._create_link(self.due, partner or self.alice)
        link._change_consent(True, {"ip_address": "127.0.0.1", "user_agent": "Phone"})
        return link


@tagged("post_install", "-at_install", "paylink", "slow")
class TestReminders(ReminderCommon):
    def test_the_rules_that_ship_are_switched_off(self):
        shipped = self.env["paylink.reminder.rule"].with_context(active_test=False)
        shipped = shipped.search([]) - self.rule
        self.assertEqual(len(shipped), 4)
        self.assertFalse(any(shipped.mapped("active")))

    def test_a_reminder_leaves_on_its_day_with_a_fresh_link(self):
        self.assertFalse(self._run(DAY + timedelta(days=2)).messages)
        catcher = self._run(DAY + timedelta(days=3))
        reminder = self._get_reminders()
        self.assertEqual(reminder.state, "sent")
        self.assertEqual(reminder.due_date, DAY)
        link = reminder.link_id
        self.assertEqual(link.channel, "reminder")
        self.assertEqual(link.partner_id, self.alice)
        self.assertTrue(link.sent_date)
        html = catcher.get_html(self.alice.email)
        self.assertEqual(set(LIVE_URL.findall(html)), {link._get_token()})
        self.assertIn("was due on", html)
        self.assertIn(link.message_id, self.due.message_ids)

    def test_who_was_sent_the_link_is_reminded(self):
        self._create_link(self.due, self.alice)
        sent = self._create_link(self.due, self.bob)
        self.assertEqual(self._plan()["partner"], self.bob)
        sent.action_revoke()
        self.assertEqual(self._plan()["partner"], self.alice, "it may have been the wrong person")
        self._create_link(self.due, self.bob)
        self.bob.email = False
        self.assertEqual(self._plan()["partner"], self.alice, "the contact of the invoice")
        self.assertIsNone(self._plan()["denial"])

    def test_never_twice_for_a_rule_an_invoice_and_a_due_date(self):
        for days in (3, 3, 4, 5, 6):
            self._run(DAY + timedelta(days=days))
        self.assertEqual(len(self._get_reminders()), 1)
        self.assertEqual(len(self.due.paylink_link_ids), 1)

    def test_another_rule_is_another_reminder(self):
        self._create_rule(days=5)
        self._run(DAY + timedelta(days=3))
        self._run(DAY + timedelta(days=5))
        self.assertEqual(len(self._get_reminders()), 2)

    def test_a_day_without_the_server_is_caught_up_with_a_month_is_not(self):
        self._run(DAY + timedelta(days=7))
        self.assertFalse(self._get_reminders())
        self._run(DAY + timedelta(days=6))
        self.assertEqual(len(self._get_reminders()), 1)

    def test_before_the_due_date(self):
        self.rule.write({"timing": "before", "days": 3})
        self.assertFalse(self._run(DAY - timedelta(days=4)).messages)
        html = self._run(DAY - timedelta(days=3)).get_html(self.alice.email)
        self.assertIn("is due on", html)

    def test_a_reminder_before_the_due_date_is_not_sent_after_it(self):
        self.rule.write({"timing": "before", "days": 1})
        self.assertFalse(self._run(DAY + timedelta(days=1)).messages)

    def test_an_invoice_of_today_needs_no_reminder_of_yesterday(self):
        move = self._create_invoice(
            invoice_date=DAY - timedelta(days=1), invoice_date_due=DAY, partner_id=self.bob.id
        )
        self.rule.write({"timing": "before", "days": 3})
        self._run(DAY - timedelta(days=1))
        self.assertFalse(self._get_reminders(move))

    def test_each_instalment_has_its_due_date_and_its_amount(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "Two halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": days})
                    for days in (10, 40)
                ],
            }
        )
        start = DAY + timedelta(days=100)
        move = self._create_invoice(
            invoice_date=start, invoice_payment_term_id=term.id, partner_id=self.bob.id
        )
        for days, amount in ((13, "50.00"), (43, "50.00")):
            html = self._run(start + timedelta(days=days)).get_html(self.bob.email)
            self.assertIn(amount, html)
        reminders = self._get_reminders(move)
        self.assertEqual(
            sorted(reminders.mapped("due_date")),
            [start + timedelta(days=10), start + timedelta(days=40)],
        )

    def test_own_words_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.alice.lang = "fr_FR"
        self.rule.with_context(lang="fr_FR").write(
            {"subject": "Petit rappel", "message": "<p>N'oubliez pas.</p>"}
        )
        catcher = self._run(DAY + timedelta(days=3))
        self.assertIn("oubliez pas", catcher.get_html(self.alice.email))
        self.assertEqual(catcher.messages[0][1]["Subject"], "Petit rappel")

    # === WHO GETS NONE === #

    def test_what_stops_a_reminder(self):
        def pay():
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=self.due.ids
            ).create({}).action_create_payments()

        stops = {
            "payment_blocked": lambda: self.due.write({"payment_state": "blocked"}),
            "no_followup": lambda: self.due.write({"no_followup": True}),
            "archived": lambda: self.alice.write({"active": False}),
            "no_email": lambda: (self.alice | self.customer).write({"email": False}),
            "blocked_email": lambda: self.env["mail.blacklist"].create({"email": self.alice.email}),
            "paid": pay,
        }
        for reason, stop in stops.items():
            with self.subTest(reason=reason), self.cr.savepoint() as savepoint:
                stop()
                plan = self._plan()
                self.assertEqual(plan["denial"], reason)
                self.assertTrue(self.due._paylink_explain_reminder_denial(reason, plan["partner"]))
                self.assertFalse(self._run(DAY + timedelta(days=3)).messages)
                savepoint.rollback()
                self.env.invalidate_all()
        self.assertIsNone(self._plan()["denial"])

    def test_a_payment_on_its_way_stops_reminders(self):
        tx = self._create_transaction(
            "redirect",
            reference="under way",
            invoice_ids=[Command.set(self.due.ids)],
            amount=100,
            partner_id=self.alice.id,
        )
        tx._set_pending()
        self.assertEqual(self._plan()["denial"], "announced")
        self.assertFalse(self._run(DAY + timedelta(days=3)).messages)

    def test_other_companies_are_not_reminded(self):
        self.rule.company_ids = self.env["res.company"].create({"name": "Southwind"})
        self.assertFalse(self._run(DAY + timedelta(days=3)).messages)

    # === TEXTS === #

    def test_without_consent_no_text(self):
        self.rule.channel = "sms"
        self.assertEqual(self._plan()["denial"], "no_consent")
        self._run(DAY + timedelta(days=3))
        self.assertFalse(self._get_reminders())

    def test_with_consent_a_text_to_that_number(self):
        self.rule.channel = "sms"
        self._consent()
        self._run(DAY + timedelta(days=3))
        link = self._get_reminders().link_id
        self.assertEqual((link.channel, link.sms_number), ("reminder", ALICE_NUMBER))
        with self.mockSMSGateway(), freeze_time(DAY + timedelta(days=3)):
            self._process_queue()
        (sent,) = self._sms
        self.assertEqual(sent["number"], ALICE_NUMBER)
        self.assertIn("was due", sent["body"])
        self.assertIn(link._get_url(), sent["body"])

    def test_whoever_asked_for_it_gets_the_text(self):
        self.rule.channel = "sms"
        self._consent(self.bob)
        self.assertEqual(self._plan()["partner"], self.bob)

    def test_a_text_that_waits_is_stopped_by_payment_and_by_withdrawal(self):
        self.rule.channel = "sms"
        for stop in (
            lambda: self.due.write({"no_followup": True}),
            lambda: self.env["paylink.consent"]._withdraw_by_reply(
                ALICE_NUMBER, self.company, "STOP"
            ),
        ):
            with self.cr.savepoint() as savepoint:
                self._consent()
                self._run(DAY + timedelta(days=3))
                self.assertTrue(self._get_texts(self._get_reminders().link_id))
                stop()
                with self.mockSMSGateway(), freeze_time(DAY + timedelta(days=3)):
                    self._process_queue()
                self.assertFalse(self._sms)
                savepoint.rollback()
                self.env.invalidate_all()

    # === FAULTS === #

    def test_one_that_fails_stops_no_other_and_can_be_tried_again(self):
        other = self._create_due_invoice(DAY + timedelta(days=1), partner_id=self.bob.id)
        Sending = type(self.env["account.move.send"])
        origin = Sending._generate_and_send_invoices

        def fail(sender, moves, **kwargs):
            if moves == self.due:
                raise UserError("The report is broken.")  # pylint: disable=translation-required
            return origin(sender, moves, **kwargs)

        with patch.object(Sending, "_generate_and_send_invoices", fail):
            catcher = self._run(DAY + timedelta(days=4))
        self.assertEqual([to for to, _message in catcher.messages], [[self.bob.email]])
        self.assertEqual(self._get_reminders(other).state, "sent")
        failed = self._get_reminders()
        self.assertEqual(failed.state, "failed")
        self.assertIn("The report is broken.", failed.failure)
        self.assertTrue(
            any("could not be sent" in message.body for message in self.due.message_ids)
        )
        self.assertFalse(self._run(DAY + timedelta(days=4)).messages)
        with self.assertRaises(AccessError):
            failed.with_user(self.biller).action_retry()
        failed.with_user(self.manager).action_retry()
        self.assertEqual(len(self._run(DAY + timedelta(days=4)).messages), 1)
        self.assertEqual(self._get_reminders().state, "sent")

    def test_what_a_dead_worker_began_is_finished_once(self):
        link = self._create_link(self.due, channel="reminder")
        link.sent_date = False
        self.env["paylink.reminder"].sudo().create(
            {
                "rule_id": self.rule.id,
                "move_id": self.due.id,
                "due_date": DAY,
                "link_id": link.id,
            }
        )
        self.assertEqual(len(self._run(DAY + timedelta(days=3)).messages), 1)
        self.assertEqual(self._get_reminders().link_id, link)
        self.assertEqual(self._get_reminders().state, "sent")
        self.assertFalse(self._run(DAY + timedelta(days=3)).messages)

    def test_two_at_once_send_one(self):
        reminder = self.env["paylink.reminder"].sudo()
        first = reminder._claim(self.rule, self.due, DAY)
        first.state = "sent"
        with patch.object(paylink_reminder.PaylinkReminder, "search", lambda self, *a, **k: self):
            self.assertFalse(reminder._claim(self.rule, self.due, DAY))

    # === PREVIEW AND RIGHTS === #

    def _preview(self, day, rules=None):
        with freeze_time(f"{day} 12:00:00"):
            action = (rules or self.rule).with_user(self.manager).action_preview()
        return self.env["paylink.reminder.preview"].sudo().search(action["domain"])

    def test_the_preview_says_who_would_get_what_and_sends_nothing(self):
        skipped = self._create_due_invoice(DAY, partner_id=self.bob.id)
        self.bob.email = False
        self.customer.email = False
        rows = self._preview(DAY + timedelta(days=2))
        self.assertEqual(len(rows), 2)
        row = rows.filtered("is_sent")
        self.assertEqual(row.move_id, self.due)
        self.assertEqual((row.address, row.amount, row.due_date), (self.alice.email, 100, DAY))
        refused = rows - row
        self.assertEqual(refused.move_id, skipped)
        self.assertIn("no valid e-mail", refused.reason)
        self.assertFalse(self._get_reminders(self.due | skipped))
        self.assertFalse((self.due | skipped).paylink_link_ids)

    def test_the_preview_is_what_is_sent_the_next_day(self):
        for number in range(3):
            self._create_due_invoice(DAY + timedelta(days=number), partner_id=self.bob.id)
        planned = self._preview(DAY + timedelta(days=2)).filtered("is_sent")
        self._run(DAY + timedelta(days=3))
        sent = self.env["paylink.reminder"].search([("rule_id", "=", self.rule.id)])
        self.assertEqual(planned.move_id, sent.move_id)

    def test_nothing_to_show_is_said(self):
        with self.assertRaisesRegex(UserError, "Nobody"):
            self._preview(DAY + timedelta(days=200))

    def test_rules_are_for_managers(self):
        with self.assertRaises(AccessError):
            self.rule.with_user(self.biller).days = 5
        self.rule.with_user(self.manager).days = 5
        for user in (self.biller, self.employee):
            with self.assertRaises(AccessError), freeze_time(f"{DAY} 12:00:00"):
                self.rule.with_user(user).action_preview()

    def test_nobody_reminds_customers_of_companies_that_are_not_theirs(self):
        foreign = self.env["res.company"].sudo().create({"name": "Southwind"})
        rule = self.rule.with_user(self.manager)
        for companies in (foreign, foreign | self.company, foreign.browse()):
            with self.assertRaises(AccessError):
                rule.company_ids = companies
                self.env.flush_all()
            self.env.invalidate_all(flush=False)
        self.assertEqual(self.rule.company_ids, self.company)

    def test_the_history_of_a_rule_stays(self):
        self._run(DAY + timedelta(days=3))
        with self.assertRaisesRegex(UserError, "Archive"):
            self.rule.unlink()

    @slow
    def test_finding_costs_no_query_for_each_invoice(self):
        def count(number):
            for _index in range(number):
                self._create_due_invoice(DAY, partner_id=self.bob.id)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with freeze_time(f"{DAY + timedelta(days=3)} 12:00:00"):
                found = self.rule._find_due()
            return len(found), self.env.cr.sql_log_count - before

        _few, queries = count(2)
        many, more = count(20)
        self.assertGreater(many, 20)
        self.assertLessEqual(more, queries + 2)
