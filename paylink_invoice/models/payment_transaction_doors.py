# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Payments of documents under a link that are started elsewhere: they respect each other."""

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_time


class PaymentTransactionDoors(models.Model):
    _inherit = "payment.transaction"

    paylink_base_amount = fields.Monetary(
        string="For the Documents",
        help="The amount without tip and processing fee.",
        currency_field="currency_id",
        compute="_compute_paylink_base_amount",
    )
    paylink_is_releasable = fields.Boolean(
        string="Can Be Released", compute="_compute_paylink_is_releasable"
    )

    # === COMPUTE METHODS === #

    @api.depends("amount", "paylink_tip_amount", "paylink_fee_amount")
    def _compute_paylink_base_amount(self):
        for tx in self:
            tx.paylink_base_amount = tx.amount - tx.paylink_tip_amount - tx.paylink_fee_amount

    @api.depends("state")
    def _compute_paylink_is_releasable(self):
        for tx in self:
            tx.paylink_is_releasable = tx._paylink_can_be_released()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        # Here, because Odoo's portal, its payment links, staff with a saved card and other addons
        # all come by: no door is forgotten.
        for vals in vals_list:
            self._paylink_check_door(vals)
        return super().create(vals_list)

    # === OTHER DOORS === #

    @api.model
    def _paylink_check_door(self, vals):
        """Refuse to start a payment elsewhere while a document under a link is being paid.

        Whoever pays there starts anew by giving up what they had begun, as with a link.

        :param dict vals: the values of the transaction to create
        :raise UserError: with a sentence for the customer, or for staff
        """
        moves = self._paylink_get_started_moves(vals)
        if not moves._paylink_get_under_link():
            return
        self._paylink_check_saved_card(vals)
        moves._paylink_lock()
        is_staff = vals.get("operation") == "offline"
        running = moves.transaction_ids._paylink_get_running_attempts()
        own = running.filtered(
            lambda tx: (
                not is_staff
                and not tx.paylink_link_id
                and tx.partner_id.id == vals.get("partner_id")
            )
        )
        if others := (running - own) | moves._paylink_get_pending_transactions():
            raise UserError(others[:1]._paylink_explain(is_staff))
        if not is_staff:
            self._paylink_check_owed(moves, vals)
        drafts = moves.transaction_ids.filtered(lambda tx: tx.state == "draft")
        (drafts - running)._paylink_give_up(self._paylink_get_stale_reason())
        own._paylink_replace()

    @api.model
    def _paylink_get_started_moves(self, vals):
        """Return the documents whose payment the values start elsewhere, in sudo mode.

        None for what a link starts, which has looked already, and for what moves no new money of
        the customer: refunds, captures, validations.
        """
        moves_sudo = self.env["account.move"].sudo()  # Visitors have no rights.
        is_other = (
            vals.get("paylink_link_id")
            or vals.get("source_transaction_id")
            or vals.get("operation") in ("refund", "validation")
            or (vals.get("amount") or 0) <= 0
        )
        if is_other or not vals.get("invoice_ids"):
            return moves_sudo
        move_ids = self._fields["invoice_ids"].convert_to_cache(vals["invoice_ids"], self)
        return moves_sudo.browse(move_ids).exists()

    @api.model
    def _paylink_check_saved_card(self, vals):
        """Raise an `AccessError` where somebody who is not logged in would charge a saved card."""
        is_saved_card = vals.get("token_id") and vals.get("operation") == "online_token"
        if is_saved_card and self.env.user._is_public():
            raise AccessError(self.env._("Log in to pay with a saved card."))

    @api.model
    def _paylink_check_owed(self, moves, vals):
        """Raise a `UserError` where less is owed than the values start to pay."""
        settled_states = moves._paylink_get_settled_states()
        owed = sum(
            moves.filtered(lambda move: move.payment_state not in settled_states).mapped(
                "amount_residual"
            )
        )
        currency = moves.currency_id[:1]
        if currency.compare_amounts(owed, 0) <= 0:
            raise UserError(self.env._("This invoice has been paid already."))
        if currency.compare_amounts(vals["amount"], owed) > 0:
            raise UserError(
                self.env._(
                    "The amount has changed since you opened this page: it is now %(amount)s. "
                    "Reload the page to pay it.",
                    amount=currency.format(owed),
                )
            )

    # === WORDS === #

    def _paylink_explain(self, is_staff):
        """Return why nobody else can pay now, for the user who wants to."""
        self.ensure_one()
        if is_staff:
            return f"{self._paylink_describe_for_staff()} {self._paylink_advise()}"
        if self.state == "draft":
            return self._paylink_describe_attempt()
        return self.env._(
            "A payment of %(amount)s was made on %(date)s and is not confirmed yet. "
            "Please wait for it, so that nothing is paid twice.",
            amount=self.currency_id.format(self.amount),
            date=self.env["paylink.page"]._format_moment(self.last_state_change),
        )

    def _paylink_describe_for_staff(self):
        """Return who is paying how much since when, and until when the invoice is kept for it."""
        self.ensure_one()
        values = {
            "customer": (self.paylink_link_id.partner_id or self.partner_id).name
            or self.partner_id.display_name,
            "amount": self.currency_id.format(self.amount),
            "reference": self.reference,
        }
        if self.state == "draft":
            values.update(
                start=self._paylink_format_time(self.create_date),
                end=self._paylink_format_time(self._paylink_get_end_of_attempt()),
            )
            if self.paylink_link_id:
                return self.env._(
                    "%(customer)s is paying %(amount)s through an invoice link (started at %(start)s); "
                    "the invoice is kept for this payment until %(end)s.",
                    **values,
                )
            return self.env._(
                "%(customer)s is paying %(amount)s in the customer portal (started at %(start)s); "
                "the invoice is kept for this payment until %(end)s.",
                **values,
            )
        values["date"] = self.env["paylink.page"]._format_moment(self.last_state_change)
        if self.state == "done":
            return self.env._(
                "%(customer)s has paid %(amount)s on %(date)s (payment %(reference)s); "
                "it is just being booked.",
                **values,
            )
        return self.env._(
            "%(customer)s has paid %(amount)s on %(date)s (payment %(reference)s); "
            "the provider has not confirmed it yet.",
            **values,
        )

    def _paylink_advise(self):
        """Return what staff can do about a payment that keeps them from booking another one."""
        self.ensure_one()
        if self.state == "draft":
            return self.env._(
                "Wait until %(end)s, or release the invoice with the button on it.",
                end=self._paylink_format_time(self._paylink_get_end_of_attempt()),
            )
        if self.state == "done":
            return self.env._("Try again in some minutes.")
        if self.state == "authorized":
            return self.env._("Capture or void it first.")
        return self.env._(
            "Wait for it. If you know that it will not come, release the invoice with the button "
            "on it."
        )

    def _paylink_format_time(self, moment):
        """Return the time of day of a UTC datetime, for the user."""
        timezone = self.env.context.get("tz") or self.env.user.tz or "UTC"
        time = format_time(self.env, moment, tz=timezone, time_format="short")
        return f"{time} UTC" if timezone == "UTC" else time

    # === RELEASE === #

    def _paylink_can_be_released(self):
        """Tell whether staff can end this payment here: it was started and not finished in its
        time, or its provider does not tell what becomes of it."""
        self.ensure_one()
        if not self.invoice_ids or self.source_transaction_id or self.operation == "refund":
            return False
        is_awaited = self.state == "pending" and self.provider_code not in ("none", "custom")
        return is_awaited or bool(self._paylink_get_running_attempts())

    def action_paylink_release(self):
        """Give up this attempt, so that its documents can be paid in another way.

        What the provider reports later is booked all the same.

        :raise AccessError: if the user may not send links, or not read the payment
        :raise UserError: if it is not under way any more
        """
        self.ensure_one()
        self.check_access("read")
        # In sudo mode because whoever may read a payment need not read all of its documents.
        moves_sudo = self.sudo().invoice_ids
        moves_sudo.sudo(False)._paylink_check_can_release()
        moves_sudo._paylink_lock()
        if not self.sudo()._paylink_can_be_released():
            raise UserError(self.env._("This payment is not under way any more."))
        self.sudo().with_context(payment_backend_action=True)._paylink_give_up(
            self.env._("%(user)s released the invoice.", user=self.env.user.name)
        )
        return True
