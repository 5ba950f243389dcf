# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: the totals below the lines, from net amounts and taxes to what is left."""

from odoo import api, models
from odoo.tools.translate import get_translation

# What an invoice consists of when nothing but its lines and taxes makes its totals: no cash
# rounding, no early discount on the tax, nothing that is not deductible.
PLAIN_DISPLAY_TYPES = {
    "product",
    "tax",
    "payment_term",
    "line_section",
    "line_subsection",
    "line_note",
}
# They have a method of their own for the totals that only calls Odoo's.
PLAIN_TOTALS_MODULES = {"account", "point_of_sale"}


class PaylinkPageTotals(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_totals(self, move):
        """Return the totals as Odoo reports them, then what was paid and what is left.

        :return: list of ``{'label', 'amount', 'kind': 'part' | 'total' | 'heading' | 'converted' |
            'payment' | 'due'}``
        """
        rows = self._prepare_plain_rows(move) or self._prepare_odoo_rows(move)
        payments = self._prepare_payments(move)
        rows.extend(payments)
        if payments and self._is_due(move):
            due = self._format_money(move.amount_residual, move.currency_id)
            rows.append({"label": self.env._("Still to pay"), "amount": due, "kind": "due"})
        return rows

    # === ONE TAX === #

    @api.model
    def _prepare_plain_rows(self, move):
        """Return the totals from what is stored, where that says all; else ``None``.

        Odoo computes the taxes of all lines anew to tell them apart. Most invoices have one tax on
        everything, or none: then there is nothing to tell apart.
        """
        tax = move.line_ids.tax_ids
        if not self._has_plain_totals(move, tax):
            return None
        format_money = self._get_number_format(move.currency_id).money
        rows = []
        if tax:
            # Odoo's own word, as in its totals.
            lang = self.env.lang or "en_US"
            untaxed = get_translation("account", lang, "Untaxed Amount", ())
            parts = [(untaxed, move.amount_untaxed), (tax.tax_group_id.name, move.amount_tax)]
            rows += [
                {"label": label, "amount": format_money(amount), "kind": "part"}
                for label, amount in parts
            ]
        total = format_money(move.amount_total)
        return [*rows, {"label": self.env._("Total"), "amount": total, "kind": "total"}]

    @api.model
    def _has_plain_totals(self, move, tax):
        """Tell whether the stored amounts are all that Odoo's totals say.

        :param tax: all taxes of the lines
        """
        lines = move.line_ids.filtered(lambda line: line.display_type == "product")
        is_foreign = move.currency_id != move.company_id.currency_id
        return (
            move.is_invoice(include_receipts=True)
            and not move.invoice_cash_rounding_id
            and not (is_foreign and move.company_id.display_invoice_tax_company_currency)
            and {line.display_type for line in move.line_ids} <= PLAIN_DISPLAY_TYPES
            and len(tax) <= 1
            and all(line.tax_ids == tax for line in lines)
            and (not tax or tax.amount_type == "percent")
            and not tax.tax_group_id.preceding_subtotal
            and self._has_standard_totals(move)
        )

    @api.model
    def _has_standard_totals(self, move):
        """Tell whether no localization has its own way to show totals."""
        tax = self.env["account.tax"]
        return all(
            cls.__module__.split(".")[2] in PLAIN_TOTALS_MODULES
            for model, name in ((move, "_compute_tax_totals"), (tax, "_get_tax_totals_summary"))
            for cls in type(model).mro()
            if name in vars(cls)
        )

    # === SEVERAL TAXES === #

    @api.model
    def _prepare_odoo_rows(self, move):
        """Return the totals that Odoo computes, for all kinds of taxes and roundings."""
        if not move.tax_totals:
            return []
        rows = self._prepare_tax_rows(move.tax_totals, move.currency_id, "_currency")
        total = self._format_money(move.tax_totals["total_amount_currency"], move.currency_id)
        rows.append({"label": self.env._("Total"), "amount": total, "kind": "total"})
        if move.tax_totals.get("display_in_company_currency"):
            currency = move.company_currency_id
            label = self.env._("Taxes in %(currency)s", currency=currency.name)
            company_rows = self._prepare_tax_rows(move.tax_totals, currency, "")
            rows.append({"label": label, "amount": "", "kind": "heading"})
            rows.extend({**row, "kind": "converted"} for row in company_rows)
        return rows

    @api.model
    def _prepare_tax_rows(self, tax_totals, currency, suffix):
        """Return net amounts and taxes by tax group.

        :param str suffix: ``_currency`` for the invoice's currency, empty for the company's
        """
        format_money = self._get_number_format(currency).money
        rows = []
        for subtotal in tax_totals["subtotals"]:
            if subtotal["tax_groups"]:
                amount = format_money(subtotal[f"base_amount{suffix}"])
                rows.append({"label": subtotal["name"], "amount": amount, "kind": "part"})
            for group in subtotal["tax_groups"]:
                base = group[f"display_base_amount{suffix}"]
                label = group["group_name"]
                if not tax_totals["same_tax_base"] and base is not False:
                    label = self.env._(
                        "%(tax)s on %(base)s",
                        tax=self._isolate(label),
                        base=self._phrase_money(base, currency),
                    )
                amount = format_money(group[f"tax_amount{suffix}"])
                rows.append({"label": label, "amount": amount, "kind": "part"})
        rounding = tax_totals.get(f"cash_rounding_base_amount{suffix}")
        if rounding:
            amount = format_money(rounding)
            rows.append({"label": self.env._("Rounding"), "amount": amount, "kind": "part"})
        return rows
