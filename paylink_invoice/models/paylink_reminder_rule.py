# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""When customers are reminded of what they owe, by which channel, with which words."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import format_date

# After a stop of the server reminders are caught up with for so many days, not longer: nobody wants
# all reminders of a month at once.
CATCH_UP_DAYS = 3
MAX_DAYS = 365


class PaylinkReminderRule(models.Model):
    """Send a reminder so many days before or after each due date of an invoice."""

    _name = "paylink.reminder.rule"
    _description = "Payment Reminder Rule"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    days = fields.Integer(required=True, default=3)
    timing = fields.Selection(
        selection=[("before", "days before the due date"), ("after", "days after the due date")],
        required=True,
        default="after",
    )
    channel = fields.Selection(
        selection=[("email", "Email"), ("sms", "Text Message")], required=True, default="email"
    )
    company_ids = fields.Many2many(
        string="Companies",
        help="The companies whose invoices the rule is for. Empty: all of them.",
        comodel_name="res.company",
    )
    subject = fields.Char(
        help="Of the e-mail. Empty: a short standard subject.",
        translate=True,
    )
    message = fields.Html(
        help="What the e-mail says above the amount and the button. Empty: a short standard text.",
        translate=True,
        sanitize_style=True,
    )
    sms_message = fields.Text(
        string="Text Message",
        help="{link} stands for the link; {name}, {company}, {document}, {amount} and {due} can be "
        "named, too. Empty: a short standard text.",
        translate=True,
    )
    reminder_count = fields.Integer(
        string="Reminders", compute="_compute_reminder_count", compute_sudo=True
    )

    _days_range = models.Constraint(
        f"CHECK (days >= 0 AND days <= {MAX_DAYS})",
        "Reminders are sent within a year of the due date: enter 0 to 365 days.",
    )

    # === COMPUTE METHODS === #

    @api.depends("days", "timing", "channel")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = rule.name or self.env._("New")

    def _compute_reminder_count(self):
        groups = self.env["paylink.reminder"]._read_group(
            [("rule_id", "in", self.ids), ("state", "=", "sent")], ["rule_id"], ["__count"]
        )
        counts = {rule.id: count for rule, count in groups}
        for rule in self:
            rule.reminder_count = counts.get(rule.id, 0)

    # === WHO IS DUE === #

    def _get_offset(self):
        """Return the days from a due date to its reminder; negative before it."""
        self.ensure_one()
        return timedelta(days=-self.days if self.timing == "before" else self.days)

    def _get_due_domain(self, company, day):
        """Return the domain of the open parts of invoices to be reminded of on a day.

        Each part of the payment terms is a due date of its own.

        :param company: the `res.company`
        :param date day: the company's own date
        :return: a domain on `account.move.line`
        """
        self.ensure_one()
        last = day - self._get_offset()
        first = last - timedelta(days=CATCH_UP_DAYS)
        if self.timing == "before":
            # Caught up with late, it would speak of a due date that has passed.
            first = max(first, day)
        return Domain(
            [
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_receipt")),
                ("display_type", "=", "payment_term"),
                ("account_type", "=", "asset_receivable"),
                ("reconciled", "=", False),
                ("date_maturity", ">=", first),
                ("date_maturity", "<=", last),
            ]
        )

    def _find_due(self, companies=None, days_from_now=0):
        """Return what is to be reminded of, each invoice and due date once.

        :param companies: only these `res.company`; by default all
        :param int days_from_now: 0 for today, in the time zone of each company
        :return: list of ``(rule, invoice, due date)`` without those that were reminded of already;
            invoices in sudo mode, oldest due date first
        """
        companies = companies or self.env["res.company"].sudo().search([("active", "=", True)])
        due = {}
        for rule in self:
            for company in companies & (rule.company_ids or companies):
                day = company._paylink_get_today() + timedelta(days=days_from_now)
                # In sudo mode because rules work for all companies, whoever looks or sends.
                lines_sudo = (
                    self.env["account.move.line"]
                    .sudo()
                    .search(rule._get_due_domain(company, day), order="date_maturity, id")
                )
                for line_sudo in lines_sudo:
                    move_sudo, due_date = line_sudo.move_id, line_sudo.date_maturity
                    # Who gets the invoice that day needs no reminder.
                    is_new = move_sudo.invoice_date >= due_date + rule._get_offset()
                    if not is_new:
                        due[rule, move_sudo, due_date] = True
        return self.env["paylink.reminder"]._drop_known(list(due))

    # === WORDS === #

    def _prepare_words(self, link, due_date):
        """Return what a reminder says, as settings for `account.move.send`.

        :param link: the fresh `paylink.link`
        :param date due_date: the due date that it is about
        """
        self.ensure_one()
        rule = self.with_context(lang=link._get_lang())
        values = rule._prepare_word_values(link.with_env(rule.env), due_date)
        if self.channel == "sms":
            template = rule.sms_message or rule._get_text_template(link.company_id)
            return {"channel": "sms", "text": link._fill_text(template, "{link}", **values)}
        body = rule.env["ir.qweb"]._render(
            "paylink_invoice.mail_reminder_text",
            {"rule": rule, "text": rule._get_mail_text(values), "greeting": rule._greet(values)},
        )
        subject = rule.subject or rule.env._("%(company)s: reminder of %(document)s", **values)
        return {"subject": subject, "body": body}

    def _greet(self, values):
        """Return how an e-mail begins, in the language of the environment."""
        if not values["name"]:
            return self.env._("Hello,")
        return self.env._("Hello %(name)s,", **values)

    def _get_mail_text(self, values):
        """Return the usual words of a reminder by e-mail, in the language of the environment."""
        if self.timing == "before":
            return self.env._(
                "This is a reminder that %(amount)s of %(document)s is due on %(due)s. "
                "You can see and pay it online, no login is needed.",
                **values,
            )
        return self.env._(
            "%(amount)s of %(document)s was due on %(due)s. If you have not paid yet, please do so "
            "online, no login is needed. If you have, thank you: there is nothing to do.",
            **values,
        )

    def _prepare_word_values(self, link, due_date):
        """Return what reminders name: the part that is due then, not the whole invoice."""
        move = link.move_id
        lines = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and line.date_maturity == due_date
        )
        amount = sum(lines.mapped("amount_residual_currency"))
        return {
            **link._prepare_text_values(),
            "amount": link._plain(move.currency_id.format(amount)),
            "due": format_date(self.env, due_date),
        }

    def _get_text_template(self, company):
        """Return the usual words of a reminder by text, in the language of the environment."""
        words = {
            "before": self.env._(
                "{company}: reminder of {document}. {amount} due {due}. View and pay: {link}"
            ),
            "after": self.env._(
                "{company}: reminder of {document}. {amount} was due {due}. View and pay: {link}"
            ),
        }[self.timing]
        return " ".join(filter(None, (words, company._paylink_get_opt_out_words())))

    # === ACTION METHODS === #

    def action_preview(self):
        """Open the list of who would get what tomorrow, and who would not and why."""
        self.check_access("read")
        return self.env["paylink.reminder.preview"]._open(self)

    def action_view_reminders(self):
        """Open the reminders that were sent by this rule."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "paylink_invoice.paylink_reminder_action"
        )
        return {**action, "domain": [("rule_id", "in", self.ids)], "context": {}}

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        rules._check_own_companies()
        return rules

    def write(self, vals):
        self._check_own_companies()
        result = super().write(vals)
        self._check_own_companies()
        return result

    def _check_own_companies(self):
        """Raise an `AccessError` where a rule is for invoices of companies that are not the user's."""
        if self.env.su:
            return
        every_company_sudo = self.env["res.company"].sudo().search([("active", "=", True)])
        for rule_sudo in self.sudo():
            companies_sudo = rule_sudo.company_ids or every_company_sudo
            if companies_sudo - self.env.user.sudo().company_ids:
                raise AccessError(
                    self.env._(
                        "“%(name)s” is also for companies that are not yours. "
                        "Make a rule for your own companies.",
                        name=rule_sudo.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_used(self):
        self._check_own_companies()
        if self.env["paylink.reminder"].sudo().search_count([("rule_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Reminders were sent by this rule: they are its history. Archive it instead."
                )
            )
