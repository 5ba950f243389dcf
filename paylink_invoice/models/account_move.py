# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize, is_html_empty

IS_SENT = Domain("sent_date", "!=", False)


class AccountMove(models.Model):
    _inherit = "account.move"

    paylink_link_ids = fields.One2many(
        string="Invoice Links",
        comodel_name="paylink.link",
        inverse_name="move_id",
        groups="paylink_invoice.group_paylink_user,account.group_account_readonly",
    )
    paylink_link_count = fields.Integer(
        string="Number of Invoice Links", compute="_compute_paylink_summary", compute_sudo=True
    )
    paylink_sent_date = fields.Datetime(
        string="Link Sent On",
        help="When the newest link of this invoice was sent.",
        compute="_compute_paylink_summary",
        search="_search_paylink_sent_date",
        compute_sudo=True,
    )
    paylink_last_view_date = fields.Datetime(
        string="Link Last Viewed On",
        help="When a person last looked at this invoice through a link.",
        compute="_compute_paylink_summary",
        search="_search_paylink_last_view_date",
        compute_sudo=True,
    )
    paylink_state = fields.Selection(
        string="Link Status",
        selection=[
            ("not_sent", "Not sent"),
            ("sent", "Sent"),
            ("viewed", "Viewed"),
            ("paid", "Paid"),
            ("expired", "Expired"),
        ],
        compute="_compute_paylink_summary",
        search="_search_paylink_state",
        compute_sudo=True,
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_state", "paylink_link_ids.sent_date", "paylink_link_ids.last_view_date")
    def _compute_paylink_summary(self):
        Link = self.env["paylink.link"]
        of_moves = Domain("move_id", "in", self.ids) & IS_SENT
        groups = Link._read_group(
            of_moves, ["move_id"], ["__count", "sent_date:max", "last_view_date:max"]
        )
        summary = {move.id: values for move, *values in groups}
        alive = Link._read_group(of_moves & Domain("state", "=", "active"), ["move_id"])
        alive_ids = {move.id for (move,) in alive}
        settled_states = self._paylink_get_settled_states()
        for move in self:
            count, sent_date, view_date = summary.get(move.id, (0, False, False))
            move.paylink_link_count = count
            move.paylink_sent_date = sent_date
            move.paylink_last_view_date = view_date
            if not sent_date:
                move.paylink_state = "not_sent"
            elif move.payment_state in settled_states:
                move.paylink_state = "paid"
            elif move.id not in alive_ids:
                move.paylink_state = "expired"
            else:
                move.paylink_state = "viewed" if view_date else "sent"

    @api.model
    def _search_paylink_sent_date(self, operator, value):
        return self._paylink_search_newest("sent_date", operator, value)

    @api.model
    def _search_paylink_last_view_date(self, operator, value):
        return self._paylink_search_newest("last_view_date", operator, value)

    @api.model
    def _paylink_search_newest(self, fname, operator, value):
        """Search by the newest date of the links, which is later or earlier than all of them are.

        :param str fname: a date field of `paylink.link`
        :return: a domain on `account.move`
        """
        has_any = self._paylink_has_link(Domain(fname, "!=", False))
        if operator == "in":
            found = self._paylink_has_link(Domain(fname, "in", [date for date in value if date]))
            return found | ~has_any if False in value else found
        if operator in (">", ">="):
            return self._paylink_has_link(Domain(fname, operator, value))
        if operator in ("<", "<="):
            later = Domain(fname, ">=" if operator == "<" else ">", value)
            return has_any & ~self._paylink_has_link(later)
        return NotImplemented

    @api.model
    def _search_paylink_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        sent = self._paylink_has_link(Domain.TRUE)
        settled = Domain("payment_state", "in", self._paylink_get_settled_states())
        alive = self._paylink_has_link(Domain("state", "=", "active"))
        viewed = self._paylink_has_link(Domain("last_view_date", "!=", False))
        domains = {
            "not_sent": ~sent,
            "paid": sent & settled,
            "expired": sent & ~settled & ~alive,
            "viewed": alive & ~settled & viewed,
            "sent": alive & ~settled & ~viewed,
        }
        return Domain.OR(domains[state] for state in value if state in domains)

    @api.model
    def _paylink_has_link(self, domain):
        """Return the domain of the invoices with a sent link that matches ``domain``."""
        # `any!` because the fields derived from links are for all readers of invoices.
        return Domain("paylink_link_ids", "any!", IS_SENT & domain)

    @api.model
    def _paylink_get_settled_states(self):
        """Return the payment states in which nothing is left for the customer to pay."""
        return ("in_payment", "paid", "reversed")

    # === AVAILABILITY === #

    def _paylink_get_send_denial(self):
        """Tell why no link of this document can be sent.

        :return: ``None`` when it can, else a sentence for the user that names what to do
        """
        self.ensure_one()
        if not self.is_sale_document(include_receipts=True):
            return self.env._(
                "%(name)s is no customer invoice. Links are sent for customer invoices, "
                "credit notes and sales receipts.",
                name=self.display_name,
            )
        if self.state == "draft":
            return self.env._(
                "%(name)s is a draft. Confirm it first, then send its link.",
                name=self.display_name,
            )
        if self.state == "cancel":
            return self.env._(
                "%(name)s is cancelled. Reset it to draft and confirm it to send its link.",
                name=self.display_name,
            )
        return None

    def _paylink_get_payment_denial(self):
        """Tell why this document cannot be paid online at this moment.

        :return: ``None`` when it can, else ``paid``, ``in_progress`` (an online payment is under
            way), ``not_payable`` or ``no_provider``
        """
        self.ensure_one()
        if self.state != "posted" or self.move_type not in ("out_invoice", "out_receipt"):
            return "not_payable"
        if self.payment_state in self._paylink_get_settled_states():
            return "paid"
        if self.currency_id.is_zero(self.amount_residual):
            return "paid" if self.amount_total else "not_payable"
        if self.payment_state not in ("not_paid", "partial"):
            return "not_payable"
        if self._paylink_get_pending_transactions():
            return "in_progress"
        _providers, methods = self._paylink_get_payment_options()
        return None if methods else "no_provider"

    def _paylink_get_pending_transactions(self):
        """Return the payments whose money may still arrive without the customer doing anything,
        or has arrived and is not booked yet.

        Payments by wire transfer stay pending until the accountant sees the money; they do not
        stop the customer from paying otherwise, just as in Odoo's own portal.
        """
        # In sudo mode because visitors cannot read transactions.
        return self.sudo().transaction_ids.filtered(
            lambda tx: (
                (
                    tx.state in ("pending", "authorized")
                    and tx.provider_code not in ("none", "custom")
                )
                or (tx.state == "done" and not tx.is_post_processed)
            )
        )

    def _paylink_get_payment_options(self):
        """Return what this document can be paid with, published ways only.

        :return: ``(providers, methods)``, `payment.provider` and `payment.method` in sudo mode
        """
        self.ensure_one()
        # In sudo mode because visitors cannot read the fields of providers.
        providers_sudo = (
            self.env["payment.provider"]
            .sudo()
            ._get_compatible_providers(
                self.company_id.id,
                self.partner_id.id,
                self.amount_residual,
                currency_id=self.currency_id.id,
            )
            .filtered(lambda provider: provider._paylink_is_offered())
        )
        methods_sudo = (
            self.env["payment.method"]
            .sudo()
            ._get_compatible_payment_methods(
                providers_sudo.ids, self.partner_id.id, currency_id=self.currency_id.id
            )
        )
        return providers_sudo, methods_sudo

    # === SENDING === #

    def _paylink_get_default_recipients(self):
        """Return who gets a link unless the sender decides otherwise: the contact of the invoice,
        or the customer's invoice address where that contact has no e-mail address."""
        recipients = self.env["res.partner"]
        for move in self:
            customer = move.commercial_partner_id
            invoice_contact = customer.browse(customer.address_get(["invoice"])["invoice"])
            candidates = move.partner_id | invoice_contact | customer
            recipients |= candidates.filtered("email")[:1] or move.partner_id
        return recipients

    def _paylink_get_recipient_problems(self, partners, needs_email=True):
        """Return sentences that say why a link of this invoice cannot go to these contacts.

        :param bool needs_email: whether they are to be reached by e-mail
        """
        self.ensure_one()
        name = self.display_name
        if not partners:
            return [self.env._("%(name)s: choose at least one recipient.", name=name)]
        problems = []
        for partner in partners:
            if partner.commercial_partner_id != self.commercial_partner_id:
                problems.append(
                    self.env._(
                        "%(name)s: %(partner)s is no contact of %(customer)s. "
                        "Add them to the customer's contacts first.",
                        name=name,
                        partner=partner.display_name,
                        customer=self.commercial_partner_id.display_name,
                    )
                )
            elif not partner.active:
                problems.append(
                    self.env._(
                        "%(name)s: %(partner)s is archived. Choose another contact.",
                        name=name,
                        partner=partner.display_name,
                    )
                )
            elif needs_email and not email_normalize(partner.email, strict=False):
                problems.append(
                    self.env._(
                        "%(name)s: %(partner)s has no valid e-mail address. Enter one first.",
                        name=name,
                        partner=partner.display_name,
                    )
                )
        return problems

    def _paylink_get_comments(self):
        """Return the comments of people in the chatter, which a sender may share, newest first."""
        messages = self.env["mail.message"].search(
            [
                ("model", "=", self._name),
                ("res_id", "in", self.ids),
                ("message_type", "in", ("comment", "email")),
            ]
        )
        # In sudo mode because the messages that carried a link are no comments, whoever sent them.
        sent_messages = self.sudo().paylink_link_ids.message_id
        return (messages - sent_messages).filtered(lambda message: not is_html_empty(message.body))

    def _paylink_get_shareable_attachments(self):
        """Return the files of the invoice that a sender may share beside its PDF."""
        return self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("res_field", "=", False),
                ("type", "=", "binary"),
            ]
        )

    def _paylink_render_message(self, fname, partner):
        """Return the default subject or text for one recipient, in their language.

        :param str fname: ``subject`` or ``body_html``
        :param partner: the `res.partner` who is addressed
        """
        self.ensure_one()
        lang = partner.lang or self.partner_id.lang or self.env.lang
        # In sudo mode because senders need no right to edit templates to use this one.
        template = self.env.ref("paylink_invoice.mail_template_paylink_send").sudo()
        return template.with_context(
            lang=lang, paylink_recipient_name=partner.name or partner.parent_id.name
        )._render_field(fname, self.ids)[self.id]

    def _message_post_after_hook(self, new_message, message_values):
        # EXTENDS 'account'
        result = super()._message_post_after_hook(new_message, message_values)
        if link_id := self.env.context.get("paylink_link_id"):
            # In sudo mode because links are changed by sending only.
            self.env["paylink.link"].sudo().browse(link_id)._mark_sent(new_message)
        return result

    # === CHATTER === #

    def _mail_get_partners(self, introspect_fields=False):
        # EXTENDS 'mail': Odoo prepares a portal link and a sign-up for the customer of whatever is
        # posted. Of what is for staff that is of no use, and it writes to the contact, where those
        # who post at the same moment fail.
        if self.env.context.get("paylink_is_for_staff"):
            return dict.fromkeys(self.ids, self.env["res.partner"])
        return super()._mail_get_partners(introspect_fields)

    def _paylink_post_view(self, link_sudo):
        """Tell the chatter that somebody opened the document with a link."""
        self._paylink_post(
            link_sudo,
            "paylink_invoice.chatter_viewed",
            subtype_xmlid="paylink_invoice.mt_paylink_viewed",
            author_id=self.env.ref("base.partner_root").id,
        )

    def _paylink_post_question(self, link_sudo, text):
        """Put a visitor's question into the chatter, marked as unverified, for the responsible.

        :param str text: plain text; it is escaped
        """
        responsible = self.invoice_user_id or link_sudo.user_id
        recipient = link_sudo.partner_id
        # Whoever holds the link may ask, but nobody speaks as a member of the team.
        is_staff = any(user._is_internal() for user in recipient.user_ids)
        author = self.env.ref("base.partner_root") if is_staff else recipient
        self._paylink_post(
            link_sudo,
            "paylink_invoice.chatter_question",
            {"lines": text.splitlines()},
            message_type="comment",
            subtype_xmlid="paylink_invoice.mt_paylink_question",
            author_id=author.id,
            partner_ids=responsible.partner_id.ids,
        )

    def _paylink_post(self, link_sudo, template, values=None, **kwargs):
        """Post a QWeb text about a link into the chatter, in the language of the responsible.

        :param str template: XML id of the text; it gets the link and ``values``
        """
        self.ensure_one()
        responsible = self.invoice_user_id or link_sudo.user_id
        # As the system: the visitor has no user, and the message needs no rights of theirs.
        move = self.with_user(SUPERUSER_ID).with_context(
            lang=responsible.lang or self.env.lang, paylink_is_for_staff=True
        )
        body = move.env["ir.qweb"]._render(template, {"link": link_sudo, **(values or {})})
        return move.message_post(body=body, **kwargs)

    # === ACTION METHODS === #

    def action_paylink_send(self):
        """Open the dialog that sends the link of one or many posted invoices.

        :raise UserError: if a link cannot be sent for one of them
        """
        for move in self:
            if denial := move._paylink_get_send_denial():
                raise UserError(denial)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoice Link"),
            "res_model": "paylink.send",
            "view_mode": "form",
            "target": "new",
            "context": {"active_model": self._name, "active_ids": self.ids},
        }

    def action_paylink_view_links(self):
        """Open the links of these invoices."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "paylink_invoice.paylink_link_action"
        )
        return {**action, "domain": [("move_id", "in", self.ids)], "context": {}}

    # === PDF === #

    def _paylink_has_pdf_button(self):
        """Tell whether the PDF of this document carries the button to the payment page."""
        self.ensure_one()
        return (
            self.company_id.paylink_is_pdf_button
            and self.state == "posted"
            and self.move_type in ("out_invoice", "out_receipt")
            and self.currency_id.compare_amounts(self.amount_residual, 0) > 0
        )

    def _paylink_get_placeholder_url(self):
        """Return the URL that the stored PDF holds in the place of a live link."""
        self.ensure_one()
        return f"{self.company_id._paylink_get_base_url()}/paylink/preview/invoice/{self.id}"

    def _paylink_new_link(self):
        """Return a link of this invoice that exists in memory only, for a preview, in sudo mode."""
        self.ensure_one()
        return (
            self.env["paylink.link"]
            .sudo()
            .new(
                {
                    "kind": "invoice",
                    "move_id": self.id,
                    "partner_id": self._paylink_get_default_recipients().id,
                    "company_id": self.company_id.id,
                }
            )
        )
