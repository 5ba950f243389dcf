# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _send_invoice(self):
        # EXTENDS 'sale': invoices of orders that were paid online always carry their link.
        linked = self.with_context(paylink_is_included=True)
        return super(PaymentTransaction, linked)._send_invoice()
