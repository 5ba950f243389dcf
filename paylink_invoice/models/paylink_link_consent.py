# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Reminders by text: whether the holder of a link may ask for them or end them, and does."""

from datetime import timedelta

from odoo import fields, models

# The rows are a proof and stay for ever: nobody fills the table by pressing a button.
MAX_CHANGES = 10
CHANGE_PERIOD = timedelta(hours=1)


class PaylinkLinkConsent(models.Model):
    _inherit = "paylink.link"

    def _get_denial(self, action="view"):
        # EXTENDS: `consent` needs a number on file.
        denial = super()._get_denial(action)
        if denial or action != "consent":
            return denial
        return None if self.partner_id._paylink_get_number(self.company_id) else "no_number"

    def _get_consent_state(self):
        """Return what is known about texts to the recipient.

        :return: ``granted``, ``blocked`` (somebody answered STOP, or staff blocked the number),
            ``not_granted``; or ``None`` without a number on file
        """
        self.ensure_one()
        partner, company = self.partner_id, self.company_id
        number = partner._paylink_get_number(company)
        if not number:
            return None
        denial = partner._paylink_get_text_denials(company, needs_consent=True).get(partner)
        if denial == "blocked":
            return "blocked"
        return "not_granted" if denial else "granted"

    def _get_consent_delay(self):
        """Return the seconds to wait before the next agreement, 0 when it may be given now."""
        self.ensure_one()
        since = fields.Datetime.now() - CHANGE_PERIOD
        given = self.env["paylink.event"].search(
            [
                ("link_id", "=", self.id),
                ("event_type", "=", "consented"),
                ("event_date", ">", since),
            ],
            limit=MAX_CHANGES,
        )
        if len(given) < MAX_CHANGES:
            return 0
        return max(1, (given[-1].event_date - since).total_seconds())

    def _change_consent(self, is_granted, visitor):
        """Write down that the recipient asks for reminders by text, or wants no more texts.

        What is so already is not written down once more. To end them is never limited.

        :param bool is_granted: what the visitor wants
        :param dict visitor: ``ip_address`` and ``user_agent``
        :return: the seconds to wait before it may be granted, 0 when it was heard
        """
        self.ensure_one()
        consents = self.env["paylink.consent"]
        number = self.partner_id._paylink_get_number(self.company_id)
        if not is_granted:
            if not consents._get_book([number], self.company_id).is_withdrawn(number):
                consents._withdraw_on_page(self, number, visitor)
            return 0
        if self._get_consent_state() != "not_granted":
            return 0
        if seconds := self._get_consent_delay():
            return seconds
        words = self.env["paylink.page"]._get_consent_words(self, number)
        consents._grant(self, number, words, visitor)
        return 0
