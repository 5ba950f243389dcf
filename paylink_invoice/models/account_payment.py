# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models
from odoo.exceptions import UserError


class AccountPayment(models.Model):
    _inherit = "account.payment"

    def _generate_move_vals(self, *args, **kwargs):
        # EXTENDS 'account': taxes of another country need their fiscal position on the entry.
        values = super()._generate_move_vals(*args, **kwargs)
        if "paylink_fiscal_position_id" in self.env.context:
            values["fiscal_position_id"] = self.env.context["paylink_fiscal_position_id"]
        return values

    def _synchronize_to_moves(self, changed_fields):
        # EXTENDS 'account': it would melt fee, tip and their taxes into one line without taxes.
        priced = self.filtered(
            lambda pay: pay.move_id.state == "draft" and pay._paylink_has_parts()
        )
        changes = set(changed_fields) & set(self._get_trigger_fields_to_synchronize())
        if priced and changes - {"date"}:
            raise UserError(
                self.env._(
                    "%(payments)s came through an invoice link, with a fee, a tip or for several "
                    "documents. Only the date can be changed; cancel the payment to book it anew.",
                    payments=", ".join(priced.mapped("display_name")),
                )
            )
        if changes:
            for payment in priced:
                payment.move_id.with_context(skip_invoice_sync=True).date = payment.date
        return super(AccountPayment, self - priced)._synchronize_to_moves(changed_fields)

    def _paylink_has_parts(self):
        """Tell whether the entry has more than the two lines that Odoo can make again."""
        self.ensure_one()
        # In sudo mode because accountants may change payments, but not read transactions.
        return (
            self.payment_transaction_id.sudo()._paylink_is_priced()
            and len(self.move_id.line_ids) > 2
        )

    def _paylink_get_receivable_lines(self, kind=None):
        """Return the lines of the entries that the customer owes or is owed by.

        :param str kind: ``document``: what pays documents, in their order; ``extra``: tips and fees
            that could not be booked as income; none: both
        """
        lines = self.move_id.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        ).sorted("id")
        if not kind:
            return lines
        return lines.filtered(lambda line: bool(line.product_id) == (kind == "extra"))
