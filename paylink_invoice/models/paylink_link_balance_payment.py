# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Paying a balance: what can be chosen, what it settles, and what may be paid ahead."""

import hashlib
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from .. import pricing
from ..settlement import Item, get_money, merge, settle
from .payment_transaction import PaymentRefused

# The most that can be paid ahead: as much as Odoo's amounts can hold without losing a cent.
MAX_ADVANCE = Decimal(10**12)


class PaylinkLinkBalancePayment(models.Model):
    _inherit = "paylink.link"

    # === WHAT CAN BE PAID === #

    def _get_payer(self):
        # EXTENDS
        return self._get_customer() if self.kind == "balance" else super()._get_payer()

    def _get_payable_lines(self):
        """Return the open receivables that can be paid through the link now, oldest due first."""
        return self._filter_payable(self._get_open_lines(self._get_currency()))

    def _get_payable_moves(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_payable_moves()
        return self._get_payable_lines().move_id

    def _get_pending_transactions(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_pending_transactions()
        return self._get_statement().pending

    def _get_items(self, lines):
        """Return open receivables as :class:`~..settlement.Item`, in their order."""
        today = fields.Date.context_today(self)
        early = lines.filtered(lambda line: line.discount_date and line.discount_date >= today)
        # Of their own: else the lines of all other documents would be read too.
        early_moves = early.move_id.browse(early.move_id.ids)
        eligible = early_moves.filtered(
            lambda move: move._is_eligible_for_early_payment_discount(move.currency_id, today)
        )
        items = []
        for line in lines:
            to_decimal = line.currency_id._paylink_to_decimal
            is_early = line in early and line.move_id in eligible
            residual = to_decimal(line.amount_residual_currency)
            discounted = to_decimal(line.discount_amount_currency) if is_early else residual
            items.append(Item(line.move_id.id, residual, discounted))
        return items

    def _get_amount_choices(self):
        # EXTENDS: from the sums, unless some documents are cheaper today.
        if self.kind != "balance":
            return super()._get_amount_choices()
        balance = self._get_balance()
        full = max(balance.payable - balance.usable_credit, Decimal(0))
        overdue = max(balance.overdue - balance.usable_credit, Decimal(0))
        if balance.early_items:
            full, overdue = self._get_discounted_sums(balance.usable_credit)
        return {
            "full": full,
            "residual": full,
            "next": overdue if 0 < overdue < full else None,
            "minimum": self._get_minimum_part(full),
        }

    def _get_discounted_sums(self, credit):
        """Return what settles everything today, and what is overdue; discounts are taken off."""
        lines = self._get_payable_lines()
        today = fields.Date.context_today(self)
        overdue = lines.filtered(lambda line: (line.date_maturity or line.date) < today)
        return tuple(
            get_money(settle(self._get_items(some_lines), credit))
            for some_lines in (lines, overdue)
        )

    def _get_minimum_part(self, full):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_minimum_part(full)
        currency = self._get_currency()
        return self.company_id._paylink_get_minimum_part(full, float(full), currency)

    def _get_payable_amount(self, due=None):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_payable_amount(due)
        return float(self._get_amount_choices()["full"])

    def _get_payment_denial(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_payment_denial()
        statement = self._get_statement()
        balance = statement.balance
        if not self.company_id.paylink_is_advance_allowed:
            if balance.net <= 0:
                return "paid"
            if not balance.payable:
                return "in_progress" if statement.under_way else "not_payable"
            if balance.payable <= balance.usable_credit:
                return "paid"
        return None if self._get_option_ids() else "no_provider"

    def _get_option_ids(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_option_ids()
        # In sudo mode because visitors cannot read the fields of providers.
        provider_sudo = self.env["payment.provider"].sudo()
        parties = (self.company_id, self._get_customer(), self._get_currency())
        pairs = provider_sudo._paylink_get_option_ids(*parties)
        if pairs is None:
            amount = self._get_payable_amount()
            return provider_sudo._paylink_pair(
                *provider_sudo._paylink_find_options(*parties, amount)
            )
        return pairs

    # === PATHS === #

    def _get_page_path(self):
        # EXTENDS: of several currencies, the one that is paid in.
        if self.kind != "balance" or len(self._get_balances()) < 2:
            return super()._get_page_path()
        return f"{self._get_path()}?currency={self._get_currency().name}"

    def _get_transaction_path(self, quote_sudo=None):
        # EXTENDS: what the form has shown is paid, or nothing.
        path = super()._get_transaction_path(quote_sudo)
        is_for_balance = self.kind == "balance" and not quote_sudo
        return f"{path}?currency={self._get_currency().name}" if is_for_balance else path

    def _is_more_to_pay(self, currency):
        # EXTENDS: who could pay ahead, or owes in another currency, has nothing left to pay here.
        can_pay = super()._is_more_to_pay(currency)
        if self.kind != "balance" or not can_pay:
            return can_pay
        balance = self._get_balance()
        return balance.currency == currency and balance.net > 0

    # === ATTEMPTS === #

    def _begin_payment(self, ip_address):  # pylint: disable=missing-return
        # EXTENDS: what is paid ahead locks no document, and credit is there for one attempt only.
        if self.kind == "balance":
            balance = self._get_balance()
            if balance.credit or not balance.payable:
                # Not just a lock: whoever has waited for it begins anew, and sees the attempt.
                self.env.cr.execute(
                    SQL("UPDATE paylink_link SET write_date = write_date WHERE id = %s", self.id),
                    log_exceptions=False,
                )
        super()._begin_payment(ip_address)

    def _get_rival_attempts(self, values):
        # EXTENDS: of what is paid ahead, and of what uses the same credit.
        if self.kind != "balance":
            return super()._get_rival_attempts(values)
        quote_sudo = self.env["paylink.quote"].sudo().browse(values["paylink_quote_id"])
        drafts_sudo = (
            self.env["payment.transaction"]
            .sudo()
            .search(
                [
                    ("paylink_link_id", "=", self.id),
                    ("state", "=", "draft"),
                    ("currency_id", "=", values["currency_id"]),
                ]
            )
        )
        return drafts_sudo.filtered(
            lambda tx: (
                not (tx.invoice_ids or quote_sudo.line_ids)
                or (tx.paylink_quote_id._uses_credit() and quote_sudo._uses_credit())
            )
        )

    # === QUOTES === #

    def _prepare_quote_values(self, wish):
        # EXTENDS: nobody is charged in another currency than the one that they were shown.
        if self.kind == "balance" and wish.currency not in (None, "", self._get_currency().name):
            self._refuse("paid" if self._is_currency(wish.currency) else "invalid_request")
        return super()._prepare_quote_values(wish)

    def _is_currency(self, code):
        """Tell whether a code, anything, is the ISO code of a currency."""
        currencies_sudo = self.env["res.currency"].sudo()  # Visitors have no rights.
        # Not even a query for what PostgreSQL takes for no text.
        is_code = isinstance(code, str) and code.isascii() and code.isalnum()
        return is_code and bool(currencies_sudo.search_count([("name", "=", code)], limit=1))

    def _find_amount(self, wish, choices):
        # EXTENDS
        if self.kind != "balance":
            return super()._find_amount(wish, choices)
        if wish.amount == "chosen":
            return "chosen", self._find_chosen_amount(wish)
        choice, amount = self._find_advance(wish, choices) or super()._find_amount(wish, choices)
        if not amount:
            self._refuse("paid")
        return choice, amount

    def _find_chosen_amount(self, wish):
        """Return what settles the chosen documents, after the customer's credit.

        :raise PaymentRefused: ``invalid_amount``, if none is chosen or nothing is left to pay
        """
        items = self._get_wished_items(wish)
        if not items:
            message = self.env._("Tick at least one of the open documents.")
            raise PaymentRefused("invalid_amount", message)
        amount = get_money(settle(items, self._get_balance().usable_credit))
        if not amount:
            message = self.env._(
                "Your credit covers what you have ticked, so there is nothing to pay for it. "
                "Tick more, or choose another amount."
            )
            raise PaymentRefused("invalid_amount", message)
        return amount

    def _find_advance(self, wish, choices):
        """Return ``("other", amount)`` where more is to be paid than is owed, and may be."""
        if not self.company_id.paylink_is_advance_allowed:
            return None
        try:
            amount = self._parse_wished_amount(wish)
        except pricing.InvalidAmount:
            amount = Decimal(0)
        if choices["full"] < amount <= MAX_ADVANCE:
            return "other", amount
        if not choices["full"]:
            # There is nothing else to choose.
            raise PaymentRefused("invalid_amount", self.env._("Enter the amount to pay."))
        return None

    def _get_wished_items(self, wish):
        """Return the items to pay: those of the chosen documents, or all of them."""
        lines = self._get_payable_lines()
        if wish.amount == "chosen":
            documents = {str(document) for document in wish.documents}
            lines = lines.filtered(lambda line: str(line.move_id.id) in documents)
        return self._get_items(lines)

    def _prepare_quote_lines(self, base, choices, wish):
        # EXTENDS
        if self.kind != "balance":
            return super()._prepare_quote_lines(base, choices, wish)
        moves = self.env["account.move"].sudo()  # Visitors have no rights.
        balance = self._get_balance()
        return [
            {
                "company_id": self.company_id.id,
                "currency_id": balance.currency.id,
                "move_id": share.document,
                "amount": float(share.amount),
                "discount_amount": float(share.discount),
                "credit_amount": float(share.credit),
                "document_version": self._get_version(moves.browse(share.document)),
            }
            for share in merge(settle(self._get_wished_items(wish), balance.usable_credit, base))
        ]

    def _get_version(self, move):
        # EXTENDS: what the page shows of a document among many; its lines are not read.
        if self.kind != "balance":
            return super()._get_version(move)
        seen = (
            *(move.name, move.state, move.payment_state, str(move.invoice_date_due)),
            *(round(move.amount_total, 6), round(move.amount_residual, 6), move.currency_id.name),
        )
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]

    def _compute_payment_reference(self, provider_code, moves):
        # EXTENDS: a reference is read by people, and providers limit its length.
        if self.kind != "balance" or len(moves) < 2:
            return super()._compute_payment_reference(provider_code, moves)
        oldest = moves.sorted(self.env["payment.transaction"]._paylink_get_age)[:1]
        return self.env["payment.transaction"]._compute_reference(
            provider_code, prefix=f"{oldest.name}-and-{len(moves) - 1}-more"
        )

    def _get_tip_percents(self):
        # EXTENDS: who owes nothing is asked for no tip.
        percents = super()._get_tip_percents()
        is_owed = self.kind != "balance" or percents == ["0"] or self._get_balance().net > 0
        return percents if is_owed else ["0"]

    def _get_part_range(self, choices):
        # EXTENDS
        if self.kind != "balance" or not self.company_id.paylink_is_advance_allowed:
            return super()._get_part_range(choices)
        return self.env._("What is more than you owe becomes your credit.")
