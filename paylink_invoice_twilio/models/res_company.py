# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models

from .. import opt_out

# Of what was answered so much is kept as a proof.
MAX_TEXT_LENGTH = 500


class ResCompany(models.Model):
    _inherit = "res.company"

    def _paylink_get_opt_out_words(self):
        # EXTENDS 'paylink_invoice': Twilio delivers replies.
        self.ensure_one()
        if self.sudo().sms_provider == "twilio":
            return self.env._("STOP ends these.")
        return super()._paylink_get_opt_out_words()

    def _paylink_twilio_get_incoming_url(self):
        """Return the address that Twilio hands replies over to; its signature covers it."""
        self.ensure_one()
        return f"{self._paylink_get_base_url()}/paylink_twilio/incoming/{self.id}"

    def _paylink_twilio_process_reply(self, number, text):
        """Do what a customer's reply asks for.

        :param str number: who answered, as Twilio writes it (E.164); a signed value
        :param str text: what they wrote
        """
        self.ensure_one()
        partners = self.env["res.partner"]
        number = number and partners._phone_format(number=number, country=self.country_id)
        if not number:
            return
        text = text.replace("\x00", "")  # PostgreSQL keeps none, and some phones write it for "@".
        if opt_out.is_stop(text):
            self.env["paylink.consent"]._withdraw_by_reply(number, self, text[:MAX_TEXT_LENGTH])
        elif opt_out.is_start(text):
            # The number may get texts again; reminders need a new tick on the page all the same.
            self.env["phone.blacklist"].sudo()._remove(
                [number], message=self.env._("Answered “%(text)s” to a text message.", text=text)
            )
