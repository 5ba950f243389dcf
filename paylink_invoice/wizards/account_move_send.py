# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The box "Payment link" in Odoo's own dialogs for sending one or many invoices."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import is_html_empty


class AccountMoveSendWizard(models.TransientModel):
    _inherit = "account.move.send.wizard"

    paylink_is_available = fields.Boolean(compute="_compute_paylink_is_available")
    paylink_is_included = fields.Boolean(
        string="Payment link",
        help="Each recipient gets a link of their own, with which the invoice is seen and paid "
        "without a login.",
        compute="_compute_paylink_is_included",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("move_id")
    def _compute_paylink_is_available(self):
        for wizard in self:
            wizard.paylink_is_available = not wizard.move_id._paylink_get_send_denial()

    @api.depends("move_id")
    def _compute_paylink_is_included(self):
        for wizard in self:
            wizard.paylink_is_included = wizard._paylink_get_default()

    def _paylink_get_default(self):
        """Tell whether the box is ticked as the dialog opens."""
        self.ensure_one()
        return self.paylink_is_available and self._paylink_is_included_by_default(self.move_id)

    @api.depends("paylink_is_included")
    def _compute_template_id(self):  # pylint: disable=missing-return
        # EXTENDS 'account': with a link the message is that of links.
        super()._compute_template_id()
        for wizard in self.filtered("paylink_is_included"):
            wizard.template_id = wizard.move_id._paylink_get_mail_template()

    @api.depends("template_id", "lang")
    def _compute_mail_partners(self):  # pylint: disable=missing-return
        # EXTENDS 'account': ticking the box is no reason to forget whom the user has chosen.
        links_template = self.env["account.move"]._paylink_get_mail_template()
        for wizard in self:
            chosen = wizard.mail_partner_ids
            super(AccountMoveSendWizard, wizard)._compute_mail_partners()
            if wizard.template_id == links_template:
                template = self._get_default_mail_template_id(wizard.move_id)
                wizard.mail_partner_ids = chosen or (
                    self._get_default_mail_partner_ids(wizard.move_id, template, wizard.lang)
                    or wizard.move_id._paylink_get_default_recipient().filtered("email")
                )

    @api.depends("paylink_is_included")
    def _compute_alerts(self):  # pylint: disable=missing-return
        # EXTENDS 'account'
        super()._compute_alerts()
        for wizard in self:
            wizard.alerts = {**(wizard.alerts or {}), **wizard._paylink_get_alerts()}

    def _paylink_get_alerts(self):
        """Return what the user is told about links, see `account.move.send._get_alerts`."""
        self.ensure_one()
        if "email" not in (self.sending_methods or []) or not self.paylink_is_available:
            return {}
        if not self.paylink_is_included:
            return self._paylink_get_pdf_alert()
        blocked = self.mail_partner_ids.filtered("is_blacklisted")
        if not blocked:
            return {}
        message = self.env._(
            "The e-mail address of %(names)s is blocked, so the link may not be wanted there.",
            names=", ".join(blocked.mapped("display_name")),
        )
        return {"paylink_blocked": {"level": "warning", "message": message}}

    def _get_sending_settings(self):
        # EXTENDS 'account'
        settings = super()._get_sending_settings()
        if self.paylink_is_included and not self.paylink_is_available:
            return {**settings, "paylink": {"is_included": False}}
        if self.paylink_is_included != self._paylink_get_default():
            self._paylink_check_may_send()
        settings["paylink"] = {
            "is_included": self.paylink_is_included,
            "subject": self._paylink_get_own_text("subject"),
            "body": self._paylink_get_own_text("body"),
        }
        return settings

    def _paylink_get_own_text(self, fname):
        """Return what the user wrote, or ``None`` where each recipient gets the usual words.

        :param str fname: ``subject`` or ``body``
        """
        self.ensure_one()
        text = self[fname]
        if is_html_empty(text):
            return None
        if self.template_id != self.move_id._paylink_get_mail_template():
            return text
        get_default = getattr(self, f"_get_default_mail_{fname}")
        default = get_default(self.move_id, self.template_id, self.lang)
        return None if text == self._fields[fname].convert_to_cache(default, self) else text


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    paylink_is_included = fields.Boolean(
        string="Payment link",
        help="Each recipient gets a link of their own, with which the invoice is seen and paid "
        "without a login.",
        compute="_compute_paylink_is_included",
        store=True,
        readonly=False,
        precompute=True,
    )

    @api.depends("move_ids")
    def _compute_paylink_is_included(self):
        for wizard in self:
            wizard.paylink_is_included = wizard.move_ids.company_id._paylink_is_link_included()

    @api.depends("paylink_is_included")
    def _compute_alerts(self):  # pylint: disable=missing-return
        # EXTENDS 'account'
        super()._compute_alerts()
        for wizard in self:
            if wizard.paylink_is_included or "email" not in (wizard.summary_data or {}):
                continue
            wizard.alerts = {**(wizard.alerts or {}), **self._paylink_get_pdf_alert()}

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS 'account': what is sent now follows the context, what is sent by the cron its data.
        self._paylink_check_decision()
        if not force_synchronous:
            self._paylink_check_waiting()
        decided = self.with_context(paylink_is_included=self.paylink_is_included)
        action = super(AccountMoveSendBatchWizard, decided).action_send_and_print(
            force_synchronous=force_synchronous, allow_fallback_pdf=allow_fallback_pdf
        )
        if not force_synchronous:
            self._paylink_write_decision()
        return action

    def _paylink_check_waiting(self):
        """Raise a `UserError` where links wait for the cron, which knows but one sending of each."""
        self.ensure_one()
        waiting = self.move_ids.filtered(lambda move: move._paylink_has_waiting_links())
        if waiting:
            raise UserError("\n".join(move._paylink_explain_waiting() for move in waiting))

    def _paylink_check_decision(self):
        """Raise an `AccessError` if somebody departs from the policy who may not send links."""
        self.ensure_one()
        by_default = self.new({"move_ids": self.move_ids.ids}).paylink_is_included
        if self.paylink_is_included != by_default:
            self._paylink_check_may_send()

    def _paylink_write_decision(self):
        """Add the decision to what waits for the cron."""
        decision = {"is_included": self.paylink_is_included}
        # Odoo has written the same data to all of them.
        data = {**(self.move_ids[:1].sending_data or {}), "paylink": decision}
        # Without Odoo's look at all lines of each invoice: this changes no amount.
        self.move_ids.with_context(skip_invoice_sync=True).sending_data = data
