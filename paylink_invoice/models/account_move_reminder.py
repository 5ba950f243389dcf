# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Whether a customer is reminded of an invoice now, who, and where."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import email_normalize

# An announced transfer keeps reminders off for so many days; then the money should have come.
TRANSFER_PATIENCE = timedelta(days=7)


class AccountMoveReminder(models.Model):
    _inherit = "account.move"

    def _paylink_plan_reminder(self, rule):
        """Return who would be reminded of this invoice by a rule, or why nobody is.

        :param rule: the `paylink.reminder.rule`
        :return: dict: ``partner``, ``address`` (e-mail or E.164), ``denial`` (a reason that
            :meth:`_paylink_explain_reminder_denial` puts into words, or ``None``)
        """
        self.ensure_one()
        is_text = rule.channel == "sms"
        find = self._paylink_find_text_recipient if is_text else self._paylink_find_mail_recipient
        partner, address, denial = find()
        return {
            "partner": partner,
            "address": address,
            "denial": self._paylink_get_reminder_denial() or denial,
        }

    def _paylink_get_reminder_denial(self):
        """Tell why nobody is reminded of this invoice at all, whoever they are.

        :return: ``None``, or ``paid``, ``in_progress``, ``announced``, ``payment_blocked``,
            ``no_followup`` or ``not_payable``
        """
        self.ensure_one()
        if self.state != "posted":
            return "not_payable"
        if self.payment_state == "blocked":
            return "payment_blocked"
        if self.payment_state in self._paylink_get_settled_states():
            return "paid"
        if self.currency_id.compare_amounts(self.amount_residual, 0) <= 0:
            return "paid"
        if self._paylink_get_blocking_attempts():
            return "in_progress"
        if self._paylink_has_announced_transfer():
            return "announced"
        return "no_followup" if self.no_followup else None

    def _paylink_has_announced_transfer(self):
        """Tell whether the customer chose to pay by transfer a few days ago."""
        since = fields.Datetime.now() - TRANSFER_PATIENCE
        # In sudo mode because not everybody who looks at the preview may read transactions.
        return any(
            tx.state == "pending" and tx.last_state_change and tx.last_state_change > since
            for tx in self.sudo().transaction_ids
        )

    def _paylink_find_mail_recipient(self):
        """Return ``(contact, address, denial)`` for a reminder by e-mail.

        It goes to whom staff chose: who was last sent a link of the invoice, as long as they can
        be reached; or else to the customer's contact for invoices.
        """
        partner = self._paylink_get_last_recipient() or self._paylink_get_default_recipient("email")
        address = email_normalize(partner.email, strict=False)
        if not partner.active:
            return partner, address, "archived"
        if not address:
            return partner, False, "no_email"
        return partner, address, "blocked_email" if partner.is_blacklisted else None

    def _paylink_get_last_recipient(self):
        """Return the contact who was last sent a link, or none if mail cannot reach them any more.

        Who got a link that was revoked is none: it may have gone to the wrong person.
        """
        sent = self.paylink_link_ids.filtered(
            lambda link: link.sent_date and not link.revoked_date and link.kind == "invoice"
        )
        return (
            sent.sorted("id")[-1:]
            .partner_id.filtered("active")
            .filtered(lambda partner: email_normalize(partner.email, strict=False))
            .filtered(lambda partner: partner.commercial_partner_id == self.commercial_partner_id)
        )

    def _paylink_find_text_recipient(self):
        """Return ``(contact, number, denial)`` for a reminder by text.

        Among the contacts of the customer, those who asked for reminders by text: first the contact
        of the invoice, then whoever was sent a link of it.
        """
        default = self._paylink_get_default_recipient("sms")
        customer = self.commercial_partner_id
        contacts = default | self.paylink_link_ids.partner_id
        contacts = contacts.filtered(lambda partner: partner.commercial_partner_id == customer)
        denials = contacts._paylink_get_text_denials(self.company_id, needs_consent=True)
        partner = next((partner for partner in contacts if partner not in denials), default)
        number = partner._paylink_get_number(self.company_id)
        return partner, number, denials.get(partner)

    def _paylink_explain_reminder_denial(self, reason, partner=None):
        """Return a reason why nobody is reminded as a sentence for staff.

        :param str reason: of :meth:`_paylink_plan_reminder`
        :param partner: the contact it is about, if any
        """
        name = partner.display_name if partner else ""
        sentences = {
            "paid": self.env._("Paid already."),
            "in_progress": self.env._("A payment is under way."),
            "announced": self.env._("The customer announced a transfer within the last 7 days."),
            "payment_blocked": self.env._("Payment is blocked on the invoice."),
            "no_followup": self.env._("The invoice is excluded from follow-up."),
            "not_payable": self.env._("The invoice is not posted."),
            "no_email": self.env._(
                "%(partner)s has no valid e-mail address. Enter one.", partner=name
            ),
            "blocked_email": self.env._(
                "The e-mail address of %(partner)s is on the blacklist.", partner=name
            ),
        }
        return sentences.get(reason) or self.env["res.partner"]._paylink_explain_text_denial(
            reason, name
        )
