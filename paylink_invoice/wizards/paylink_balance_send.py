# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dialog "Send Balance Link": by e-mail or text, to one customer or many."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.paylink_link_text import MAX_PARTS

# Mails to more customers than this are left to Odoo's queue, so that nobody waits for them.
MAX_SYNCHRONOUS = 20


class PaylinkBalanceSend(models.TransientModel):
    """Choices of a sender for the balance links of one or many customers."""

    _name = "paylink.balance.send"
    _inherit = ["paylink.dialog.mixin"]
    _description = "Send Balance Link"

    customer_ids = fields.Many2many(
        string="Customers",
        comodel_name="res.partner",
        relation="paylink_balance_send_customer_rel",
        required=True,
        readonly=True,
        context={"active_test": False},
        default=lambda self: self._default_customer_ids(),
    )
    customer_count = fields.Integer(compute="_compute_customer_count")
    commercial_partner_id = fields.Many2one(
        string="Customer", comodel_name="res.partner", compute="_compute_customer_count"
    )
    channel = fields.Selection(
        selection=[("email", "Email"), ("sms", "Text Message")],
        string="Send By",
        required=True,
        default="email",
    )
    partner_ids = fields.Many2many(
        string="Recipients",
        comodel_name="res.partner",
        relation="paylink_balance_send_recipient_rel",
        compute="_compute_partner_ids",
        store=True,
        readonly=False,
        # An archived contact is named, not left out without a word.
        context={"active_test": False},
    )
    sms_body = fields.Text(
        string="Text Message",
        help="{link} stands for the customer's link; {name} and {company} for the recipient and you.",
        compute="_compute_sms_body",
        store=True,
        readonly=False,
    )
    sms_size = fields.Char(
        string="Length", help="Of the text with a link of real length.", compute="_compute_sms_size"
    )
    sms_numbers = fields.Char(string="To", compute="_compute_sms_numbers")
    problem_text = fields.Text(
        string="What Is Left Out",
        help="Who gets nothing, and why; the others are sent.",
        compute="_compute_problem_text",
    )

    # === DEFAULTS === #

    @api.model
    def _default_customer_ids(self):
        if self.env.context.get("active_model") != "res.partner":
            return []
        partners = self.env["res.partner"].browse(self.env.context.get("active_ids"))
        return [Command.set(partners.commercial_partner_id.ids)]

    # === COMPUTE METHODS === #

    @api.depends("customer_ids")
    def _compute_customer_count(self):
        for wizard in self:
            wizard.customer_count = len(wizard.customer_ids)
            wizard.commercial_partner_id = wizard.customer_ids[:1]

    @api.depends("customer_ids", "channel")
    def _compute_partner_ids(self):
        for wizard in self:
            defaults = (
                wizard._get_default_recipients().values() if wizard.customer_count == 1 else ()
            )
            wizard.partner_ids = self.env["res.partner"].union(*defaults)

    @api.depends("customer_ids", "partner_ids", "channel")
    def _compute_sms_body(self):
        for wizard in self:
            wizard.sms_body = wizard.channel == "sms" and wizard._get_default_sms_body()

    @api.depends("sms_body", "customer_ids", "partner_ids", "channel")
    @api.depends_context("lang")
    def _compute_sms_size(self):
        describe = self.env["paylink.send"]._describe_size
        for wizard in self:
            wizard.sms_size = describe(wizard._measure_text())

    @api.depends("partner_ids", "channel")
    @api.depends_context("company")
    def _compute_sms_numbers(self):
        for wizard in self:
            partners = wizard.partner_ids._origin if wizard.channel == "sms" else ()
            numbers = ((p, p._paylink_get_number(self.env.company)) for p in partners)
            wizard.sms_numbers = ", ".join(
                f"{partner.name or partner.display_name} {number}"
                for partner, number in numbers
                if number
            )

    @api.depends("customer_ids", "partner_ids", "channel")
    @api.depends_context("company")
    def _compute_problem_text(self):
        for wizard in self:
            _recipients, problems = wizard._split_recipients()
            wizard.problem_text = wizard._join_problems(problems)

    # === WORDS === #

    def _get_first_recipient(self):
        """Return the customer who comes first and the contact who gets their link."""
        customer = self.customer_ids._origin[:1]
        chosen = self.partner_ids._origin.filtered(lambda p: p.commercial_partner_id == customer)
        return customer, chosen[:1] or customer

    def _fill_text(self, template):
        """Return a text as the first recipient gets it, but for the link."""
        customer, partner = self._get_first_recipient()
        (link_sudo,) = self.env["paylink.link"]._get_balance_links_of(customer, self.env.company)
        return link_sudo._fill_balance_text(template, partner, "{link}"), link_sudo

    def _get_default_sms_body(self):
        """Return the text as its only reader gets it; empty for several customers."""
        if self.customer_count != 1:
            return False
        return self._fill_text(None)[0]

    def _get_own_sms_body(self):
        """Return what the sender wrote, or ``None`` if it is still the default, which each
        recipient gets in their language."""
        text = (self.sms_body or "").strip()
        return text if text and text != self._get_default_sms_body() else None

    def _measure_text(self):
        """Return the size of the text to the first recipient, ``None`` if there is none."""
        if self.channel != "sms" or not self.customer_ids:
            return None
        text, link_sudo = self._fill_text(self.sms_body)
        return link_sudo._measure_text(text, self.env.company)

    # === ACTION METHODS === #

    def action_send(self):
        """Send the link to every recipient; links that are missing are made.

        :return: the action that closes the dialog and says what was sent
        :raise AccessError: if the user may not send these links
        :raise UserError: naming what to mend, before anything has left
        """
        self.ensure_one()
        self._check_unsent()
        recipients, problems = self._check_sendable()
        link_of = self._get_links(self.env["res.partner"].union(*recipients))
        text = self._get_own_sms_body()
        for customer, partners in recipients.items():
            for partner in partners:
                if self.channel == "sms":
                    link_of[customer]._post_balance_text(partner, text)
                else:
                    is_queued = len(recipients) > MAX_SYNCHRONOUS
                    link_of[customer]._post_balance_mail(partner, is_queued=is_queued)
        self.is_sent = True
        return self._notify(self._describe_sent(recipients), problems)

    def _describe_sent(self, recipients):
        """Return the sentence that says who was sent the link."""
        partners = self.env["res.partner"].union(*recipients.values())
        return self.env._("Sent to %(names)s.", names=partners._paylink_join_names())

    # === BUSINESS METHODS === #

    def _get_default_recipients(self):
        """Return who gets each customer's link unless the sender chooses, as a dict."""
        return {
            customer: customer._paylink_get_balance_recipient(self.channel, self.env.company)
            for customer in self.customer_ids._origin
        }

    def _split_recipients(self):
        """Tell those who can be sent a link from those who cannot, so that these stop nobody else.

        :return: ``(recipients, problems)``: a dict of contacts for each customer, and a list of
            sentences for the user
        """
        self.ensure_one()
        company = self.env.company
        text_company = company if self.channel == "sms" else None
        recipients, problems = {}, []
        for customer, default in self._get_default_recipients().items():
            chosen = self.partner_ids._origin if self.customer_count == 1 else default
            if found := customer._paylink_explain_other_company(company):
                problems.append(found)
                continue
            # One by one, so that one who cannot get it stops no other.
            sendable = chosen.browse()
            for partner in chosen:
                found = customer._paylink_get_recipient_problems(partner, text_company)
                problems += found
                sendable |= partner.browse() if found else partner
            if not chosen:
                problems += customer._paylink_get_recipient_problems(chosen, text_company)
            if sendable:
                recipients[customer] = sendable
        return recipients, problems

    def _check_sendable(self):
        """Return who can be sent a link, and who cannot, see :meth:`_split_recipients`.

        :raise AccessError: if the user may not send these links
        :raise UserError: naming every obstacle if nothing can be sent to anybody
        """
        if not self.customer_ids:
            raise UserError(self.env._("Choose at least one customer."))
        self.customer_ids._paylink_check_balance_access(self.env.company)
        size = self._measure_text()
        if size and size.parts > MAX_PARTS:
            raise UserError(
                self.env._(
                    "The text is too long. Shorten it to %(parts)s text messages.", parts=MAX_PARTS
                )
            )
        recipients, problems = self._split_recipients()
        if not recipients:
            raise UserError("\n".join(problems))
        return recipients, problems

    def _get_links(self, customers):
        """Return the balance link of each customer, as a dict; what is missing is made."""
        links = self.env["paylink.link"]
        links._generate_balance_links(customers, self.env.company)
        domain = [*links._get_balance_domain(self.env.company), ("partner_id", "in", customers.ids)]
        found = links.search(domain)
        found._check_can_send()
        return found.grouped("partner_id")
