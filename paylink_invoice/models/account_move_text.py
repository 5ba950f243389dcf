# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Text messages of an invoice: who can get one, and which have not arrived."""

from odoo import api, fields, models


class AccountMoveText(models.Model):
    _inherit = "account.move"

    paylink_failure_notice = fields.Text(
        string="Invoice Links Not Delivered",
        help="To whom a link of this invoice was sent in vain, and why.",
        compute="_compute_paylink_failure_notice",
        compute_sudo=True,
        groups="paylink_invoice.group_paylink_user,account.group_account_readonly",
    )

    @api.depends("paylink_link_ids")
    @api.depends_context("lang")
    def _compute_paylink_failure_notice(self):
        for move in self:
            failed = move._paylink_get_failed_links()
            move.paylink_failure_notice = (
                "\n".join(
                    self.env._(
                        "The link for %(recipient)s was not delivered. %(reason)s",
                        recipient=link.sms_number
                        and f"{link.partner_id.display_name} ({link.sms_number})"
                        or link.partner_id.display_name,
                        reason=link.delivery_failure or "",
                    )
                    for link in failed
                )
                or False
            )

    def _paylink_get_failed_links(self):
        """Return the newest link of each recipient if it has not arrived."""
        newest = {}
        for link in self.paylink_link_ids.filtered("message_id").sorted("id"):
            newest[link.partner_id] = link
        links = self.env["paylink.link"].union(*newest.values())
        return links.filtered(
            lambda link: link.delivery_status == "failed" and link.state == "active"
        )

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        # EXTENDS 'mail': nobody but the recipient is told of a text, no follower either. Odoo's
        # `notify_skip_followers` would make an e-mail of it.
        recipients = super()._notify_get_recipients(message, msg_vals=msg_vals, **kwargs)
        if self.env.context.get("paylink_is_text"):
            return [recipient for recipient in recipients if recipient["notif"] == "sms"]
        return recipients

    def _paylink_get_default_recipient(self, channel="email"):
        # EXTENDS for texts: the contact of the invoice, or else whoever of the customer's invoice
        # address and the customer has a number.
        if channel != "sms":
            return super()._paylink_get_default_recipient(channel)
        self.ensure_one()
        customer = self.commercial_partner_id
        invoice_contact = customer.browse(customer.address_get(["invoice"])["invoice"])
        candidates = self.partner_id | invoice_contact | customer
        reachable = candidates.filtered(
            lambda partner: partner._paylink_get_number(self.company_id)
        )
        return reachable[:1] or self.partner_id

    def _paylink_get_text_problems(self, recipients):
        """Return why contacts cannot get a text about these invoices.

        :param dict recipients: the contacts for each invoice
        :return: dict of ``(invoice, contact)`` and sentences
        """
        problems = {}
        for company, moves in self.grouped("company_id").items():
            partners = self.env["res.partner"].union(*(recipients[move] for move in moves))
            denials = partners._paylink_get_text_denials(company)
            for move in moves:
                for partner in recipients[move] & partners.browse(p.id for p in denials):
                    sentence = partner._paylink_explain_text_denial(
                        denials[partner], partner.display_name
                    )
                    problems[move, partner] = f"{move.display_name}: {sentence}"
        return problems
