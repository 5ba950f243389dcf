# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Invoices as their customers see and pay them through a link."""

import hashlib

from odoo import models


class AccountMovePayment(models.Model):
    _inherit = "account.move"

    def _paylink_get_version(self):
        """Return a fingerprint of what a customer sees and owes; it changes with any of it."""
        self.ensure_one()
        lines = self.line_ids.filtered(
            lambda line: line.display_type in ("product", "payment_term")
        ).sorted("id")
        amounts = ("quantity", "price_unit", "discount", "price_total", "amount_residual_currency")
        seen = [
            (line.name, str(line.date_maturity), *(round(line[name], 6) for name in amounts))
            for line in lines
        ]
        document = (self.name, self.state, self.payment_state, self.currency_id.name)
        seen += [document, self.partner_id.id, str(self.invoice_date_due), self.narration]
        return hashlib.sha256(repr(seen).encode()).hexdigest()[:32]
