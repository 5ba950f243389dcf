# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models


class PaylinkSendComment(models.TransientModel):
    """A comment of the invoice's chatter with its switch in the dialog."""

    _name = "paylink.send.comment"
    _description = "Comment of an Invoice Link"
    _order = "message_id desc"

    wizard_id = fields.Many2one(comodel_name="paylink.send", required=True, ondelete="cascade")
    message_id = fields.Many2one(comodel_name="mail.message", required=True, ondelete="cascade")
    document_name = fields.Char(string="Invoice", compute="_compute_message")
    author_id = fields.Many2one(comodel_name="res.partner", compute="_compute_message")
    date = fields.Datetime(compute="_compute_message")
    preview = fields.Char(string="Comment", compute="_compute_message")
    is_internal = fields.Boolean(
        string="Internal Note", help="Only your team has seen this so far."
    )
    is_shown = fields.Boolean(string="Share")

    @api.depends("message_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_message(self):
        """Show of a message what the user may read; related fields would show all of them."""
        readable = self.message_id._filtered_access("read")
        for line in self:
            message = line.message_id if line.message_id in readable else readable.browse()
            line.document_name = message.record_name
            line.author_id = message.author_id
            line.date = message.date
            line.preview = message.preview

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
