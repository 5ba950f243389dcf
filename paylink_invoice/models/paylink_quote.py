# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment comes to: fixed by the server for some minutes, before the customer accepts it."""

import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .. import pricing

# How long a price stands.
VALIDITY = timedelta(minutes=15)


class PaylinkQuote(models.Model):
    """The price of one payment.  Never changed, never deleted, whoever asks."""

    _name = "paylink.quote"
    _description = "Invoice Link Quote"
    _order = "id desc"
    _rec_name = "reference"
    _log_access = False

    reference = fields.Char(
        help="What the customer's page calls the quote; it opens nothing without the link.",
        required=True,
        default=lambda _self: secrets.token_hex(16),
        readonly=True,
    )
    link_id = fields.Many2one(
        comodel_name="paylink.link", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, index=True, readonly=True
    )
    currency_id = fields.Many2one(comodel_name="res.currency", required=True, readonly=True)
    quote_date = fields.Datetime(
        string="Date", required=True, default=fields.Datetime.now, readonly=True
    )
    expiration_date = fields.Datetime(
        string="Good Until",
        required=True,
        default=lambda _self: fields.Datetime.now() + VALIDITY,
        readonly=True,
    )

    # What the customer asked for
    amount_choice = fields.Selection(
        string="Amount Asked For",
        selection=[
            ("full", "Everything"),
            ("next", "Next Instalment"),
            ("chosen", "Chosen Documents"),
            ("other", "Other Amount"),
        ],
        required=True,
        readonly=True,
    )
    tip_percent = fields.Char(string="Tip (%)", required=True, default="0", readonly=True)
    provider_id = fields.Many2one(
        comodel_name="payment.provider", ondelete="set null", readonly=True
    )
    payment_method_id = fields.Many2one(
        comodel_name="payment.method", ondelete="set null", readonly=True
    )

    # What it comes to
    line_ids = fields.One2many(
        string="Documents",
        comodel_name="paylink.quote.line",
        inverse_name="quote_id",
        readonly=True,
    )
    base_amount = fields.Monetary(
        string="Amount", help="What settles the documents.", required=True, readonly=True
    )
    tip_amount = fields.Monetary(string="Tip", readonly=True)
    fee_amount = fields.Monetary(string="Fee", readonly=True)
    total_amount = fields.Monetary(string="Total", required=True, readonly=True)
    fee_text = fields.Text(
        help="The sentence about the fee that the customer was shown and has to accept.",
        readonly=True,
    )
    is_fee_accepted = fields.Boolean(
        string="Fee Accepted",
        help="The customer has ticked the fee of this very price.",
        compute="_compute_is_fee_accepted",
    )
    event_ids = fields.One2many(
        string="Acceptance",
        comodel_name="paylink.event",
        inverse_name="quote_id",
        readonly=True,
    )

    _reference_uniq = models.UniqueIndex("(reference)")
    _link_date_idx = models.Index("(link_id, quote_date)")
    _total_check = models.Constraint(
        "CHECK (total_amount = base_amount + tip_amount + fee_amount AND base_amount > 0 "
        "AND tip_amount >= 0 AND fee_amount >= 0)",
        "A quote adds up, and nothing of it is negative.",
    )

    # === COMPUTE METHODS === #

    @api.depends("total_amount", "quote_date")
    def _compute_display_name(self):
        for quote in self:
            total = quote.currency_id.format(quote.total_amount)
            quote.display_name = (
                f"{total}, {self.env['paylink.page']._format_date(quote.quote_date)}"
            )

    @api.depends("event_ids.event_type")
    def _compute_is_fee_accepted(self):
        for quote in self:
            quote.is_fee_accepted = "fee_accepted" in quote.event_ids.mapped("event_type")

    # === CRUD METHODS === #

    def write(self, vals):  # pylint: disable=method-required-super
        # Nobody writes: neither staff nor code in sudo mode.
        raise UserError(self.env._("A price that was shown to a customer cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A price that was shown to a customer cannot be deleted."))

    # === PRICE === #

    def _get_price(self):
        """Return the quote as a :class:`~..pricing.Price`."""
        self.ensure_one()
        to_decimal = self.currency_id._paylink_to_decimal
        return pricing.Price(
            to_decimal(self.base_amount), to_decimal(self.tip_amount), to_decimal(self.fee_amount)
        )

    def _get_advance(self):
        """Return what is paid ahead of any document, a :class:`~decimal.Decimal`."""
        to_decimal = self.currency_id._paylink_to_decimal
        return to_decimal(self.base_amount) - sum(
            to_decimal(a) for a in self.line_ids.mapped("amount")
        )

    def _uses_credit(self):
        """Tell whether the customer's credit settles a part of the documents."""
        return any(self.line_ids.mapped("credit_amount"))

    def _is_paid_ahead(self):
        """Tell whether this was paid ahead of any document already, or its money is on its way.

        What pays documents need not ask: they have changed since.
        """
        self.ensure_one()
        if self.line_ids:
            return False
        # In sudo mode because visitors cannot read transactions.
        txs_sudo = (
            self.env["payment.transaction"].sudo().search([("paylink_quote_id", "=", self.id)])
        )
        return bool(
            txs_sudo.filtered(lambda tx: tx.state == "done") | txs_sudo._paylink_filter_pending()
        )

    def _get_option_id(self):
        """Return the way to pay, as `paylink.link._get_options` names it."""
        self.ensure_one()
        return f"{self.provider_id.id}-{self.payment_method_id.id}"

    def _is_over(self):
        """Tell whether the price does not stand any more."""
        self.ensure_one()
        return self.expiration_date <= fields.Datetime.now()

    # === ACCEPTANCE === #

    def _is_accepted(self):
        """Tell whether the customer may be charged: there is no fee, or it was accepted."""
        self.ensure_one()
        if self.currency_id.is_zero(self.fee_amount):
            return True
        # In sudo mode because visitors cannot read the history.
        accepted = [("quote_id", "=", self.id), ("event_type", "=", "fee_accepted")]
        return bool(self.env["paylink.event"].sudo().search_count(accepted, limit=1))

    def _accept_fee(self, visitor):
        """Record that the customer has ticked the fee of this very quote, once.

        :param dict visitor: ``ip_address`` and ``user_agent``
        """
        self.ensure_one()
        if not self._is_accepted():
            self.link_id._log_event("fee_accepted", quote_id=self.id, **visitor)
