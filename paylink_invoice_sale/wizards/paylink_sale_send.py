# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The dialog "Invoice Link" of orders: their invoices, with or without a link, to whom."""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, parse_contact_from_email


class PaylinkSaleSend(models.TransientModel):
    """Choices of a sender for the invoices of one or many orders."""

    _name = "paylink.sale.send"
    _inherit = ["paylink.dialog.mixin"]
    _description = "Invoice Link of Orders"

    order_ids = fields.Many2many(
        string="Orders",
        comodel_name="sale.order",
        required=True,
        readonly=True,
        default=lambda self: self._default_order_ids(),
    )
    order_count = fields.Integer(compute="_compute_customer")
    commercial_partner_id = fields.Many2one(
        string="Customer", comodel_name="res.partner", compute="_compute_customer"
    )
    partner_ids = fields.Many2many(
        string="Recipients",
        help="Empty: the invoice contact of each order.",
        comodel_name="res.partner",
        compute="_compute_partner_ids",
        store=True,
        readonly=False,
    )
    email = fields.Char(
        string="Further Address", help="Somebody who is no contact of this customer yet."
    )
    is_contact_kept = fields.Boolean(
        string="Add to the customer's contacts",
        help="Otherwise the address is used this once: its holder can ask for no new link.",
        default=True,
    )
    is_link_included = fields.Boolean(
        string="Payment link",
        help="Each recipient gets a link of their own, with which the invoice is seen and paid "
        "without a login. Otherwise the PDF is sent alone.",
        default=True,
    )
    invoicing_text = fields.Text(
        string="Will Be Invoiced",
        help="Orders without a posted invoice, with what is going to be invoiced.",
        compute="_compute_texts",
    )
    is_invoicing_confirmed = fields.Boolean(string="Create and post these invoices now")
    problem_text = fields.Text(string="What Is Left Out", compute="_compute_texts")

    # === DEFAULTS === #

    @api.model
    def _default_order_ids(self):
        context = self.env.context
        if context.get("active_model") != "sale.order":
            return []
        return [Command.set(context.get("active_ids") or [context.get("active_id")])]

    # === COMPUTE METHODS === #

    @api.depends("order_ids")
    def _compute_customer(self):
        for wizard in self:
            customers = wizard.order_ids.partner_invoice_id.commercial_partner_id
            wizard.order_count = len(wizard.order_ids)
            wizard.commercial_partner_id = customers if len(customers) == 1 else False

    @api.depends("order_ids")
    def _compute_partner_ids(self):
        for wizard in self:
            is_one = bool(wizard.commercial_partner_id)
            wizard.partner_ids = wizard.order_ids.partner_invoice_id if is_one else False

    @api.depends("order_ids")
    def _compute_texts(self):
        for wizard in self:
            to_invoice, problems = [], []
            for order in wizard.order_ids._origin:
                if problem := order._paylink_get_send_denial():
                    problems.append(problem)
                elif not order._paylink_get_invoices():
                    to_invoice.append(wizard._describe_invoicing(order))
            wizard.invoicing_text = "\n".join(to_invoice)
            wizard.problem_text = "\n".join(problems)

    @api.model
    def _describe_invoicing(self, order):
        """Return what posting the invoice of an order comes to, as a sentence."""
        drafts = order._paylink_get_drafts()
        amount = sum(drafts.mapped("amount_total")) if drafts else order._paylink_get_open_amount()
        values = {"name": order.name, "amount": order.currency_id.format(amount)}
        if drafts:
            return self.env._("%(name)s: its draft invoice of %(amount)s is posted.", **values)
        return self.env._("%(name)s: an invoice of %(amount)s is created and posted.", **values)

    # === ACTION METHODS === #

    def action_send(self):
        """Send the invoices of the orders; make those that lack, where the user confirmed that.

        :return: the action that closes the dialog and says what was sent, and what was not
        :raise UserError: naming what to mend, if nothing can be sent
        """
        self.ensure_one()
        self._check_unsent()
        if not self.order_ids:
            raise UserError(self.env._("Choose at least one order."))
        self.order_ids.check_access("read")
        email = self._check_email()
        moves, problems = self._collect_invoices()
        if not moves:
            raise UserError("\n".join(problems))
        known = self._find_contact(email)
        typed = known or self._create_contact(email)
        recipients = self.partner_ids | typed
        self.is_sent = True
        if self.is_link_included:
            action = self._send_links(moves, recipients)
        else:
            action = self._send_without_links(moves, recipients)
        if not known and not self.is_contact_kept:
            # The message is on its way; nobody writes to this address again by mistake.
            typed.sudo().active = False
        return self._add_problems(action, problems)

    # === RECIPIENTS === #

    def _check_email(self):
        """Return the typed address in its plain form, or ``False`` where none was typed.

        :raise UserError: if it is none, or cannot belong to all of the orders
        """
        if not (self.email or "").strip():
            return False
        email = email_normalize(self.email)
        if not email:
            raise UserError(
                self.env._("“%(email)s” is no e-mail address. Correct it.", email=self.email)
            )
        if not self.commercial_partner_id:
            raise UserError(
                self.env._(
                    "These orders belong to several customers. Send them without a further "
                    "address, or those of one customer at a time."
                )
            )
        return email

    def _find_contact(self, email):
        """Return the contact of the customer who has the typed address, if there is one."""
        contacts = self.env["res.partner"]
        if not email:
            return contacts
        return contacts.search(
            [
                ("email_normalized", "=", email),
                ("commercial_partner_id", "=", self.commercial_partner_id.id),
            ],
            limit=1,
        )

    def _create_contact(self, email):
        """Return a new contact of the customer with the typed address; none where none was typed."""
        # In sudo mode because not every salesperson may create contacts; it is one of a customer
        # whose order they may read.
        partners_sudo = self.env["res.partner"].sudo()
        if not email:
            return partners_sudo.sudo(False)
        customer = self.commercial_partner_id
        name, _address = parse_contact_from_email(self.email)
        return partners_sudo.create(
            {
                "name": name or email,
                "email": email,
                "parent_id": customer.id,
                "type": "contact",
                "lang": customer.lang,
                "company_id": customer.company_id.id,
            }
        ).sudo(False)

    # === INVOICES === #

    def _collect_invoices(self):
        """Return the invoices to send, and sentences about the orders that have none.

        One order that cannot be invoiced keeps no other from being sent.
        """
        moves, problems = self.env["account.move"], []
        for order in self.order_ids:
            if denial := order._paylink_get_send_denial():
                problems.append(denial)
            elif found := order._paylink_get_invoices():
                moves |= found
            elif not self.is_invoicing_confirmed:
                problems.append(
                    self.env._(
                        "%(name)s has no posted invoice. Tick “Create and post these invoices "
                        "now” to send it.",
                        name=order.name,
                    )
                )
            else:
                try:
                    with self.env.cr.savepoint():
                        moves |= order._paylink_make_invoices()
                except UserError as error:
                    problems.append(f"{order.name}: {error}")
        return moves, problems

    # === SENDING === #

    def _send_links(self, moves, recipients):
        values = {"move_ids": [Command.set(moves.ids)]}
        if recipients:
            values["partner_ids"] = [Command.set(recipients.ids)]
        return self.env["paylink.send"].create(values).action_send()

    def _send_without_links(self, moves, recipients):
        """Send the PDFs by Odoo's own way, without a link whatever the setting says."""
        problems, sent = [], self.env["res.partner"]
        for move in moves:
            chosen = recipients or move._paylink_get_default_recipient()
            found = {partner: move._paylink_get_recipient_problems(partner) for partner in chosen}
            problems += [problem for sentences in found.values() for problem in sentences]
            good = chosen.filtered(lambda partner, found=found: not found[partner])
            if good:
                self.env["account.move.send"]._generate_and_send_invoices(
                    move,
                    allow_raising=len(moves) == 1,
                    sending_methods={"email"},
                    mail_partner_ids=good.ids,
                    paylink={"is_included": False},
                )
                sent |= good
        if not sent:
            raise UserError("\n".join(problems))
        names = ", ".join(sent.mapped("display_name"))
        message = self.env._("Sent to %(names)s, without a payment link.", names=names)
        return self.env["paylink.send"]._notify(message, problems)

    def _add_problems(self, action, problems):
        """Return the action that also names the orders that were left out."""
        if problems:
            params = action["params"]
            params["message"] = "\n".join([params["message"], *problems])
            params.update(type="warning", sticky=True)
        return action
