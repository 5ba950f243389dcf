# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments that were started from a link: one open attempt per invoice, and no money lost."""

from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from ..html_cleaning import clean_html


class PaymentRefused(Exception):
    """The customer cannot start this payment now; nothing has been written.

    :param str code: the reason, as in :meth:`paylink.link._get_denial`, or ``invalid_option``,
        ``changed``
    :param str message: the sentence the customer reads
    """

    def __init__(self, code, message):
        super().__init__(code)
        self.code = code
        self.message = message


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # How long an attempt that was started and not finished keeps others from paying the invoice.
    _paylink_attempt_minutes = 15

    paylink_link_id = fields.Many2one(
        string="Invoice Link",
        help="The link through which the customer started this payment.",
        comodel_name="paylink.link",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    paylink_is_given_up = fields.Boolean(
        string="Given Up",
        help="Canceled here to make room for another attempt. The provider does not know, "
        "so the money may still come; it is booked then.",
        readonly=True,
    )
    paylink_has_wrong_amount = fields.Boolean(
        string="Wrong Amount",
        help="The provider once reported another amount or currency. No later message settles "
        "this payment; an accountant has to look at it.",
        readonly=True,
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        txs = super().create(vals_list)
        txs._paylink_touch_invoices()
        return txs

    # === ATTEMPTS === #

    def _paylink_touch_invoices(self):
        """Make payments of the same invoices that are just being started begin anew.

        A transaction of PostgreSQL goes on with what it saw at its start, also after it has waited
        for the row of the invoice, unless that row has changed: see `paylink.link._lock_document`.
        """
        if self.invoice_ids:
            self.env.cr.execute(
                SQL(
                    "UPDATE account_move SET write_date = write_date WHERE id IN %s",
                    tuple(self.invoice_ids.ids),
                )
            )

    def _paylink_open_attempt(self, link_sudo, values):
        """Return the one open attempt to pay the document of a link, in sudo mode.

        The row of the document must be locked. The same choice again, from a second tab or a
        second click, gets the attempt that is under way.

        :param link_sudo: the `paylink.link` that pays
        :param dict values: see :meth:`paylink.link._prepare_payment_values`
        :raise PaymentRefused: if somebody else has just started to pay
        """
        drafts = link_sudo.move_id.transaction_ids.filtered(lambda tx: tx.state == "draft")
        running = drafts.filtered(
            lambda tx: tx._paylink_get_end_of_attempt() > fields.Datetime.now()
        )
        own = running.filtered(lambda tx: tx.paylink_link_id == link_sudo)
        if others := running - own:
            raise PaymentRefused("in_progress", others[:1]._paylink_describe_attempt(link_sudo))
        same = own.filtered(lambda tx: tx._paylink_is_same_attempt(values))[:1]
        (drafts - running)._paylink_give_up(
            self.env._(
                "It was started, but not finished within %(minutes)s minutes.",
                minutes=self._paylink_attempt_minutes,
            )
        )
        (own - same)._paylink_give_up(self.env._("The customer started to pay anew instead."))
        return same or self._paylink_create_attempt(values)

    def _paylink_create_attempt(self, values):
        """Create the transaction.

        :raise ConcurrencyError: if another invoice takes the same reference at the same moment
        """
        try:
            with self.env.cr.savepoint():
                tx_sudo = self.sudo().create(values)
        except UniqueViolation as error:
            raise ConcurrencyError("The reference of a payment was taken meanwhile") from error
        tx_sudo._log_sent_message()
        return tx_sudo

    def _paylink_get_end_of_attempt(self):
        """Return when a started payment stops to keep others from paying (UTC datetime)."""
        self.ensure_one()
        return self.create_date + timedelta(minutes=self._paylink_attempt_minutes)

    def _paylink_is_same_attempt(self, values):
        """Tell whether the transaction is what ``values`` would create."""
        self.ensure_one()
        return (
            self.provider_id.id == values["provider_id"]
            and self.payment_method_id.id == values["payment_method_id"]
            and self.operation == values["operation"]
            and self.currency_id.id == values["currency_id"]
            and not self.currency_id.compare_amounts(self.amount, values["amount"])
        )

    def _paylink_describe_attempt(self, link_sudo):
        """Return the sentence for somebody whom this attempt keeps from paying."""
        self.ensure_one()
        end = self._paylink_get_end_of_attempt()
        return link_sudo.env._(
            "Somebody started to pay this invoice at %(start)s. If that payment is not finished, "
            "you can pay from %(end)s on, in %(minutes)s minutes. "
            "You are asked to wait so that it is not paid twice.",
            start=link_sudo._format_time(self.create_date),
            end=link_sudo._format_time(end),
            minutes=max(1, round((end - fields.Datetime.now()).total_seconds() / 60)),
        )

    def _paylink_give_up(self, reason):
        """Cancel attempts that nobody finished; what their provider reports later is still booked.

        :param str reason: the sentence for the chatter
        """
        if self:
            self.paylink_is_given_up = True
            self._set_canceled(state_message=reason)

    # === PROCESSING === #

    def _paylink_is_ours(self):
        """Tell whether a link started this payment, or gave it up."""
        self.ensure_one()
        return bool(self.paylink_link_id or self.paylink_is_given_up)

    def _paylink_is_revived_by(self, target_state):
        """Tell whether a canceled payment goes on because its provider reports ``target_state``."""
        self.ensure_one()
        revivals = ["authorized", "done", "error"]
        if self.paylink_is_given_up:
            revivals.append("pending")
        return self.state == "cancel" and target_state in revivals and self._paylink_is_ours()

    def _update_state(self, allowed_states, target_state, state_message):
        # EXTENDS 'payment': money that comes after all is not refused, money that differs is.
        txs = self
        if target_state in ("authorized", "done"):
            txs = self.filtered(lambda tx: not tx.paylink_has_wrong_amount)
        revived = txs.filtered(lambda tx: tx._paylink_is_revived_by(target_state))
        updated = super(PaymentTransaction, txs - revived)._update_state(
            allowed_states, target_state, state_message
        )
        updated |= super(PaymentTransaction, revived)._update_state(
            (*allowed_states, "cancel"), target_state, state_message
        )
        if target_state in ("pending", "authorized", "done"):
            updated._paylink_touch_invoices()
        if target_state == "done":
            updated._paylink_schedule_post_processing()
        return updated

    def _paylink_schedule_post_processing(self):
        """Have the payments booked within a minute or two, even if no browser comes back."""
        if any(tx.paylink_link_id for tx in self):
            # The page that waits for the payment books it at once; the cron comes after it.
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger(
                at=fields.Datetime.now() + timedelta(minutes=1)
            )

    def _validate_amount(self, payment_data):
        # EXTENDS 'payment': an amount that was wrong once stays wrong.
        previous_state = self.state
        super()._validate_amount(payment_data)
        if self.state == "error" and previous_state != "error" and self._paylink_is_ours():
            self.paylink_has_wrong_amount = True
            self._paylink_alert_accountant("paylink_invoice.activity_wrong_amount")

    # === POST-PROCESSING === #

    def _post_process(self):
        # EXTENDS 'account_payment'
        unbooked = self.filtered(lambda tx: not tx.payment_id)
        super()._post_process()
        for tx in self.filtered(lambda tx: tx.state == "done" and tx._paylink_is_ours()):
            tx._paylink_log_paid()
            if tx in unbooked:
                tx._paylink_alert_leftover()

    def _paylink_log_paid(self):
        """Append the payment to the history of its link, once."""
        self.ensure_one()
        nonce = f"payment.transaction,{self.id}"
        events_sudo = self.env["paylink.event"].sudo()  # Nobody may write the history by hand.
        is_known = events_sudo.search_count(
            [("nonce", "=", nonce), ("event_type", "=", "paid")], limit=1
        )
        if self.paylink_link_id and not is_known:
            self.paylink_link_id._log_event("paid", nonce=nonce)

    def _paylink_alert_leftover(self):
        """Tell an accountant when money came that no invoice needed any more."""
        self.ensure_one()
        leftover = self._paylink_get_leftover()
        if self.currency_id.compare_amounts(leftover, 0) > 0:
            self._paylink_alert_accountant("paylink_invoice.activity_leftover", leftover=leftover)

    def _paylink_get_leftover(self):
        """Return how much of the booked payment stays as the customer's credit."""
        self.ensure_one()
        payment = self.payment_id
        if payment.move_id:
            lines = payment.move_id.line_ids.filtered(
                lambda line: line.account_id == payment.destination_account_id
            )
            return -sum(lines.mapped("amount_residual_currency"))
        # Without an entry of its own, a payment waits for the bank statement to settle invoices.
        others = (self.invoice_ids.matched_payment_ids - payment).filtered(
            lambda other: not other.move_id and other.state in ("in_process", "paid")
        )
        owed = sum(
            self.invoice_ids.filtered(lambda inv: inv.state == "posted").mapped("amount_residual")
        )
        return payment.amount - max(0, owed - sum(others.mapped("amount")))

    def _paylink_alert_accountant(self, template, **values):
        """Leave a task on the invoice for whoever answers for it.

        :param str template: XML id of the text; it gets ``tx`` and ``values``
        """
        self.ensure_one()
        invoice = self.invoice_ids[:1].with_user(SUPERUSER_ID)
        responsible = self._paylink_get_responsible()
        if not (invoice and responsible):
            return
        invoice = invoice.with_context(lang=responsible.lang)
        tx = self.with_env(invoice.env)
        invoice.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=invoice.env._("Check payment %(reference)s", reference=self.reference),
            note=invoice.env["ir.qweb"]._render(template, {"tx": tx, **values}),
            user_id=responsible.id,
        )

    def _paylink_get_responsible(self):
        """Return the user who is told about money that needs a decision: whoever answers for the
        invoice, else who sent the link, else anybody who bills."""
        self.ensure_one()
        invoice = self.invoice_ids[:1]
        company = invoice.company_id
        billers = self.env.ref("account.group_account_invoice").sudo().all_user_ids
        candidates = (
            *invoice.invoice_user_id,
            *self.paylink_link_id.user_id,
            *billers.filtered(lambda user: company in user.company_ids).sorted("id"),
        )
        # Who cannot open the invoice cannot be given a task there.
        return next((user for user in candidates if self._paylink_can_open(user)), None)

    def _paylink_can_open(self, user):
        """Tell whether a user is active staff who may read the invoice."""
        invoice = self.invoice_ids[:1]
        if not (user.active and user._is_internal()):
            return False
        context = {"allowed_company_ids": user._get_company_ids()}
        return invoice.with_user(user).with_context(**context).has_access("read")

    # === RECEIPT === #

    def _paylink_has_receipt(self):
        """Tell whether the money has arrived, so that there is something to certify."""
        self.ensure_one()
        return self.state == "done" and self.amount > 0

    def _paylink_prepare_receipt_values(self, link_sudo, is_live=True):
        """Return the values of ``paylink_invoice.paylink_receipt_page``, all strings or None.

        :param link_sudo: a `paylink.link` of the document, in the customer's language
        :param bool is_live: whether the link still opens pages, so that they can be linked
        :return: the layout's values, ``heading``, ``text``, ``tone`` ('ok', 'calm' or 'warn'),
            ``state_label``, ``details`` (a sentence of the provider), ``instructions`` (clean HTML),
            ``rows`` (``{'label', 'value'}``), ``is_open`` (may change by itself), ``pay_label`` and
            the paths ``page_path``, ``pay_path``, ``pdf_path``
        """
        page, link, _move = link_sudo.env["paylink.page"]._switch_to(link_sudo)
        tx = self.with_env(link.env)
        heading, text, tone = tx._paylink_get_receipt_words(link)
        can_pay = is_live and not tx.paylink_has_wrong_amount and not link._get_denial("pay")
        has_pdf = is_live and tx._paylink_has_receipt()
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "text": text,
            "tone": tone,
            "state_label": tx._paylink_get_state_label(),
            "pay_label": tx._paylink_get_pay_label(),
            "details": tx._paylink_get_provider_words(),
            "instructions": tx._paylink_get_instructions(),
            "rows": tx._paylink_prepare_receipt_rows(),
            "is_open": tx._paylink_is_open(),
            "page_path": link._get_path() if is_live else None,
            "pay_path": link._get_path("pay") if can_pay else None,
            "pdf_path": link._get_receipt_path(tx, ".pdf") if has_pdf else None,
        }

    def _paylink_get_receipt_words(self, link_sudo):
        """Return what became of the payment: heading, sentence and tone."""
        self.ensure_one()
        _ = self.env._
        values = {
            "amount": self.currency_id.format(self.amount),
            "seller": link_sudo.company_id.name,
        }
        if self.paylink_has_wrong_amount:
            return (
                _("Your payment is being checked"),
                _("Another amount than %(amount)s came in. %(seller)s will contact you.", **values),
                "warn",
            )
        if self.state == "done":
            return _("Thank you"), self._paylink_get_done_words(values), "ok"
        words = {
            "authorized": (
                _("Your payment is authorized"),
                _(
                    "%(amount)s is reserved. %(seller)s will collect it; you need do nothing more.",
                    **values,
                ),
                "ok",
            ),
            "pending": (
                _("Your payment is on its way"),
                _(
                    "%(amount)s is not confirmed yet. That can take a while; you need not pay again.",
                    **values,
                ),
                "calm",
            ),
            "draft": (
                _("Not confirmed yet"),
                _(
                    "If you have just paid, wait a moment: this page tells as soon as your payment is "
                    "confirmed. If you have not, you can still do so."
                ),
                "calm",
            ),
            "cancel": (
                _("Not paid"),
                _("The payment of %(amount)s was stopped before it was finished.", **values),
                "warn",
            ),
            "error": (
                _("The payment did not work"),
                _(
                    "%(amount)s has not been paid. You can try again or choose another way to pay.",
                    **values,
                ),
                "warn",
            ),
        }
        if self.state == "pending" and self.provider_code == "custom":
            return (
                _("One step is left"),
                _("Please transfer %(amount)s yourself, as told below.", **values),
                "calm",
            )
        return words[self.state]

    def _paylink_get_state_label(self):
        """Return the state in one or two words."""
        self.ensure_one()
        _ = self.env._
        labels = {
            "draft": _("Not confirmed"),
            "pending": _("Pending"),
            "authorized": _("Authorized"),
            "done": _("Paid"),
            "cancel": _("Canceled"),
            "error": _("Failed"),
        }
        return labels[self.state]

    def _paylink_get_pay_label(self):
        """Return what the button to the payment form says."""
        self.ensure_one()
        _ = self.env._
        labels = {
            "draft": _("Pay now"),
            "pending": _("Pay another way"),
            "done": _("Pay the rest"),
        }
        return labels.get(self.state) or _("Try again")

    def _paylink_get_done_words(self, values):
        """Return the sentence about money that has arrived, also when it came once too often."""
        is_booked = bool(self.payment_id)
        if is_booked and self.currency_id.compare_amounts(self._paylink_get_leftover(), 0) > 0:
            return self.env._(
                "Your payment of %(amount)s has arrived, but the invoice needed less. "
                "%(seller)s keeps the rest as your credit and has been told.",
                **values,
            )
        return self.env._("Your payment of %(amount)s has arrived.", **values)

    def _paylink_get_provider_words(self):
        """Return why the provider could not finish the payment, in its own words, if it said so."""
        self.ensure_one()
        is_refusal = self.state in ("cancel", "error") and not self.paylink_is_given_up
        return self.state_message if is_refusal and not self.paylink_has_wrong_amount else None

    def _paylink_get_instructions(self):
        """Return how to pay a transfer that the customer makes, as clean HTML, or None."""
        self.ensure_one()
        if self.state != "pending" or self.provider_code != "custom":
            return None
        return clean_html(self.provider_id.pending_msg) or None

    def _paylink_prepare_receipt_rows(self):
        """Return the facts of the payment: list of ``{'label', 'value'}``."""
        self.ensure_one()
        move = self.invoice_ids[:1]
        _ = self.env._
        remaining = self._paylink_get_remaining()
        is_transfer = self.state == "pending" and self.provider_code == "custom"
        rows = (
            (_("Amount"), self.currency_id.format(self.amount)),
            (_("For"), " ".join(part for part in (move.type_name, move.name) if part)),
            (_("Customer"), move.commercial_partner_id.name),
            (_("Method"), self._paylink_get_method_name()),
            (_("Date"), self.env["paylink.page"]._format_moment(self.last_state_change)),
            (
                _("Payment reference"),
                (move.payment_reference or move.name) if is_transfer else None,
            ),
            (_("Reference"), self.reference),
            (
                _("Still to pay"),
                None if remaining is None else move.currency_id.format(remaining),
            ),
        )
        return [{"label": label, "value": value} for label, value in rows if value]

    def _paylink_get_receipt_lang(self):
        """Return the language that the customer reads the receipt in."""
        self.ensure_one()
        return self.paylink_link_id._get_lang() if self.paylink_link_id else self.partner_lang

    def _paylink_get_method_name(self):
        """Return how it was paid, in words the customer knows."""
        self.ensure_one()
        if self.payment_method_id.code == "unknown":
            return self.provider_id.name
        return self.payment_method_id.name

    def _paylink_get_remaining(self):
        """Return what the invoice still needs, or ``None`` where that is not known or no matter."""
        self.ensure_one()
        move = self.invoice_ids[:1]
        if self.state != "done" or not self.is_post_processed or move.state != "posted":
            return None
        is_settled = move.payment_state in move._paylink_get_settled_states()
        return 0.0 if is_settled else move.amount_residual

    def _paylink_is_open(self):
        """Tell whether the outcome may change within minutes without anybody doing anything."""
        self.ensure_one()
        if self.state == "draft":
            return self._paylink_get_end_of_attempt() > fields.Datetime.now()
        is_awaited = self.state == "pending" and self.provider_code != "custom"
        return is_awaited or (self.state == "done" and not self.is_post_processed)

    def _paylink_render_receipt(self, link_sudo):
        """Return the receipt as a PDF, rendered on the fly, nothing written.

        :param link_sudo: a `paylink.link` of the document, in the customer's language
        :return: ``(filename, bytes)``
        """
        self.ensure_one()
        _page, link, _move = link_sudo.env["paylink.page"]._switch_to(link_sudo)
        pdf, _format = link.env["ir.actions.report"]._render_qweb_pdf(
            "paylink_invoice.report_payment_receipt", self.ids
        )
        name = link.env._("Receipt %(reference)s", reference=self.reference)
        return f"{name.replace('/', '_')}.pdf", pdf
