# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Texts are a way of Odoo's own sending: the same documents, and one text for each link."""

from odoo import api, models

# Not one of `res.partner.invoice_sending_method`: only the dialog and reminders send texts.
SENDING_METHOD = "paylink_sms"


class AccountMoveSendText(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS 'account'
        settings = super()._get_default_sending_settings(
            move, from_cron=from_cron, **custom_settings
        )
        if (settings.get("paylink") or {}).get("channel") == "sms":
            settings["sending_methods"] = {SENDING_METHOD}
        return settings

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        # EXTENDS 'account'
        result = super()._hook_if_success(moves_data, from_cron=from_cron)
        self._paylink_send_texts(
            {
                move: data
                for move, data in moves_data.items()
                if SENDING_METHOD in data["sending_methods"]
            }
        )
        return result

    @api.model
    def _paylink_send_texts(self, moves_data):
        """Queue the texts of some invoices.

        :param dict moves_data: settings for each invoice; ``paylink`` has the ``link_ids`` and
            what the sender wrote as ``text``
        """
        # In sudo mode because links are changed by sending only, see `_get_default_sending_settings`.
        links_sudo = self.env["paylink.link"].sudo()
        for data in moves_data.values():
            paylink = data["paylink"]
            for link_sudo in links_sudo.browse(paylink["link_ids"]):
                # What was queued before a worker died is not queued again.
                if not link_sudo.message_id:
                    link_sudo._post_text(paylink.get("text"), data.get("author_partner_id"))
                    links_sudo |= link_sudo
        links_sudo._mark_sent()
