# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a balance link shows beside what is open: payments, receipts, and each document."""

from odoo import models
from odoo.fields import Domain

# The newest payments that a page has receipts of.
MAX_RECEIPTS = 10
# The states of payments that have, or may get, a receipt.
RECEIPT_STATES = ("done", "pending", "authorized")


class PaylinkLinkBalanceHistory(models.Model):
    _inherit = "paylink.link"

    # === WHAT WAS PAID === #

    def _get_transactions(self):
        # EXTENDS: what the customer paid online to this company, whichever way.
        if self.kind != "balance":
            return super()._get_transactions()
        # In sudo mode because visitors cannot read transactions.
        return (
            self.env["payment.transaction"]
            .sudo()
            .search(
                # What came to nothing must not push out what has a receipt.
                self._get_transaction_domain() & Domain("state", "in", RECEIPT_STATES),
                order="id desc",
                limit=MAX_RECEIPTS,
            )
        )

    def _get_transaction_domain(self):
        """Return the domain of what the customer paid this company online, `payment.transaction`."""
        # A branch has the providers of its parent company, and so have the payments. By the link, for
        # to look at the invoices of thousands of payments takes long.
        company = self.company_id
        of_company = Domain("paylink_link_id.company_id", "=", company.id) | (
            Domain("paylink_link_id", "=", False) & Domain("company_id", "=", company.id)
        )
        return (
            Domain("company_id", "in", company.parent_ids.ids)
            & Domain("partner_id.commercial_partner_id", "=", self._get_customer().id)
            # Neither what was given back nor the proof of a card that was saved.
            & Domain("operation", "not in", ("refund", "validation"))
            & of_company
        )

    def _find_recent_payments(self, limit):
        """Return the newest payments of the customer, `account.payment` in sudo mode."""
        payments_sudo = self.env["account.payment"].sudo()  # Visitors have no rights.
        return payments_sudo.search_fetch(
            Domain("partner_id.commercial_partner_id", "=", self._get_customer().id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("partner_type", "=", "customer")
            & Domain("state", "in", ("in_process", "paid")),
            ["date", "amount", "currency_id", "payment_type"],
            order="date desc, id desc",
            limit=limit,
        )

    def _find_recent_transfers(self, limit):
        """Return the newest bank transfers that were booked right from the bank's statement.

        :return: list of ``(account.bank.statement.line in sudo mode, float, res.currency)``: what
            the customer has paid of what they owe, negative for what was paid back
        """
        statement_lines_sudo = self.env["account.bank.statement.line"].sudo()  # As above.
        transfers = statement_lines_sudo.search(
            Domain("partner_id.commercial_partner_id", "=", self._get_customer().id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("state", "=", "posted"),
            order="internal_index desc, id desc",
            limit=limit,
        )
        lines = transfers.env["account.move.line"].search(
            [
                ("move_id", "in", transfers.move_id.ids),
                ("account_id", "in", self._get_account_ids()),
            ]
        )
        found = []
        for transfer in transfers:
            own = lines.filtered(lambda line, move=transfer.move_id: line.move_id == move)
            for currency, booked in own.grouped("currency_id").items():
                found.append((transfer, -sum(booked.mapped("amount_currency")), currency))
        return found

    def _get_receipt(self, reference):
        # EXTENDS
        if self.kind != "balance":
            return super()._get_receipt(reference)
        # In sudo mode because visitors cannot read transactions.
        txs_sudo = self.env["payment.transaction"].sudo()
        return txs_sudo.search(
            self._get_transaction_domain() & Domain("reference", "=", reference.replace("\x00", ""))
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
