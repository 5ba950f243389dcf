# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance link as staff make, send, replace and end it on the customer's form."""

import json
import re
import threading
from contextlib import closing

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.modules.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from .common import PaylinkCommon
from .test_activity import PERSON

BALANCE_URL = r"/paylink/balance/([0-9A-Za-z]{35})"


class BalanceCommon(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_company = cls.setup_other_company(name="Southwind Cooling")["company"]

    def _as(self, user, record):
        """Return a record as a user sees it in the back end of the company."""
        return record.with_user(user).with_context(allowed_company_ids=self.company.ids)

    def _generate(self, customer=None, user=None):
        """Press Generate Link and return the link, in sudo mode."""
        customer = self._as(user or self.biller, customer or self.customer)
        customer.action_paylink_generate()
        return customer.paylink_balance_link_id.sudo()

    def _open_composer(self, link, user=None, partners=None, **values):
        """Return the mail composer as the button opens it."""
        action = self._as(user or self.biller, link.partner_id).action_paylink_send_balance()
        composer = Form(
            link.env["mail.compose.message"]
            .with_user(user or self.biller)
            .with_context(allowed_company_ids=self.company.ids, **action["context"]),
            view="paylink_invoice.mail_compose_message_view_form",
        )
        if partners is not None:
            composer.partner_ids.clear()
            for partner in partners:
                composer.partner_ids.add(partner)
        for name, value in values.items():
            setattr(composer, name, value)
        return composer.save()

    def _get_tokens(self, message):
        html = message.get_body(("html",)).get_content()
        return re.findall(BALANCE_URL, html)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestGenerate(BalanceCommon):
    def test_a_customer_has_one_link_that_does_not_end(self):
        self.company.write({"paylink_validity_days": 14, "paylink_hours_after_view": 24})
        link = self._generate()
        self.assertEqual(
            (link.kind, link.partner_id, link.company_id), ("balance", self.customer, self.company)
        )
        self.assertFalse(link.expiration_date)
        self.assertFalse(link.hours_after_view)
        self.assertEqual(link.user_id, self.biller)
        self.assertEqual(self._generate(), link)

    def test_contacts_show_and_use_the_link_of_their_company(self):
        link = self._generate(self.alice)
        self.assertEqual(link.partner_id, self.customer)
        for partner in self.customer | self.alice | self.bob:
            self.assertEqual(self._as(self.biller, partner).paylink_balance_link_id, link)

    def test_each_company_has_a_link_of_its_own(self):
        user = new_test_user(
            self.env,
            login="paylink_both",
            groups="account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set((self.company | self.other_company).ids)],
        )
        customer = self.customer.with_user(user)
        links = self.env["paylink.link"]
        for company in (self.company, self.other_company):
            customer.with_company(company).action_paylink_generate()
            links |= customer.with_company(company).paylink_balance_link_id.sudo()
        self.assertEqual(links.company_id, self.company | self.other_company)
        self.assertNotEqual(*[link._get_token() for link in links])

    def test_links_are_made_for_many_where_they_are_missing(self):
        others = self.customer.create([{"name": f"Customer {number}"} for number in range(3)])
        self._generate(others[0])
        chosen = self._as(self.biller, self.customer | self.alice | others)
        action = chosen.action_paylink_generate()
        self.assertEqual(
            action["params"]["message"], "Balance links generated: 3. Already there: 1."
        )
        self.assertEqual(len(chosen.paylink_balance_link_id), 4)

    def test_the_list_action_does_the_same(self):
        action = self.env.ref("paylink_invoice.action_paylink_generate_balance_links")
        context = {"active_model": "res.partner", "active_ids": self.customer.ids}
        action.with_user(self.biller).with_context(**context).run()
        self.assertTrue(self._as(self.biller, self.customer).paylink_balance_link_id)

    def test_a_customer_of_another_company_is_named(self):
        foreign = self.customer.copy({"name": "Zed", "company_id": self.other_company.id})
        self.biller.company_ids |= self.other_company
        chosen = self.customer | foreign
        with self.assertRaisesRegex(UserError, "Zed: not a customer of Northwind"):
            chosen.with_user(self.biller).with_context(
                allowed_company_ids=(self.company | self.other_company).ids
            ).action_paylink_generate()
        self.assertFalse(self.customer.paylink_link_ids)

    def test_customers_are_found_by_their_link(self):
        other = self.customer.create({"name": "Without"})
        link = self._generate()
        everybody = [("id", "in", (self.customer | self.alice | other).ids)]
        Partner = self._as(self.biller, self.env["res.partner"])

        def find(*leaf):
            return Partner.search([*everybody, leaf])

        with_link = self.customer | self.alice
        self.assertEqual(find("paylink_balance_link_id", "!=", False), with_link)
        self.assertEqual(find("paylink_balance_link_id", "=", False), other)
        self.assertEqual(find("paylink_balance_link_id", "=", link.id), with_link)
        self.assertEqual(find("paylink_balance_link_id", "!=", link.id), other)
        self.assertEqual(find("paylink_balance_link_id", "ilike", "azure"), with_link)
        self.assertEqual(find("paylink_balance_link_id.view_count", "=", 0), with_link)
        link.action_revoke()
        self.assertFalse(find("paylink_balance_link_id", "!=", False))

    def test_after_revoking_a_new_link_is_made(self):
        old = self._generate()
        customer = self._as(self.biller, self.customer)
        customer.action_paylink_revoke_balance()
        self.assertEqual(old.state, "revoked")
        self.assertFalse(customer.paylink_balance_link_id)
        new = self._generate()
        self.assertNotEqual(new, old)
        with self.assertRaisesRegex(UserError, "Generate a new one"):
            old.with_user(self.biller).action_regenerate()
        with self.assertRaisesRegex(UserError, "Generate a new one"):
            old.with_user(self.biller).action_copy_url()

    def test_regenerating_ends_the_old_url_and_sets_no_end_to_the_new_one(self):
        self.company.paylink_validity_days = 14
        link = self._generate()
        old = link._get_token()
        self._as(self.biller, self.customer).action_paylink_regenerate_balance()
        self.assertFalse(link._resolve("balance", old))
        self.assertEqual(link._resolve("balance", link._get_token()), link)
        self.assertFalse(link.expiration_date)
        self.assertEqual(link.state, "active")
        self.assertEqual(link.event_ids.mapped("event_type"), ["regenerated"])

    def test_a_regenerated_link_has_not_been_handed_out(self):
        link = self._generate()
        self._as(self.biller, link).action_copy_url()
        self._as(self.biller, self.customer).action_paylink_regenerate_balance()
        self.assertFalse(self._as(self.biller, self.customer).paylink_balance_sent_date)

    def test_buttons_without_a_link_say_what_to_do(self):
        customer = self._as(self.biller, self.customer)
        for button in ("preview", "send", "regenerate", "revoke"):
            with self.assertRaisesRegex(UserError, "Generate it first"):
                getattr(customer, f"action_paylink_{button}_balance")()

    def test_copying_is_logged_and_makes_the_line_for_a_signature(self):
        link = self._generate()
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["ir.module.module"]._load_module_terms(["paylink_invoice"], ["fr_FR"])
        self.customer.lang = "fr_FR"
        line = self._as(self.biller, link).action_copy_signature()
        self.assertIn(f'<a href="{link._get_url()}">', line["html"])
        self.assertIn(link._get_url(), line["text"])
        self.assertEqual(link.event_ids.mapped("event_type"), ["copied"])
        self.assertEqual(link.event_ids.user_id, self.biller)
        self.assertTrue(link.sent_date)

    def test_no_readable_field_holds_the_url(self):
        link = self._generate()
        customer = self._as(self.biller, self.customer)
        names = [name for name in customer.fields_get() if name.startswith("paylink_")]
        shown = json.dumps([customer.read(names), self._as(self.biller, link).read()], default=str)
        self.assertNotIn(link._get_token(), shown)

    def test_a_list_of_customers_asks_for_all_links_at_once(self):
        def count(size):
            customers = self.customer.create([{"name": f"Listed {n}"} for n in range(size)])
            self._as(self.biller, customers).action_paylink_generate()
            self.env.flush_all()
            self.env.invalidate_all()
            listed = self._as(self.biller, customers)
            before = self.env.cr.sql_log_count
            listed.web_read(
                {
                    "paylink_balance_link_id": {"fields": {"display_name": {}}},
                    "paylink_balance_state": {},
                    "paylink_balance_sent_date": {},
                    "paylink_balance_last_view_date": {},
                }
            )
            return self.env.cr.sql_log_count - before

        count(1)  # fills the caches
        few, many = count(2), count(80)
        self.assertEqual(few, many)
        self.assertLessEqual(many, 6)

    def test_links_for_many_are_made_in_few_queries(self):
        def count(size):
            customers = self.customer.create([{"name": f"Made {n}"} for n in range(size)])
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self._as(self.biller, customers).action_paylink_generate()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertEqual(count(2), count(80))


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceRights(BalanceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.colleague, cls.auditor, cls.adviser = (
            new_test_user(
                cls.env, login=f"paylink_{login}", groups=groups, company_id=cls.company.id
            )
            for login, groups in (
                ("colleague", "account.group_account_invoice"),
                ("auditor", "base.group_user,account.group_account_readonly"),
                ("adviser", "account.group_account_manager"),
            )
        )

    def test_who_may_not_send_makes_and_sees_nothing(self):
        link = self._generate()
        with self.assertRaises(AccessError):
            self._as(self.employee, self.bob).action_paylink_generate()
        with self.assertRaises(AccessError):
            self._as(self.auditor, self.bob).action_paylink_generate()
        customer = self._as(self.employee, self.customer)
        self.assertNotIn("paylink_balance_link_id", customer.fields_get())
        for user in (self.employee, self.auditor):
            for method in (
                "action_copy_url",
                "action_copy_signature",
                "action_send_balance",
                "action_regenerate",
                "action_revoke",
            ):
                with self.subTest(user=user.login, method=method), self.assertRaises(AccessError):
                    getattr(self._as(user, link), method)()
        self.assertEqual(self._as(self.auditor, self.customer).paylink_balance_link_id, link)
        self.assertFalse(link.event_ids)

    def test_the_form_of_a_customer_shows_the_link_to_those_who_may_see_or_send_it(self):
        sender = new_test_user(
            self.env,
            login="paylink_sender",
            groups="base.group_user,paylink_invoice.group_paylink_user",
            company_id=self.company.id,
        )
        view_id = self.env.ref("base.view_partner_form").id
        for user, fields_shown, buttons_shown in (
            (self.biller, True, True),
            (sender, True, True),
            (self.auditor, True, False),
            (self.employee, False, False),
        ):
            with self.subTest(user=user.login):
                arch = self.env["res.partner"].with_user(user).get_view(view_id, "form")["arch"]
                self.assertEqual('name="paylink_balance_link_id"' in arch, fields_shown)
                self.assertEqual('name="action_paylink_generate"' in arch, buttons_shown)
                self.assertEqual("paylink_copy_button" in arch, buttons_shown)
                # Who sends links sees no more of billing for it.
                sees_billing = user in (self.biller, self.auditor)
                self.assertEqual('name="bank_ids"' in arch, sees_billing)

    def test_a_link_is_replaced_and_ended_by_its_maker_or_a_manager(self):
        link = self._generate()
        colleague = self._as(self.colleague, self.customer)
        self.assertTrue(self._as(self.colleague, link).action_copy_url()["url"])
        with self.assertRaises(AccessError):
            colleague.action_paylink_regenerate_balance()
        with self.assertRaises(AccessError):
            colleague.action_paylink_revoke_balance()
        self._as(self.adviser, self.customer).action_paylink_regenerate_balance()
        self._as(self.biller, self.customer).action_paylink_revoke_balance()
        self.assertEqual(link.state, "revoked")

    def test_the_link_of_another_company_is_out_of_reach(self):
        link = (
            self.env["paylink.link"]
            .sudo()
            .create(
                {
                    "kind": "balance",
                    "partner_id": self.customer.id,
                    "company_id": self.other_company.id,
                }
            )
        )
        self.assertFalse(self._as(self.biller, self.customer).paylink_balance_link_id)
        for method in ("action_copy_url", "action_copy_signature", "action_send_balance"):
            with self.assertRaises(AccessError):
                getattr(self._as(self.biller, link), method)()

    def test_who_may_not_read_every_invoice_gets_no_link_that_opens_them(self):
        link = self._generate()
        self.env["ir.rule"].create(
            {
                "name": "Not this invoice",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": f"[('id', '!=', {self.posted_invoice.id})]",
            }
        )
        with self.assertRaisesRegex(AccessError, "all invoices of the customer"):
            self._as(self.biller, link).action_copy_url()
        with self.assertRaisesRegex(AccessError, "all invoices of the customer"):
            self._as(self.biller, self.customer).action_paylink_generate()
        other = self.customer.create({"name": "Without invoices"})
        self.assertTrue(self._generate(other))


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceMail(BalanceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stranger = cls.env["res.partner"].create(
            {"name": "Eve Stranger", "email": "eve@example.com"}
        )

    def _send_mail(self, link, user=None, partners=None, **values):
        with self.catch_mail() as catcher:
            self._open_composer(link, user, partners, **values).action_send_mail()
        return {recipients[0]: message for recipients, message in catcher.messages}

    def test_each_contact_gets_a_mail_with_the_live_url_and_the_chatter_the_placeholder(self):
        link = self._generate()
        self.customer.message_subscribe((self.stranger | self.employee.partner_id).ids)
        mails = self._send_mail(link, partners=self.alice | self.bob)
        self.assertEqual(set(mails), {self.alice.email, self.bob.email})
        for address, message in mails.items():
            self.assertEqual(set(self._get_tokens(message)), {link._get_token()}, address)
            self.assertEqual(message["To"].count("@"), 1)
        stored = self.customer.message_ids.filtered(
            lambda message: link._get_preview_path() in message.body
        )
        self.assertEqual(stored.partner_ids, self.alice | self.bob)
        self.assertEqual(len(stored), 2)
        everything = " ".join(self.env["mail.message"].search([]).mapped("body"))
        self.assertNotIn(link._get_token(), everything)
        self.assertNotIn(
            link._get_token(), " ".join(self.env["mail.mail"].search([]).mapped("body_html"))
        )
        self.assertEqual(link.channel, "email")
        sent = link.event_ids.filtered(lambda event: event.event_type == "sent")
        self.assertEqual(sent.partner_id, self.alice | self.bob)
        self.assertEqual(sent.user_id, self.biller)

    def test_the_first_recipient_is_the_contact_for_invoices(self):
        self.bob.type = "invoice"
        mails = self._send_mail(self._generate())
        self.assertEqual(set(mails), {self.bob.email})

    def test_each_reads_their_own_language_unless_the_sender_wrote_something(self):
        link = self._generate()
        for code in ("fr_FR", "de_DE"):
            self.env["res.lang"]._activate_lang(code)
        self.env["ir.module.module"]._load_module_terms(["paylink_invoice"], ["fr_FR", "de_DE"])
        self.alice.lang, self.bob.lang = "fr_FR", "de_DE"
        template = self.env.ref("paylink_invoice.mail_template_paylink_balance")
        template.with_context(lang="fr_FR").subject = "Votre solde"
        template.with_context(lang="de_DE").subject = "Ihr Saldo"
        mails = self._send_mail(link, partners=self.alice | self.bob)
        self.assertEqual(mails[self.alice.email]["Subject"], "Votre solde")
        self.assertEqual(mails[self.bob.email]["Subject"], "Ihr Saldo")
        self.assertIn("Alice Moreau", mails[self.alice.email].get_body(("html",)).get_content())
        self.assertIn("Bob Tanaka", mails[self.bob.email].get_body(("html",)).get_content())
        mails = self._send_mail(link, partners=self.alice | self.bob, subject="As we said")
        self.assertEqual({mail["Subject"] for mail in mails.values()}, {"As we said"})

    def test_whoever_is_no_contact_of_the_customer_is_refused_by_name(self):
        link = self._generate()
        with self.catch_mail() as catcher:
            with self.assertRaisesRegex(UserError, "Eve Stranger is no contact"):
                self._open_composer(link, partners=self.alice | self.stranger).action_send_mail()
            self.bob.email = "no address"
            with self.assertRaisesRegex(UserError, "Bob Tanaka has no valid e-mail"):
                self._open_composer(link, partners=self.bob).action_send_mail()
        self.assertFalse(catcher.messages)
        self.assertFalse(link.event_ids)

    def _mail_by_hand(self, user, partner, link, record=None):
        """Return the token that arrives when somebody posts the placeholder without the dialog."""
        with self.catch_mail() as catcher:
            (record or self.customer).with_user(user).sudo().message_post(
                body=f"See {link._get_preview_path()}",
                partner_ids=partner.ids,
                subtype_xmlid="mail.mt_comment",
            )
        self.assertEqual(len(catcher.messages), 1)
        return set(self._get_tokens(catcher.messages[0][1]))

    def test_no_other_mail_carries_the_live_url_to_somebody_else(self):
        link = self._generate()
        self.customer.message_subscribe(self.stranger.ids)
        self.assertEqual(self._mail_by_hand(self.biller, self.stranger, link), set())

    def test_a_contact_who_was_made_for_it_by_somebody_without_the_right_gets_nothing(self):
        link = self._generate()
        accomplice = self.customer.create(
            {"name": "New", "parent_id": self.customer.id, "email": "new@evil.example.com"}
        )
        self.assertEqual(self._mail_by_hand(self.employee, accomplice, link), set())
        foreign = new_test_user(
            self.env,
            login="paylink_foreign",
            groups="account.group_account_invoice",
            company_id=self.other_company.id,
        )
        self.assertEqual(self._mail_by_hand(foreign, accomplice, link), set())
        # Who may send could have sent it by the dialog.
        self.assertEqual(self._mail_by_hand(self.biller, accomplice, link), {link._get_token()})

    def test_an_invoice_link_still_goes_to_its_recipient_only(self):
        link = self._create_link(partner=self.alice)
        for partner, record in (
            (self.bob, self.posted_invoice),
            (self.alice, self.customer),
            (self.alice, self._create_invoice()),
        ):
            with self.catch_mail() as catcher:
                record.with_user(self.biller).sudo().message_post(
                    body=f"See {link._get_preview_path()}",
                    partner_ids=partner.ids,
                    subtype_xmlid="mail.mt_comment",
                )
            for _to, message in catcher.messages:
                html = message.get_body(("html",)).get_content()
                self.assertEqual(self._get_live_tokens(html), [])

    def test_a_dialog_of_another_customer_sends_no_such_link(self):
        link = self._generate()
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.biller)
            .with_context(
                allowed_company_ids=self.company.ids,
                paylink_balance_link_id=link.id,
                default_model="res.partner",
                default_res_ids=self.stranger.ids,
                default_composition_mode="comment",
            )
        )
        with self.catch_mail() as catcher:
            composer.create(
                {
                    "subject": "Hello",
                    "body": f"See {link._get_preview_path()}",
                    "partner_ids": [Command.set(self.stranger.ids)],
                }
            ).sudo().action_send_mail()
        self.assertEqual(self._get_tokens(catcher.messages[0][1]), [])
        self.assertFalse(link.event_ids)

    def test_a_balance_link_is_not_scheduled(self):
        composer = self._open_composer(self._generate())
        with self.assertRaisesRegex(UserError, "is sent now"):
            composer.action_schedule_message()

    def test_who_answers_for_a_customer_hears_of_the_link_and_of_nothing_else(self):
        self.customer.user_id = self.employee
        link = self._generate()
        follower = self.customer.message_follower_ids.filtered(
            lambda follower: follower.partner_id == self.employee.partner_id
        )
        subtypes = follower.subtype_ids.get_external_id().values()
        self.assertTrue(subtypes)
        self.assertTrue(all(name.startswith("paylink_invoice.") for name in subtypes))
        self.env["paylink.event"]._register_view(link, PERSON)
        link._tell("paid", amount="$ 5.00")
        told = self.customer.message_ids.filtered(
            lambda message: self.employee.partner_id in message.notified_partner_ids
        )
        self.assertEqual(len(told), 2)

    def test_views_and_questions_go_to_the_chatter_of_the_customer(self):
        self.customer.user_id = self.biller
        link = self._generate()
        self.env["paylink.event"]._register_view(link, PERSON)
        link._ask_question("When do you come?", PERSON)
        bodies = " ".join(self.customer.message_ids.mapped("body"))
        self.assertIn("Balance opened with the balance link of", bodies)
        self.assertIn("When do you come?", bodies)
        self.assertIn(self.biller.partner_id, self.customer.message_ids.partner_ids)
        self.assertEqual(link.view_count, 1)
        self.assertFalse(link.event_ids.move_id)


@tagged("post_install", "-at_install", "paylink", "slow")
class TestCustomersChange(BalanceCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.twin = cls.env["res.partner"].create(
            {"name": "Azure Interiors Ltd", "is_company": True, "email": cls.customer.email}
        )

    def _merge(self, src, dst):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((src | dst).ids, dst)

    def _view(self, link):
        self.env["paylink.event"].sudo().create({"link_id": link.id, "event_type": "viewed"})

    def test_a_merged_customer_keeps_the_link(self):
        link = self._generate(self.twin)
        token = link._get_token()
        self._merge(self.twin, self.customer)
        self.assertEqual(link.partner_id, self.customer)
        self.assertEqual(link._resolve("balance", token).state, "active")
        self.assertEqual(self._generate(), link)

    def test_of_two_links_one_goes_on(self):
        kept, ended = self._generate(), self._generate(self.twin)
        self._merge(self.twin, self.customer)
        self.assertEqual((kept.state, ended.state), ("active", "revoked"))
        self.assertEqual(ended.partner_id, self.customer)
        self.assertEqual(ended.event_ids.mapped("event_type"), ["revoked"])
        self.assertEqual(self._generate(), kept)
        self.assertIn("has ended", " ".join(self.customer.message_ids.mapped("body")))

    def test_the_link_that_the_customer_uses_goes_on(self):
        unused, used = self._generate(), self._generate(self.twin)
        self._view(used)
        self._merge(self.twin, self.customer)
        self.assertEqual((unused.state, used.state), ("revoked", "active"))
        self.assertEqual(self._as(self.biller, self.customer).paylink_balance_link_id, used)

    def test_links_of_several_companies_are_merged_apart(self):
        Link = self.env["paylink.link"].sudo()
        links = Link.create(
            [
                {"kind": "balance", "partner_id": partner.id, "company_id": company.id}
                for partner in (self.customer, self.twin)
                for company in (self.company, self.other_company)
            ]
        )
        self._merge(self.twin, self.customer)
        alive = links.filtered(lambda link: link.state == "active")
        self.assertEqual(len(alive), 2)
        self.assertEqual(alive.company_id, self.company | self.other_company)

    def test_who_is_merged_into_a_contact_of_a_company_has_no_link_any_more(self):
        link = self._generate(self.twin)
        self._merge(self.twin, self.alice)
        self.assertEqual(link.state, "revoked")

    def test_a_customer_who_becomes_a_contact_has_no_link_any_more(self):
        person = self.env["res.partner"].create({"name": "Carol", "email": "carol@example.com"})
        link = self._generate(person)
        person.parent_id = self.customer
        self.assertEqual(link.state, "revoked")
        self.assertIn("Azure Interior", " ".join(person.message_ids.mapped("body")))
        self.assertFalse(self._as(self.biller, person).paylink_balance_link_id)

    def test_an_archived_customer_keeps_the_link(self):
        link = self._generate()
        self.customer.child_ids.active = False
        self.customer.active = False
        self.assertEqual(link.state, "active")
        self.assertFalse(link.is_customer_active)

    def test_a_customer_with_a_link_that_was_used_cannot_be_deleted(self):
        link = self._generate(self.twin)
        link.with_user(self.biller).action_copy_url()
        with self.assertRaisesRegex(UserError, "Archive the contact instead"):
            self.twin.unlink()
        self.assertTrue(link.exists())

    def test_a_link_that_nobody_got_goes_with_the_customer(self):
        link = self._generate(self.twin)
        self.twin.unlink()
        self.assertFalse(link.exists())


@tagged("post_install", "-at_install", "paylink", "slow")
class TestGenerateAtOnce(TransactionCase):
    """Two people press the button at the same moment, each in a transaction of their own."""

    def setUp(self):
        super().setUp()
        # Odoo's own runner holds it while it runs tests: threads would wait for it for ever.
        self.patch(Registry, "_lock", DummyRLock())
        with self.registry.cursor() as cr:  # It commits at its end.
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.partner_id = env["res.partner"].create({"name": "Generated at once"}).id
        self.addCleanup(self._clean)

    def _clean(self):
        with self.registry.cursor() as cr:
            cr.execute("DELETE FROM paylink_link WHERE partner_id = %s", [self.partner_id])
            cr.execute("DELETE FROM res_partner WHERE id = %s", [self.partner_id])

    def _get_customer(self, cr):
        return api.Environment(cr, SUPERUSER_ID, {})["res.partner"].browse(self.partner_id)

    def test_two_who_generate_at_once_end_with_one_link(self):
        meeting = threading.Barrier(2, timeout=20)
        found, tries = [], []

        def generate(customer):
            customer.env.invalidate_all()
            self.assertTrue(customer.exists())  # The view of the database begins here.
            tries.append(customer)
            if len(tries) <= 2:
                meeting.wait()
            customer.action_paylink_generate()
            return customer.paylink_balance_link_id.id

        def press():
            with closing(self.registry.cursor()) as cr:
                customer = self._get_customer(cr)
                # As Odoo answers a click.
                found.append(retrying(lambda: generate(customer), customer.env))

        threads = [threading.Thread(target=press) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        self.assertEqual(len(found), 2)
        self.assertEqual(len(set(found)), 1)
        self.assertEqual(len(tries), 3)

    def test_the_second_one_is_asked_to_begin_anew(self):
        with closing(self.registry.cursor()) as late_cr:
            late = self._get_customer(late_cr)
            self.assertFalse(late.paylink_balance_link_id)
            with self.registry.cursor() as cr:
                self._get_customer(cr).action_paylink_generate()
            with self.assertRaises(ConcurrencyError):
                late.action_paylink_generate()


@tagged("post_install", "-at_install", "paylink", "slow")
class TestAdvanceSetting(BalanceCommon):
    def test_payments_ahead_are_off_until_somebody_allows_them(self):
        self.assertFalse(self.company.paylink_is_advance_allowed)
        settings = Form(self.env["res.config.settings"].with_company(self.company))
        settings.paylink_is_advance_allowed = True
        settings.save().execute()
        self.assertTrue(self.company.paylink_is_advance_allowed)
        self.assertFalse(self.other_company.paylink_is_advance_allowed)
