# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PaylinkCommon, slow


@tagged("post_install", "-at_install", "paylink")
class TestLink(PaylinkCommon):
    def _resolve(self, link, kind="invoice"):
        return self.env["paylink.link"]._resolve(kind, link._get_token())

    def test_a_token_opens_its_own_link_only(self):
        link, other = self._create_link(), self._create_link(partner=self.bob)
        self.assertEqual(self._resolve(link), link)
        self.assertEqual(self._resolve(other), other)
        self.assertFalse(self._resolve(link, kind="balance"))

    def test_a_forged_token_costs_no_query_on_links(self):
        token = self._create_link()._get_token()
        forged = token[:-1] + ("0" if token[-1] != "0" else "1")
        self.env.registry.clear_cache()
        self.env["paylink.link"]._get_signing_material()
        with self.assertQueryCount(0):
            self.assertFalse(self.env["paylink.link"]._resolve("invoice", forged))

    def test_a_copy_of_the_database_rejects_its_links(self):
        link = self._create_link()
        token = link._get_token()
        self.env["ir.config_parameter"].sudo().set_param("database.uuid", "another-database")
        self.assertFalse(self.env["paylink.link"]._resolve("invoice", token))

    def test_a_link_ends_to_the_second_by_the_policy_of_its_company(self):
        with freeze_time("2026-03-01 10:00:00"):
            link = self._create_link()
        self.assertEqual(link.expiration_date, fields.Datetime.to_datetime("2026-03-15 10:00:00"))
        for moment, state in (
            ("2026-03-15 09:59:59", "active"),
            ("2026-03-15 10:00:00", "expired"),
        ):
            with freeze_time(moment):
                link.invalidate_recordset(["state"])
                self.assertEqual(link.state, state)
                found = self.env["paylink.link"].search([("state", "=", state)])
                self.assertIn(link, found)

    def test_zero_days_means_no_end(self):
        self.company.paylink_validity_days = 0
        link = self._create_link()
        self.assertFalse(link.expiration_date)
        self.assertEqual(link.state, "active")

    def test_the_clock_of_hours_starts_with_the_first_view(self):
        link = self._create_link(hours_after_view=24)
        by_policy = link.expiration_date
        now = fields.Datetime.now()
        self.assertGreater(by_policy, now + timedelta(days=13))
        link._log_event("viewed", event_date=now)
        self.assertEqual(link.expiration_date, now + timedelta(hours=24))
        link._log_event("viewed", event_date=now + timedelta(hours=1))
        self.assertEqual(link.expiration_date, now + timedelta(hours=24))
        self.assertEqual(link.view_count, 2)
        self.assertEqual(link.first_view_date, now)

    def test_the_clock_of_hours_never_prolongs_a_life(self):
        link = self._create_link(hours_after_view=24)
        end = fields.Datetime.now() + timedelta(hours=1)
        link.expiration_date = end
        link._log_event("viewed")
        self.assertEqual(link.expiration_date, end)

    def test_revoking_one_link_leaves_the_others_alive(self):
        link, other = self._create_link(), self._create_link(partner=self.bob)
        link.with_user(self.biller).action_revoke()
        self.assertEqual(link.state, "revoked")
        self.assertEqual(link._get_denial("view"), "revoked")
        self.assertEqual(link._get_denial("renew"), "revoked")
        self.assertIsNone(other._get_denial("view"))
        self.assertIn("revoked", link.event_ids.mapped("event_type"))

    def test_replacing_kills_the_old_url_and_starts_a_new_life(self):
        link = self._create_link()
        link.expiration_date = fields.Datetime.now() - timedelta(days=1)
        old_token = link._get_token()
        link.with_user(self.biller).action_regenerate()
        self.assertFalse(self.env["paylink.link"]._resolve("invoice", old_token))
        self.assertEqual(self._resolve(link), link)
        self.assertEqual(link.state, "active")

    def test_after_the_last_generation_the_link_gets_a_new_reference(self):
        link = self._create_link()
        link.generation = 255
        old_ref, old_token = link.public_ref, link._get_token()
        link.action_regenerate()
        self.assertNotEqual(link.public_ref, old_ref)
        self.assertEqual(link.generation, 0)
        self.assertFalse(self.env["paylink.link"]._resolve("invoice", old_token))

    def test_only_managers_end_the_links_of_others(self):
        link = self._create_link()
        colleague = new_test_user(
            self.env,
            login="paylink_colleague",
            groups="account.group_account_invoice",
            company_id=self.company.id,
        )
        manager = new_test_user(
            self.env,
            login="paylink_manager",
            groups="account.group_account_manager",
            company_id=self.company.id,
        )
        for action in ("action_revoke", "action_regenerate"):
            with self.assertRaises(AccessError):
                getattr(link.with_user(colleague), action)()
            getattr(link.with_user(manager), action)()

    def test_copying_is_for_senders_and_is_logged(self):
        link = self._create_link()
        with self.assertRaises(AccessError):
            link.with_user(self.employee).action_copy_url()
        result = link.with_user(self.biller).action_copy_url()
        self.assertEqual(result, {"url": link._get_url()})
        copied = link.event_ids.filtered(lambda event: event.event_type == "copied")
        self.assertEqual(copied.user_id, self.biller)
        link.action_revoke()
        with self.assertRaises(UserError):
            link.action_copy_url()

    def test_the_history_can_be_neither_changed_nor_deleted(self):
        event = self._create_link().event_ids
        with self.assertRaises(UserError):
            event.event_type = "viewed"
        with self.assertRaises(UserError):
            event.unlink()
        with self.assertRaises(AccessError):
            self.env["paylink.event"].with_user(self.biller).create(
                {"link_id": event.link_id.id, "event_type": "viewed"}
            )

    def test_links_cannot_be_written_by_hand(self):
        link = self._create_link().with_user(self.biller)
        with self.assertRaises(AccessError):
            link.expiration_date = False
        with self.assertRaises(AccessError):
            link.unlink()
        with self.assertRaises(AccessError):
            self.env["paylink.link"].with_user(self.biller).create(
                {"move_id": self.posted_invoice.id, "partner_id": self.alice.id}
            )

    def test_links_of_another_company_are_out_of_sight(self):
        link = self._create_link()
        other_company = self.env["res.company"].create({"name": "Southwind"})
        outsider = new_test_user(
            self.env,
            login="paylink_outsider",
            groups="account.group_account_invoice",
            company_id=other_company.id,
            company_ids=[(6, 0, other_company.ids)],
        )
        self.assertFalse(
            self.env["paylink.link"].with_user(outsider).search([("id", "=", link.id)])
        )
        with self.assertRaises(AccessError):
            link.with_user(outsider).action_copy_url()

    # === WHAT THE INVOICE SUMS UP === #

    def _assert_state(self, move, state):
        move.invalidate_recordset()
        self.assertEqual(move.paylink_state, state)
        for candidate in ("not_sent", "sent", "viewed", "paid", "expired"):
            found = self.env["account.move"].search(
                [("paylink_state", "=", candidate), ("id", "=", move.id)]
            )
            self.assertEqual(bool(found), candidate == state, f"search of {candidate}")

    def test_the_state_follows_the_links_and_can_be_searched(self):
        move = self.posted_invoice
        self._assert_state(move, "not_sent")
        link = self._create_link()
        self._assert_state(move, "sent")
        link._log_event("viewed")
        self._assert_state(move, "viewed")
        link.expiration_date = fields.Datetime.now() - timedelta(seconds=1)
        self._assert_state(move, "expired")
        self._create_link(partner=self.bob)
        self._assert_state(move, "viewed")
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        self._assert_state(move, "paid")

    def test_a_link_that_was_never_sent_does_not_count(self):
        self.env["paylink.link"].sudo().create(
            {"move_id": self.posted_invoice.id, "partner_id": self.alice.id}
        )
        self._assert_state(self.posted_invoice, "not_sent")

    def test_dates_can_be_searched_by_the_newest_link(self):
        move, Move = self.posted_invoice, self.env["account.move"]
        with freeze_time("2026-03-01 10:00:00"):
            self._create_link()
        with freeze_time("2026-03-05 10:00:00"):
            self._create_link(partner=self.bob)
        mine = [("id", "=", move.id)]
        self.assertTrue(Move.search([*mine, ("paylink_sent_date", ">", "2026-03-04")]))
        self.assertFalse(Move.search([*mine, ("paylink_sent_date", "<", "2026-03-04")]))
        self.assertTrue(Move.search([*mine, ("paylink_sent_date", "!=", False)]))
        self.assertTrue(Move.search([*mine, ("paylink_last_view_date", "=", False)]))

    @slow
    def test_the_list_costs_the_same_for_one_and_for_many_invoices(self):
        moves = self.posted_invoice
        for _number in range(5):
            moves |= self._create_invoice()
        for move in moves:
            self._create_link(move)
        self.env.flush_all()
        moves.fetch(["payment_state"])
        with self.assertQueryCount(2):
            moves.mapped("paylink_state")
