# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class PaylinkLink(models.Model):
    _inherit = "paylink.link"

    @api.model_create_multi
    def create(self, vals_list):
        links = super().create(vals_list)
        # Now, because the page that leads to the orders writes nothing.
        links._get_linked_orders().filtered(lambda order: not order.access_token)._paylink_open()
        return links

    def _get_linked_orders(self):
        """Return the orders that the documents of these links bill, in sudo mode.

        Only those of the customer of the document: who was billed for somebody else's order does
        not see it.
        """
        # What was made from an order names it as its origin; for all else nothing is searched.
        moves = self.move_id.filtered("invoice_origin")
        # In sudo mode because visitors, and some senders, cannot read orders.
        orders_sudo = self.env["sale.order"].sudo()
        if not moves:
            return orders_sudo
        return orders_sudo.search(
            [
                ("order_line.invoice_lines.move_id", "in", moves.ids),
                ("state", "=", "sale"),
                ("company_id", "in", moves.company_id.ids),
                (
                    "partner_id.commercial_partner_id",
                    "in",
                    moves.commercial_partner_id.ids,
                ),
            ],
            order="id",
        )
