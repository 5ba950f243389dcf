# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Which providers link holders are offered."""

from odoo import api, models
from odoo.tools import str2bool

# Says that play money is welcome. Odoo sets the second one in the copies that it neutralizes.
TEST_DATABASE_PARAMETERS = ("paylink_invoice.is_test_database", "database.is_neutralized")


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _paylink_is_offered(self):
        """Tell whether who holds a link may pay with this provider.

        It is published; and not Odoo's demo provider, with which everybody settles any invoice
        without paying, unless this is a test database.
        """
        self.ensure_one()
        return self.is_published and (self.code != "demo" or self._paylink_is_test_database())

    @api.model
    def _paylink_is_test_database(self):
        """Tell whether nothing is lost in this database: it says so itself, or has demo data."""
        # In sudo mode because visitors may read neither parameters nor modules.
        parameters = self.env["ir.config_parameter"].sudo()
        if any(
            str2bool(parameters.get_param(name), default=False) for name in TEST_DATABASE_PARAMETERS
        ):
            return True
        return self.env.ref("base.module_base").sudo().demo
