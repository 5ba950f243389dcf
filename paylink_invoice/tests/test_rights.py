# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who may do what, cell by cell: role x model x operation x company."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import PaylinkCommon, slow

OPERATIONS = ("create", "read", "write", "unlink")
ROLES = {
    "public": "base.group_public",
    "portal_own": "base.group_portal",
    "portal_other": "base.group_portal",
    "employee": "base.group_user",
    "auditor": "base.group_user,account.group_account_readonly",
    "billing": "account.group_account_invoice",
    "accountant": "account.group_account_user",
    "adviser": "account.group_account_manager",
    "settings": "base.group_system",
}
SENDERS = ("billing", "accountant", "adviser")

# (model, company, whose) -> role -> the operations that succeed. All else is refused.
LOOK = dict.fromkeys((*SENDERS, "auditor"), {"read"})
ALL = dict.fromkeys(SENDERS, set(OPERATIONS))
EXPECTED = {
    # Links and their history are made by their actions, in sudo mode: nobody writes them by hand.
    ("paylink.link", "own"): LOOK,
    ("paylink.link", "other"): {},
    ("paylink.event", "own"): LOOK,
    ("paylink.event", "other"): {},
    # Prices are made by what the customer chooses; nobody changes what was shown.
    ("paylink.quote", "own"): LOOK,
    ("paylink.quote", "other"): {},
    ("paylink.quote.line", "own"): LOOK,
    ("paylink.quote.line", "other"): {},
    # A consent is a proof, a reminder the history of a rule.
    ("paylink.consent", "own"): LOOK,
    ("paylink.consent", "other"): {},
    ("paylink.reminder", "own"): LOOK,
    ("paylink.reminder", "other"): {},
    # Rules are for managers, of their own companies.
    ("paylink.reminder.rule", "own"): {**LOOK, "adviser": set(OPERATIONS)},
    ("paylink.reminder.rule", "other"): {},
    # A look at tomorrow belongs to who took it.
    ("paylink.reminder.preview", "own"): {"adviser": {"read"}},
    ("paylink.reminder.preview", "other"): {},
    # A dialog belongs to who opened it.
    ("paylink.send", "own"): ALL,
    ("paylink.send", "other"): {},
    ("paylink.send", "colleague"): {},
    ("paylink.send.comment", "own"): ALL,
    ("paylink.send.comment", "other"): {},
    ("paylink.send.comment", "colleague"): {},
    ("paylink.balance.send", "own"): ALL,
    ("paylink.balance.send", "colleague"): {},
}


