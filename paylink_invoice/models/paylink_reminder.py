# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which reminder was sent for which due date: the proof that none is sent twice."""

import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .ir_http import TOO_BUSY

_logger = logging.getLogger(__name__)


class PaylinkReminder(models.Model):
    """One reminder of one due date of an invoice, by one rule.  Sent once, whatever happens."""

    _name = "paylink.reminder"
    _description = "Payment Reminder"
    _order = "id desc"
    _rec_name = "move_id"

    rule_id = fields.Many2one(
        comodel_name="paylink.reminder.rule", required=True, ondelete="restrict", readonly=True
    )
    move_id = fields.Many2one(
        string="Invoice",
        comodel_name="account.move",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    company_id = fields.Many2one(
        related="move_id.company_id", store=True, index=True, readonly=True
    )
    due_date = fields.Date(required=True, readonly=True)
    state = fields.Selection(
        selection=[("pending", "Being Sent"), ("sent", "Sent"), ("failed", "Not Sent")],
        required=True,
        default="pending",
        readonly=True,
    )
    link_id = fields.Many2one(
        string="Invoice Link",
        comodel_name="paylink.link",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    partner_id = fields.Many2one(related="link_id.partner_id", string="Recipient")
    delivery_status = fields.Selection(related="link_id.delivery_status")
    failure = fields.Char(string="Why Not Sent", readonly=True)

    _once = models.UniqueIndex("(rule_id, move_id, due_date)")

    # === WHAT IS DONE === #

    @api.model
    def _drop_known(self, due):
        """Return those of what is due that no reminder has been made for yet.

        :param list due: see `paylink.reminder.rule._find_due`
        """
        # In sudo mode because rules work for all companies.
        known = self.sudo().search_fetch(
            [
                ("move_id", "in", list({move.id for _rule, move, _date in due})),
                ("rule_id", "in", list({rule.id for rule, _move, _date in due})),
            ],
            ["rule_id", "move_id", "due_date"],
        )
        done = {(row.rule_id.id, row.move_id.id, row.due_date) for row in known}
        return [
            (rule, move, date) for rule, move, date in due if (rule.id, move.id, date) not in done
        ]

    # === SENDING === #

    @api.model
    def _cron_send_reminders(self):
        """Send today's reminders, one after the other; each is committed before the next one."""
        rules = self.env["paylink.reminder.rule"].search([("active", "=", True)])
        due = self._find_unfinished() + rules._find_due()
        for index, (rule, move_sudo, due_date) in enumerate(due, start=1):
            self._try_to_send(rule, move_sudo, due_date)
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(due) - index):
                return

    @api.model
    def _find_unfinished(self):
        """Return what was begun by a worker that died, or is to be tried again, like what is due."""
        reminders = self.search([("state", "=", "pending"), ("rule_id.active", "=", True)])
        return [(row.rule_id, row.move_id, row.due_date) for row in reminders]

    @api.model
    def _try_to_send(self, rule, move_sudo, due_date):
        """Send one reminder; what goes wrong with it stops no other one.

        It rolls back what fails, so whatever is to be kept must be committed before.
        """
        try:
            self._send_once(rule, move_sudo, due_date)
            self.env.flush_all()
        except TOO_BUSY:
            self.env.cr.rollback()
            _logger.info("Reminder of invoice %s: somebody else is at it", move_sudo.id)
        except Exception as error:
            self.env.cr.rollback()
            _logger.exception("Reminder of invoice %s failed", move_sudo.id)
            is_known = isinstance(error, UserError)
            self._note_failure(
                rule,
                move_sudo,
                due_date,
                str(error)
                if is_known
                else self.env._("Something went wrong; see the server's log."),
            )

    @api.model
    def _send_once(self, rule, move_sudo, due_date):
        """Send one reminder unless something speaks against it, or somebody else sends it.

        Row, link and queued message are committed together: all of them or none. Where sending an
        invoice commits on its way (some electronic invoices do), the row says that it is unfinished.
        """
        plan = move_sudo._paylink_plan_reminder(rule)
        reminder = self.browse() if plan["denial"] else self._claim(rule, move_sudo, due_date)
        if reminder:
            reminder._send(plan)
            reminder.state = "sent"

    @api.model
    def _claim(self, rule, move_sudo, due_date):
        """Return the row of a reminder if it is ours to send, else none."""
        values = {"rule_id": rule.id, "move_id": move_sudo.id, "due_date": due_date}
        found = self.search([(name, "=", value) for name, value in values.items()])
        if found:
            return found.filtered(lambda row: row.state == "pending").try_lock_for_update()
        try:
            with self.env.cr.savepoint():
                return self.create(values)
        except psycopg2.errors.UniqueViolation:
            return self.browse()

    def _send(self, plan):
        """Make a fresh link and hand it over to Odoo's sending of invoices."""
        self.ensure_one()
        move = self.move_id.with_company(self.company_id)
        user = move.invoice_user_id or self.env.user
        # A link that a dead worker has left behind has not been sent to anybody.
        self.link_id = self.link_id or self.env["paylink.link"].create(
            {
                "move_id": move.id,
                "company_id": move.company_id.id,
                "partner_id": plan["partner"].id,
                "channel": "reminder",
                "user_id": user.id,
                "sms_number": self.rule_id.channel == "sms" and plan["address"],
            }
        )
        if self.link_id.message_id:
            return
        self.env["account.move.send"].with_context(
            allowed_company_ids=move.company_id.ids
        )._generate_and_send_invoices(
            move,
            author_user_id=user.id,
            author_partner_id=user.partner_id.id,
            paylink={
                "link_ids": {str(move.id): self.link_id.ids},
                **self.rule_id._prepare_words(self.link_id, self.due_date),
            },
        )

    @api.model
    def _note_failure(self, rule, move_sudo, due_date, reason):
        """Write down why a reminder could not be sent, and tell the chatter of the invoice."""
        reminder = self._claim(rule, move_sudo, due_date)
        reminder.write({"state": "failed", "failure": reason})
        if reminder:
            move_sudo.message_post(
                body=self.env._("A payment reminder could not be sent. %(reason)s", reason=reason)
            )

    # === ACTION METHODS === #

    def action_retry(self):
        """Have reminders that failed sent again by the next run, which begins at once.

        :raise AccessError: if the user is no manager of invoice links
        """
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_manager")):
            raise AccessError(self.env._("Only managers of invoice links can do this."))
        failed = self.sudo().filtered(lambda row: row.state == "failed")  # After the check above.
        failed.write({"state": "pending", "failure": False})
        self.env.ref("paylink_invoice.ir_cron_paylink_reminder").sudo()._trigger()
        return True
