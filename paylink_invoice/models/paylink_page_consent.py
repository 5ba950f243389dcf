# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: reminders by text, asked for with a box that nobody ticks but the customer."""

from odoo import api, models

from odoo.addons.phone_validation.tools import phone_validation

from .paylink_page import DUE_CODES


class PaylinkPageConsent(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_values(self, link, is_preview=False):
        # EXTENDS
        values = super()._prepare_values(link, is_preview=is_preview)
        page, link, _move = self._switch_to(link)
        reminders = page._prepare_reminders(link, values["summary"]["status_code"])
        return {**values, "reminders": reminders, "is_reminder_change": False}

    @api.model
    def _prepare_paths(self, link, is_preview):
        # EXTENDS
        paths = super()._prepare_paths(link, is_preview)
        return {**paths, "consent": f"{paths['page']}/consent"} if paths else paths

    @api.model
    def _prepare_reminders(self, link, status_code):
        """Return what the page says about reminders by text; ``None`` where it says nothing.

        Offered where something is due; who gets reminders can always end them.

        :return: dict: ``is_granted``, ``is_blocked``, ``text`` (how it is now), ``words`` (what
            the customer agrees to)
        """
        state = link._get_consent_state()
        if not state or (state != "granted" and status_code not in DUE_CODES):
            return None
        number = link.partner_id._paylink_get_number(link.company_id)
        return {
            "is_granted": state == "granted",
            "is_blocked": state == "blocked",
            "text": self._get_reminder_text(link, state, self._isolate(self._mask_number(number))),
            "words": self._get_consent_words(link, number),
        }

    @api.model
    def _get_reminder_text(self, link, state, number):
        """Return a sentence that says how it is now; empty where nothing was agreed."""
        if state == "granted":
            return self.env._(
                "You get payment reminders by text message at %(number)s.", number=number
            )
        if state == "blocked":
            return self.env._(
                "Text messages to %(number)s are stopped, because somebody asked for it. If you "
                "want them again, ask %(seller)s.",
                number=number,
                seller=self._isolate(link.company_id.name),
            )
        return ""

    @api.model
    def _get_consent_words(self, link, number):
        """Return what the customer agrees to, as it is written down as a proof.

        Whoever changes the sense changes `paylink_consent.CONSENT_VERSION`.
        """
        return self.env._(
            "Send me payment reminders of %(seller)s by text message to %(number)s: a few for each "
            "invoice at most. My phone company may charge for them. I can end this at any time on "
            "this page. I can pay without agreeing to this.",
            seller=self._isolate(link.company_id.name),
            number=self._isolate(self._mask_number(number)),
        )

    @api.model
    def _mask_number(self, number):
        """Return as much of a number as its owner needs to know it: ``+32 ••• 56``."""
        code = phone_validation.phone_get_region_data_for_number(number)["phone_code"]
        return f"+{code} ••• {number[-2:]}"

    @api.model
    def _get_denial_words(self, link, denial):
        # EXTENDS
        if denial == "no_number":
            seller = self._isolate(link.company_id.name)
            text = self.env._(
                "There is no mobile number of yours on file. Ask %(seller)s to add it.",
                seller=seller,
            )
            return self.env._("No number for text messages"), text
        if denial == "not_ticked":
            text = self.env._("Go back and tick the box first, if you want reminders by text.")
            return self.env._("Nothing was changed"), text
        return super()._get_denial_words(link, denial)
