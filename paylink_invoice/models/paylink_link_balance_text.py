# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A balance link by text message: its words, to whom it may go, and what did not arrive."""

from odoo import fields, models
from odoo.tools import format_date


class PaylinkLinkBalanceText(models.Model):
    _inherit = "paylink.link"

    # === WORDS === #

    def _get_text_template(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_text_template()
        return self.env._("{company}: your balance, always up to date. View and pay: {link}")

    def _prepare_text_values(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._prepare_text_values()
        link = self.sudo()._choose_currency(None)  # Whoever may send may read what is open.
        balance, page = link._get_balance(), link.env["paylink.page"]
        oldest = link._get_open_lines(balance.currency, limit=1)
        due_date = oldest.date_maturity or oldest.date or fields.Date.context_today(self)
        values = {
            "name": self._get_recipient_name(self.partner_id),
            "company": self.company_id.name,
            "document": page._get_document_label(link),
            "amount": balance.currency.format(float(max(balance.net, 0))),
            "due": format_date(link.env, due_date),
        }
        return {name: self._plain(text or "") for name, text in values.items()}

    def _get_sample_path(self):
        # EXTENDS
        path = super()._get_sample_path()
        return path.replace("/paylink/", "/paylink/balance/") if self.kind == "balance" else path

    def _fill_balance_text(self, template, partner, url):
        """Return a text for one contact of the customer, see :meth:`_fill_text`."""
        return self._fill_text(
            template,
            url,
            lang=self._get_lang_of(partner),
            name=self._plain(self._get_recipient_name(partner) or ""),
            company=self._plain(self.company_id.name),
        )

    # === SENDING === #

    def _post_balance_text(self, partner, text=None):
        """Put the text for one contact into the customer's chatter and into the queue.

        What is stored holds the placeholder; `sms.sms` writes the live URL while it leaves.

        :param partner: a contact of the customer, with a valid number
        :param str text: what the sender wrote, or nothing for the usual words
        """
        self.ensure_one()
        lang = self._get_lang_of(partner)
        url = f"{self.company_id._paylink_get_base_url()}{self._get_preview_path()}"
        # In sudo mode because whoever may send links need not have the right to edit contacts.
        customer_sudo = self.partner_id.sudo().with_company(self.company_id)
        message_sudo = customer_sudo.with_context(lang=lang, paylink_is_text=True)._message_sms(
            self._fill_balance_text(text, partner, url),
            partner_ids=partner.ids,
            sms_pid_to_number={partner.id: partner._paylink_get_number(self.company_id)},
            author_id=self.env.user.partner_id.id,
            # The gateway never keeps a user waiting.
            put_in_queue=True,
        )
        texts_sudo = self.env["sms.sms"].sudo()
        texts_sudo.search([("mail_message_id", "=", message_sudo.id)]).paylink_link_id = self.id
        self._mark_balance_sent("sms", partner, message_sudo)

    def _mark_balance_sent(self, channel, partner, message):
        """Write down that a contact of the customer was sent the link."""
        self.sudo().write({"channel": channel, "sent_date": fields.Datetime.now()})
        self._log_event("sent", partner_id=partner.id, message_id=message.id)

    def _get_balance_text_denial(self, text):
        """Tell why a queued `sms.sms` with this balance link must not leave any more.

        :return: a sentence for staff, or ``None``
        """
        self.ensure_one()
        partner, company = text.partner_id, self.company_id
        if self.state != "active":
            return self.env._("The link had ended before the text left.")
        if partner.commercial_partner_id != self.partner_id:
            return self.env._(
                "%(partner)s is no contact of %(customer)s any more.",
                partner=partner.display_name,
                customer=self.partner_id.display_name,
            )
        if reason := partner._paylink_get_text_denials(company).get(partner):
            return partner._paylink_explain_text_denial(reason, partner.display_name)
        if partner._paylink_get_number(company) != text.number:
            return self.env._("The phone number was changed before the text left.")
        return None

    # === FAILURES === #

    def _get_failed_notifications(self):
        """Return the `mail.notification` of each contact whose newest message did not arrive."""
        sent = self.event_ids.filtered(lambda event: event.event_type == "sent").sorted("id")
        newest = {event.partner_id: event.message_id for event in sent}
        notifications = self.env["mail.notification"].search(
            [
                ("mail_message_id", "in", [message.id for message in newest.values()]),
                ("notification_status", "in", ("exception", "bounce")),
            ]
        )
        return notifications.filtered(
            lambda each: newest.get(each.res_partner_id) == each.mail_message_id
        )
