# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Who gets a link of an invoice, what they are told, and what may be shared with them."""

from odoo import api, models
from odoo.tools import email_normalize, is_html_empty


class AccountMoveSharing(models.Model):
    _inherit = "account.move"

    # === RECIPIENTS === #

    def _paylink_get_default_recipients(self, channel="email"):
        """Return who gets a link unless the sender decides otherwise, of all these invoices."""
        recipients = [move._paylink_get_default_recipient(channel) for move in self]
        return self.env["res.partner"].union(*recipients)

    def _paylink_get_default_recipient(self, channel="email"):
        """Return the contact of the invoice, or the customer's invoice address where that contact
        cannot be reached.

        :param str channel: ``email``, or another one by which extensions send
        """
        self.ensure_one()
        if self.partner_id.email:
            return self.partner_id
        customer = self.commercial_partner_id
        invoice_contact = customer.browse(customer.address_get(["invoice"])["invoice"])
        return (invoice_contact | customer).filtered("email")[:1] or self.partner_id

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
            elif not self._paylink_is_of_own_company(partner):
                problems.append(
                    self.env._(
                        "%(name)s: %(partner)s is a contact of another company of yours. "
                        "Choose another contact.",
                        name=name,
                        partner=partner.display_name,
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
            elif needs_email and partner.is_blacklisted:
                problems.append(
                    self.env._(
                        "%(name)s: the e-mail address of %(partner)s is blocked. "
                        "Remove it from the block list first, or choose another contact.",
                        name=name,
                        partner=partner.display_name,
                    )
                )
        return problems

    def _paylink_is_of_own_company(self, partner):
        """Tell whether a contact belongs to this invoice's company, one above it, or to all."""
        company_sudo = partner.sudo().company_id
        return not company_sudo or company_sudo in self.company_id.sudo().parent_ids

    # === WAITING === #

    def _paylink_has_waiting_links(self):
        """Tell whether links of this invoice wait for Odoo's job that sends in the background."""
        self.ensure_one()
        return bool(((self.sending_data or {}).get("paylink") or {}).get("link_ids"))

    def _paylink_explain_waiting(self):
        """Return the sentence that says why this invoice is not sent in the background again."""
        self.ensure_one()
        return self.env._(
            "%(name)s is being sent in the background already. "
            "Wait until it has left, then send it again.",
            name=self.display_name,
        )

    # === COMMENTS AND FILES === #

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
        # Nor are those with which Odoo sent the invoice: they have a layout that nobody chooses.
        layout = self.env["account.move.send"]._get_mail_layout()
        return (messages - sent_messages).filtered(
            lambda message: message.email_layout_xmlid != layout and not is_html_empty(message.body)
        )

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

    # === MESSAGE === #

    @api.model
    def _paylink_get_mail_template(self):
        """Return the `mail.template` with the default subject and text."""
        # `env.ref` would ask the database each time whether it is still there.
        template_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "paylink_invoice.mail_template_paylink_send", raise_if_not_found=True
        )
        return self.env["mail.template"].browse(template_id)

    def _paylink_render_message(self, fname, partner):
        """Return the default subject or text for one recipient, in their language.

        :param str fname: ``subject`` or ``body_html``
        :param partner: the `res.partner` who is addressed
        """
        self.ensure_one()
        lang = partner.lang or self.partner_id.lang or self.env.lang
        # In sudo mode because senders need no right to edit templates to use this one.
        template = self._paylink_get_mail_template().sudo()
        return template.with_context(
            lang=lang, **self._paylink_get_message_context(partner, lang)
        )._render_field(fname, self.ids)[self.id]

    def _paylink_get_message_context(self, partner, lang):
        """Return what the template of the message finds in its context, for one recipient."""
        self.ensure_one()
        return {
            "paylink_recipient_name": partner.name or partner.parent_id.name,
            "paylink_message": self.company_id._paylink_get_message(lang),
        }
