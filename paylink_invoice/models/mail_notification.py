# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def _paylink_get_failure(self):
        """Return why something has not arrived, in words, or ``False``."""
        if not self:
            return False
        names = dict(self._fields["failure_type"]._description_selection(self.env))
        name = names.get(self.failure_type) if self.failure_type not in (False, "unknown") else ""
        return ": ".join(part for part in (name, self.failure_reason) if part) or (
            names.get(self.failure_type) or False
        )
