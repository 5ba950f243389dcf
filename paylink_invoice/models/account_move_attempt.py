# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""One open attempt to pay an invoice, whichever door it comes through.

A link, Odoo's portal and payment links, and staff who register a payment: all of them take the
lock of the invoice and then look for an attempt that somebody else has begun.
"""

import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .payment_transaction import SETUP_ERRORS

_logger = logging.getLogger(__name__)

# How long a payment waits for another one of the same document that is just being started.
LOCK_TIMEOUT = "10s"
# How long staff wait for money that has come to be booked by itself. If that fails, they do it.
BOOKING_PATIENCE = timedelta(hours=1)


class AccountMoveAttempt(models.Model):
    _inherit = "account.move"

    paylink_attempt_notice = fields.Char(
        string="Payment Under Way",
        help="Who is paying this invoice at this moment, and until when it is kept for them.",
        compute="_compute_paylink_attempt_notice",
        compute_sudo=True,
        groups="paylink_invoice.group_paylink_user,account.group_account_readonly",
    )
    paylink_is_releasable = fields.Boolean(
        string="Can Be Released",
        compute="_compute_paylink_attempt_notice",
        compute_sudo=True,
        groups="paylink_invoice.group_paylink_user,account.group_account_readonly",
    )

    # === COMPUTE METHODS === #

    @api.depends("transaction_ids.state", "transaction_ids.paylink_link_id")
    @api.depends_context("lang", "tz", "uid")
    def _compute_paylink_attempt_notice(self):
        under_link = self._paylink_get_under_link()
        (self - under_link).paylink_attempt_notice = False
        (self - under_link).paylink_is_releasable = False
        for move in under_link:
            tx = move._paylink_get_blocking_attempts()[:1]
            move.paylink_attempt_notice = tx._paylink_describe_for_staff() if tx else False
            move.paylink_is_releasable = bool(tx) and tx._paylink_can_be_released()

    # === ATTEMPTS === #

    def _paylink_get_under_link(self):
        """Return the documents that can be paid through a link, or once were."""
        # In sudo mode because who pays or books elsewhere needs no rights on links.
        return self.filtered(
            lambda move: move.sudo().paylink_link_ids or move.sudo().transaction_ids.paylink_link_id
        )

    def _paylink_lock(self):
        """Wait until nobody else starts or registers a payment of these documents.

        Whoever does one of it, and whoever reports money, writes to the rows, so that those who
        have waited fail here and begin anew: see :meth:`_paylink_touch`.
        """
        if not self:
            return
        self.env.cr.execute(SQL("SET LOCAL lock_timeout = %s", LOCK_TIMEOUT))
        # In one order, so that two who pay the same documents do not wait for each other.
        # Not FOR UPDATE: rows that refer to the invoice may be inserted meanwhile.
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM account_move WHERE id IN %s ORDER BY id FOR NO KEY UPDATE",
                tuple(self.ids),
            ),
            log_exceptions=False,  # That it fails after the wait is how it works, see above.
        )
        self.env.cr.execute("SET LOCAL lock_timeout TO DEFAULT")

    def _paylink_touch(self):
        """Make payments of the same documents that are just being started begin anew.

        A transaction of PostgreSQL goes on with what it saw at its start, also after it has waited
        for the row of the invoice, unless that row has changed.
        """
        if self:
            self.env.cr.execute(
                SQL(
                    "UPDATE account_move SET write_date = write_date WHERE id IN %s",
                    tuple(self.ids),
                )
            )

    def _paylink_get_blocking_attempts(self):
        """Return the payments of customers that staff have to wait for, in sudo mode: those that
        were started just now, and those whose outcome is open."""
        # In sudo mode because not everybody who bills may read transactions.
        running = self.sudo().transaction_ids._paylink_get_running_attempts()
        limit = fields.Datetime.now() - BOOKING_PATIENCE
        pending = self._paylink_get_pending_transactions().filtered(
            lambda tx: tx.state != "done" or tx.last_state_change > limit
        )
        return (running | pending).sorted("id")

    def _paylink_reserve(self):
        """Let staff settle these documents in another way, unless a customer is just paying.

        To be called before anything is booked. Documents that never had a link are left alone.

        :raise UserError: that says who pays how much since when, and what to do
        """
        moves = self._paylink_get_under_link()
        moves._paylink_lock()
        refusals = []
        for move in moves:
            if tx := move._paylink_get_blocking_attempts()[:1]:
                words = (f"{move.name}:", tx._paylink_describe_for_staff(), tx._paylink_advise())
                refusals.append(" ".join(words))
        if refusals:
            raise UserError("\n".join(refusals))
        moves._paylink_touch()

    def _paylink_check_unpaid(self):
        """Raise a `UserError` where a document under a link has been paid meanwhile."""
        for move in self._paylink_get_under_link():
            is_paid = move.payment_state in ("paid", "reversed")
            if is_paid or move.currency_id.is_zero(move.amount_residual):
                raise UserError(
                    self.env._("%(name)s has been paid already.", name=move.display_name)
                )

    # === ACTION METHODS === #

    def action_paylink_release(self):
        """Give up the attempt to pay this invoice, so that it can be paid in another way.

        :raise AccessError: if the user may not send links, or not read the invoice
        :raise UserError: if nobody is paying any more
        """
        self.ensure_one()
        self._paylink_check_can_release()
        self._paylink_lock()
        attempts = self._paylink_get_blocking_attempts().filtered(
            lambda tx: tx._paylink_can_be_released()
        )
        if not attempts:
            raise UserError(
                self.env._("Nobody is paying %(name)s any more.", name=self.display_name)
            )
        # As an action of staff, not of the customer, in the chatter.
        attempts.with_context(payment_backend_action=True)._paylink_give_up(
            self.env._("%(user)s released the invoice.", user=self.env.user.name)
        )
        return True

    def _paylink_check_can_release(self):
        """Raise an `AccessError` unless the user may release these documents."""
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group("paylink_invoice.group_paylink_user")):
            raise AccessError(self.env._("Only people who may send invoice links can do this."))

    def action_post(self):
        # EXTENDS 'account': a draft that cannot be confirmed does not keep money out of the books.
        documents = self.filtered(lambda move: move.is_invoice(include_receipts=True))
        if not (documents and self.env.context.get("paylink_is_booking")):
            return super().action_post()
        super(AccountMoveAttempt, self - documents).action_post()
        for move in documents:
            try:
                with self.env.cr.savepoint():
                    super(AccountMoveAttempt, move).action_post()
            except SETUP_ERRORS as error:
                _logger.warning("%s is paid and cannot be confirmed: %s", move.display_name, error)
        return False

    def js_assign_outstanding_line(self, line_id):
        # EXTENDS 'account': what was paid before is not used for an invoice that is being paid.
        self._paylink_reserve()
        return super().js_assign_outstanding_line(line_id)
