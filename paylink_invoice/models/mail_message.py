# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _paylink_is_internal(self):
        """Tell whether only the team has seen this message so far."""
        self.ensure_one()
        return self.is_internal or not self.subtype_id or self.subtype_id.internal
