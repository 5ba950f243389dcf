# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Booking a payment and its refunds: what settles which document, and what is tip and fee.

What is booked follows the quote, never a comparison of amounts.  See "Booking" in
``docs/architecture.md``.
"""

import logging
from dataclasses import dataclass

from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import SQL

from .. import pricing
from .payment_transaction import SETUP_ERRORS

_logger = logging.getLogger(__name__)


@dataclass
class Share:
    """What a payment settles of one document.

    :param move: the `account.move`; empty for money that no document is known for
    :param Decimal amount: the money, in the currency of the payment
    :param discount_aml: the `account.move.line` that the early-payment discount is granted on
    """

    move: models.Model
    amount: object
    discount_aml: models.Model


class PaymentTransactionBooking(models.Model):
    _inherit = "payment.transaction"

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        txs = super().create(vals_list)
        for tx in txs.filtered("source_transaction_id"):
            tx._paylink_split_child(lambda sibling: sibling.state not in ("cancel", "error"))
        return txs

    # === PRICE === #

    def _paylink_is_priced(self):
        """Tell whether a quote, or the payment it stems from, says what the amount consists of."""
        return bool(
            self.paylink_quote_id
            or self.paylink_fee_amount
            or self.paylink_tip_amount
            or (self.source_transaction_id and self.source_transaction_id._paylink_is_priced())
        )

    def _paylink_get_price(self):
        """Return what the amount consists of, as a :class:`~..pricing.Price`; refunds are negative."""
        self.ensure_one()
        to_decimal = self.currency_id._paylink_to_decimal
        tip, fee = to_decimal(self.paylink_tip_amount), to_decimal(self.paylink_fee_amount)
        return pricing.Price(to_decimal(self.amount) - tip - fee, tip, fee)

    def _paylink_get_documents(self):
        """Return the documents that are paid, or whose payment is captured or refunded in part."""
        if self.invoice_ids or not self.source_transaction_id:
            return self.invoice_ids
        return self.source_transaction_id._paylink_get_documents()

    def _paylink_get_company(self):
        """Return the `res.company` whose books the payment is in.

        It is the one that was paid, which may be a branch: branches have the providers of their
        parent company, to which the transaction belongs.
        """
        self.ensure_one()
        tx_sudo = self.sudo()  # Who gives money back need see neither the link nor each company.
        paid = tx_sudo.paylink_link_id.company_id or tx_sudo._paylink_get_documents().company_id
        if not paid and tx_sudo.source_transaction_id:
            return self.source_transaction_id._paylink_get_company()
        is_branch = len(paid) == 1 and tx_sudo.company_id in paid.parent_ids
        return paid.with_env(self.env) if is_branch else self.company_id

    def _paylink_split_child(self, is_before):
        """Set fee and tip of a refund or partial capture, pro rata of the payment it stems from.

        :param is_before: tells of another child of the same kind whether it came before
        """
        self.ensure_one()
        if self.paylink_is_fee_refund:
            self.paylink_fee_amount = self.amount
            return
        price = self._paylink_get_price_to_split()
        if not (price.tip or price.fee):
            return
        siblings = self._paylink_get_siblings().filtered(is_before)
        siblings = siblings.filtered(lambda sibling: not sibling.paylink_is_fee_refund)
        before = self.currency_id._paylink_to_decimal(abs(sum(siblings.mapped("amount"))))
        before = min(before, price.total)
        amount = min(abs(self._paylink_get_price().total), price.total - before)
        step = self.currency_id._paylink_get_step()
        part = pricing.Price(0, 0, 0)
        if amount:
            part = pricing.compute_refund(price, before, amount, step)
        sign = -1 if self.amount < 0 else 1
        self.write(
            {
                "paylink_fee_amount": sign * float(part.fee),
                "paylink_tip_amount": sign * float(part.tip),
            }
        )

    def _paylink_get_price_to_split(self):
        """Return the price of the payment that a child stems from, as a :class:`~..pricing.Price`,
        without the fee that was given back by itself."""
        source = self.source_transaction_id
        price = source._paylink_get_price()
        fee_refunds = source.child_transaction_ids.filtered(
            lambda tx: tx.paylink_is_fee_refund and tx.state not in ("cancel", "error")
        )
        back = self.currency_id._paylink_to_decimal(abs(sum(fee_refunds.mapped("amount"))))
        return pricing.Price(price.base, price.tip, price.fee - min(back, price.fee))

    def _paylink_get_siblings(self):
        """Return the other refunds of the same payment, or its other partial captures."""
        is_refund = self.operation == "refund"
        return self.source_transaction_id.child_transaction_ids.filtered(
            lambda tx: tx != self and (tx.operation == "refund") == is_refund
        )

    def _paylink_settle_split(self):
        """Split a child anew when its money has moved, so that all of them add up exactly."""
        if not self.source_transaction_id:
            return
        # Whoever books another one at the same moment fails here and begins anew.
        self.env.cr.execute(
            SQL(
                "UPDATE payment_transaction SET write_date = write_date WHERE id = %s",
                self.source_transaction_id.id,
            )
        )
        self._paylink_split_child(lambda sibling: sibling.payment_id)

    # === BOOKING === #

    def _create_payment(self, **extra_create_values):
        # OVERRIDE 'account_payment' for what has a quote: it would take fee and tip for the
        # customer's credit, and grant an early-payment discount where amounts happen to match.
        self.ensure_one()
        if not self._paylink_is_priced():
            return super()._create_payment(**extra_create_values)

        self._paylink_settle_split()
        if self.operation != "refund":
            drafts = self._paylink_get_documents().filtered(lambda move: move.state == "draft")
            drafts.action_post()
        payment, error = self._paylink_try(self._paylink_create_entry, extra_create_values)
        if not payment:
            payment = self._paylink_create_entry(extra_create_values, is_plain=True)
        # Track the payment, as Odoo does.
        self.payment_id = payment
        _none, unsettled = self._paylink_try(self._paylink_settle_documents)
        if error or unsettled or payment._paylink_get_receivable_lines("extra"):
            self._paylink_alert_accountant(
                "paylink_invoice.activity_booking", error=error or unsettled
            )
        if self.operation == "refund":
            self._paylink_post_refund()
        return payment

    def _paylink_try(self, work, *args):
        """Do some work wholly or not at all; return ``(result, None)`` or ``(None, error)``."""
        try:
            with self.env.cr.savepoint():
                return work(*args), None
        except SETUP_ERRORS as error:
            _logger.warning("Payment %s cannot be booked as usual: %s", self.reference, error)
            is_technical = isinstance(error, IntegrityError)
            return None, type(error).__name__ if is_technical else str(error.args[0])

    def _paylink_create_entry(self, extra_create_values, is_plain=False):
        """Create and post the `account.payment`.

        :param bool is_plain: leave out what needs an account or a tax of its own: tip and fee
            become credit, and nothing is discounted
        """
        shares = self._paylink_get_shares(is_plain)
        position = self._paylink_get_fiscal_position()
        values = {**self._paylink_prepare_payment_values(shares), **extra_create_values}
        values["write_off_line_vals"] = [
            *(extra_create_values.get("write_off_line_vals") or []),
            *self._paylink_prepare_lines(shares, values, None if is_plain else position),
        ]
        # All lines are there, so that nothing is left to compute from them.
        context = {"skip_invoice_sync": True, "paylink_fiscal_position_id": position.id}
        if not is_plain and self._paylink_needs_entry(shares, values["payment_method_line_id"]):
            context["force_payment_move"] = True
        payment = self.env["account.payment"].with_context(**context).create(values)
        payment = payment.with_env(self.env)
        payment.action_post()
        return payment

    def _paylink_prepare_payment_values(self, shares):
        """Return the values of the `account.payment`, those of Odoo but for the accounts."""
        is_refund = self.operation == "refund"
        journal = self.provider_id.journal_id
        method_line = journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider_id
        )
        values = {
            "date": fields.Date.context_today(self),
            "amount": abs(self.amount),
            "payment_type": "inbound" if self.amount > 0 else "outbound",
            "currency_id": self.currency_id.id,
            "partner_id": self.partner_id.commercial_partner_id.id,
            "partner_type": "customer",
            "journal_id": journal.id,
            "company_id": self._paylink_get_company().id,
            "payment_method_line_id": method_line.id,
            "payment_token_id": self.token_id.id,
            "payment_transaction_id": self.id,
            "memo": f"{self.reference} - {self.provider_reference or ''}",
            "invoice_ids": [
                Command.set([] if is_refund else self._paylink_get_own_documents().ids)
            ],
        }
        account = (
            self._paylink_get_receivable(shares[0].move)
            if shares
            else (self.source_transaction_id.payment_id.destination_account_id)
        )
        return {**values, "destination_account_id": account.id} if account else values

    def _paylink_needs_entry(self, shares, method_line_id):
        """Tell whether a payment that would have no entry needs one all the same.

        Odoo Enterprise books a payment without an outstanding account with the bank statement,
        which knows nothing of fees, tips and discounts. Until then Odoo takes each document for
        paid, of which only a part may have been, or nothing if it is another customer's now.
        """
        price = self._paylink_get_price()
        method_line = self.env["account.payment.method.line"].browse(method_line_id)
        own_documents = self._paylink_get_own_documents()
        has_parts = any(
            share.discount_aml
            or share.move not in own_documents
            or self.currency_id.compare_amounts(share.move.amount_residual, float(share.amount)) > 0
            for share in shares
        )
        return bool(has_parts or price.tip or price.fee) and not method_line.payment_account_id

    # === WHAT IS SETTLED === #

    def _paylink_get_shares(self, is_plain=False):
        """Return what the payment settles of each document, oldest due first: list of `Share`.

        The quote says so. Where it is gone, the oldest document comes first; a refund settles none.

        :param bool is_plain: do not look for discounts
        """
        if self.operation == "refund":
            return []
        quote = self.paylink_quote_id or self.source_transaction_id.paylink_quote_id
        lines = quote.line_ids.sorted(lambda line: self._paylink_get_age(line.move_id))
        documents = self._paylink_get_documents().sorted(self._paylink_get_age)
        targets = [(line.move_id, line) for line in lines] or [(documents[:1], lines)]
        dues = [self.currency_id._paylink_to_decimal(line.amount) for line in lines]
        before = sum(tx._paylink_get_price().base for tx in self._paylink_get_booked_captures())
        total = before + self._paylink_get_price().base
        # The last one takes whatever the quote does not know of.
        dues = [*dues[:-1], total]
        paid = pricing.split_oldest_first(before, dues)
        after = pricing.split_oldest_first(total, dues)
        no_discount = self.env["account.move.line"]
        shares = []
        for (move, line), old, new in zip(targets, paid, after, strict=True):
            amount = new - old
            aml = no_discount if is_plain else self._paylink_get_discount_aml(line, amount)
            if amount:
                shares.append(Share(move, amount, aml))
        return shares

    @api.model
    def _paylink_get_age(self, move):
        """Return what to sort documents by so that the oldest due comes first."""
        return move.invoice_date_due or move.date, move.id

    def _paylink_get_captures(self):
        """Return the transactions that capture or void parts of this one."""
        self.ensure_one()
        return self.child_transaction_ids.filtered(lambda tx: tx.operation == self.operation)

    def _paylink_get_received_price(self):
        """Return what has arrived as a :class:`~..pricing.Price`: all of it, or what was captured."""
        parts = self._paylink_get_captures() if self.state == "done" else self.browse()
        prices = [tx._paylink_get_price() for tx in parts if tx.state == "done"]
        if not prices:
            return self._paylink_get_price()
        return pricing.Price(
            sum(price.base for price in prices),
            sum(price.tip for price in prices),
            sum(price.fee for price in prices),
        )

    def _paylink_get_awaited_amount(self):
        """Return what of the amount is neither captured nor voided yet, a float."""
        over = self._paylink_get_captures().filtered(lambda tx: tx.state in ("done", "cancel"))
        return self.amount - sum(over.mapped("amount"))

    def _paylink_get_booked_captures(self):
        """Return the other partial captures of the same payment that are booked already."""
        if not self.source_transaction_id:
            return self.browse()
        return self._paylink_get_siblings().filtered("payment_id")

    def _paylink_get_discount_aml(self, quote_line, amount):
        """Return the `account.move.line` to discount as the quote granted, or none.

        The quote decides that the customer pays early enough. But nothing else may have been paid
        since, and the whole must come at once.
        """
        move, currency = quote_line.move_id, self.currency_id
        aml = self._paylink_get_own_lines(move).filtered(
            lambda line: line.display_type == "payment_term"
        )
        granted = quote_line.discount_amount
        is_open = len(aml) == 1 and move.state == "posted" and not aml.reconciled
        if (
            not (granted and is_open)
            or not move._is_eligible_for_early_payment_discount(currency, False)
            or currency.compare_amounts(float(amount), quote_line.amount)
            or currency.compare_amounts(aml.amount_residual_currency, float(amount) + granted)
            or currency.compare_amounts(aml.discount_amount_currency, float(amount))
        ):
            return self.env["account.move.line"]
        return aml

    def _paylink_settle_documents(self):
        """Reconcile the documents with what is theirs, oldest due first; then with what is left."""
        lines = self.payment_id._paylink_get_receivable_lines("document")
        if self.operation == "refund":
            # What is given back was perhaps still the customer's credit.
            source_lines = self.source_transaction_id.payment_id._paylink_get_receivable_lines()
            self._paylink_reconcile(self.payment_id._paylink_get_receivable_lines() + source_lines)
            return
        for line, share in zip(lines, self._paylink_get_shares(is_plain=True), strict=False):
            self._paylink_reconcile(line + self._paylink_get_own_lines(share.move))
        self._paylink_use_credit()
        documents = self._paylink_get_documents()
        self._paylink_reconcile(lines + self._paylink_get_own_lines(documents))

    def _paylink_get_own_lines(self, moves):
        """Return the lines of documents that are the payer's.

        An entry may have several customers, and an invoice may have been corrected to be another
        customer's since: nobody's money settles what somebody else owes.
        """
        partner = self.partner_id.commercial_partner_id
        return moves.line_ids.filtered(lambda line: line.partner_id == partner)

    def _paylink_get_own_documents(self):
        """Return the documents of the payment that are not another customer's by now."""
        partner = self.partner_id.commercial_partner_id
        return self._paylink_get_documents().filtered(
            lambda move: move.move_type == "entry" or move.commercial_partner_id == partner
        )

    @api.model
    def _paylink_reconcile(self, lines):
        """Reconcile the open receivables among some `account.move.line` with each other."""
        lines = lines.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and line.parent_state == "posted"
                and not line.reconciled
            )
        )
        for open_lines in lines.grouped("account_id").values():
            if len({line.balance > 0 or line.amount_currency > 0 for line in open_lines}) == 2:
                open_lines.reconcile()

    def _paylink_get_leftover(self):
        """Return how much of the booked payment stays as the customer's credit; tip and fee do not."""
        self.ensure_one()
        payments = self.payment_id or self._paylink_get_captures().payment_id
        if payments.move_id:
            lines = payments._paylink_get_receivable_lines("document")
            return -sum(lines.mapped("amount_residual_currency"))
        # Without an entry of its own, a payment waits for the bank statement to settle invoices.
        moves = self.invoice_ids
        others = (moves.matched_payment_ids - payments).filtered(
            lambda other: not other.move_id and other.state in ("in_process", "paid")
        )
        owed = sum(moves.filtered(lambda inv: inv.state == "posted").mapped("amount_residual"))
        return sum(payments.mapped("amount")) - max(0, owed - sum(others.mapped("amount")))

    # === CHATTER === #

    def _paylink_post_refund(self):
        """Tell the chatter of the documents what was given back, and how much of it is tip and fee."""
        link_sudo = self.source_transaction_id.paylink_link_id
        for move in self._paylink_get_documents():
            move._paylink_post(link_sudo, "paylink_invoice.chatter_refunded", {"tx": self})
