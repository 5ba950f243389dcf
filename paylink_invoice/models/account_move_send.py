# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Sending by link is a way of Odoo's own sending: same documents, same mail, one link each."""

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import AccessError


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    # === SETTINGS === #

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS 'account'
        paylink = custom_settings.pop("paylink", None)
        if from_cron and paylink is None:
            paylink = (move.sending_data or {}).get("paylink")
        paylink = self._paylink_complete_settings(move, paylink)
        if not paylink:
            return super()._get_default_sending_settings(
                move, from_cron=from_cron, **custom_settings
            )
        linked = self.with_context(paylink_has_own_message=True)
        settings = super(AccountMoveSend, linked)._get_default_sending_settings(
            move,
            from_cron=from_cron,
            **{
                "mail_template": move._paylink_get_mail_template(),
                # Each link gets a text of its own in its own language, see `_send_mails`.
                "mail_lang": self.env.lang,
                "mail_subject": "",
                "mail_body": "",
                **self._paylink_get_recipient_settings(move, paylink),
                **custom_settings,
            },
        )
        return {**settings, "paylink": paylink}

    @api.model
    def _paylink_complete_settings(self, move, paylink):
        """Return how an invoice is sent with links, or ``None`` when it is sent without.

        :param paylink: what was decided: ``None`` (nothing), or a dict with ``link_ids`` (links that
            exist already, a list for each invoice's id) or ``is_included`` (whether recipients get
            links that are made while sending); and ``subject`` and ``body`` where somebody wrote some
        :return: dict with ``link_ids`` of this invoice, ``is_included`` (they are still to be made),
            ``subject`` and ``body``
        """
        if paylink and "link_ids" in paylink:
            link_ids = paylink["link_ids"].get(str(move.id))
            if not link_ids:
                return None
            # In sudo mode because the cron sends for users of other companies, too.
            links_sudo = self.env["paylink.link"].sudo().browse(link_ids)
            # Who edits invoices could write other links into what waits for the cron.
            # What was revoked while it waited does not leave any more.
            links_sudo = links_sudo.filtered(
                lambda link: link.move_id == move and not link.revoked_date
            )
            return {**paylink, "link_ids": links_sudo.ids, "is_included": False}
        is_included = (paylink or {}).get("is_included")
        if is_included is None:
            is_included = self._paylink_is_included_by_default(move)
        if not is_included or move._paylink_get_send_denial():
            return None
        return {**(paylink or {}), "link_ids": [], "is_included": True}

    @api.model
    def _paylink_is_included_by_default(self, move):
        """Tell whether an invoice is mailed with links where nobody has decided it.

        The key ``paylink_is_included`` of the context decides for what is sent within.
        """
        is_included = self.env.context.get("paylink_is_included")
        if is_included is not None and self._paylink_may_send():
            return is_included
        return move.company_id._paylink_is_link_included()

    @api.model
    def _paylink_may_send(self):
        """Tell whether the user may decide to send links."""
        return self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_user")

    @api.model
    def _paylink_check_may_send(self):
        if not self._paylink_may_send():
            raise AccessError(self.env._("Only people who may send invoice links can do this."))

    @api.model
    def _paylink_get_pdf_alert(self):
        """Return what the dialogs say where no link goes along, see `_get_alerts`."""
        message = self.env._(
            "The PDF alone cannot be paid online. Tick “Payment link” to send each recipient "
            "a link with which they see and pay the invoice."
        )
        return {"paylink_not_included": {"level": "info", "message": message}}

    @api.model
    def _paylink_get_recipient_settings(self, move, paylink):
        """Return whom an invoice goes to: the recipients of its links, or else Odoo's own choice."""
        if not paylink["is_included"]:
            links_sudo = self.env["paylink.link"].sudo().browse(paylink["link_ids"])
            return {"sending_methods": {"email"}, "mail_partner_ids": links_sudo.partner_id.ids}
        template = self._get_default_mail_template_id(move)
        lang = self._get_default_mail_lang(move, template)
        partners = self._get_default_mail_partner_ids(move, template, lang)
        partners = partners or move._paylink_get_default_recipient().filtered("email")
        return {"mail_partner_ids": partners.ids}

    @api.model
    def _get_mail_default_field_value_from_template(
        self, mail_template, lang, move, field, **kwargs
    ):
        # EXTENDS 'account', which renders its defaults even where values are given.
        if self.env.context.get("paylink_has_own_message"):
            return ""
        if mail_template and mail_template == move._paylink_get_mail_template():
            values = move._paylink_get_message_context(move.partner_id, lang)
            mail_template = mail_template.with_context(**values)
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

    # === SENDING === #

    @api.model
    def _generate_and_send_invoices(self, moves, from_cron=False, **kwargs):
        # EXTENDS 'account', which forgets what waits for its cron as soon as the same invoice is
        # sent in another way.
        waiting = moves.filtered(
            lambda move: (
                not from_cron
                and move.sending_data
                and (kwargs.get("paylink") or move._paylink_has_waiting_links())
            )
        )
        # In sudo mode because not everybody who may send an invoice may edit it.
        data = {move.sudo(): move.sending_data for move in waiting}
        result = super()._generate_and_send_invoices(moves, from_cron=from_cron, **kwargs)
        for move_sudo, sending_data in data.items():
            move_sudo.with_context(skip_invoice_sync=True).sending_data = sending_data
        return result

    @api.model
    def _send_mails(self, moves_data):
        # EXTENDS 'account' to do for a batch at once what does not depend on the single mail.
        self._paylink_create_links(moves_data)
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
    def _paylink_get_sender_id(self, move, move_data):
        """Return who answers for a link: who sends it, or the salesperson where the system does."""
        if move_data["author_user_id"] == SUPERUSER_ID:
            return move.invoice_user_id.id or SUPERUSER_ID
        return move_data["author_user_id"]

    @api.model
    def _paylink_create_links(self, moves_data):
        """Make the links of those invoices that get theirs while they are sent."""
        values_list = [
            {
                "move_id": move.id,
                "partner_id": partner_id,
                "company_id": move.company_id.id,
                "channel": "email",
                "user_id": self._paylink_get_sender_id(move, data),
            }
            for move, data in moves_data.items()
            if data.get("paylink") and data["paylink"]["is_included"]
            for partner_id in data["mail_partner_ids"]
        ]
        # In sudo mode because links are made by sending only; who may send was decided before.
        links_sudo = self.env["paylink.link"].sudo().create(values_list)
        for move, own_sudo in links_sudo.grouped("move_id").items():
            moves_data[move]["paylink"]["link_ids"] = own_sudo.ids

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
