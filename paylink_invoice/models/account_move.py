# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

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
        of_moves = Domain("move_id", "in", self.ids)
        groups = Link._read_group(
            of_moves & (IS_SENT | Domain("channel", "=", "pdf")),
            ["move_id"],
            ["__count", "sent_date:max", "last_view_date:max"],
        )
        summary = {move.id: values for move, *values in groups}
        alive = Link._read_group(of_moves & IS_SENT & Domain("state", "=", "active"), ["move_id"])
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

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_paylink_history(self):
        # In sudo mode because whoever may delete an invoice may not see its links.
        if linked := self.filtered(lambda move: move.sudo().paylink_link_ids.event_ids):
            raise UserError(
                self.env._(
                    "%(names)s: customers got links, whose history is kept. Cancel the invoice "
                    "instead of deleting it.",
                    names=", ".join(linked.mapped("display_name")),
                )
            )

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
        return None if self._paylink_get_option_ids() else "no_provider"

    def _paylink_get_pending_transactions(self):
        """Return the payments whose money may still arrive without the customer doing anything,
        or has arrived and is not booked yet.

        Payments by wire transfer stay pending until the accountant sees the money; they do not
        stop the customer from paying otherwise, just as in Odoo's own portal.
        """
        # In sudo mode because visitors cannot read transactions.
        return self.sudo().transaction_ids._paylink_filter_pending()

    def _paylink_get_option_ids(self):
        """Return what the page may offer to pay with: ``(provider id, payment method id)`` pairs.

        From a cache, so that a look at the page asks no provider. What is really offered and taken
        is decided by :meth:`_paylink_get_payment_options`.
        """
        self.ensure_one()
        # In sudo mode because visitors cannot read the fields of providers.
        provider_sudo = self.env["payment.provider"].sudo()
        pairs = provider_sudo._paylink_get_option_ids(
            self.company_id, self.partner_id, self.currency_id
        )
        if pairs is None:
            return provider_sudo._paylink_pair(*self._paylink_get_payment_options())
        return pairs

    def _paylink_get_payment_options(self):
        """Return what this document can be paid with now, published ways only.

        :return: ``(providers, methods)``, `payment.provider` and `payment.method` in sudo mode
        """
        self.ensure_one()
        # In sudo mode because visitors cannot read the fields of providers.
        return (
            self.env["payment.provider"]
            .sudo()
            ._paylink_find_options(
                self.company_id, self.partner_id, self.currency_id, self.amount_residual
            )
        )

    # === ACTION METHODS === #

    def action_paylink_send(self):
        """Open the dialog that sends the link of one or many posted invoices.

        Those that cannot be sent are named there, and the others sent.

        :raise UserError: if a link can be sent for none of them
        """
        denials = [move._paylink_get_send_denial() for move in self]
        if denials and all(denials):
            raise UserError("\n".join(denials))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoice Link"),
            "res_model": "paylink.send",
            "view_mode": "form",
            "target": "new",
            "context": {"active_model": self._name, "active_ids": self.ids},
        }

    def action_paylink_renew(self):
        """Mail a new link to everybody whose newest link of these invoices has ended by itself."""
        links = self.env["paylink.link"].search([("move_id", "in", self.ids)], order="id")
        newest = {(link.move_id, link.partner_id): link for link in links.filtered("sent_date")}
        expired = links.browse(link.id for link in newest.values() if link.state == "expired")
        if not expired:
            raise UserError(
                self.env._("No link of this invoice has ended. Press “Send Invoice Link” instead.")
            )
        return expired.action_renew()

    def action_paylink_view_links(self):
        """Open the links of these invoices."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "paylink_invoice.paylink_link_action"
        )
        context = {"paylink_is_one_document": len(self) == 1}
        return {**action, "domain": [("move_id", "in", self.ids)], "context": context}

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
        return f"{self.company_id._paylink_get_base_url()}{self._paylink_get_placeholder_path()}"

    def _paylink_get_placeholder_path(self):
        """Return the path of that URL, by which the placeholder is found in a PDF."""
        self.ensure_one()
        return f"/paylink/preview/invoice/{self.id}"

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
