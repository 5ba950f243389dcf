# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A customer's balance link, as staff find, make, send, replace and end it."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

MAY_SEE_LINKS = "paylink_invoice.group_paylink_user,account.group_account_readonly"
# So many names are told; more help nobody.
MAX_NAMES = 5


class ResPartnerBalance(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "paylink.chatter.mixin"]

    _paylink_question_template = "paylink_invoice.chatter_balance_question"
    _paylink_question_subtype = "paylink_invoice.mt_paylink_balance_question"

    paylink_link_ids = fields.One2many(
        string="Links of Invoices and Balance",
        comodel_name="paylink.link",
        inverse_name="partner_id",
        groups=MAY_SEE_LINKS,
    )
    paylink_balance_link_id = fields.Many2one(
        string="Balance Link",
        help="The link by which this customer sees and pays their balance with the company in use. "
        "Contacts of a company share the link of the company.",
        comodel_name="paylink.link",
        compute="_compute_paylink_balance_link_id",
        search="_search_paylink_balance_link_id",
        groups=MAY_SEE_LINKS,
    )
    paylink_balance_state = fields.Selection(
        related="paylink_balance_link_id.state",
        string="Balance Link Status",
        groups=MAY_SEE_LINKS,
    )
    paylink_balance_sent_date = fields.Datetime(
        related="paylink_balance_link_id.sent_date",
        string="Balance Link Handed Out On",
        groups=MAY_SEE_LINKS,
    )
    paylink_balance_last_view_date = fields.Datetime(
        related="paylink_balance_link_id.last_view_date",
        string="Balance Link Last Viewed On",
        groups=MAY_SEE_LINKS,
    )

    paylink_balance_failure_notice = fields.Text(
        string="Balance Link Not Delivered",
        help="To whom the balance link was sent in vain, and why.",
        compute="_compute_paylink_balance_failure_notice",
        compute_sudo=True,
        groups=MAY_SEE_LINKS,
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "commercial_partner_id.paylink_link_ids.kind",
        "commercial_partner_id.paylink_link_ids.revoked_date",
    )
    @api.depends_context("company")
    def _compute_paylink_balance_link_id(self):
        Link = self.env["paylink.link"]
        customers = self.commercial_partner_id._origin
        links = Link.search_fetch(
            Link._get_balance_domain(self.env.company) & Domain("partner_id", "in", customers.ids),
            ["partner_id", "state", "sent_date", "last_view_date", "move_id"],
        )
        link_of = {link.partner_id.id: link for link in links}
        for partner in self:
            partner.paylink_balance_link_id = link_of.get(partner.commercial_partner_id._origin.id)

    @api.depends("paylink_balance_link_id")
    @api.depends_context("company", "lang")
    def _compute_paylink_balance_failure_notice(self):
        for partner in self:
            failed = partner.paylink_balance_link_id._get_failed_notifications()
            partner.paylink_balance_failure_notice = (
                "\n".join(
                    self.env._(
                        "The link for %(recipient)s was not delivered. %(reason)s",
                        recipient=" ".join(
                            filter(None, (each.res_partner_id.display_name, each.sms_number))
                        ),
                        reason=each._paylink_get_failure() or "",
                    )
                    for each in failed
                )
                or False
            )

    @api.model
    def _search_paylink_balance_link_id(self, operator, value):
        own = self.env["paylink.link"]._get_balance_domain(self.env.company)
        if operator == "in":
            found = own & Domain("id", "in", [link_id for link_id in value if link_id])
            domain = Domain("commercial_partner_id.paylink_link_ids", "any", found)
            if False in value:
                domain |= ~Domain("commercial_partner_id.paylink_link_ids", "any", own)
            return domain
        if operator in ("any", "any!"):
            return Domain("commercial_partner_id.paylink_link_ids", operator, own & Domain(value))
        if operator in ("like", "ilike", "=like", "=ilike"):
            found = own & Domain("display_name", operator, value)
            return Domain("commercial_partner_id.paylink_link_ids", "any", found)
        return NotImplemented

    # === CRUD METHODS === #

    def write(self, vals):
        # EXTENDS 'base'
        result = super().write(vals)
        if "parent_id" in vals or "is_company" in vals:
            self._paylink_end_links_of_contacts()
        return result

    def unlink(self):
        # EXTENDS 'base': a link that nobody ever got has no history to keep.
        self.sudo().paylink_link_ids.filtered(
            lambda link: link.kind == "balance" and not link.event_ids
        ).unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_paylink_links(self):
        # In sudo mode because the links of other companies count as well.
        if linked := self.sudo().filtered("paylink_link_ids"):
            raise UserError(
                self.env._(
                    "%(names)s got invoice links, whose history is kept. Archive the contact "
                    "instead; revoke the links that are to stop working.",
                    names=linked._paylink_join_names(),
                )
            )

    def _paylink_end_links_of_contacts(self):
        """Revoke the balance links of customers who have become contacts of a company.

        Their invoices belong to that company now, whose whole balance is not for everybody who
        was sent the old link.
        """
        contacts = self.filtered(lambda partner: partner.commercial_partner_id != partner)
        if not contacts:
            return
        # In sudo mode because whoever edits contacts may not see links, or not of each company.
        self.env["paylink.link"].sudo().search(
            [
                ("kind", "=", "balance"),
                ("revoked_date", "=", False),
                ("partner_id", "in", contacts.ids),
            ]
        )._end_balance_links(
            lambda link: link._explain_became_contact(link.partner_id.commercial_partner_id)
        )

    # === RIGHTS === #

    def _paylink_check_balance_access(self, company):
        """Raise an `AccessError` unless the user may read all that the balance links of these
        customers would open.

        :param company: the `res.company` whose balance it is
        """
        if not (self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_user")):
            raise AccessError(self.env._("Only people who may send invoice links can do this."))
        self.check_access("read")
        if self.env.su:
            return
        Move = self.env["account.move"]
        opened = (
            Domain("commercial_partner_id", "in", self.ids)
            & Domain("company_id", "=", company.id)
            & Domain("state", "=", "posted")
            & Domain("move_type", "in", Move.get_sale_types(include_receipts=True))
        )
        readable = Move._search(opened)
        # In sudo mode to find what they may not read.
        if Move.sudo().search_count(opened & Domain("id", "not in", readable), limit=1):
            raise AccessError(
                self.env._(
                    "A balance link opens all invoices of the customer, and you may not read all of "
                    "them. Ask somebody of the accounting department to send it."
                )
            )

    def _paylink_check_company(self, company):
        """Raise a `UserError` if one of these customers belongs to another company."""
        if problem := self._paylink_explain_other_company(company):
            raise UserError(problem)

    def _paylink_explain_other_company(self, company):
        """Return the sentence that names those of these customers who belong to another company."""
        others = self - self.filtered_domain(self._check_company_domain(company))
        if not others:
            return ""
        return self.env._(
            "%(names)s: not a customer of %(company)s. Choose their own company at the top "
            "right first.",
            names=others._paylink_join_names(),
            company=company.name,
        )

    # === ACTION METHODS === #

    def action_paylink_generate(self):
        """Make the balance links that are missing, of one or many customers, for the company in use.

        :return: the client action that says how many were made
        :raise AccessError: if the user may not send links, or not read all that these would open
        :raise UserError: if a customer belongs to another company
        """
        customers = self.commercial_partner_id
        company = self.env.company
        customers._paylink_check_balance_access(company)
        customers._paylink_check_company(company)
        count = len(self.env["paylink.link"]._generate_balance_links(customers, company))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if count else "info",
                "message": self._paylink_describe_generated(count, len(customers) - count),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _paylink_describe_generated(self, count, known_count):
        if not count and known_count == 1:
            return self.env._("There is a balance link already.")
        if count == 1 and not known_count:
            return self.env._("The balance link is ready. Copy or send it.")
        return self.env._(
            "Balance links generated: %(count)s. Already there: %(known)s.",
            count=count,
            known=known_count,
        )

    def action_paylink_preview_balance(self):
        """Open what the customer sees, see :meth:`paylink.link.action_preview`."""
        return self._paylink_get_balance_link().action_preview()

    def action_paylink_send_balance(self):
        """Open the mail composer, see :meth:`paylink.link.action_send_balance`."""
        return self._paylink_get_balance_link().action_send_balance()

    def action_paylink_send_balance_text(self):
        """Open the dialog that sends the link by text message, see `paylink.balance.send`.

        :raise UserError: if there is no link
        """
        self._paylink_get_balance_link()
        return self._paylink_open_balance_dialog("sms")

    def action_paylink_send_balances(self):
        """Open the dialog that sends each of many customers their link, see `paylink.balance.send`."""
        return self._paylink_open_balance_dialog("email")

    def _paylink_open_balance_dialog(self, channel):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send Balance Link"),
            "res_model": "paylink.balance.send",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_customer_ids": self.commercial_partner_id.ids,
                "default_channel": channel,
            },
        }

    def action_paylink_regenerate_balance(self):
        """Replace the URL of the customer's link, see :meth:`paylink.link.action_regenerate`."""
        return self._paylink_get_balance_link().action_regenerate()

    def action_paylink_revoke_balance(self):
        """End the customer's link, see :meth:`paylink.link.action_revoke`."""
        return self._paylink_get_balance_link().action_revoke()

    def _paylink_get_balance_link(self):
        """Return the link of one customer.

        :raise UserError: if there is none (any more)
        """
        self.ensure_one()
        if not self.paylink_balance_link_id:
            raise UserError(self.env._("There is no balance link yet. Generate it first."))
        return self.paylink_balance_link_id

    # === RECIPIENTS === #

    def _paylink_get_balance_recipient(self, channel, company):
        """Return who gets the link of this customer unless the sender chooses otherwise.

        It is the contact for invoices, or else the customer; none without an e-mail address.

        :param str channel: ``email`` or ``sms``
        :param company: the `res.company` that sends
        """
        self.ensure_one()
        contact = self.browse(self.address_get(["invoice"])["invoice"])
        candidates = (contact | self).filtered("active")
        if channel == "email":
            return candidates.filtered("email")[:1]
        reachable = candidates.filtered(lambda partner: partner._paylink_get_number(company))
        # Whoever cannot get a text is told what to mend.
        return (reachable or candidates)[:1]

    def _paylink_get_recipient_problems(self, partners, text_company=None):
        """Return sentences that say why this customer's link cannot be sent to these contacts.

        :param text_company: the `res.company` that sends them a text; none: they get a mail
        """
        self.ensure_one()
        name = self.display_name
        if not partners:
            return [self.env._("%(name)s: choose at least one recipient.", name=name)]
        denials = partners._paylink_get_text_denials(text_company) if text_company else {}
        problems = []
        for partner in partners:
            if partner.commercial_partner_id != self:
                problems.append(
                    self.env._(
                        "%(name)s: %(partner)s is no contact of this customer. "
                        "Add them to the customer's contacts first.",
                        name=name,
                        partner=partner.display_name,
                    )
                )
            elif denials.get(partner):
                reason = partner._paylink_explain_text_denial(
                    denials[partner], partner.display_name
                )
                problems.append(f"{name}: {reason}")
            elif not text_company and not email_normalize(partner.email, strict=False):
                problems.append(
                    self.env._(
                        "%(name)s: %(partner)s has no valid e-mail address. Enter one first.",
                        name=name,
                        partner=partner.display_name,
                    )
                )
        return problems

    def _paylink_join_names(self):
        """Return the names of these contacts for a message, the first ones of many."""
        names = self[:MAX_NAMES].mapped("display_name")
        return ", ".join(names) + (" …" if len(self) > MAX_NAMES else "")

    # === CHATTER === #

    def _paylink_get_responsible(self, link_sudo):
        # EXTENDS 'paylink.chatter.mixin'
        return self.user_id or link_sudo.user_id

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        # EXTENDS 'mail', for the reason given for `account.move`.
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if self.env.context.get("paylink_is_text"):
            return [recipient for recipient in recipients if recipient["notif"] == "sms"]
        return recipients

    def _mail_get_partners(self, introspect_fields=False):
        # EXTENDS 'mail', for the reason given for `account.move`.
        if self.env.context.get("paylink_is_for_staff"):
            return dict.fromkeys(self.ids, self.env["res.partner"])
        return super()._mail_get_partners(introspect_fields)
