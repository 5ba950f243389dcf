# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments that were started from a link: one open attempt per invoice, and no money lost."""

from datetime import timedelta

from psycopg2 import IntegrityError
from psycopg2.errors import UniqueViolation

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ConcurrencyError, RedirectWarning, UserError
from odoo.fields import Domain

# What a faulty set-up of accounts, taxes or journals raises; nothing of it may lose money.
SETUP_ERRORS = (UserError, RedirectWarning, IntegrityError)


class PaymentRefused(Exception):
    """The customer cannot start this payment now; nothing has been written.

    :param str code: the reason, as in :meth:`paylink.link._get_denial`, or ``invalid_option``,
        ``changed``, ``too_many_declines``
    :param str message: the sentence the customer reads
    :param int retry_after: the seconds after which to try again, where that is known
    :param quote: the `paylink.quote` that was to be paid, where one is known
    """

    def __init__(self, code, message, retry_after=None, quote=None):
        super().__init__(code)
        self.code = code
        self.message = message
        self.retry_after = retry_after
        self.quote = quote


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    # How long an attempt that was started and not finished keeps others from paying the invoice.
    _paylink_attempt_minutes = 15

    # Opening balances and sales receipts are paid, too. With Odoo's domain they would not be read.
    invoice_ids = fields.Many2many(domain=[])
    paylink_link_id = fields.Many2one(
        string="Invoice Link",
        help="The link through which the customer started this payment.",
        comodel_name="paylink.link",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    paylink_quote_id = fields.Many2one(
        string="Quote",
        help="The price that the customer was shown and pays.",
        comodel_name="paylink.quote",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    paylink_fee_amount = fields.Monetary(
        string="Processing Fee",
        help="The part of the amount that pays the processing fee, its taxes included.",
        currency_field="currency_id",
        readonly=True,
    )
    paylink_tip_amount = fields.Monetary(
        string="Tip",
        help="The part of the amount that is a tip, its taxes included.",
        currency_field="currency_id",
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

    paylink_is_fee_refund = fields.Boolean(
        string="Refund of the Fee",
        help="This refund gives back processing fee only, because the fee was not owed.",
        readonly=True,
    )
    paylink_is_reserved = fields.Boolean(
        string="Reserved",
        help="The customer has confirmed the price and goes on to pay; no provider knows of it yet.",
        readonly=True,
    )
    paylink_network = fields.Char(
        string="Visitor's Network",
        help="Where the payment was started from. Too many that fail keep a network from trying.",
        index="btree_not_null",
        readonly=True,
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        txs = super().create(vals_list)
        txs.invoice_ids._paylink_touch()
        return txs

    # === ATTEMPTS === #

    def _paylink_open_attempt(self, link_sudo, values):
        """Return the one open attempt to pay the document of a link, in sudo mode.

        The row of the document must be locked. The same choice again, from a second tab or a
        second click, gets the attempt that is under way.

        :param link_sudo: the `paylink.link` that pays
        :param dict values: see :meth:`paylink.link._prepare_payment_values`
        :raise PaymentRefused: if somebody else has just started to pay
        """
        moves = self.env["account.move"].sudo().browse(values["invoice_ids"][0][2])
        drafts = moves.transaction_ids.filtered(lambda tx: tx.state == "draft")
        drafts |= link_sudo._get_rival_attempts(values)
        if others := drafts._paylink_get_running_attempts(link_sudo):
            raise PaymentRefused("in_progress", others[:1]._paylink_describe_attempt(link_sudo))
        running = drafts._paylink_get_running_attempts()
        own = running.filtered(lambda tx: tx.paylink_link_id == link_sudo)
        reserved = own.filtered(lambda tx: tx.paylink_is_reserved and tx.invoice_ids == moves)[:1]
        if reserved:
            return reserved._paylink_update_reserved(values)
        same = own.filtered(
            lambda tx: tx.invoice_ids == moves and tx._paylink_is_same_attempt(values)
        )[:1]
        (drafts - running)._paylink_give_up(self._paylink_get_stale_reason())
        (own - same)._paylink_replace()
        return same or self._paylink_create_attempt(values)

    def _paylink_get_running_attempts(self, except_link=None):
        """Return the attempts that were started just now and may still be finished.

        :param except_link: a `paylink.link` whose own attempts are left out
        """
        now = fields.Datetime.now()
        return self.filtered(
            lambda tx: (
                tx.state == "draft"
                and tx._paylink_get_end_of_attempt() > now
                and not (except_link and tx.paylink_link_id == except_link)
            )
        )

    def _paylink_filter_pending(self):
        """Return the payments whose money may still arrive by itself, or waits to be booked.

        Wire transfers stay pending until an accountant sees the money.
        """
        return self.filtered(
            lambda tx: (
                (
                    tx.state in ("pending", "authorized")
                    and tx.provider_code not in ("none", "custom")
                )
                or (tx.state == "done" and not tx.is_post_processed)
            )
        )

    def _paylink_create_attempt(self, values):
        """Create the transaction.

        :raise ConcurrencyError: if another invoice takes the same reference at the same moment
        """
        try:
            with self.env.cr.savepoint():
                tx_sudo = self.sudo().create(values)
        except UniqueViolation as error:
            raise ConcurrencyError("The reference of a payment was taken meanwhile") from error
        if not tx_sudo.paylink_is_reserved:
            tx_sudo._log_sent_message()
        return tx_sudo

    def _paylink_update_reserved(self, values):
        """Return this attempt, that no provider knows of yet, with other values."""
        self.ensure_one()
        kept = ("reference", "invoice_ids")
        self.write(
            {
                "paylink_is_reserved": False,
                "tokenize": False,
                **{name: value for name, value in values.items() if name not in kept},
            }
        )
        self.invoice_ids._paylink_touch()
        if not self.paylink_is_reserved:
            self._log_sent_message()
        return self

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
            and self.tokenize == values.get("tokenize", False)
            and self.currency_id.id == values["currency_id"]
            and not any(
                self.currency_id.compare_amounts(self[name], values[name])
                for name in ("amount", "paylink_fee_amount", "paylink_tip_amount")
            )
        )

    @api.model
    def _paylink_get_decline_delay(self, origin, limits):
        """Return the seconds for which an origin of too many declined payments has to wait, or 0.

        :param Domain origin: of the payments to count
        :param limits: ``(period, number)`` each: that many in such a time are too many
        """
        declined = origin & Domain("state", "in", ("cancel", "error"))
        declined &= Domain("paylink_is_given_up", "=", False)  # Those nobody has declined.
        now = fields.Datetime.now()
        longest = max(period for period, _number in limits)
        moments = self.search_fetch(
            declined & Domain("last_state_change", ">", now - longest),
            ["last_state_change"],
            order="last_state_change desc",
            limit=max(number for _period, number in limits),
        ).mapped("last_state_change")
        delays = [0]
        for period, number in limits:
            newest = [moment for moment in moments if moment > now - period][:number]
            if len(newest) == number:
                delays.append((newest[-1] + period - now).total_seconds())
        return round(max(delays))

    def _paylink_describe_attempt(self, link_sudo=None):
        """Return the sentence for somebody whom this attempt keeps from paying.

        :param link_sudo: the `paylink.link` through which they would pay, if any
        """
        self.ensure_one()
        reader = link_sudo or self
        format_moment = link_sudo._format_time if link_sudo else self._paylink_format_time
        end = self._paylink_get_end_of_attempt()
        return reader.env._(
            "Somebody started to pay this invoice at %(start)s. If that payment is not finished, "
            "you can pay from %(end)s on, in %(minutes)s minutes. "
            "You are asked to wait so that it is not paid twice.",
            start=format_moment(self.create_date),
            end=format_moment(end),
            minutes=max(1, round((end - fields.Datetime.now()).total_seconds() / 60)),
        )

    def _paylink_get_stale_reason(self):
        """Return why an attempt is given up that nobody has finished in its time."""
        return self.env._(
            "It was started, but not finished within %(minutes)s minutes.",
            minutes=self._paylink_attempt_minutes,
        )

    def _paylink_give_up(self, reason):
        """Cancel attempts that nobody finished; what their provider reports later is still booked.

        :param str reason: the sentence for the chatter
        """
        if self:
            self.paylink_is_given_up = True
            self._set_canceled(state_message=reason)

    def _paylink_replace(self):
        """Give up attempts of a customer who pays in another way."""
        self._paylink_give_up(self.env._("The customer started to pay anew instead."))

    # === HOSTED PAGE === #

    def _paylink_prepare_hosted_page(self):
        """Return what :meth:`_paylink_open_hosted_page` is to ask the provider for, if anything.

        Called before the attempt is committed, while all that the page tells is still in memory.
        """
        self.ensure_one()

    def _paylink_open_hosted_page(self, page_values=None):
        """Return the URL of the provider's page on which this attempt is paid.

        To be overridden by providers whose :meth:`payment.provider._paylink_get_flow` is
        ``redirect``. Called after the attempt was committed, without any lock; called again, for
        the same attempt, it must lead to the same payment.

        :param page_values: what :meth:`_paylink_prepare_hosted_page` returned; else asked for here
        :raise PaymentRefused: ``provider_failed`` where nothing was started there, or ``paid``
        """
        raise NotImplementedError(self.provider_code)

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
            updated.invoice_ids._paylink_touch()
        if target_state == "done":
            updated._paylink_schedule_post_processing()
        if target_state == "error":
            updated._paylink_log_failed()
        return updated

    def _paylink_log_failed(self):
        """Append what was declined to the history of its link; staff hear of it once a day."""
        for tx in self.filtered("paylink_link_id"):
            link_sudo = tx.paylink_link_id.sudo()  # A visitor's poll may report it.
            is_told = link_sudo._is_told_today("failed")
            link_sudo._log_event("failed")
            if not is_told:
                amount = tx.currency_id.format(tx.amount)
                link_sudo._tell("failed", amount=amount, method=tx._paylink_get_method_name())

    def _paylink_schedule_post_processing(self):
        """Have the payments booked within a minute or two, even if no browser comes back."""
        if any(tx._paylink_is_ours() for tx in self):
            # The page that waits for the payment books it at once; the cron comes after it.
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger(
                at=fields.Datetime.now() + timedelta(minutes=1)
            )

    def _validate_amount(self, payment_data):  # pylint: disable=missing-return
        # EXTENDS 'payment': an amount that was wrong once stays wrong.
        previous_state = self.state
        super()._validate_amount(payment_data)
        if self.state == "error" and previous_state != "error" and self._paylink_is_ours():
            self.paylink_has_wrong_amount = True
            self._paylink_alert_accountant("paylink_invoice.activity_wrong_amount")

    # === POST-PROCESSING === #

    def _post_process(self):  # pylint: disable=missing-return
        # EXTENDS 'account_payment'
        unbooked = self.filtered(lambda tx: not tx.payment_id)
        ours = self.filtered(lambda tx: tx.state == "done" and tx._paylink_is_ours())
        super(PaymentTransaction, self - ours)._post_process()
        for tx in ours:
            # What one faulty set-up keeps out of the books is told, and tried again by the cron.
            booked = tx.with_context(paylink_is_booking=True)
            _none, error = tx._paylink_try(super(PaymentTransaction, booked)._post_process)
            tx._paylink_log_paid()
            if error:
                tx._paylink_alert_unbooked(error)
            elif tx in unbooked:
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
            link_sudo = self.paylink_link_id.sudo()  # A visitor's poll may book the payment.
            link_sudo._log_event("paid", nonce=nonce)
            link_sudo._tell("paid", amount=self.currency_id.format(self._paylink_get_received()))

    def _paylink_alert_unbooked(self, error):
        """Tell an accountant once why money that has come is not in the books.

        :param str error: the reason, as Odoo says it
        """
        self.ensure_one()
        # In sudo mode because a visitor's poll may try to book the payment.
        tasks_sudo = self._paylink_get_task_record().sudo().activity_ids
        if not any(self.reference in (task.summary or "").split() for task in tasks_sudo):
            self._paylink_alert_accountant("paylink_invoice.activity_unbooked", error=error)

    def _paylink_alert_leftover(self):
        """Tell an accountant when money came that no invoice needed any more."""
        self.ensure_one()
        leftover = self._paylink_get_leftover()
        advance = float(self.paylink_quote_id._get_advance()) if self.paylink_quote_id else 0
        if self.currency_id.compare_amounts(leftover, advance) > 0:
            self._paylink_alert_accountant("paylink_invoice.activity_leftover", leftover=leftover)

    def _paylink_alert_accountant(self, template, **values):
        """Leave a task on the invoice, or on the customer where none is paid, for whoever answers.

        :param str template: XML id of the text; it gets ``tx`` and ``values``
        """
        self.ensure_one()
        responsible = self._paylink_get_responsible()
        if not responsible:
            return
        record = self._paylink_get_task_record().with_user(SUPERUSER_ID)
        record = record.with_context(lang=responsible.lang)
        tx = self.with_env(record.env)
        record.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=record.env._("Check payment %(reference)s", reference=self.reference),
            note=record.env["ir.qweb"]._render(template, {"tx": tx, **values}),
            user_id=responsible.id,
        )

    def _paylink_get_task_record(self):
        """Return what a task about the payment is left on: the invoice, or the customer who has paid
        ahead of any."""
        self.ensure_one()
        return self._paylink_get_documents()[:1] or self.partner_id.commercial_partner_id

    def _paylink_get_responsible(self):
        """Return the user who is told about money that needs a decision: whoever answers for the
        invoice or the customer, else who sent the link, else anybody who bills."""
        self.ensure_one()
        invoice = self._paylink_get_documents()[:1]
        company = self._paylink_get_company()
        billers = self.env.ref("account.group_account_invoice").sudo().all_user_ids
        candidates = (
            *(invoice.invoice_user_id or self.partner_id.commercial_partner_id.user_id),
            *(self.paylink_link_id or self.source_transaction_id.paylink_link_id).user_id,
            *billers.filtered(lambda user: company in user.company_ids).sorted("id"),
        )
        # Who cannot open the record cannot be given a task there.
        return next((user for user in candidates if self._paylink_can_open(user)), None)

    def _paylink_can_open(self, user):
        """Tell whether a user is active staff who may read what the payment is about."""
        record = self._paylink_get_task_record()
        if not (user.active and user._is_internal()):
            return False
        context = {"allowed_company_ids": user._get_company_ids()}
        return record.with_user(user).with_context(**context).has_access("read")
