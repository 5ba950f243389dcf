# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from odoo import api, fields, models
from odoo.exceptions import UserError


class PaylinkQuoteLine(models.Model):
    """What a quote settles of one document, oldest due first.  Never changed, never deleted."""

    _name = "paylink.quote.line"
    _description = "Document of an Invoice Link Quote"
    _order = "id"
    _rec_name = "move_id"
    _log_access = False

    quote_id = fields.Many2one(
        comodel_name="paylink.quote", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, readonly=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    move_id = fields.Many2one(
        string="Document",
        comodel_name="account.move",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
    )
    amount = fields.Monetary(help="What is paid of the document.", required=True, readonly=True)
    discount_amount = fields.Monetary(
        string="Early-Payment Discount",
        help="What is taken off because the document is paid early; it settles the document too.",
        readonly=True,
    )
    credit_amount = fields.Monetary(
        string="Credit Used",
        help="What of the customer's credit settles the document.",
        readonly=True,
    )
    document_version = fields.Char(
        help="A fingerprint of what the customer saw: lines, amounts, dates, payments.",
        required=True,
        readonly=True,
    )

    def write(self, vals):  # pylint: disable=method-required-super
        # Nobody writes: neither staff nor code in sudo mode.
        raise UserError(self.env._("A price that was shown to a customer cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A price that was shown to a customer cannot be deleted."))
