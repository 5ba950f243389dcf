# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, models


class PaylinkKeptMixin(models.AbstractModel):
    """What is set up once and read at each visit: Odoo's cache of the registry keeps what depends on
    it, such as :meth:`paylink.page._get_kept_values`, until somebody changes it."""

    _name = "paylink.kept.mixin"
    _description = "Kept for Invoice Link Pages"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self._clear_kept()
        return records

    def write(self, vals):
        result = super().write(vals)
        self._clear_kept()
        return result

    def unlink(self):
        result = super().unlink()
        self._clear_kept()
        return result

    @api.model
    def _clear_kept(self):
        """Keep nothing any more, in no process."""
        registry = self.env.registry
        registry.clear_cache()
        if registry.ready:
            # Requests tell the other processes by themselves; an Odoo shell that commits does not.
            self.env.cr.postcommit.add(registry.signal_changes)
