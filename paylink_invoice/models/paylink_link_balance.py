# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance link: what a customer owes and is owed, as the books say at this moment.

Nothing of it is stored. All of it stems from the open receivables of the customer with the company
of the link, one currency at a time; companies and currencies are never added up.
"""

from dataclasses import dataclass
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# How many of the oldest open items a page lists; sums are of all of them.
MAX_SHOWN = 50
LINE_FIELDS = (
    *("move_id", "currency_id", "date", "date_maturity", "name", "amount_residual_currency"),
    *("discount_date", "discount_amount_currency", "statement_line_id"),
)
MOVE_FIELDS = (
    *("name", "ref", "move_type", "state", "payment_state", "invoice_date", "invoice_date_due"),
    *("date", "company_id", "currency_id", "partner_id", "amount_total", "amount_residual"),
    *("origin_payment_id", "partner_bank_id", "payment_reference"),
)
# The payment states of an invoice that can be paid; not of one on hold.
PAYABLE_STATES = ("not_paid", "partial")


@dataclass(frozen=True)
class Balance:
    """What a customer owes in one currency; all amounts are positive :class:`~decimal.Decimal`.

    :param currency: the `res.currency`
    :param owed: the sum of what is open
    :param credit: what the customer is owed: credit notes and payments that settle nothing yet
    :param promised: the part of the credit that settles documents together with a payment that is
        on its way
    :param payable: the part of what is owed that can be paid now: it is not on hold, and no payment
        of it is on its way
    :param overdue: the part of what is payable whose day has passed
    :param int count: how many open items the customer owes
    :param bool has_several: whether there is something to pay in more than one document
    :param int early_items: how many items may be cheaper today, see :meth:`_get_items`
    """

    currency: models.Model
    owed: object = Decimal(0)
    credit: object = Decimal(0)
    payable: object = Decimal(0)
    overdue: object = Decimal(0)
    count: int = 0
    has_several: bool = False
    early_items: int = 0
    promised: object = Decimal(0)

    @property
    def net(self):
        """What is owed in the end; negative for a credit."""
        return self.owed - self.credit

    @property
    def usable_credit(self):
        """What of the credit can settle further documents."""
        return max(self.credit - self.promised, Decimal(0))


@dataclass(frozen=True, eq=False)
class Statement:
    """What the books say of a customer at one moment, read once for one request.

    :param int link_id: the link that it was read for
    :param list balances: a :class:`Balance` for each currency in which something is open
    :param balance: the one that is shown and paid
    :param pending: the `payment.transaction` records whose money is on its way
    :param unbooked: the `account.payment` records that the bank statement will book, as in Odoo
        Enterprise; their money is on its way, too
    :param tuple account_ids: all receivable accounts
    """

    link_id: int
    balances: list
    balance: Balance
    pending: models.Model
    unbooked: models.Model
    account_ids: tuple

    @property
    def under_way(self):
        """The documents whose payment is on its way."""
        return self.pending.invoice_ids | self.unbooked.invoice_ids

    def get_amount_under_way(self, currency):
        """Return how much money is on its way in a currency, a float."""
        pending, unbooked = (
            payments.filtered(lambda payment: payment.currency_id == currency)
            for payments in (self.pending, self.unbooked)
        )
        awaited = sum(tx._paylink_get_awaited_amount() for tx in pending)
        return awaited + sum(unbooked.mapped("amount"))


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
        statement = self._get_known_statement()
        if statement and currency_code in (None, statement.balance.currency.name):
            return self
        return self.with_context(paylink_statement=self._read_statement(currency_code))

    def _read_anew(self):
        # EXTENDS
        return super()._read_anew().with_context(paylink_statement=None)

    def _get_known_statement(self):
        """Return the :class:`Statement` that :meth:`_choose_currency` has read, or ``None``."""
        statement = self.env.context.get("paylink_statement")
        return statement if statement and statement.link_id == self.id else None

    def _get_statement(self):
        """Return the :class:`Statement` that is known, or a new one."""
        return self._get_known_statement() or self._read_statement()

    def _read_statement(self, currency_code=None):
        """Read what the books say.

        :param currency_code: the ISO code of the currency to pay; by default, or where nothing is
            open in it, the first one
        """
        self.ensure_one()
        pending = self._find_pending_transactions()
        unbooked = self._find_unbooked_payments()
        account_ids = self._find_receivable_accounts()
        under_way = pending.invoice_ids | unbooked.invoice_ids
        balances = self._read_balances(account_ids, under_way, pending.paylink_quote_id)
        chosen = [balance for balance in balances if balance.currency.name == currency_code]
        nothing = Balance(self.company_id.currency_id)
        balance = (chosen or balances or [nothing])[0]
        return Statement(self.id, balances, balance, pending, unbooked, account_ids)

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

    # === ON ITS WAY === #

    def _find_pending_transactions(self):
        """Return the payments of the customer whose money is on its way, in sudo mode."""
        txs_sudo = self.env["payment.transaction"].sudo()  # Visitors have no rights.
        customer = self._get_customer()
        is_moving = Domain("state", "in", ("pending", "authorized")) | (
            Domain("state", "=", "done") & Domain("is_post_processed", "=", False)
        )
        # An opening balance names no customer, and what is paid ahead of invoices names no document.
        of_customer = Domain("partner_id.commercial_partner_id", "=", customer.id) | Domain(
            "invoice_ids.commercial_partner_id", "=", customer.id
        )
        of_company = Domain("invoice_ids.company_id", "=", self.company_id.id) | Domain(
            "paylink_link_id.company_id", "=", self.company_id.id
        )
        candidates = txs_sudo.search(
            # A branch has the providers of its parent company, and so have the payments.
            Domain("company_id", "in", self.company_id.parent_ids.ids)
            & Domain("operation", "!=", "refund")
            & is_moving
            & of_customer
            & of_company
        )
        return candidates._paylink_filter_pending()

    def _find_unbooked_payments(self):
        """Return the payments that have no entry yet, `account.payment` in sudo mode."""
        payments_sudo = self.env["account.payment"].sudo()  # Visitors have no rights.
        return payments_sudo.search(
            Domain("partner_id.commercial_partner_id", "=", self._get_customer().id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("partner_type", "=", "customer")
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "=", "in_process")
            & Domain("move_id", "=", False)
        )

    @api.model
    def _sum_promised_credit(self, quotes):
        """Return the credit that some `paylink.quote` records use, by their currency."""
        promised = dict.fromkeys(quotes.currency_id, Decimal(0))
        for line in quotes.line_ids:
            to_decimal = line.currency_id._paylink_to_decimal
            promised[line.currency_id] += to_decimal(line.credit_amount)
        return promised

    # === WHAT IS OPEN === #

    @api.model
    def _find_receivable_accounts(self):
        """Return the ids of all receivable accounts, of archived ones too."""
        accounts_sudo = self.env["account.account"].sudo()  # Visitors have no rights.
        accounts_sudo = accounts_sudo.with_context(active_test=False)
        return accounts_sudo._search([("account_type", "=", "asset_receivable")]).get_result_ids()

    def _get_account_ids(self):
        """Return the ids of all receivable accounts, read once for one request."""
        statement = self._get_known_statement()
        return statement.account_ids if statement else self._find_receivable_accounts()

    def _get_open_domain(self, currency=None, account_ids=None):
        """Return the domain of the open receivables, `account.move.line`; of one currency or all.

        :param account_ids: all receivable accounts, where they were read already
        """
        domain = Domain(
            [
                # By their ids, so that PostgreSQL takes Odoo's index of what is not reconciled.
                ("account_id", "in", account_ids or self._get_account_ids()),
                ("partner_id", "=", self._get_customer().id),
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        return domain & Domain("currency_id", "=", currency.id) if currency else domain

    def _read_balances(self, account_ids, under_way, quotes):
        """Return a :class:`Balance` for each currency, by one query, see :meth:`_get_balances`.

        :param account_ids: all receivable accounts
        :param under_way: the documents whose payment is on its way
        :param quotes: the `paylink.quote` records of these payments
        """
        promised = self._sum_promised_credit(quotes)
        query = self._prepare_balance_query(account_ids, under_way)
        balances = []
        for currency_id, *sums, count, has_several, early in self.env.execute_query(query):
            currency = self.env["res.currency"].browse(currency_id)
            amounts = [currency._paylink_to_decimal(float(total or 0)) for total in sums]
            credit = promised.get(currency, Decimal(0))
            balances.append(Balance(currency, *amounts, count, has_several, early, credit))
        own = self.company_id.currency_id
        return sorted(
            (balance for balance in balances if balance.owed or balance.credit),
            key=lambda b: (b.net <= 0, b.currency != own, -b.net, b.currency.id),
        )

    def _prepare_balance_query(self, account_ids, under_way):
        """Return the SQL that adds up what is open, a row for each currency."""
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        lines_sudo.move_id.flush_model(["payment_state", "move_type"])
        query = lines_sudo._search(self._get_open_domain(account_ids=account_ids))
        fnames = ("currency_id", "amount_residual_currency", "move_id", "discount_date")
        currency, residual, move, discount_date = (
            lines_sudo._field_to_sql(query.table, fname, query) for fname in fnames
        )
        today = fields.Date.context_today(self)
        return SQL(
            """
            SELECT %(currency)s,
                   SUM(%(residual)s) FILTER (WHERE %(owed)s),
                   -SUM(%(residual)s) FILTER (WHERE NOT %(owed)s),
                   SUM(%(residual)s) FILTER (WHERE %(owed)s AND %(payable)s),
                   SUM(%(residual)s) FILTER (WHERE %(owed)s AND %(payable)s AND %(overdue)s),
                   COUNT(*) FILTER (WHERE %(owed)s),
                   MIN(move.id) FILTER (WHERE %(owed)s AND %(payable)s)
                 < MAX(move.id) FILTER (WHERE %(owed)s AND %(payable)s),
                   COUNT(*) FILTER (WHERE %(owed)s AND %(payable)s
                                      AND %(discount_date)s >= %(today)s)
              FROM %(table)s
              JOIN account_move move ON move.id = %(move)s
             WHERE %(condition)s
          GROUP BY %(currency)s
            """,
            currency=currency,
            residual=residual,
            move=move,
            discount_date=discount_date,
            today=today,
            owed=SQL("%s > 0", residual),
            overdue=SQL("%s < %s", self._get_due_sql(lines_sudo, query), today),
            payable=SQL(
                "(move.move_type = 'entry' OR move.payment_state IN %s) AND move.id NOT IN %s",
                PAYABLE_STATES,
                tuple(under_way.ids) or (0,),
            ),
            table=query.from_clause,
            condition=query.where_clause,
        )

    @api.model
    def _get_due_sql(self, lines, query):
        """Return when a journal item is due: on its date where it has no other."""
        return SQL(
            "COALESCE(%s, %s)",
            lines._field_to_sql(query.table, "date_maturity", query),
            lines._field_to_sql(query.table, "date", query),
        )

    def _get_open_lines(self, currency, limit=None, document_id=None):
        """Return what is owed in a currency, `account.move.line` in sudo mode, oldest due first.

        :param document_id: the id of the one `account.move` to look at, if any
        """
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        domain = self._get_open_domain(currency) & Domain("amount_residual_currency", ">", 0)
        if document_id:
            domain &= Domain("move_id", "=", document_id)
        order = "date_maturity, date, id"
        lines = lines_sudo.search_fetch(domain, LINE_FIELDS, order=order, limit=limit)
        lines.move_id.fetch(MOVE_FIELDS)
        return lines

    def _get_shown_lines(self, document_id=None):
        """Return what the page lists of what is owed: not too many, but the one asked for."""
        currency = self._get_balance().currency
        lines = self._get_open_lines(currency, limit=MAX_SHOWN)
        if document_id and document_id not in lines.move_id.ids:
            lines |= self._get_open_lines(currency, document_id=document_id)
        return lines

    def _get_credit_lines(self, currency, limit=None):
        """Return what the customer is owed in a currency, in sudo mode, oldest first."""
        lines_sudo = self.env["account.move.line"].sudo()  # Visitors have no rights.
        return lines_sudo.search(
            self._get_open_domain(currency) & Domain("amount_residual_currency", "<", 0),
            order="date, id",
            limit=limit,
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
