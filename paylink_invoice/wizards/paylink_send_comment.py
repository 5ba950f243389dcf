# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class PaylinkSendComment(models.TransientModel):
    """A comment of the invoice's chatter with its switch in the dialog."""

    _name = "paylink.send.comment"
    _description = "Comment of an Invoice Link"
    _order = "message_id desc"

    wizard_id = fields.Many2one(comodel_name="paylink.send", required=True, ondelete="cascade")
    message_id = fields.Many2one(comodel_name="mail.message", required=True, ondelete="cascade")
    document_name = fields.Char(string="Invoice", related="message_id.record_name")
    author_id = fields.Many2one(related="message_id.author_id")
    date = fields.Datetime(related="message_id.date")
    preview = fields.Char(string="Comment", related="message_id.preview")
    is_internal = fields.Boolean(
        string="Internal Note", help="Only your team has seen this so far."
    )
    is_shown = fields.Boolean(string="Share")

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_message_access()
        return lines

    def write(self, vals):
        result = super().write(vals)
        if "message_id" in vals:
            self._check_message_access()
        return result

    def _check_message_access(self):
        """Refuse a message that the user may not read; the line would show it to them.

        No constraint, because constraints are checked in sudo mode.
        """
        self.message_id.check_access("read")
