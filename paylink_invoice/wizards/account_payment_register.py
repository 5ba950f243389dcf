# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class AccountPaymentRegister(models.TransientModel):
    _inherit = "account.payment.register"

    def _create_payments(self):
        # EXTENDS 'account': refused while a customer is just paying one of the invoices, or has
        # paid since the dialog was opened.
        moves = self.line_ids.move_id
        moves._paylink_reserve()
        moves._paylink_check_unpaid()
        return super()._create_payments()