@tagged("post_install", "-at_install", "paylink")
class TestRights(PaylinkCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls._create_user(role, groups) for role, groups in ROLES.items()}
        cls.colleague = cls._create_user("colleague", "account.group_account_invoice")
        cls.users["portal_own"].partner_id.parent_id = cls.customer
        foreign = cls._create_foreign_invoice()
        cls.foreign_biller = new_test_user(
            cls.env,
            login="paylink_foreign_biller",
            groups="account.group_account_invoice",
            company_id=foreign.company_id.id,
        )
        cls.invoices = {
            "own": cls.posted_invoice,
            "other": foreign,
            "colleague": cls.posted_invoice,
        }
        cls.openers = {"other": cls.foreign_biller, "colleague": cls.colleague}
        cls.links = {
            whose: cls._create_link(cls.invoices[whose], cls.invoices[whose].partner_id)
            for whose in ("own", "other")
        }
        for move in cls.posted_invoice | foreign:
            move.message_post(
                body="We come on Monday.", message_type="comment", subtype_xmlid="mail.mt_comment"
            )

    @classmethod
    def _create_user(cls, role, groups):
        return new_test_user(
            cls.env, login=f"paylink_role_{role}", groups=groups, company_id=cls.company.id
        )

    @classmethod
    def _create_foreign_invoice(cls):
        """Return an invoice of a company that none of the users has."""
        company = cls.setup_other_company(name="Southwind Cooling")["company"]
        partner = cls.env["res.partner"].create({"name": "Zed", "email": "zed@example.com"})
        foreign = cls.env(context={"allowed_company_ids": company.ids})
        return cls._create_invoice_in(foreign, partner.id)

    @classmethod
    def _create_invoice_in(cls, env, partner_id):
        line = Command.create({"name": "SECRET", "price_unit": 77.0, "tax_ids": [Command.clear()]})
        move = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner_id,
                "invoice_date": "2026-01-01",
                "invoice_line_ids": [line],
            }
        )
        move.action_post()
        return move

    # === THE MATRIX === #

    def _get_record(self, model, whose, user):
        """Return a record to try an operation on, in sudo mode."""
        if model in ("paylink.consent", "paylink.reminder", "paylink.reminder.rule"):
            return self.env[model].sudo().create(self._prepare_values(model, whose, user))
        if model == "paylink.reminder.preview":
            record = self.env[model].sudo().create({})
            opener = self.openers.get(whose) or user
            self.env.cr.execute(
                "UPDATE paylink_reminder_preview SET create_uid = %s WHERE id = %s",
                [opener.id, record.id],
            )
            self.env.invalidate_all()
            return record
        if model == "paylink.link":
            return self._create_link(self.invoices[whose], self.invoices[whose].partner_id)
        if model == "paylink.event":
            return self.links[whose].event_ids[:1]
        if model in ("paylink.quote", "paylink.quote.line"):
            quotes_sudo = self.env["paylink.quote"].sudo()
            quote_sudo = quotes_sudo.create(self._prepare_values("paylink.quote", whose, user))
            return quote_sudo if model == "paylink.quote" else quote_sudo.line_ids
        opener = self.openers.get(whose) or user
        if model == "paylink.balance.send":
            values = self._prepare_values(model, whose, user)
            return self._give_to(opener, self.env[model].sudo().create(values))
        move = self.invoices[whose]
        # As the system, in their name: not every role could open the dialog.
        dialog = (
            self.env["paylink.send"]
            .sudo()
            .with_context(active_model="account.move", active_ids=move.ids)
            .with_company(move.company_id)
            .create({"channel": "email"})
        )
        for record in (dialog, *dialog.comment_line_ids):
            self._give_to(opener, record)
        return dialog if model == "paylink.send" else dialog.comment_line_ids[:1]

    def _give_to(self, opener, record):
        """Return a record of a dialog as if somebody else had opened it."""
        self.env.flush_all()
        self.env.cr.execute(
            f"UPDATE {record._table} SET create_uid = %s WHERE id = %s", [opener.id, record.id]
        )
        self.env.invalidate_all()
        return record

    def _prepare_values(self, model, whose, user):
        if model == "paylink.balance.send":
            return {"customer_ids": [Command.set(self.customer.ids)]}
        move, link = self.invoices[whose], self.links.get(whose, self.links["own"])
        if model == "paylink.link":
            return {
                "move_id": move.id,
                "partner_id": move.partner_id.id,
                "company_id": move.company_id.id,
            }
        if model == "paylink.event":
            return {"link_id": link.id, "event_type": "viewed"}
        if model.startswith(("paylink.reminder", "paylink.consent")):
            return self._prepare_reminder_values(model, move)
        line = {
            "company_id": move.company_id.id,
            "currency_id": move.currency_id.id,
            "move_id": move.id,
            "amount": 50.0,
            "document_version": "0",
        }
        if model == "paylink.quote":
            return {
                "link_id": link.id,
                "company_id": move.company_id.id,
                "currency_id": move.currency_id.id,
                "amount_choice": "other",
                "base_amount": 50.0,
                "total_amount": 50.0,
                "line_ids": [Command.create(line)],
            }
        if model == "paylink.quote.line":
            quote_sudo = self._get_record("paylink.quote", whose, user)
            return {**line, "quote_id": quote_sudo.id}
        if model == "paylink.send":
            return {"channel": "email", "move_ids": [Command.set(move.ids)]}
        record = self._get_record(model, whose, user)
        message = record.message_id
        return {"wizard_id": record.wizard_id.id, "message_id": message.id}

    def _prepare_reminder_values(self, model, move):
        rule = {"name": "After", "company_ids": [Command.set(move.company_id.ids)]}
        values = {
            "paylink.consent": {
                "company_id": move.company_id.id,
                "number": "+32470123456",
                "action": "granted",
                "source": "page",
            },
            "paylink.reminder.rule": rule,
            "paylink.reminder.preview": {},
        }
        if model in values:
            return values[model]
        rule_sudo = self.env["paylink.reminder.rule"].sudo().create(rule)
        return {"rule_id": rule_sudo.id, "move_id": move.id, "due_date": "2026-01-01"}

    def _change(self, model):
        return {
            "paylink.consent": {"number": "+32470999999"},
            "paylink.reminder": {"state": "sent"},
            "paylink.reminder.rule": {"days": 9},
            "paylink.reminder.preview": {"reason": "because"},
            "paylink.link": {"allow_payment": False},
            "paylink.event": {"event_type": "viewed"},
            "paylink.quote": {"tip_percent": "18"},
            "paylink.quote.line": {"amount": 1.0},
            "paylink.send": {"show_narration": False},
            "paylink.send.comment": {"is_shown": True},
            "paylink.balance.send": {"channel": "sms"},
        }[model]

    def _try(self, user, model, operation, whose):
        """Tell whether a user succeeds in an operation; nothing of it stays."""
        values = operation == "create" and self._prepare_values(model, whose, user)
        record = operation != "create" and self._get_record(model, whose, user)
        self.env.flush_all()
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            records = (
                self.env[model].with_user(user).with_context(allowed_company_ids=self.company.ids)
            )
            if operation == "create":
                records.create(values)
            elif operation == "read":
                records.browse(record.id).read()
            elif operation == "write":
                records.browse(record.id).write(self._change(model))
            else:
                records.browse(record.id).unlink()
            records.env.flush_all()
            return True
        except UserError:  # An AccessError is one.
            return False
        finally:
            self.env.invalidate_all(flush=False)
            savepoint.rollback()
            savepoint.close(rollback=False)

    @slow
    def test_every_role_may_do_what_the_table_says_and_nothing_else(self):
        wrong, cells = [], 0
        for (model, whose), allowed in EXPECTED.items():
            for role, user in self.users.items():
                for operation in OPERATIONS:
                    if whose == "colleague" and operation == "create":
                        continue  # Who makes one, owns it.
                    cells += 1
                    expected = operation in allowed.get(role, ())
                    if self._try(user, model, operation, whose) != expected:
                        wrong.append(f"{role} {operation} {model} {whose}: expected {expected}")
        self.assertEqual(wrong, [])
        self.assertGreaterEqual(cells, 300)

    # === ACTIONS === #

    def _may_call(self, role, method, link):
        self.env.flush_all()
        with self.env.cr.savepoint() as savepoint:
            try:
                # The company that the user has; a link of another one is not theirs.
                getattr(
                    self.env(user=self.users[role], context={})["paylink.link"].browse(link.id),
                    method,
                )()
                return True
            except AccessError:
                return False
            finally:
                self.env.invalidate_all(flush=False)
                savepoint.rollback()

    def test_actions_on_links_follow_the_groups(self):
        own_of = {role: self._create_link(user_id=user.id) for role, user in self.users.items()}
        for role in ROLES:
            is_sender = role in SENDERS
            with self.subTest(role=role):
                for method in ("action_copy_url", "action_revoke", "action_regenerate"):
                    self.assertEqual(self._may_call(role, method, own_of[role]), is_sender, method)
                    self.assertFalse(self._may_call(role, method, self.links["other"]), method)
                can_look = is_sender or role == "auditor"
                self.assertEqual(self._may_call(role, "action_preview", own_of[role]), can_look)
                # Of colleagues' links: everybody who sends may copy them, managers may end them.
                self.assertEqual(
                    self._may_call(role, "action_copy_url", self.links["own"]), is_sender
                )
                for method in ("action_revoke", "action_regenerate"):
                    self.assertEqual(
                        self._may_call(role, method, self.links["own"]), role == "adviser", method
                    )

    def test_refused_actions_leave_no_trace(self):
        before = (
            self.links["own"].read(["generation", "revoked_date", "sent_date"]),
            len(self.links["own"].event_ids),
        )
        for role in ("portal_own", "employee", "auditor", "billing", "settings"):
            for method in ("action_revoke", "action_regenerate"):
                with self.assertRaises(AccessError):
                    getattr(self.links["own"].with_user(self.users[role]), method)()
        after = (
            self.links["own"].read(["generation", "revoked_date", "sent_date"]),
            len(self.links["own"].event_ids),
        )
        self.assertEqual(before, after)

    def test_links_of_an_invoice_that_a_user_may_not_read_are_out_of_reach(self):
        self.env["ir.rule"].create(
            {
                "name": "Nobody reads this invoice",
                "model_id": self.env["ir.model"]._get_id("account.move"),
                "domain_force": f"[('id', '!=', {self.posted_invoice.id})]",
            }
        )
        for role, user in self.users.items():
            link = self._create_link(user_id=user.id)
            for method in ("action_copy_url", "action_revoke", "action_regenerate"):
                self.assertFalse(self._may_call(role, method, link), (role, method))

    # === FORGED DIALOGS === #

    def _forge_dialog(self, **values):
        """Return a dialog of the one who bills, every field filled in by hand."""
        return (
            self.env["paylink.send"]
            .with_user(self.users["billing"])
            .with_context(allowed_company_ids=self.company.ids)
            .create(
                {
                    "channel": "email",
                    "move_ids": [Command.set(self.posted_invoice.ids)],
                    "partner_ids": [Command.set(self.alice.ids)],
                    "comment_line_ids": [],
                    "subject": "Hello",
                    "body": "<p>Hello</p>",
                    "expiration_date": False,
                    "hours_after_view": 0,
                    **values,
                }
            )
        )

    def test_no_dialog_shows_or_sends_an_invoice_of_another_company(self):
        foreign = self.invoices["other"]
        for values in (
            {},
            {"partner_ids": [Command.set(foreign.partner_id.ids)]},
            {"subject": False, "body": False},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                dialog = self._forge_dialog(move_ids=[Command.set(foreign.ids)], **values)
                self.env.flush_all()
                self.env.invalidate_all()
                text = f"{dialog.subject}{dialog.body}{dialog.commercial_partner_id.name}"
                self.assertNotIn("77", text)
                dialog.action_send()
            self.assertEqual(foreign.sudo().paylink_link_ids, self.links["other"])

    def test_a_dialog_shares_no_comment_and_no_file_of_another_document(self):
        other = self._create_invoice(partner_id=self.bob.id)
        secret = other.message_post(
            body="SECRET", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        files = self.env["ir.attachment"].create(
            [
                {"name": "Other", "raw": b"x", "res_model": "account.move", "res_id": other.id},
                {
                    "name": "Partner",
                    "raw": b"x",
                    "res_model": "res.partner",
                    "res_id": self.alice.id,
                },
            ]
        )
        # One of another company is refused at once, see below.
        comment = Command.create({"message_id": secret.id, "is_shown": True})
        dialog = self._forge_dialog(
            comment_line_ids=[comment], attachment_ids=[Command.set(files.ids)]
        )
        dialog.action_send()
        link = self.posted_invoice.sudo().paylink_link_ids[:1]
        self.assertEqual(link.partner_id, self.alice)
        self.assertFalse(link.comment_ids)
        self.assertFalse(link.attachment_ids)

    def test_the_preview_of_a_dialog_without_a_readable_invoice_shows_nothing(self):
        dialog = self._forge_dialog()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_paylink_send_rel SET account_move_id = %s WHERE paylink_send_id = %s",
            [self.invoices["other"].id, dialog.id],
        )
        self.env.invalidate_all()
        dialog = dialog.with_context(allowed_company_ids=self.company.ids)
        self.assertFalse(dialog.move_ids)
        with self.assertRaises(UserError):
            dialog.action_preview()

    def test_a_line_of_a_dialog_shows_no_message_that_its_owner_may_not_read(self):
        secret = self.invoices["other"].message_post(
            body="SECRET of Southwind", message_type="comment", subtype_xmlid="mail.mt_note"
        )
        with self.assertRaises(AccessError):
            secret.with_user(self.users["billing"]).read(["preview"])
        dialog = self._forge_dialog()
        with self.assertRaises(AccessError):
            line = dialog.comment_line_ids.create(
                {"wizard_id": dialog.id, "message_id": secret.id, "is_shown": True}
            )
            self.env.flush_all()
            self.env.invalidate_all()
            self.assertNotIn("SECRET", str(line.read(["preview", "author_id", "date"])))

    def test_a_line_that_is_not_saved_shows_no_such_message_either(self):
        secret = self.invoices["other"].message_post(
            body="SECRET of Southwind", message_type="comment", subtype_xmlid="mail.mt_note"
        )
        lines = self.env["paylink.send.comment"].with_user(self.users["billing"])
        shown = dict.fromkeys(("message_id", "preview", "author_id", "date"), {})
        self.env.flush_all()
        self.env.invalidate_all()
        try:
            answer = lines.onchange({"message_id": secret.id}, ["message_id"], shown)
        except AccessError:
            return
        self.assertNotIn("SECRET", str(answer))

    def test_replacing_starts_the_clock_of_hours_anew(self):
        link = self._create_link(hours_after_view=24)
        self.env["paylink.event"].sudo().create(
            {
                "link_id": link.id,
                "event_type": "viewed",
                "event_date": fields.Datetime.now() - timedelta(days=3),
            }
        )
        self.assertEqual(link.state, "expired")
        link.with_user(self.users["adviser"]).action_regenerate()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(link.state, "active")

    def test_a_shared_web_address_is_no_file(self):
        attachment = self.env["ir.attachment"].create(
            {
                "name": "Elsewhere",
                "type": "url",
                "url": "https://evil.example",
                "res_model": "account.move",
                "res_id": self.posted_invoice.id,
            }
        )
        self.assertNotIn(attachment, self.posted_invoice._paylink_get_shareable_attachments())

    def test_what_a_colleague_puts_into_a_dialog_is_not_shared(self):
        dialog = self._forge_dialog()
        message = self.posted_invoice.message_ids.filtered("body")[:1]
        lines = self.env["paylink.send.comment"].with_user(self.colleague)
        try:
            lines.create({"wizard_id": dialog.id, "message_id": message.id, "is_shown": True})
            self.env.flush_all()
        except AccessError:
            return
        self.env.invalidate_all()
        dialog.action_send()
        self.assertFalse(self.posted_invoice.sudo().paylink_link_ids[:1].comment_ids)

    # === GROUPS === #

    def test_who_may_send_follows_from_billing_and_who_manages_from_advising(self):
        user, manager = (
            "paylink_invoice.group_paylink_user",
            "paylink_invoice.group_paylink_manager",
        )
        for role, account in self.users.items():
            self.assertEqual(account.has_group(user), role in SENDERS, role)
            self.assertEqual(account.has_group(manager), role == "adviser", role)
