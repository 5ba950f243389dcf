# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A link that is sent by text message: its words, its number, and what became of it."""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .. import text_size, tokens

# What texts may name in braces; `{link}` is the URL.
PLACES = re.compile(r"\{(link|name|company|document|amount|due)\}")
# Spaces that do not break, and marks of direction: with one of them a text would not fit into the
# alphabet of phones, and cost twice.
SPACES = re.compile("[\u00a0\u2007\u2009\u202f]")
MARKS = re.compile("[\u200e\u200f\u061c\u2066-\u2069]")
# More parts than this reach nobody, at a price.
MAX_PARTS = 10
# Status of the notification -> what the link says; a mail that has left is as much as we learn.
STATUS_OF_NOTIFICATION = {
    "ready": "queued",
    "process": "sending",
    "pending": "sent",
    "bounce": "failed",
    "exception": "failed",
    "canceled": "canceled",
}


class PaylinkLinkText(models.Model):
    _inherit = "paylink.link"

    sms_number = fields.Char(
        string="Phone Number",
        help="The number that the text message with this link goes to; no other one gets it.",
        readonly=True,
        copy=False,
    )
    delivery_status = fields.Selection(
        selection=[
            ("queued", "Waiting"),
            ("sending", "Being Sent"),
            ("sent", "Sent"),
            ("delivered", "Delivered"),
            ("failed", "Not Delivered"),
            ("canceled", "Canceled"),
        ],
        string="Delivery",
        compute="_compute_delivery_status",
        search="_search_delivery_status",
        compute_sudo=True,
    )

    # === COMPUTE METHODS === #

    @api.depends("message_id", "partner_id")
    def _compute_delivery_status(self):
        for link in self:
            notification = link._get_notification()
            status = STATUS_OF_NOTIFICATION.get(notification.notification_status)
            if notification.notification_status == "sent":
                status = "delivered" if notification.notification_type == "sms" else "sent"
            link.delivery_status = status or False

    def _compute_delivery_failure(self):  # pylint: disable=missing-return
        # EXTENDS for texts, whose gateways and checks give reasons of their own; also while the
        # text still waits.
        super()._compute_delivery_failure()
        for link in self.filtered("sms_number"):
            if link.delivery_status in ("failed", "queued"):
                link.delivery_failure = link._get_notification()._paylink_get_failure()

    def _get_notification(self):
        """Return the `mail.notification` of the recipient, which the gateways report to."""
        self.ensure_one()
        return self.message_id.notification_ids.filtered(
            lambda notification: notification.res_partner_id == self.partner_id
        )[:1]

    @api.model
    def _search_delivery_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        statuses = [key for key, status in STATUS_OF_NOTIFICATION.items() if status in value]
        if {"sent", "delivered"} & set(value):
            statuses.append("sent")
        return [("message_id.notification_ids.notification_status", "in", statuses)]

    # === WORDS === #

    def _prepare_text(self, template=None):
        """Return the text message for the recipient, with the placeholder in the place of the URL.

        :param str template: what the sender wrote, see :data:`PLACES`; or nothing for the usual
            words, in the language of the recipient
        """
        self.ensure_one()
        url = f"{self.company_id._paylink_get_base_url()}{self._get_preview_path()}"
        return self._fill_text(template, url)

    def _fill_text(self, template, url, lang=None, **own_values):
        """Return a text with its places filled in; without a place for it the URL is at the end.

        :param str template: see :meth:`_prepare_text`
        :param str url: what to write where the link goes
        :param str lang: of the reader; by default the recipient's
        :param dict own_values: what to write elsewhere, instead of what the whole invoice says
        """
        self.ensure_one()
        link = self.with_context(lang=lang or self._get_lang(), tz=self._get_timezone())
        template = (template or link._get_text_template()).strip()
        if "{link}" not in template:
            template = f"{template} {{link}}"
        has_more = set(PLACES.findall(template)) - {"link", *own_values}
        values = {**(link._prepare_text_values() if has_more else {}), **own_values, "link": url}
        return PLACES.sub(lambda place: values[place[1]], template)

    def _get_text_template(self):
        """Return the company's words, or the usual ones, in the language of the environment."""
        company_sudo = self.company_id.sudo()  # Whoever may send uses the company's text.
        if company_sudo.paylink_sms_message:
            return company_sudo.paylink_sms_message
        code = self.env["paylink.page"]._get_status_code(self.move_id)
        if code in ("credit_note", "credited"):
            return self.env._("{company}: {document}, {amount} in your favor. View it: {link}")
        if code in ("paid", "nothing_due"):
            return self.env._("{company}: {document} and its receipt: {link}")
        return self.env._("{company}: {document}, {amount}, due {due}. View and pay: {link}")

    def _prepare_text_values(self):
        """Return what can be named in a text, in the language of the environment."""
        page = self.env["paylink.page"]
        headline = page._prepare_headline(self)
        values = {
            "name": self.partner_id.name or self.partner_id.parent_id.name or "",
            "company": self.company_id.name,
            "document": headline["document_label"],
            "amount": headline["amount"],
            "due": format_date(self.env, page._get_next_due_date(self.move_id)),
        }
        return {name: self._plain(text) for name, text in values.items()}

    @api.model
    def _plain(self, text):
        """Return a text without the spaces and marks that would make it cost twice."""
        return MARKS.sub("", SPACES.sub(" ", text))

    @api.model
    def _measure_text(self, text, company):
        """Return the size of a text with ``{link}`` as it leaves, with a URL of real length.

        :rtype: text_size.TextSize
        """
        url = f"{company._paylink_get_base_url()}{self._get_sample_path()}"
        return text_size.measure(text.replace("{link}", url))

    @api.model
    def _get_sample_path(self):
        """Return a path that is as long as the real one."""
        return "/paylink/" + "0" * tokens.TOKEN_LENGTH

    # === SENDING === #

    def _post_text(self, template=None, author_id=None):
        """Put the text into the chatter and into the queue; it leaves at once, by the queue's job.

        :param str template: see :meth:`_prepare_text`
        :param int author_id: the `res.partner` who sends it
        """
        self.ensure_one()
        move = self.move_id.with_context(
            paylink_link_id=self.id, paylink_is_text=True, lang=self._get_lang()
        )
        move._message_sms(
            self._prepare_text(template),
            partner_ids=self.partner_id.ids,
            sms_pid_to_number={self.partner_id.id: self.sms_number},
            author_id=author_id,
            # The gateway never keeps a user waiting.
            put_in_queue=True,
        )

    def _is_own_text(self, text):
        """Tell whether a queued `sms.sms` was made for this link and goes to its number."""
        self.ensure_one()
        return (
            bool(self.sms_number)
            and text.number == self.sms_number
            and text.partner_id == self.partner_id
            and bool(self.message_id)
            and text.mail_message_id == self.message_id
        )

    def _get_text_denials(self, company):
        """Tell which of these links must not be texted any more, looked at while they leave.

        :param company: their `res.company`
        :return: dict of links and sentences for staff
        """
        reminders = self.filtered(lambda link: link.channel == "reminder")
        reasons = {
            **(self - reminders).partner_id._paylink_get_text_denials(company),
            **reminders.partner_id._paylink_get_text_denials(company, needs_consent=True),
        }
        denials = {}
        for link in self:
            partner = link.partner_id
            if link.state != "active":
                denials[link] = self.env._("The link had ended before the text left.")
            elif reasons.get(partner):
                denials[link] = partner._paylink_explain_text_denial(
                    reasons[partner], partner.display_name
                )
            elif partner._paylink_get_number(company) != link.sms_number:
                denials[link] = self.env._("The phone number was changed before the text left.")
            elif link in reminders and (reason := link.move_id._paylink_get_reminder_denial()):
                denials[link] = link.move_id._paylink_explain_reminder_denial(reason)
        return denials

    # === ACTION METHODS === #

    def action_resend_text(self):
        """Send the same text once more, to the number that the recipient has now.

        :raise UserError: if the link is over, or the recipient cannot get texts
        """
        self.ensure_one()
        self._check_can_send()
        link_sudo = self.sudo()  # Links are changed by their actions only, after the check above.
        if link_sudo.delivery_status not in ("failed", "canceled"):
            raise UserError(self.env._("This text has not failed. Look at its delivery first."))
        link_sudo.sms_number = link_sudo.partner_id._paylink_get_number(link_sudo.company_id)
        if denial := link_sudo._get_text_denials(link_sudo.company_id).get(link_sudo):
            raise UserError(denial)
        link_sudo._requeue_text()
        return True

    def _requeue_text(self):
        """Put a new text for the same message into the queue, in the place of the failed one."""
        self.ensure_one()
        notification = self._get_notification()
        old = self.env["sms.sms"].browse(notification.sms_id_int).exists()
        text = (
            self.env["sms.sms"]
            .with_context(paylink_link_id=self.id)
            .create(
                {
                    "body": old.body or self._prepare_text(),
                    "number": self.sms_number,
                    "partner_id": self.partner_id.id,
                    "mail_message_id": self.message_id.id,
                }
            )
        )
        old.write({"state": "canceled", "to_delete": True, "paylink_claim_date": False})
        notification.sms_tracker_ids.unlink()
        notification.write(
            {
                "notification_status": "ready",
                "failure_type": False,
                "failure_reason": False,
                "sms_number": text.number,
                "sms_id_int": text.id,
                "sms_tracker_ids": [fields.Command.create({"sms_uuid": text.uuid})],
            }
        )
        self.message_id._notify_message_notification_update()
