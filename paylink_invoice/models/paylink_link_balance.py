# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance link: what a customer owes and is owed, as the books say at this moment.

Nothing of it is stored. All of it stems from the open receivables of the customer with the company
of the link, one currency at a time; companies and currencies are never added up.
"""

import hashlib
from dataclasses import dataclass
from decimal import Decimal

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .. import pricing
from ..settlement import Item, get_money, merge, settle
from .payment_transaction import PaymentRefused

# The newest payments that a page lists.
MAX_RECEIPTS = 10
# The most that can be paid ahead: as much as Odoo's amounts can hold without losing a cent.
MAX_ADVANCE = Decimal(10**12)
LINE_FIELDS = (
    *("move_id", "currency_id", "date", "date_maturity", "name", "amount_residual_currency"),
    *("discount_date", "discount_amount_currency"),
)
MOVE_FIELDS = (
    *("name", "ref", "move_type", "state", "payment_state", "invoice_date", "invoice_date_due"),
    *("date", "company_id", "currency_id", "partner_id", "amount_total", "amount_residual"),
)


@dataclass(frozen=True)
class Balance:
    """What a customer owes in one currency; all amounts are positive :class:`~decimal.Decimal`.

    :param currency: the `res.currency`
    :param owed: the sum of what is open
    :param overdue: the part of it whose day has passed
    :param credit: what the customer is owed: credit notes and payments that settle nothing yet
    :param int count: how many open items the customer owes
    """

    currency: models.Model
    owed: object
    overdue: object
    credit: object
    count: int

    @property
    def net(self):
        """What is owed in the end; negative for a credit."""
        return self.owed - self.credit


class PaylinkLinkBalance(models.Model):
    _inherit = "paylink.link"

    # === WHAT IS OPEN === #

    def _get_customer(self):
        """Return the `res.partner` whose balance it is, who is invoiced for all of their contacts."""
        self.ensure_one()
        return self.partner_id.commercial_partner_id

    def _get_open_domain(self):
        """Return the domain of the open receivables, `account.move.line`."""
        return Domain(
            [
                ("partner_id", "=", self._get_customer().id),
                ("company_id", "=", self.company_id.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )

    def _get_balances(self):
        """Return a :class:`Balance` for each currency in which something is open, by one query.

        What is owed comes first; then the company's own currency, then the largest amount.
        """
        self.ensure_one()
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        query = lines_sudo._search(self._get_open_domain())
        currency, residual, due, date = (
            lines_sudo._field_to_sql(query.table, name, query)
            for name in ("currency_id", "amount_residual_currency", "date_maturity", "date")
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(currency)s,
                       COALESCE(SUM(%(residual)s) FILTER (WHERE %(residual)s > 0), 0),
                       COALESCE(SUM(%(residual)s) FILTER (
                           WHERE %(residual)s > 0 AND COALESCE(%(due)s, %(date)s) < %(today)s), 0),
                       COALESCE(-SUM(%(residual)s) FILTER (WHERE %(residual)s < 0), 0),
                       COUNT(*) FILTER (WHERE %(residual)s > 0)
                  FROM %(table)s
                 WHERE %(condition)s
              GROUP BY %(currency)s
                """,
                currency=currency,
                residual=residual,
                due=due,
                date=date,
                today=fields.Date.context_today(self),
                table=query.from_clause,
                condition=query.where_clause,
            )
        )
        balances = []
        for currency_id, owed, overdue, credit, count in rows:
            currency = self.env["res.currency"].browse(currency_id)
            amounts = [currency._paylink_to_decimal(float(a)) for a in (owed, overdue, credit)]
            balances.append(Balance(currency, *amounts, count))
        own = self.company_id.currency_id
        return sorted(
            (balance for balance in balances if balance.owed or balance.credit),
            key=lambda b: (b.net <= 0, b.currency != own, -b.net, b.currency.id),
        )

    def _get_open_lines(self, currency, limit=None):
        """Return what is owed in a currency, `account.move.line` in sudo mode, oldest due first."""
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        lines = lines_sudo.search_fetch(
            self._get_open_domain()
            & Domain("currency_id", "=", currency.id)
            & Domain("amount_residual_currency", ">", 0),
            LINE_FIELDS,
            order="date_maturity, date, id",
            limit=limit,
        )
        lines.move_id.fetch(MOVE_FIELDS)
        return lines

    def _get_credit_lines(self, currency):
        """Return what the customer is owed in a currency, in sudo mode, oldest first."""
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        return lines_sudo.search(
            self._get_open_domain()
            & Domain("currency_id", "=", currency.id)
            & Domain("amount_residual_currency", "<", 0),
            order="date, id",
        )

    # === WHAT CAN BE PAID === #

    def _choose_currency(self, currency_code):
        # EXTENDS: of a balance that is owed in several currencies, one is paid at a time.
        if self.kind != "balance" or not isinstance(currency_code, str):
            return super()._choose_currency(currency_code)
        for balance in self._get_balances():
            if balance.currency.name == currency_code:
                return self.with_context(paylink_currency_id=balance.currency.id)
        return self

    def _get_currency(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_currency()
        if currency_id := self.env.context.get("paylink_currency_id"):
            return self.env["res.currency"].browse(currency_id)
        return self._get_balance().currency

    def _get_balance(self):
        """Return the :class:`Balance` in the chosen currency, or else the first one."""
        self.ensure_one()
        balances = self._get_balances()
        currency_id = self.env.context.get("paylink_currency_id")
        chosen = (balance for balance in balances if balance.currency.id == currency_id)
        nothing = Balance(self.company_id.currency_id, Decimal(0), Decimal(0), Decimal(0), 0)
        return next(chosen, balances[0] if balances else nothing)

    def _get_payer(self):
        # EXTENDS
        return self._get_customer() if self.kind == "balance" else super()._get_payer()

    def _get_payable_lines(self, currency):
        """Return the open receivables that can be paid through the link now, oldest due first.

        Not those of an invoice on hold, nor those whose payment is on its way.
        """
        lines = self._get_open_lines(currency)
        under_way = lines.move_id._paylink_get_pending_transactions().invoice_ids
        return lines.filtered(
            lambda line: (
                line.move_id not in under_way
                and (
                    line.move_id.move_type == "entry"
                    or line.move_id.payment_state in ("not_paid", "partial")
                )
            )
        )

    def _get_payable_moves(self):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_payable_moves()
        return self._get_payable_lines(self._get_currency()).move_id

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
        # EXTENDS: further keys are `items`, of which `overdue` are the first, and `credit`.
        if self.kind != "balance":
            return super()._get_amount_choices()
        balance = self._get_balance()
        lines = self._get_payable_lines(balance.currency)
        today = fields.Date.context_today(self)
        items = self._get_items(lines)
        overdue = [
            item
            for item, line in zip(items, lines, strict=True)
            if (line.date_maturity or line.date) < today
        ]
        full = get_money(settle(items, balance.credit))
        next_part = get_money(settle(overdue, balance.credit))
        return {
            "full": full,
            "residual": full,
            "next": next_part if 0 < next_part < full else None,
            "minimum": self._get_minimum_part(full),
            "items": items,
            "credit": balance.credit,
        }

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
        balance = self._get_balance()
        if self.company_id.paylink_is_advance_allowed:
            return None if self._get_option_ids() else "no_provider"
        if balance.net <= 0:
            return "paid"
        lines = self._get_payable_lines(balance.currency)
        if not lines:
            pending = self._get_open_lines(balance.currency).move_id
            return "in_progress" if pending._paylink_get_pending_transactions() else "not_payable"
        if get_money(settle(self._get_items(lines), balance.credit)) <= 0:
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

    # === QUOTES === #

    def _find_amount(self, wish, choices):
        # EXTENDS
        if self.kind != "balance":
            return super()._find_amount(wish, choices)
        if wish.amount != "chosen":
            return self._find_advance(wish, choices) or super()._find_amount(wish, choices)
        amount = get_money(settle(self._get_wished_items(wish, choices), choices["credit"]))
        if not amount:
            raise PaymentRefused(
                "invalid_amount", self.env._("Choose what to pay; your credit is used first.")
            )
        return "chosen", amount

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

    def _get_wished_items(self, wish, choices):
        """Return the items to pay: those of the chosen documents, or all of them."""
        if wish.amount != "chosen":
            return choices["items"]
        documents = {str(document) for document in wish.documents}
        return [item for item in choices["items"] if str(item.document) in documents]

    def _prepare_quote_lines(self, base, choices, wish):
        # EXTENDS
        if self.kind != "balance":
            return super()._prepare_quote_lines(base, choices, wish)
        items = self._get_wished_items(wish, choices)
        moves = self.env["account.move"].sudo()  # Visitors have no rights.
        currency = self._get_currency()
        return [
            {
                "company_id": self.company_id.id,
                "currency_id": currency.id,
                "move_id": share.document,
                "amount": float(share.amount),
                "discount_amount": float(share.discount),
                "credit_amount": float(share.credit),
                "document_version": self._get_version(moves.browse(share.document)),
            }
            for share in merge(settle(items, choices["credit"], base))
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

    # === WHAT WAS PAID === #

    def _get_transactions(self):
        # EXTENDS: what the customer paid online to this company, whichever way.
        if self.kind != "balance":
            return super()._get_transactions()
        # In sudo mode because visitors cannot read transactions.
        return (
            self.env["payment.transaction"]
            .sudo()
            .search(self._get_transaction_domain(), order="id desc", limit=MAX_RECEIPTS)
        )

    def _get_transaction_domain(self):
        return [
            ("company_id", "=", self.company_id.id),
            ("partner_id.commercial_partner_id", "=", self._get_customer().id),
            ("operation", "!=", "refund"),
        ]

    def _get_receipt(self, reference):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_receipt(reference)
        # In sudo mode because visitors cannot read transactions.
        txs_sudo = self.env["payment.transaction"].sudo()
        return txs_sudo.search(
            [*self._get_transaction_domain(), ("reference", "=", reference.replace("\x00", ""))]
        )

    def _get_document_name(self):
        # EXTENDS
        return self.env._("Balance") if self.kind == "balance" else super()._get_document_name()

    # === DOCUMENTS === #

    def _get_document(self, move_id):
        """Return the customer's invoice or credit note with an id, in sudo mode, or none."""
        self.ensure_one()
        moves_sudo = self.env["account.move"].sudo()  # Visitors have no rights.
        return moves_sudo.search(
            [
                ("id", "=", move_id),
                ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
                ("state", "=", "posted"),
                ("company_id", "=", self.company_id.id),
                ("commercial_partner_id", "=", self._get_customer().id),
            ]
        )
