# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: the totals below the lines, from net amounts and taxes to what is left."""

from odoo import api, models


class PaylinkPageTotals(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_totals(self, move):
        """Return the totals as Odoo reports them, then what was paid and what is left.

        :return: list of ``{'label', 'amount', 'kind': 'part' | 'total' | 'heading' | 'converted' |
            'payment' | 'due'}``
        """
        if not move.tax_totals:
            return []
        rows = self._prepare_tax_rows(move.tax_totals, move.currency_id, "_currency")
        total = move.currency_id.format(move.tax_totals["total_amount_currency"])
        rows.append({"label": self.env._("Total"), "amount": total, "kind": "total"})
        if move.tax_totals.get("display_in_company_currency"):
            currency = move.company_currency_id
            label = self.env._("Taxes in %(currency)s", currency=currency.name)
            company_rows = self._prepare_tax_rows(move.tax_totals, currency, "")
            rows.append({"label": label, "amount": "", "kind": "heading"})
            rows.extend({**row, "kind": "converted"} for row in company_rows)
        payments = self._prepare_payments(move)
        rows.extend(payments)
        if payments and self._is_due(move):
            due = move.currency_id.format(move.amount_residual)
            rows.append({"label": self.env._("Still to pay"), "amount": due, "kind": "due"})
        return rows

    @api.model
    def _prepare_tax_rows(self, tax_totals, currency, suffix):
        """Return net amounts and taxes by tax group.

        :param str suffix: ``_currency`` for the invoice's currency, empty for the company's
        """
        rows = []
        for subtotal in tax_totals["subtotals"]:
            if subtotal["tax_groups"]:
                amount = currency.format(subtotal[f"base_amount{suffix}"])
                rows.append({"label": subtotal["name"], "amount": amount, "kind": "part"})
            for group in subtotal["tax_groups"]:
                base = group[f"display_base_amount{suffix}"]
                label = group["group_name"]
                if not tax_totals["same_tax_base"] and base is not False:
                    label = self.env._(
                        "%(tax)s on %(base)s",
                        tax=self._isolate(label),
                        base=self._format_money(currency, base),
                    )
                amount = currency.format(group[f"tax_amount{suffix}"])
                rows.append({"label": label, "amount": amount, "kind": "part"})
        rounding = tax_totals.get(f"cash_rounding_base_amount{suffix}")
        if rounding:
            amount = currency.format(rounding)
            rows.append({"label": self.env._("Rounding"), "amount": amount, "kind": "part"})
        return rows
