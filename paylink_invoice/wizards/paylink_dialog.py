# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import fields, models
from odoo.exceptions import LockError, UserError

# So many of what is left out are named in a dialog.
MAX_PROBLEMS = 20


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

    def _join_problems(self, problems):
        """Return sentences about who gets nothing, one a line, the first ones of many."""
        shown = problems[:MAX_PROBLEMS]
        if more := len(problems) - len(shown):
            shown.append(self.env._("… and %(count)s more.", count=more))
        return "\n".join(shown)

    def _notify(self, message, problems):
        """Return the action that closes the dialog and says what was sent, and what was not."""
        lines = [line for line in (message, *problems[:MAX_PROBLEMS]) if line]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if problems else "success",
                "sticky": bool(problems),
                "message": "\n".join(lines),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
