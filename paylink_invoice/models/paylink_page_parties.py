# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: who bills whom, and the document's dates and references."""

from odoo import api, models


class PaylinkPageParties(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_parties(self, move):
        """Return who bills whom: list of ``{'label', 'name', 'lines'}``."""
        parties = [
            (self.env._("From"), move.company_id.partner_id, move.company_id.vat),
            (self.env._("To"), move.partner_id, move.partner_id.vat),
        ]
        if move.partner_shipping_id not in (move.partner_id, self.env["res.partner"]):
            parties.append((self.env._("Delivered to"), move.partner_shipping_id, ""))
        ids = [partner.id for _label, partner, _vat in parties]
        return [
            {
                "label": label,
                "name": self._get_full_name(partner),
                "lines": self._get_address_lines(partner.with_prefetch(ids), vat),
            }
            for label, partner, vat in parties
        ]

    @api.model
    def _get_full_name(self, partner):
        """Return the person and the company, or one of them."""
        names = (partner.name, partner.commercial_partner_id.name)
        return ", ".join(self._isolate(name) for name in dict.fromkeys(names) if name)

    @api.model
    def _get_address_lines(self, partner, vat):
        address = partner._display_address(without_company=True)
        lines = [line.strip() for line in address.splitlines() if line.strip()]
        if vat:
            lines.append(self.env._("Tax ID %(number)s", number=self._isolate(vat)))
        return lines

    @api.model
    def _prepare_facts(self, move):
        """Return dates and references of the document: list of ``{'label', 'value'}``."""
        facts = (
            (self.env._("Issued"), self._format_date(move.invoice_date)),
            (self.env._("Due"), self._is_due(move) and self._format_date(move.invoice_date_due)),
            (self.env._("Delivered"), self._format_date(move.delivery_date)),
            (self.env._("Your reference"), move.ref),
            (self.env._("Order"), move.invoice_origin),
        )
        return [{"label": label, "value": value} for label, value in facts if value]
