# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.base.models.ir_mail_server import IrMail_Server

from ..wizards import paylink_send
from .common import PaylinkCommon, slow


@tagged("post_install", "-at_install", "paylink")
class TestSend(PaylinkCommon):
    def test_dialog_is_ready_to_send_as_it_opens(self):
        dialog = self._open_dialog()
        self.assertEqual(dialog.move_ids, self.posted_invoice)
        self.assertEqual(dialog.partner_ids, self.alice)
        self.assertIn(self.posted_invoice.name, dialog.subject)
        self.assertIn("Alice Moreau", dialog.body)
        self.assertTrue(dialog.show_narration)
        self.assertTrue(dialog.expiration_date)

    def test_the_dialog_as_it_opens_finds_no_fault_with_a_customer_who_has_no_contacts(self):
        invoice = self._create_invoice(partner_id=self.customer.id)
        form = self._open_form(invoice)
        self.assertEqual(form.partner_ids[:], self.customer)
        self.assertFalse(form.problem_text)

    def test_what_the_sender_typed_stays_when_recipients_change(self):
        for channel, fname in (("email", "body"), ("email", "subject"), ("sms", "sms_body")):
            with self.subTest(fname), self._open_form() as form:
                form.channel = channel
                proposed = form[fname]
                form.partner_ids.clear()
                form.partner_ids.add(self.bob)
                if fname == "body":
                    self.assertNotEqual(form[fname], proposed, "a proposal is made anew")
                form[fname] = "<p>We come on Monday.</p>"
                form.partner_ids.clear()
                form.partner_ids.add(self.alice)
                self.assertIn("We come on Monday.", form[fname])

    def test_a_note_that_is_shared_stays_marked_as_internal(self):
        self.posted_invoice.message_post(body="Call before Friday.", message_type="comment")
        form = self._open_form()
        with form.comment_line_ids.edit(0) as line:
            line.is_shown = True
        self.assertTrue(form.save().comment_line_ids.is_internal)

    def _open_form(self, moves=None):
        moves = moves or self.posted_invoice
        dialog = self.env["paylink.send"].with_user(self.biller)
        return Form(dialog.with_context(active_model="account.move", active_ids=moves.ids))

    def test_opening_or_previewing_the_dialog_sends_nothing(self):
        with self.catch_mail() as catcher:
            dialog = self._open_dialog()
            action = dialog.action_preview()
        self.assertEqual(action["url"], f"/paylink/preview/send/{dialog.id}")
        self.assertFalse(catcher.messages)
        self.assertFalse(self.posted_invoice.paylink_link_ids)

    def test_each_recipient_gets_a_mail_with_a_link_of_their_own(self):
        with self.catch_mail() as catcher:
            links = self._send(partner_ids=[Command.set((self.alice | self.bob).ids)])
        self.assertEqual(links.partner_id, self.alice | self.bob)
        self.assertEqual(len(catcher.messages), 2)
        for link in links:
            html = catcher.get_html(link.partner_id.email)
            self.assertIn("View Invoice Details", html)
            self.assertEqual(set(self._get_live_tokens(html)), {link._get_token()})

    def test_the_mail_carries_the_pdf(self):
        with self.catch_mail() as catcher:
            self._send()
        _recipients, message = catcher.messages[0]
        names = [part.get_filename() for part in message.iter_attachments()]
        self.assertIn(self.posted_invoice._get_invoice_report_filename(), names)

    @slow
    def test_the_sender_and_followers_get_no_copy(self):
        self.posted_invoice.message_subscribe((self.bob | self.biller.partner_id).ids)
        with self.catch_mail() as catcher:
            self._send()
        recipients = [address for addresses, _message in catcher.messages for address in addresses]
        self.assertEqual(recipients, [self.alice.email])

    def test_nothing_stored_holds_a_live_link(self):
        with self.catch_mail():
            link = self._send()
            self.env.flush_all()
            token = link._get_token()
            for table, column in (
                ("mail_message", "body"),
                ("mail_mail", "body_html"),
                ("paylink_link", "public_ref"),
            ):
                self.env.cr.execute(
                    f"SELECT count(*) FROM {table} WHERE {column} LIKE %s",
                    [f"%{token[:12]}%"],
                )
                self.assertEqual(self.env.cr.fetchone()[0], 0, f"{table}.{column}")
        self.assertIn(f"/paylink/preview/{link.id}", link.message_id.body)

    def test_the_content_of_the_mail_can_be_opened_from_the_history(self):
        link = self._send(body="<p>Unit 3 needs a new fan.</p>")
        self.assertIn("Unit 3 needs a new fan.", link.message_id.body)
        self.assertIn(link.message_id, self.posted_invoice.message_ids)
        self.assertEqual(link.message_id.partner_ids, self.alice)

    def test_each_recipient_reads_their_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.alice.lang = "fr_FR"
        link = self._create_link()
        self.assertEqual(link._get_lang(), "fr_FR")
        self.assertEqual(self._create_link(partner=self.bob)._get_lang(), "en_US")

    @slow
    def test_unchanged_texts_go_to_each_recipient_in_their_own_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.alice.lang = "fr_FR"
        template = self.env.ref("paylink_invoice.mail_template_paylink_send")
        for lang, greeting in (("en_US", "Good day"), ("fr_FR", "Bonjour")):
            template.with_context(lang=lang).write(
                {"subject": f"{greeting}!", "body_html": f"<p>{greeting}, dear customer.</p>"}
            )
        links = self._send(partner_ids=[Command.set((self.alice | self.bob).ids)])
        for link in links:
            greeting = "Bonjour" if link.partner_id == self.alice else "Good day"
            self.assertEqual(link.message_id.subject, f"{greeting}!")
            self.assertIn(f"{greeting}, dear customer.", link.message_id.body)

    def test_the_plain_text_of_the_mail_has_the_live_link_too(self):
        with self.catch_mail() as catcher:
            link = self._send()
        _recipients, message = catcher.messages[0]
        text = message.get_body(("plain",)).get_content()
        self.assertEqual(set(self._get_live_tokens(text)), {link._get_token()})
        self.assertNotIn("/paylink/preview/", text)

    def test_a_follower_who_gets_the_placeholder_gets_no_live_link(self):
        link = self._create_link()
        placeholder = f'<a href="/paylink/preview/{link.id}">Look</a>'
        with self.catch_mail() as catcher:
            self.posted_invoice.message_post(
                body=placeholder,
                body_is_html=True,
                partner_ids=self.bob.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        self.assertFalse(self._get_live_tokens(catcher.get_html(self.bob.email)))

    def test_the_recipient_who_is_sent_the_placeholder_again_gets_their_live_link(self):
        link = self._create_link()
        with self.catch_mail() as catcher:
            self.posted_invoice.message_post(
                body=f'<a href="/paylink/preview/{link.id}">Look</a>',
                body_is_html=True,
                partner_ids=self.alice.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        tokens = self._get_live_tokens(catcher.get_html(self.alice.email))
        self.assertEqual(tokens, [link._get_token()])

    def test_a_message_that_is_posted_by_hand_takes_no_link_of_another_invoice(self):
        link = self._create_link(self._create_invoice())
        self.posted_invoice.with_context(paylink_link_id=link.id).message_post(body="Hello")
        self.assertFalse(link.message_id)

    @slow
    def test_links_start_with_the_address_of_the_company(self):
        self.company.paylink_base_url = "https://pay.northwind.example.com/"
        with self.catch_mail() as catcher:
            link = self._send()
        url = f"https://pay.northwind.example.com/paylink/{link._get_token()}"
        self.assertIn(url, catcher.get_html(self.alice.email))

    @slow
    def test_the_link_shares_what_the_sender_chose(self):
        shown, hidden = (
            self.posted_invoice.message_post(
                body=text, message_type="comment", subtype_xmlid="mail.mt_comment"
            )
            for text in ("We come on Monday.", "Customer pays late.")
        )
        dialog = self._open_dialog(show_narration=False, allow_payment=False)
        self.assertEqual(dialog.comment_line_ids.message_id, shown | hidden)
        dialog.comment_line_ids.filtered(lambda line: line.message_id == hidden).is_shown = False
        dialog.action_send()
        link = self.posted_invoice.paylink_link_ids
        self.assertEqual(link.comment_ids, shown)
        self.assertFalse(link.show_narration)
        self.assertFalse(link.allow_payment)

    def test_internal_notes_are_not_shared_unless_somebody_says_so(self):
        note = self.posted_invoice.message_post(body="Call before Friday.", message_type="comment")
        line = self._open_dialog().comment_line_ids
        self.assertEqual(line.message_id, note)
        self.assertTrue(line.is_internal)
        self.assertFalse(line.is_shown)

    @slow
    def test_the_mail_with_which_odoo_sent_the_invoice_is_no_comment(self):
        move = self.posted_invoice.with_user(self.biller)
        self.env["account.move.send"].with_user(self.biller)._generate_and_send_invoices(move)
        self.assertIn("amounting in", move.message_ids[:1].body)
        move.message_post(
            body="We come on Monday.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertEqual(
            self._open_dialog().comment_line_ids.mapped("preview"), ["We come on Monday."]
        )

    def test_the_switch_of_all_comments_hides_them_all(self):
        self.posted_invoice.message_post(
            body="We come on Monday.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.assertFalse(self._send(show_comments=False).comment_ids)

    @slow
    def test_each_of_several_invoices_shares_its_own_comments_and_files(self):
        moves = self.posted_invoice | self._create_invoice()
        messages, files = self.env["mail.message"], self.env["ir.attachment"]
        for move in moves:
            messages |= move.message_post(
                body="We come on Monday.", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
            files |= files.create(
                {"name": "plan.txt", "raw": b"plan", "res_model": move._name, "res_id": move.id}
            )
        links = self._send(moves, attachment_ids=[Command.set(files.ids)])
        self.assertEqual(len(links), 2)
        for link in links:
            self.assertEqual(link.comment_ids.mapped("res_id"), link.move_id.ids)
            self.assertEqual(link.attachment_ids.mapped("res_id"), link.move_id.ids)

    @slow
    def test_several_invoices_are_sent_at_once(self):
        other = self._create_invoice(partner_id=self.bob.id)
        with self.catch_mail() as catcher:
            links = self._send(self.posted_invoice | other)
        self.assertEqual(links.move_id, self.posted_invoice | other)
        self.assertEqual(links.partner_id, self.alice | self.bob)
        self.assertEqual(len(catcher.messages), 2)

    def test_what_cannot_be_sent_is_refused_by_name(self):
        draft = self._create_invoice(post=False)
        cancelled = self._create_invoice(post=False)
        cancelled.button_cancel()
        bill = self._create_invoice(post=False, move_type="in_invoice")
        for move in draft | cancelled | bill:
            with self.subTest(state=move.state, move_type=move.move_type):
                with self.assertRaisesRegex(UserError, "draft|cancelled|no customer invoice"):
                    move.with_user(self.biller).action_paylink_send()
                with self.assertRaises(UserError):
                    self._send(move)
                self.assertFalse(move.paylink_link_ids)

    def test_a_recipient_of_another_customer_is_refused(self):
        stranger = self.env["res.partner"].create({"name": "Eve", "email": "eve@example.com"})
        with self.assertRaisesRegex(UserError, "Eve.*no contact of Azure Interior"):
            self._send(partner_ids=[Command.set(stranger.ids)])
        self.assertFalse(self.posted_invoice.paylink_link_ids)

    def test_a_recipient_without_an_address_is_named(self):
        self.alice.email = False
        with self.assertRaisesRegex(UserError, "Alice Moreau.*e-mail"):
            self._send(partner_ids=[Command.set(self.alice.ids)])

    def _make_selection(self):
        """Return one invoice that can be sent, and six that cannot, each for another reason."""
        Partner = self.env["res.partner"]
        broken = {
            "no address": {"name": "Nora Nomail"},
            "bad address": {"name": "Bad Address", "email": "no address at all"},
            "blocked": {"name": "Ben Blocked", "email": "ben@blocked.example.com"},
            "archived": {"name": "Archie Gone", "email": "archie@example.com"},
        }
        moves = self.posted_invoice
        for values in broken.values():
            moves |= self._create_invoice(partner_id=Partner.create(values).id)
        self.env["mail.blacklist"].create({"email": "ben@blocked.example.com"})
        moves[-1].partner_id.active = False
        moves |= self._create_invoice(post=False, partner_id=self.bob.id)
        moves |= self._create_invoice(post=False, move_type="in_invoice", partner_id=self.bob.id)
        return moves

    @slow
    def test_what_cannot_be_sent_is_named_and_the_rest_is_sent(self):
        moves = self._make_selection()
        moves.with_user(self.biller).action_paylink_send()
        dialog = self._open_dialog(moves)
        sentences = dialog.problem_text.splitlines()
        self.assertEqual(len(sentences), 6)
        for name in ("Nora Nomail", "Bad Address", "Ben Blocked", "Archie Gone", "a draft"):
            self.assertIn(name, dialog.problem_text)
        self.assertIn("no customer invoice", dialog.problem_text)
        with self.catch_mail() as catcher:
            action = dialog.action_send()
        self.assertEqual([to for to, _message in catcher.messages], [[self.alice.email]])
        self.assertEqual(moves.sudo().paylink_link_ids.move_id, self.posted_invoice)
        self.assertEqual(action["params"]["type"], "warning")
        for sentence in sentences:
            self.assertIn(sentence, action["params"]["message"])
        self.assertIn("Sent to Azure Interior, Alice Moreau", action["params"]["message"])

    @slow
    def test_what_cannot_be_sent_in_the_background_stops_nobody_either(self):
        moves = self._make_selection() | self._create_invoice(partner_id=self.bob.id)
        with patch.object(paylink_send, "MAX_SYNCHRONOUS", 1):
            self._open_dialog(moves).action_send()
        self.assertEqual(len(moves.filtered("is_being_sent")), 2)
        with self.catch_mail() as catcher, self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").sudo().method_direct_trigger()
        self.assertEqual(len(catcher.messages), 2)
        self.assertFalse(moves.filtered("is_being_sent"))

    @slow
    def test_one_recipient_who_cannot_be_reached_keeps_no_other_from_the_mail(self):
        self.bob.email = False
        with self.catch_mail() as catcher:
            dialog = self._open_dialog(partner_ids=[Command.set((self.alice | self.bob).ids)])
            action = dialog.action_send()
        self.assertEqual([to for to, _message in catcher.messages], [[self.alice.email]])
        self.assertIn("Bob Tanaka has no valid e-mail address", action["params"]["message"])

    def test_a_second_click_sends_nothing_again(self):
        dialog = self._open_dialog()
        with self.catch_mail() as catcher:
            dialog.action_send()
            with self.assertRaisesRegex(UserError, "sent already"):
                dialog.action_send()
        self.assertEqual(len(catcher.messages), 1)
        self.assertEqual(len(self.posted_invoice.sudo().paylink_link_ids), 1)

    @slow
    def test_invoices_of_several_companies_each_have_their_own_policy(self):
        other_data = self.setup_other_company(name="Southwind")
        other = other_data["company"]
        other.paylink_validity_days = 3
        self.biller.company_ids += other
        move = self.init_invoice(
            "out_invoice", partner=self.bob, post=True, amounts=[10], company=other
        )
        moves = (self.posted_invoice | move).with_context(
            allowed_company_ids=(self.company | other).ids
        )
        with self.catch_mail():
            links = self._send(moves)
        days = {
            link.company_id: round((link.expiration_date - link.sent_date).total_seconds() / 86400)
            for link in links
        }
        self.assertEqual(days, {self.company: 14, other: 3})

    @slow
    def test_life_of_the_links_is_chosen_for_each_send_and_told_in_words(self):
        dialog = self._open_dialog()
        self.assertEqual(dialog.validity_days, 14)
        self.assertIn("It works until", dialog.life_text)
        dialog.write({"validity_days": 0, "hours_after_view": 0})
        self.assertEqual(dialog.life_text, "It works until it is replaced.")
        with self.catch_mail():
            dialog.action_send()
        never = self.posted_invoice.sudo().paylink_link_ids
        self.assertFalse(never.expiration_date)
        self.assertEqual(never.life_text, "It works until it is replaced.")
        with self.catch_mail():
            hours = self._send(validity_days=0, hours_after_view=24)
            days = self._send(validity_days=3)
        self.assertEqual((hours.hours_after_view, hours.expiration_date), (24, False))
        self.assertIn("24 hours after it is first opened", hours.life_text)
        self.assertAlmostEqual((days.expiration_date - days.sent_date).total_seconds(), 259200, -2)
        for no_life in (
            {"validity_days": -1},
            {"validity_days": 10**6},
            {"hours_after_view": 10**9},
        ):
            with self.assertRaisesRegex(UserError, "cannot be negative, and is ten years at most"):
                self._send(**no_life)
        with self.assertRaisesRegex(UserError, "ended already"):
            self._send(expiration_date=fields.Datetime.now() - timedelta(hours=1))

    @slow
    def test_a_mail_server_that_is_down_is_named_on_the_invoice_and_the_mail_is_kept(self):
        moves = self.posted_invoice | self._create_invoice(partner_id=self.bob.id)
        with (
            patch.object(IrMail_Server, "_disable_send", lambda _self: False),
            patch.object(
                IrMail_Server, "_connect__", side_effect=ConnectionRefusedError("no server")
            ),
        ):
            links = self._send(moves)
            self.env["mail.mail"].sudo().search([("state", "=", "outgoing")]).send()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertTrue(all(moves.with_user(self.biller).mapped("message_has_error")))
        self.assertTrue(all(links.mapped("is_undelivered")))
        self.assertIn("outgoing mail server", links[:1].delivery_failure)
        mails = self.env["mail.mail"].sudo().search([("res_id", "in", moves.ids)])
        self.assertEqual(len(mails), 2, "nothing is lost")
        # As the button in the list of e-mails does it, once the server is there again.
        with self.catch_mail() as catcher:
            mails.mark_outgoing()
            mails.send()
        self.assertEqual(len(catcher.messages), 2)
        links.invalidate_recordset()
        self.assertFalse(any(links.mapped("is_undelivered")))

    def test_an_employee_without_the_group_cannot_send(self):
        with self.assertRaises(AccessError):
            self._send(user=self.employee)

    @slow
    def test_many_invoices_are_sent_in_the_background(self):
        moves = self.posted_invoice | self._create_invoices([{}] * 20)
        self._send(moves)
        self.assertFalse(moves.paylink_link_ids.filtered("sent_date"))
        self.assertTrue(all(moves.mapped("is_being_sent")))
        cron = self.env.ref("account.ir_cron_account_move_send")
        with self.enter_registry_test_mode():
            cron.sudo().method_direct_trigger()
        self.assertEqual(len(moves.paylink_link_ids.filtered("sent_date")), 21)

    @slow
    def test_what_waits_in_the_background_is_not_lost_when_it_is_sent_once_more(self):
        first, other, third = moves = self.posted_invoice | self._create_invoices([{}] * 2)
        with patch.object(paylink_send, "MAX_SYNCHRONOUS", 1):
            waiting = self._send(first | other)
            with self.assertRaisesRegex(UserError, f"{first.name}.*in the background already"):
                self._send(first | other)
            action = self._open_dialog(moves).action_send()
        # The third one was sent at once, by itself.
        self.assertIn(f"{other.name}", action["params"]["message"])
        self.assertTrue(third.paylink_link_ids.sent_date)
        batch = self.env["account.move.send.batch.wizard"].with_user(self.biller)
        with self.assertRaisesRegex(UserError, "in the background already"):
            batch.create({"move_ids": moves.ids}).action_send_and_print()
        again = self._send(first)
        self.assertTrue(again.sent_date)
        self.assertFalse(any(waiting.mapped("sent_date")))
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").sudo().method_direct_trigger()
        self.assertTrue(all(waiting.mapped("sent_date")))
        self.assertFalse(any(moves.mapped("is_being_sent")))

    @slow
    def test_what_is_revoked_while_it_waits_does_not_leave(self):
        moves = self.posted_invoice | self._create_invoice()
        with patch.object(paylink_send, "MAX_SYNCHRONOUS", 1):
            revoked, link = self._send(moves).sorted("id")
        revoked.with_user(self.biller).action_revoke()
        with self.catch_mail() as catcher, self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").sudo().method_direct_trigger()
        self.assertFalse(revoked.sent_date)
        self.assertTrue(link.sent_date)
        self.assertEqual(len(catcher.messages), 1)

    def test_many_are_not_sent_where_nothing_is_sent_in_the_background(self):
        moves = self.posted_invoice | self._create_invoice()
        self.env.ref("account.ir_cron_account_move_send").active = False
        with (
            patch.object(paylink_send, "MAX_SYNCHRONOUS", 1),
            self.assertRaisesRegex(UserError, "activate the scheduled action"),
        ):
            self._send(moves)

    @slow
    def test_what_the_sender_wrote_keeps_its_format_in_the_background(self):
        moves = self.posted_invoice | self._create_invoice()
        with patch.object(paylink_send, "MAX_SYNCHRONOUS", 1):
            self._send(moves, body="<p>Unit <b>3</b> needs a new fan.</p>")
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").sudo().method_direct_trigger()
        for link in moves.paylink_link_ids:
            self.assertIn("Unit <b>3</b> needs", link.message_id.body)

    @slow
    def test_a_forged_queue_sends_no_link_of_another_invoice(self):
        other = self._create_link(self._create_invoice())
        move = self.posted_invoice
        move.sending_data = {
            "author_user_id": self.biller.id,
            "author_partner_id": self.biller.partner_id.id,
            "paylink": {"link_ids": {str(move.id): other.ids}},
        }
        with self.catch_mail() as catcher, self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").sudo().method_direct_trigger()
        self.assertFalse(catcher.messages)
        self.assertFalse(other.message_id)

    def _count_queries(self, count, send):
        """Return the queries of sending new invoices to a customer each, till the mails left."""
        customers = [self.customer.copy({"name": f"Customer {number}"}) for number in range(count)]
        moves = self._create_invoices([{"partner_id": customer.id} for customer in customers])
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        with self.catch_mail() as catcher:
            send(moves.with_user(self.biller))
            self.env.flush_all()
        self.assertEqual(len(catcher.messages), count)
        return self.env.cr.sql_log_count - before

    def _send_without_links(self, moves):
        moves.env["account.move.send"]._generate_and_send_invoices(
            moves, sending_methods={"email"}, allow_raising=False
        )

    @slow
    def test_a_link_costs_few_queries_and_not_more_of_them_in_a_larger_batch(self):
        self._count_queries(1, self._send)  # fills the caches
        with patch.object(paylink_send, "MAX_SYNCHRONOUS", 100):
            few, many = (self._count_queries(count, self._send) for count in (2, 6))
        self._count_queries(1, self._send_without_links)
        odoo = self._count_queries(6, self._send_without_links)
        self.assertLessEqual((many - odoo) / 6, 2)
        self.assertLessEqual(many / 6, few / 2)

    @slow
    def test_what_belongs_to_another_document_cannot_be_slipped_in(self):
        other = self._create_invoice()
        message = other.message_post(
            body="Secret.", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        attachment = self.env["ir.attachment"].create(
            {
                "name": "secret.txt",
                "raw": b"secret",
                "res_model": "account.move",
                "res_id": other.id,
            }
        )
        link = self._send(
            comment_line_ids=[Command.create({"message_id": message.id, "is_shown": True})],
            attachment_ids=[Command.set(attachment.ids)],
        )
        self.assertFalse(link.comment_ids)
        self.assertFalse(link.attachment_ids)
        self.assertFalse(link.move_id == other)

    def test_the_dialog_of_a_colleague_is_out_of_reach(self):
        dialog = self._open_dialog()
        colleague = new_test_user(
            self.env,
            login="paylink_colleague",
            groups="account.group_account_invoice",
            company_id=self.company.id,
        )
        with self.assertRaises(AccessError):
            dialog.with_user(colleague).action_send()

    def test_the_templates_that_links_are_sent_with_cannot_be_deleted(self):
        for name in ("send", "receipt", "balance"):
            template = self.env.ref(f"paylink_invoice.mail_template_paylink_{name}")
            with self.assertRaisesRegex(UserError, "Change them instead"):
                template.unlink()
        template.copy().unlink()

    def test_a_link_can_be_copied_instead_of_sent(self):
        with self.catch_mail() as catcher:
            action = self._open_dialog().action_copy()
        link = self.posted_invoice.sudo().paylink_link_ids
        self.assertEqual(action["params"], {"url": link._get_url()})
        self.assertEqual(link.channel, "copy")
        self.assertEqual(link.user_id, self.biller)
        self.assertEqual(link.event_ids.mapped("event_type"), ["copied"])
        self.assertEqual(self.posted_invoice.paylink_state, "sent")
        self.assertFalse(catcher.messages)

    def test_a_link_is_copied_for_one_recipient_only(self):
        dialog = self._open_dialog(partner_ids=[Command.set((self.alice | self.bob).ids)])
        with self.assertRaisesRegex(UserError, "one recipient"):
            dialog.action_copy()
