# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Balance links by text, and to many customers at once: who gets them, what leaves, what fails."""

import re

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..wizards import paylink_balance_send
from .test_balance_customer import BALANCE_URL, BalanceCommon
from .test_texts import ALICE_NUMBER, BOB_NUMBER, TextCommon


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceSend(BalanceCommon, TextCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.phone = "+32470111111"
        cls.twin = cls.env["res.partner"].create(
            {"name": "Twin Ltd", "is_company": True, "email": "twin@example.com"}
        )
        cls.mute = cls.env["res.partner"].create({"name": "Mute Ltd", "is_company": True})

    def _open_send(self, customers, user=None, **values):
        return (
            self.env["paylink.balance.send"]
            .with_user(user or self.biller)
            .with_context(
                allowed_company_ids=self.company.ids,
                active_model="res.partner",
                active_ids=customers.ids,
            )
            .create(values)
        )

    def _text(self, partners, **values):
        """Send the customer's link by text; return the link, in sudo mode."""
        link = self._generate()
        values["partner_ids"] = [Command.set(partners.ids)]
        self._open_send(self.customer, channel="sms", **values).action_send()
        return link

    def _leave(self, **gateway):
        with self.mockSMSGateway(**gateway):
            self._process_queue()

    # === TEXTS === #

    def test_the_queue_holds_the_placeholder_and_each_recipient_gets_the_live_link(self):
        link = self._text(self.alice | self.bob)
        queued = self._get_texts(link)
        self.assertEqual(len(queued), 2)
        for text in queued:
            self.assertIn(link._get_preview_path(), text.body)
            self.assertNotIn(link._get_token(), text.body)
        self._leave()
        self.assertEqual(
            sorted(text["number"] for text in self._sms), sorted((ALICE_NUMBER, BOB_NUMBER))
        )
        for text in self._sms:
            self.assertEqual(re.findall(BALANCE_URL, text["body"]), [link._get_token()])
        self.assertEqual((link.channel, bool(link.sent_date)), ("sms", True))
        sent = link.event_ids.filtered(lambda event: event.event_type == "sent")
        self.assertEqual(sent.partner_id, self.alice | self.bob)
        bodies = " ".join(self.customer.message_ids.mapped("body"))
        self.assertIn(link._get_preview_path(), bodies)
        self.assertNotIn(link._get_token(), bodies)

    def test_no_follower_gets_a_mail_of_it(self):
        self.customer.message_subscribe((self.bob | self.employee.partner_id).ids)
        with self.catch_mail() as catcher:
            self._text(self.alice)
            self._leave()
        self.assertFalse(catcher.messages)
        self.assertEqual([text["number"] for text in self._sms], [ALICE_NUMBER])

    def test_a_second_click_sends_nothing_again(self):
        link = self._generate()
        dialog = self._open_send(self.customer, channel="sms")
        dialog.action_send()
        with self.assertRaisesRegex(UserError, "sent already"):
            dialog.action_send()
        self.assertEqual(len(self._get_texts(link)), 1)

    def test_a_text_that_left_is_not_sent_again(self):
        self._text(self.alice)
        self._leave()
        self._sms.clear()
        self._leave()
        self.assertFalse(self._sms)

    def test_the_words_can_be_changed_and_name_the_recipient(self):
        link = self._text(self.alice, sms_body="Hello {name}, this is {company}:")
        self._leave()
        (sent,) = self._sms
        self.assertTrue(sent["body"].startswith("Hello Alice Moreau, this is Northwind Heating:"))
        self.assertIn(link._get_url(), sent["body"])

    def test_a_text_that_names_the_amount_tells_it(self):
        self._text(self.alice, sms_body="{document}: {amount}, due {due} {link}")
        self._leave()
        self.assertIn("100.00", self._sms[0]["body"])

    def test_each_reads_the_usual_words_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["paylink_invoice"], ["fr_FR"])
        self.alice.lang = "fr_FR"
        self._text(self.alice | self.bob)
        self._leave()
        bodies = {text["number"]: text["body"] for text in self._sms}
        self.assertIn("always up to date", bodies[BOB_NUMBER])
        self.assertNotIn("always up to date", bodies[ALICE_NUMBER])

    def test_whoever_cannot_get_a_text_is_named_with_what_to_do(self):
        self._generate()
        stranger = self.env["res.partner"].create({"name": "Eve", "phone": "+32470999999"})
        for partner, reason in (
            (self.mute, "no contact of this customer"),
            (stranger, "no contact of this customer"),
        ):
            dialog = self._open_send(self.customer, channel="sms")
            dialog.partner_ids = partner
            with self.assertRaisesRegex(UserError, reason):
                dialog.action_send()
        self.bob.phone = "12"
        self.env["phone.blacklist"].sudo().add(ALICE_NUMBER)
        for partner, reason in ((self.bob, "is not valid"), (self.alice, "blacklist")):
            dialog = self._open_send(self.customer, channel="sms")
            dialog.partner_ids = partner
            self.assertIn(reason, dialog.problem_text)
            with self.assertRaisesRegex(UserError, reason):
                dialog.action_send()
        self.assertFalse(self.env["sms.sms"].search([("paylink_link_id", "!=", False)]))

    def test_what_must_not_leave_any_more_stays(self):
        changes = {
            "had ended": lambda: self.customer.paylink_link_ids.sudo().action_revoke(),
            "was changed": lambda: self.alice.write({"phone": "+32470222222"}),
            "blacklist": lambda: self.env["phone.blacklist"].sudo().add(ALICE_NUMBER),
            "no contact of": lambda: self.alice.write({"parent_id": self.twin.id}),
        }
        for reason, change in changes.items():
            with self.subTest(reason=reason), self.env.cr.savepoint() as savepoint:
                link = self._text(self.alice)
                change()
                self._leave()
                self.assertFalse(self._sms)
                notification = link.event_ids.message_id.notification_ids
                self.assertIn(reason, notification.failure_reason)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_a_failure_is_shown_on_the_customer_and_told(self):
        self.customer.user_id = self.biller
        link = self._text(self.alice)
        self._leave(sim_error="wrong_number_format")
        customer = self._as(self.biller, self.customer)
        self.assertIn("Alice Moreau", customer.paylink_balance_failure_notice)
        self.assertIn(ALICE_NUMBER, customer.paylink_balance_failure_notice)
        self.assertIn("bounced", link.event_ids.mapped("event_type"))
        told = self.customer.message_ids.filtered(lambda m: "did not arrive" in m.body)
        self.assertTrue(told)
        # The next one arrives.
        self._sms.clear()
        dialog = self._open_send(self.customer, channel="sms")
        dialog.partner_ids = self.alice
        dialog.action_send()
        self._leave()
        customer.invalidate_recordset()
        self.assertFalse(customer.paylink_balance_failure_notice)

    def test_a_text_of_somebody_else_never_becomes_live(self):
        link = self._generate()
        self.alice.with_user(self.employee).sudo().with_context(
            paylink_link_id=link.id
        )._message_sms(
            f"Look {link._get_preview_path()}",
            partner_ids=self.alice.ids,
            sms_pid_to_number={self.alice.id: ALICE_NUMBER},
            put_in_queue=True,
        )
        self.assertFalse(self._get_texts(link))
        self._leave()
        self.assertFalse(re.findall(BALANCE_URL, self._sms[0]["body"]))

    def test_a_regenerated_link_leaves_with_its_new_url(self):
        link = self._text(self.alice)
        self._as(self.biller, self.customer).action_paylink_regenerate_balance()
        self._leave()
        self.assertIn(link._get_url(), self._sms[0]["body"])

    def test_the_size_of_the_text_is_told(self):
        dialog = self._open_send(self.customer, channel="sms")
        self.assertIn(": 1 text message", dialog.sms_size)
        dialog.sms_body = "a" * 1600
        with self.assertRaisesRegex(UserError, "too long"):
            dialog.action_send()

    def test_the_form_fills_in_the_contact_who_has_a_number(self):
        self.bob.type = "invoice"
        with Form(self._open_send(self.customer)) as form:
            form.channel = "sms"
            self.assertIn(BOB_NUMBER, form.sms_numbers)
            self.assertIn("{link}", form.sms_body)

    # === MANY === #

    def test_many_customers_get_their_own_links_and_the_rest_is_named(self):
        customers = self.customer | self.twin | self.mute
        dialog = self._open_send(customers)
        self.assertIn("Mute Ltd: choose at least one recipient", dialog.problem_text)
        with self.catch_mail() as catcher:
            action = dialog.action_send()
        self.assertEqual(action["params"]["type"], "warning")
        self.assertIn("Mute Ltd", action["params"]["message"])
        mails = {recipients[0]: message for recipients, message in catcher.messages}
        self.assertEqual(set(mails), {self.customer.email, self.twin.email})
        for customer in self.customer | self.twin:
            link = self._as(self.biller, customer).paylink_balance_link_id.sudo()
            self.assertEqual(set(self._get_tokens(mails[customer.email])), {link._get_token()})
        self.assertFalse(self.mute.paylink_link_ids)

    def test_the_list_action_opens_the_dialog(self):
        action = self.env.ref("paylink_invoice.action_paylink_send_balance_links")
        context = {"active_model": "res.partner", "active_ids": (self.alice | self.twin).ids}
        opened = action.with_user(self.biller).with_context(**context).run()
        self.assertEqual(opened["res_model"], "paylink.balance.send")
        self.assertEqual(
            set(opened["context"]["default_customer_ids"]), {self.customer.id, self.twin.id}
        )

    def test_many_mails_are_left_to_the_queue(self):
        self.startPatcher_value(paylink_balance_send, "MAX_SYNCHRONOUS", 1)
        self._open_send(self.customer | self.twin).action_send()
        mails = self.env["mail.mail"].sudo().search([("state", "=", "outgoing")])
        self.assertEqual(len(mails.filtered(lambda mail: "preview" in mail.body_html)), 2)

    def startPatcher_value(self, module, name, value):
        old = getattr(module, name)
        setattr(module, name, value)
        self.addCleanup(setattr, module, name, old)

    def test_who_may_not_send_sends_nothing(self):
        with self.assertRaises(AccessError):
            self._open_send(self.customer, user=self.employee)
        dialog = self._open_send(self.customer)
        self.env["ir.rule"].create(
            {
                "name": "Not this invoice",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": f"[('id', '!=', {self.posted_invoice.id})]",
            }
        )
        with self.assertRaisesRegex(AccessError, "all invoices of the customer"):
            dialog.action_send()

    def test_a_customer_of_another_company_is_left_out(self):
        foreign = self.twin.copy({"name": "Zed", "company_id": self.other_company.id})
        self.biller.company_ids |= self.other_company
        dialog = self._open_send(self.twin).with_context(
            allowed_company_ids=(self.company | self.other_company).ids
        )
        dialog.customer_ids = self.twin | foreign
        self.assertIn("Zed: not a customer of Northwind", dialog.problem_text)
        dialog.action_send()
        self.assertFalse(foreign.paylink_link_ids)
