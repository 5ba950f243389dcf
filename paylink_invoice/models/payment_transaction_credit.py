# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What of a balance is settled by the customer's credit, from whichever account it is owed."""

from odoo import models
from odoo.fields import Command


class PaymentTransactionCredit(models.Model):
    _inherit = "payment.transaction"

    def _paylink_use_credit(self):
        """Settle with the customer's credit what the quote says, oldest due first.

        After the money: so no more of the credit is used than the quote says.
        """
        lines = self.paylink_quote_id.line_ids.filtered("credit_amount")
        if not lines:
            return
        credits = self.paylink_link_id._get_credit_lines(self.currency_id)
        credits -= self.payment_id.move_id.line_ids
        for line in lines.sorted(lambda line: self._paylink_get_age(line.move_id)):
            own_lines = self._paylink_get_own_lines(line.move_id)
            self._paylink_reconcile(credits + own_lines)
            self._paylink_use_credit_of_other_accounts(credits, own_lines)

    def _paylink_use_credit_of_other_accounts(self, credits, own_lines):
        """Move credit to the receivable account of a document, where it is owed in another one.

        A fiscal position may map the account, or the customer has got another one: lines of two
        accounts are never reconciled with each other.
        """
        open_lines = own_lines.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and line.amount_residual_currency > 0
            )
        )
        account = open_lines.account_id[:1]
        open_lines = open_lines.filtered(lambda line: line.account_id == account)
        left = sum(open_lines.mapped("amount_residual_currency"))
        moved = credits.browse()
        for credit in credits.filtered(lambda line: not line.reconciled):
            amount = min(left, -credit.amount_residual_currency)
            if credit.account_id != account and self.currency_id.compare_amounts(amount, 0) > 0:
                moved |= self._paylink_move_credit(credit, amount, account)
                left -= amount
        self._paylink_reconcile(moved + open_lines)

    def _paylink_move_credit(self, credit, amount, account):
        """Post the entry that moves a part of a credit to another receivable account.

        :param credit: the `account.move.line` that the customer is owed
        :param float amount: in the currency of the payment
        :param account: the `account.account` to owe it in
        :return: the `account.move.line` there; none where there is no journal for it
        """
        company, journals = self._paylink_get_company(), self.env["account.journal"]
        journal = journals.search(
            [("type", "=", "general"), *journals._check_company_domain(company)], limit=1
        )
        if not journal:
            return credit.browse()
        # At the rate of the credit: the difference is left to the reconciliation.
        share = amount / credit.amount_residual_currency
        balance = company.currency_id.round(credit.amount_residual * share)
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "company_id": company.id,
                "ref": self.reference,
                "line_ids": [
                    Command.create(self._paylink_prepare_line(credit.name, *parts))
                    for parts in (
                        (credit.account_id, amount, balance),
                        (account, -amount, -balance),
                    )
                ],
            }
        )
        entry.action_post()
        there = entry.line_ids.filtered(lambda line: line.account_id == account)
        self._paylink_reconcile(entry.line_ids - there + credit)
        return there
