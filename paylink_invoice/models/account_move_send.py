# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sending by link is a way of Odoo's own sending: same documents, same mail, one link each."""

from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS 'account'
        paylink = custom_settings.pop("paylink", None)
        if from_cron and not paylink:
            paylink = (move.sending_data or {}).get("paylink")
        link_ids = (paylink or {}).get("link_ids", {}).get(str(move.id))
        if not link_ids:
            return super()._get_default_sending_settings(
                move, from_cron=from_cron, **custom_settings
            )
        # In sudo mode because the cron sends for users of other companies, too.
        links_sudo = self.env["paylink.link"].sudo().browse(link_ids)
        # Who edits invoices could write other links into what waits for the cron.
        links_sudo = links_sudo.filtered(lambda link: link.move_id == move)
        linked = self.with_context(paylink_has_own_message=True)
        settings = super(AccountMoveSend, linked)._get_default_sending_settings(
            move,
            from_cron=from_cron,
            **{
                "sending_methods": {"email"},
                "mail_template": move._paylink_get_mail_template(),
                "mail_partner_ids": links_sudo.partner_id.ids,
                # Each link gets a text of its own in its own language, see `_send_mails`.
                "mail_lang": self.env.lang,
                "mail_subject": "",
                "mail_body": "",
                **custom_settings,
            },
        )
        return {**settings, "paylink": {**paylink, "link_ids": links_sudo.ids}}

    @api.model
    def _get_mail_default_field_value_from_template(
        self, mail_template, lang, move, field, **kwargs
    ):
        # EXTENDS 'account', which renders its defaults even where values are given.
        if self.env.context.get("paylink_has_own_message"):
            return ""
        return super()._get_mail_default_field_value_from_template(
            mail_template, lang, move, field, **kwargs
        )

    @api.model
    def _get_default_mail_partner_ids(self, move, mail_template, mail_lang):
        # EXTENDS 'account' for the same reason.
        if self.env.context.get("paylink_has_own_message"):
            return self.env["res.partner"]
        return super()._get_default_mail_partner_ids(move, mail_template, mail_lang)

    @api.model
    def _get_mail_params(self, move, move_data):
        # EXTENDS 'account'
        params = super()._get_mail_params(move, move_data)
        if params and move_data.get("paylink"):
            params["paylink"] = move_data["paylink"]
        return params

    @api.model
    def _send_mails(self, moves_data):
        # EXTENDS 'account' to do for a batch at once what does not depend on the single mail.
        settings = [data["paylink"] for data in moves_data.values() if data.get("paylink")]
        link_ids = [link_id for paylink in settings for link_id in paylink["link_ids"]]
        links_sudo = self.env["paylink.link"].sudo().browse(link_ids)
        for paylink in settings:
            own_sudo = links_sudo.browse(paylink["link_ids"]).with_prefetch(link_ids)
            paylink["messages"] = {
                link_sudo: link_sudo._prepare_message(paylink.get("subject"), paylink.get("body"))
                for link_sudo in own_sudo
            }
        result = super()._send_mails(moves_data)
        links_sudo.filtered("message_id")._mark_sent()
        return result

    @api.model
    def _send_mail(self, move, mail_template, paylink=None, **kwargs):
        # EXTENDS 'account' to send every recipient a message of their own, with their own link,
        # in their own language.
        if not paylink:
            return super()._send_mail(move, mail_template, **kwargs)
        for link_sudo, (subject, body) in paylink["messages"].items():
            lang = link_sudo._get_lang()
            linked = self.with_context(paylink_link_id=link_sudo.id, lang=lang)
            super(AccountMoveSend, linked)._send_mail(
                # Crons would leave the mail to the queue, which may be an hour.
                move.with_context(
                    paylink_link_id=link_sudo.id, lang=lang, mail_notify_force_send=True
                ),
                mail_template,
                **{
                    **kwargs,
                    "subject": subject,
                    "body": body,
                    "partner_ids": link_sudo.partner_id.ids,
                    "model_description": move.with_context(lang=lang).type_name,
                    "force_email_lang": lang,
                    # Followers were not chosen as recipients; they see the message in the chatter.
                    "notify_skip_followers": True,
                },
            )
        return None

    @api.model
    def _get_mail_layout(self):
        # EXTENDS 'account'
        if self.env.context.get("paylink_link_id"):
            return "paylink_invoice.mail_layout_paylink"
        return super()._get_mail_layout()
