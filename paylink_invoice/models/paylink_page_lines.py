# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: the lines of the document, grouped by section as on its PDF."""

from odoo import api, models


class PaylinkPageLines(models.AbstractModel):
    _inherit = "paylink.page"

    # === ROWS === #

    @api.model
    def _prepare_sections(self, move):
        """Return the lines as the customer's PDF has them, grouped by section.

        Which lines are shown, collapsed or summed up is Odoo's decision, as in
        ``account.report_invoice_document``.

        :return: list of ``{'title': str or None, 'amount': str, 'rows': [...]}``; a row is
            ``{'kind': 'line' | 'sub' | 'note', 'name', 'text', 'detail', 'amount'}``
        """
        context = self._prepare_line_context(move)
        sections = [{"title": None, "amount": "", "rows": []}]
        for line in move._get_move_lines_to_report():
            if line.collapse_composition or line.collapse_prices:
                rows = self._prepare_collapsed_rows(line, context)
            else:
                rows = [self._prepare_row(line, context)]
            for row in rows:
                if row["kind"] == "section":
                    sections.append({"title": row["name"], "amount": row["amount"], "rows": []})
                else:
                    sections[-1]["rows"].append(row)
        return [section for section in sections if section["title"] or section["rows"]]

    @api.model
    def _prepare_line_context(self, move):
        """Return what all lines share, read once for all of them."""
        products = move.line_ids.filtered(lambda line: line.display_type == "product")
        amount_field = (
            "price_total" if move.company_price_include == "tax_included" else "price_subtotal"
        )
        totals = {}
        for line in products:
            section = line.parent_id
            for parent in {section.id, section.parent_id.id}:
                totals[parent] = totals.get(parent, 0) + line[amount_field]
        return {
            "amount_field": amount_field,
            "totals": totals,
            "format": self._get_number_format(move.currency_id),
            # Where all lines bear the same taxes, the totals say it once.
            "has_mixed_taxes": len({line.tax_ids for line in products}) > 1,
            "price_digits": self.env["decimal.precision"].precision_get("Product Price"),
            "quantity_digits": self.env["decimal.precision"].precision_get("Product Unit"),
            "unit_id": self.env["ir.model.data"]._xmlid_to_res_id("uom.product_uom_unit"),
        }

    @api.model
    def _prepare_row(self, line, context):
        """Return the row of a line that is shown in full."""
        kinds = {"line_section": "section", "line_subsection": "sub", "line_note": "note"}
        kind = kinds.get(line.display_type, "line")
        name, _newline, text = (line.name or "").strip().partition("\n")
        row = {"kind": kind, "name": name, "text": text.strip(), "detail": "", "amount": ""}
        if kind == "note":
            row.update(name="", text=(line.name or "").strip())
        elif kind == "line":
            row["amount"] = context["format"].money(line[context["amount_field"]])
            row["detail"] = self._get_line_detail(line, context)
        else:
            row["amount"] = context["format"].money(context["totals"].get(line.id, 0))
        return row

    @api.model
    def _get_line_detail(self, line, context):
        """Return e.g. "4 hours × $ 95.00 · 10% off · Sales tax 6.5%"."""
        quantity = self._format_quantity(line.quantity, line.product_uom_id, context)
        price = context["format"].price(line.price_unit, context["price_digits"])
        parts = [f"{quantity} × {price}"]
        if line.discount:
            percent = context["format"].short_number(line.discount, 2)
            parts.append(self.env._("%(percent)s%% off", percent=percent))
        if context["has_mixed_taxes"]:
            parts.extend(tax.tax_label for tax in line.tax_ids if tax.tax_label)
        return " · ".join(parts)

    @api.model
    def _prepare_collapsed_rows(self, line, context):
        """Return the rows of a section whose prices, or whose composition, are not shown."""
        kinds = {"line_section": "section", "line_subsection": "sub", "line_note": "note"}
        amount_key = context["amount_field"]
        rows = []
        for child in line._get_child_lines():
            kind = kinds.get(child["display_type"], "line")
            name, _newline, text = (child["name"] or "").strip().partition("\n")
            row = {"kind": kind, "name": name, "text": text.strip(), "detail": "", "amount": ""}
            if kind in ("section", "sub") or line.collapse_composition:
                row["amount"] = context["format"].money(child[amount_key])
            elif kind == "line":
                row["detail"] = self._format_quantity(child["quantity"], child["line_uom"], context)
            rows.append(row)
        return rows

    @api.model
    def _format_quantity(self, quantity, unit, context):
        number = context["format"].short_number(quantity, context["quantity_digits"])
        return number if not unit or unit.id == context["unit_id"] else f"{number}\u00a0{unit.name}"
