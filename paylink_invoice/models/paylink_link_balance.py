# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance link: what a customer owes and is owed, as the books say at this moment.

Nothing of it is stored. All of it stems from the open receivables of the customer with the company
of the link, one currency at a time; companies and currencies are never added up.
"""

from dataclasses import dataclass
from decimal import Decimal

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# The newest payments that a page lists.
MAX_RECEIPTS = 10
LINE_FIELDS = (
    *("move_id", "currency_id", "date", "date_maturity", "name", "amount_residual_currency"),
    *("discount_date", "discount_amount_currency"),
)
MOVE_FIELDS = (
    *("name", "ref", "move_type", "state", "payment_state", "invoice_date", "invoice_date_due"),
    *("date", "company_id", "currency_id", "partner_id", "amount_total", "amount_residual"),
)
# The payment states of an invoice that can be paid; not of one on hold.
PAYABLE_STATES = ("not_paid", "partial")


@dataclass(frozen=True)
class Balance:
    """What a customer owes in one currency; all amounts are positive :class:`~decimal.Decimal`.

    :param currency: the `res.currency`
    :param owed: the sum of what is open
    :param overdue: the part of it whose day has passed
    :param credit: what the customer is owed: credit notes and payments that settle nothing yet
    :param payable: the part of what is owed that can be paid now: it is not on hold, and no payment
        of it is on its way
    :param payable_overdue: what is overdue of that
    :param int count: how many open items the customer owes
    :param int payable_documents: in how many documents there is something that can be paid
    :param int early_items: how many items may be cheaper today, see :meth:`_get_items`
    """

    currency: models.Model
    owed: object = Decimal(0)
    overdue: object = Decimal(0)
    credit: object = Decimal(0)
    payable: object = Decimal(0)
    payable_overdue: object = Decimal(0)
    count: int = 0
    payable_documents: int = 0
    early_items: int = 0

    @property
    def net(self):
        """What is owed in the end; negative for a credit."""
        return self.owed - self.credit


@dataclass(frozen=True, eq=False)
class Statement:
    """What the books say of a customer at one moment, read once for one request.

    :param int link_id: the link that it was read for
    :param list balances: a :class:`Balance` for each currency in which something is open
    :param balance: the one that is shown and paid
    :param pending: the `payment.transaction` records whose money is on its way
    """

    link_id: int
    balances: list
    balance: Balance
    pending: models.Model

    @property
    def under_way(self):
        """The documents whose payment is on its way."""
        return self.pending.invoice_ids


class PaylinkLinkBalance(models.Model):
    _inherit = "paylink.link"

    # === STATEMENT === #

    def _get_customer(self):
        """Return the `res.partner` whose balance it is, who is invoiced for all of their contacts."""
        self.ensure_one()
        return self.partner_id.commercial_partner_id

    def _choose_currency(self, currency_code):
        # EXTENDS: of a balance that is owed in several currencies, one is paid at a time. What the
        # books say of it goes along, so that one request reads it once.
        if self.kind != "balance":
            return super()._choose_currency(currency_code)
        statement = self.env.context.get("paylink_statement")
        is_read = statement and statement.link_id == self.id
        if is_read and currency_code in (None, statement.balance.currency.name):
            return self
        return self.with_context(paylink_statement=self._read_statement(currency_code))

    def _get_statement(self):
        """Return the :class:`Statement` that :meth:`_choose_currency` has read, or a new one."""
        statement = self.env.context.get("paylink_statement")
        if statement and statement.link_id == self.id:
            return statement
        return self._read_statement()

    def _read_statement(self, currency_code=None):
        """Read what the books say.

        :param currency_code: the ISO code of the currency to pay; by default, or where nothing is
            open in it, the first one
        """
        self.ensure_one()
        pending = self._find_pending_transactions()
        balances = self._read_balances(pending.invoice_ids)
        chosen = [balance for balance in balances if balance.currency.name == currency_code]
        nothing = Balance(self.company_id.currency_id)
        return Statement(self.id, balances, (chosen or balances or [nothing])[0], pending)

    def _get_balance(self):
        """Return the :class:`Balance` in the chosen currency, or else the first one."""
        return self._get_statement().balance

    def _get_balances(self):
        """Return a :class:`Balance` for each currency in which something is open.

        What is owed comes first; then the company's own currency, then the largest amount.
        """
        return self._get_statement().balances

    def _get_currency(self):
        # EXTENDS
        return self._get_balance().currency if self.kind == "balance" else super()._get_currency()

    def _find_pending_transactions(self):
        """Return the payments of the customer's documents whose money is on its way, in sudo mode."""
        txs_sudo = self.env["payment.transaction"].sudo()  # Visitors have no rights.
        candidates = txs_sudo.search(
            [
                ("company_id", "=", self.company_id.id),
                "|",
                ("state", "in", ("pending", "authorized")),
                "&",
                ("state", "=", "done"),
                ("is_post_processed", "=", False),
                ("invoice_ids.commercial_partner_id", "=", self._get_customer().id),
            ]
        )
        return candidates.filtered(
            lambda tx: tx in tx.invoice_ids._paylink_get_pending_transactions()
        )

    # === WHAT IS OPEN === #

    def _get_open_domain(self, currency=None):
        """Return the domain of the open receivables, `account.move.line`; of one currency or all."""
        accounts_sudo = self.env["account.account"].sudo().with_context(active_test=False)
        accounts_sudo = accounts_sudo.search([("account_type", "=", "asset_receivable")])
        domain = Domain(
            [
                # By their ids, so that PostgreSQL takes Odoo's index of what is not reconciled.
                ("account_id", "in", accounts_sudo.ids),
                ("partner_id", "=", self._get_customer().id),
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        return domain & Domain("currency_id", "=", currency.id) if currency else domain

    def _read_balances(self, under_way):
        """Return a :class:`Balance` for each currency, by one query.

        :param under_way: the documents whose payment is on its way
        """
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        query = lines_sudo._search(self._get_open_domain())
        terms = {
            name: lines_sudo._field_to_sql(query.table, field, query)
            for name, field in (
                ("currency", "currency_id"),
                ("residual", "amount_residual_currency"),
                ("due", "date_maturity"),
                ("date", "date"),
                ("discount_date", "discount_date"),
            )
        }
        lines_sudo.move_id.flush_model(["payment_state", "move_type"])
        owed = SQL("%(residual)s > 0", **terms)
        overdue = SQL(
            "COALESCE(%(due)s, %(date)s) < %(today)s",
            **terms,
            today=fields.Date.context_today(self),
        )
        payable = SQL(
            "(move.move_type = 'entry' OR move.payment_state IN %s) AND move.id NOT IN %s",
            PAYABLE_STATES,
            tuple(under_way.ids) or (0,),
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT %(currency)s,
                       SUM(%(residual)s) FILTER (WHERE %(owed)s),
                       SUM(%(residual)s) FILTER (WHERE %(owed)s AND %(overdue)s),
                       -SUM(%(residual)s) FILTER (WHERE NOT %(owed)s),
                       SUM(%(residual)s) FILTER (WHERE %(owed)s AND %(payable)s),
                       SUM(%(residual)s) FILTER (WHERE %(owed)s AND %(payable)s AND %(overdue)s),
                       COUNT(*) FILTER (WHERE %(owed)s),
                       COUNT(DISTINCT move.id) FILTER (WHERE %(owed)s AND %(payable)s),
                       COUNT(*) FILTER (WHERE %(owed)s AND %(payable)s
                                          AND %(discount_date)s >= %(today)s)
                  FROM %(table)s
                  JOIN account_move move ON move.id = %(move)s
                 WHERE %(condition)s
              GROUP BY %(currency)s
                """,
                **terms,
                owed=owed,
                overdue=overdue,
                payable=payable,
                today=fields.Date.context_today(self),
                move=lines_sudo._field_to_sql(query.table, "move_id", query),
                table=query.from_clause,
                condition=query.where_clause,
            )
        )
        balances = []
        for currency_id, *sums, count, documents, early in rows:
            currency = self.env["res.currency"].browse(currency_id)
            amounts = [currency._paylink_to_decimal(float(total or 0)) for total in sums]
            balances.append(Balance(currency, *amounts, count, documents, early))
        own = self.company_id.currency_id
        return sorted(
            (balance for balance in balances if balance.owed or balance.credit),
            key=lambda b: (b.net <= 0, b.currency != own, -b.net, b.currency.id),
        )

    def _get_open_lines(self, currency, limit=None):
        """Return what is owed in a currency, `account.move.line` in sudo mode, oldest due first."""
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        lines = lines_sudo.search_fetch(
            self._get_open_domain(currency) & Domain("amount_residual_currency", ">", 0),
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
            self._get_open_domain(currency) & Domain("amount_residual_currency", "<", 0),
            order="date, id",
        )

    def _filter_payable(self, lines):
        """Return which open receivables can be paid through the link now.

        Not those of an invoice on hold, nor those whose payment is on its way.
        """
        under_way = self._get_statement().under_way
        return lines.filtered(
            lambda line: (
                line.move_id not in under_way
                and (
                    line.move_id.move_type == "entry"
                    or line.move_id.payment_state in PAYABLE_STATES
                )
            )
        )

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
        return moves_sudo.search(self._get_document_domain() & Domain("id", "=", move_id))

    def _get_document_domain(self):
        """Return the domain of the documents that the link opens, `account.move`."""
        return Domain(
            [
                ("commercial_partner_id", "=", self._get_customer().id),
                ("company_id", "=", self.company_id.id),
                ("move_type", "in", self.env["account.move"].get_sale_types(include_receipts=True)),
                ("state", "=", "posted"),
            ]
        )
