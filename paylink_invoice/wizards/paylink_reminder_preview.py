# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who would be reminded tomorrow, and who would not and why."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class PaylinkReminderPreview(models.TransientModel):
    """One reminder that the next day would bring.  Looking at it sends nothing."""

    _name = "paylink.reminder.preview"
    _description = "Payment Reminder of Tomorrow"
    _order = "is_sent desc, due_date, id"

    rule_id = fields.Many2one(comodel_name="paylink.reminder.rule", readonly=True)
    move_id = fields.Many2one(string="Invoice", comodel_name="account.move", readonly=True)
    company_id = fields.Many2one(comodel_name="res.company", readonly=True)
    customer_id = fields.Many2one(comodel_name="res.partner", readonly=True)
    partner_id = fields.Many2one(string="Recipient", comodel_name="res.partner", readonly=True)
    due_date = fields.Date(readonly=True)
    amount = fields.Monetary(string="Due", readonly=True)
    currency_id = fields.Many2one(comodel_name="res.currency", readonly=True)
    channel = fields.Selection(
        selection=[("email", "Email"), ("sms", "Text Message")], readonly=True
    )
    address = fields.Char(readonly=True)
    is_sent = fields.Boolean(string="Would Be Sent", readonly=True)
    reason = fields.Char(string="Why Not", readonly=True)

    @api.model
    def _open(self, rules):
        """Return the action that shows what some rules would do tomorrow.

        :param rules: `paylink.reminder.rule`, active or not; none stands for all active ones
        :raise UserError: if there is nothing to show
        """
        self.check_access("read")
        rules = rules or rules.search([("active", "=", True)])
        # In sudo mode because nobody writes such rows by hand; they hold the user's companies only.
        rows = self.sudo().create(self._prepare_rows(rules))
        if not rows:
            raise UserError(self.env._("Nobody would be reminded of anything tomorrow."))
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "paylink_invoice.paylink_reminder_preview_action"
        )
        return {**action, "domain": [("id", "in", rows.ids)]}

    @api.model
    def _prepare_rows(self, rules):
        """Return the values of the rows, of the user's companies."""
        companies = self.env.companies
        active = rules.filtered("active")
        plans_of_today = self._plan(active._find_due(companies), only_sent=True)
        due = rules._find_due(companies, days_from_now=1)
        return [
            self._prepare_row(rule, move_sudo, due_date, plan)
            for (rule, move_sudo, due_date), plan in self._plan(due).items()
            # What leaves today is not sent again tomorrow.
            if (rule, move_sudo, due_date) not in plans_of_today
        ]

    def _plan(self, due, only_sent=False):
        plans = {key: key[1]._paylink_plan_reminder(key[0]) for key in due}
        return {key: plan for key, plan in plans.items() if not (only_sent and plan["denial"])}

    def _prepare_row(self, rule, move_sudo, due_date, plan):
        lines = move_sudo.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and line.date_maturity == due_date
        )
        denial, partner = plan["denial"], plan["partner"]
        return {
            "rule_id": rule.id,
            "move_id": move_sudo.id,
            "company_id": move_sudo.company_id.id,
            "customer_id": move_sudo.commercial_partner_id.id,
            "partner_id": partner.id,
            "due_date": due_date,
            "amount": sum(lines.mapped("amount_residual_currency")),
            "currency_id": move_sudo.currency_id.id,
            "channel": rule.channel,
            "address": plan["address"],
            "is_sent": not denial,
            "reason": denial and move_sudo._paylink_explain_reminder_denial(denial, partner),
        }
