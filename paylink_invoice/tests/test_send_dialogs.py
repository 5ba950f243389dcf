# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Odoo's own dialogs, batches and automatic sending carry links, where somebody decided so."""

from lxml.html import fromstring

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .common import PaylinkCommon, slow


class SendDialogCase(PaylinkCommon):
    def _open_odoo_dialog(self, moves=None, user=None, **values):
        """Return Odoo's own dialog "Send" as a user opens it."""
        moves = (moves or self.posted_invoice).with_user(user or self.biller)
        action = moves.action_send_and_print()
        wizards = moves.env[action["res_model"]].with_context(**action["context"])
        return wizards.create(values)

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("account.ir_cron_account_move_send").sudo().method_direct_trigger()


@tagged("post_install", "-at_install", "paylink", "slow")
class TestSendDialog(SendDialogCase):
    def test_box_follows_the_setting_of_the_company(self):
        self.assertFalse(self._open_odoo_dialog().paylink_is_included)
        self.company.paylink_include_by_default = True
        self.assertTrue(self._open_odoo_dialog().paylink_is_included)
        self.assertTrue(self._open_odoo_dialog(self._create_pair()).paylink_is_included)

    def _create_pair(self):
        return self.posted_invoice | self._create_invoice(partner_id=self.bob.id)

    def test_without_the_box_no_link_is_sent_and_the_dialog_says_so(self):
        dialog = self._open_odoo_dialog()
        self.assertIn("cannot be paid online", dialog.alerts["paylink_not_included"]["message"])
        with self.catch_mail() as catcher:
            dialog.action_send_and_print()
        self.assertFalse(self.posted_invoice.paylink_link_ids)
        self.assertEqual(len(catcher.messages), 1)
        self.assertNotIn("/paylink/", catcher.get_html(self.alice.email))

    def test_with_the_box_every_recipient_gets_a_link_of_their_own(self):
        dialog = self._open_odoo_dialog(
            paylink_is_included=True,
            mail_partner_ids=[Command.set((self.alice | self.bob).ids)],
        )
        self.assertNotIn("paylink_not_included", dialog.alerts or {})
        with self.catch_mail() as catcher:
            dialog.action_send_and_print()
        links = self.posted_invoice.sudo().paylink_link_ids
        self.assertEqual(links.partner_id, self.alice | self.bob)
        self.assertEqual(links.user_id, self.biller)
        self.assertTrue(all(link.sent_date and link.expiration_date for link in links))
        for link in links:
            html = catcher.get_html(link.partner_id.email)
            self.assertEqual(set(self._get_live_tokens(html)), {link._get_token()})
            self.assertIn(
                f"Hello {link.partner_id.name}", " ".join(fromstring(html).text_content().split())
            )
        self.assertEqual(len(catcher.messages), 2)

    def test_box_brings_the_message_of_the_company_into_the_dialog(self):
        self.company.paylink_message = "<p>Winter is coming.</p>"
        form = Form(self._open_odoo_dialog())
        self.assertNotIn("Winter is coming", form.body)
        form.mail_partner_ids.add(self.bob)
        form.paylink_is_included = True
        self.assertIn("Winter is coming", form.body)
        self.assertIn(self.bob, form.mail_partner_ids[:])
        form.paylink_is_included = False
        self.assertNotIn("Winter is coming", form.body)

    def test_what_the_user_writes_goes_out_above_the_button(self):
        dialog = self._open_odoo_dialog(paylink_is_included=True)
        dialog.write({"subject": "Your heat pump", "body": "<p>As we said on the phone.</p>"})
        with self.catch_mail() as catcher:
            dialog.action_send_and_print()
        self.assertEqual(catcher.messages[0][1]["Subject"], "Your heat pump")
        html = catcher.get_html(self.alice.email)
        self.assertIn("As we said on the phone.", html)
        self.assertEqual(len(set(self._get_live_tokens(html))), 1)

    def test_batch_carries_links_when_the_cron_sends_it(self):
        moves = self._create_pair()
        self._open_odoo_dialog(moves, paylink_is_included=True).action_send_and_print()
        self.assertFalse(moves.sudo().paylink_link_ids)
        with self.catch_mail() as catcher:
            self._run_cron()
        links = moves.sudo().paylink_link_ids
        self.assertEqual(len(links), 2)
        self.assertEqual(links.user_id, self.biller)
        tokens = set()
        for link in links:
            tokens |= set(self._get_live_tokens(catcher.get_html(link.partner_id.email)))
        self.assertEqual(tokens, {link._get_token() for link in links})
        self._run_cron()
        self.assertEqual(len(moves.sudo().paylink_link_ids), 2, "nothing is sent twice")

    def test_batch_without_the_box_carries_none_whatever_the_setting(self):
        self.company.paylink_include_by_default = True
        moves = self._create_pair()
        self._open_odoo_dialog(moves, paylink_is_included=False).action_send_and_print()
        with self.catch_mail() as catcher:
            self._run_cron()
        self.assertEqual(len(catcher.messages), 2)
        self.assertFalse(moves.sudo().paylink_link_ids)

    def test_batch_that_is_sent_at_once_follows_the_box(self):
        moves = self._create_pair()
        dialog = self._open_odoo_dialog(moves, paylink_is_included=True)
        with self.catch_mail():
            dialog.action_send_and_print(force_synchronous=True)
        self.assertEqual(len(moves.sudo().paylink_link_ids), 2)

    def test_automatic_sending_follows_the_setting(self):
        moves = self._create_pair()
        with self.catch_mail():
            self.env["account.move.send"]._generate_and_send_invoices(moves)
        self.assertFalse(moves.sudo().paylink_link_ids)
        self.company.paylink_include_by_default = True
        with self.catch_mail() as catcher:
            self.env["account.move.send"]._generate_and_send_invoices(moves)
        self.assertEqual(moves.sudo().paylink_link_ids.partner_id, self.alice | self.bob)
        self.assertEqual(len(catcher.messages), 2)

    def test_contact_without_an_address_gives_way_to_the_customer(self):
        self.company.paylink_include_by_default = True
        self.alice.email = False
        with self.catch_mail():
            self.env["account.move.send"]._generate_and_send_invoices(self.posted_invoice)
        self.assertEqual(self.posted_invoice.sudo().paylink_link_ids.partner_id, self.customer)

    def test_who_may_not_send_links_cannot_tick_the_box(self):
        user = new_test_user(
            self.env,
            login="paylink_invoicer",
            groups="account.group_account_readonly",
            company_id=self.company.id,
        )
        dialogs = self.env["account.move.send.wizard"].with_user(user).sudo(False)
        wizard = self._open_odoo_dialog(paylink_is_included=True)
        with self.assertRaises(AccessError):
            wizard.with_env(dialogs.env)._get_sending_settings()
        settings = dialogs.env["account.move.send"].with_context(paylink_is_included=True)
        self.assertFalse(settings._paylink_is_included_by_default(self.posted_invoice))

    def test_branch_has_the_message_of_its_parent_unless_it_has_its_own(self):
        branch = self.env["res.company"].create(
            {"name": "Northwind South", "parent_id": self.company.id}
        )
        self.company.paylink_message = "<p>Winter is coming.</p>"
        self.assertIn("Winter", branch._paylink_get_message("en_US"))
        branch.paylink_message = "<p>Summer is here.</p>"
        self.assertIn("Summer", branch._paylink_get_message("en_US"))
        branch.paylink_message = "<p><br></p>"
        self.assertIn("Winter", branch._paylink_get_message("en_US"))

    def test_message_is_in_the_language_of_the_recipient_from_every_place(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.alice.lang = "fr_FR"
        self.company.paylink_message = "<p>Winter is coming.</p>"
        self.company.update_field_translations(
            "paylink_message", {"fr_FR": {"Winter is coming.": "Voici l'hiver."}}
        )
        both = [Command.set((self.alice | self.bob).ids)]
        with self.catch_mail():
            self._send(partner_ids=both)
            self._open_odoo_dialog(
                paylink_is_included=True, mail_partner_ids=both
            ).action_send_and_print()
        links = self.posted_invoice.sudo().paylink_link_ids
        self.assertEqual(len(links), 4)
        for link in links:
            words = "l'hiver" if link.partner_id == self.alice else "Winter"
            self.assertIn(words, link.message_id.body)

    def _count_queries(self, count, is_included):
        customers = [self.customer.copy({"name": f"Customer {number}"}) for number in range(count)]
        moves = self._create_invoices([{"partner_id": customer.id} for customer in customers])
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        with self.catch_mail() as catcher:
            moves.env["account.move.send"].with_user(self.biller).with_context(
                paylink_is_included=is_included
            )._generate_and_send_invoices(moves, allow_raising=False)
            self.env.flush_all()
        self.assertEqual(len(catcher.messages), count)
        return self.env.cr.sql_log_count - before

    @slow
    def test_links_in_automatic_sending_cost_few_queries(self):
        for is_included in (True, False):
            self._count_queries(1, is_included)  # fills the caches
        few, many = (self._count_queries(count, True) for count in (2, 6))
        odoo = self._count_queries(6, False)
        self.assertLessEqual((many - odoo) / 6, 4)
        self.assertLessEqual(many / 6, few / 2)
