# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class PaylinkPage(models.AbstractModel):
    _inherit = "paylink.page"

    @api.model
    def _prepare_related_documents(self, link):
        # EXTENDS 'paylink_invoice': the order's own page in the portal, by its own token.
        documents = super()._prepare_related_documents(link)
        for order_sudo in link._get_linked_orders():
            is_live = bool(link.id and order_sudo.access_token)
            documents.append(
                {
                    "label": self.env._("Order %(name)s", name=order_sudo.name),
                    "url": order_sudo.get_portal_url() if is_live else None,
                }
            )
        return documents
