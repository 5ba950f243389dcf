# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import LockError, UserError


class PaylinkDialog(models.AbstractModel):
    """A dialog that sends something, and does so once."""

    _name = "paylink.dialog.mixin"
    _description = "Dialog That Sends Once"

    is_sent = fields.Boolean(
        help="The dialog has done its work: a second click sends nothing again.", readonly=True
    )

    def _check_unsent(self):
        """Raise a `UserError` when this very dialog has been sent, by a second click or tab."""
        explanation = self.env._(
            "This was sent already. Close this dialog; open it again to send once more."
        )
        try:
            self.lock_for_update(allow_referencing=True)
        except LockError as error:
            raise UserError(explanation) from error
        self.invalidate_recordset(["is_sent"])
        if self.is_sent:
            raise UserError(explanation)
