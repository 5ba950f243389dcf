# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment has cost the seller at Stripe, and with which payout it arrived."""

from datetime import UTC, datetime

from odoo import api, fields, models

from .payment_transaction import COST_PATIENCE

# How cards are called; Stripe's names of other methods are made readable.
BRANDS = {"amex": "American Express", "diners": "Diners Club", "jcb": "JCB", "unionpay": "UnionPay"}


class PaymentTransactionCost(models.Model):
    _inherit = "payment.transaction"

    paylink_stripe_balance_ref = fields.Char(
        string="Balance Transaction", index="btree_not_null", copy=False, readonly=True
    )
    paylink_stripe_cost_currency_id = fields.Many2one(
        comodel_name="res.currency",
        string="Currency of the Payout",
        copy=False,
        readonly=True,
    )
    paylink_stripe_cost = fields.Monetary(
        string="Cost at Stripe",
        help="What Stripe has kept of this payment.",
        currency_field="paylink_stripe_cost_currency_id",
        copy=False,
        readonly=True,
    )
    paylink_stripe_net = fields.Monetary(
        string="Paid Out",
        help="What of this payment reaches the bank account.",
        currency_field="paylink_stripe_cost_currency_id",
        copy=False,
        readonly=True,
    )
    paylink_stripe_available_date = fields.Date(
        string="Available On",
        help="From when on Stripe pays it out.",
        copy=False,
        readonly=True,
    )
    paylink_stripe_payout_ref = fields.Char(
        string="Payout", index="btree_not_null", copy=False, readonly=True
    )
    paylink_stripe_payout_date = fields.Date(string="Payout Date", copy=False, readonly=True)

    def _paylink_stripe_lacks_cost(self):
        """Tell whether Stripe has still to say what the payment has cost."""
        self.ensure_one()
        return (
            self.state == "done"
            and self.operation != "refund"
            and not self.paylink_stripe_balance_ref
            and self.last_state_change > fields.Datetime.now() - COST_PATIENCE
        )

    def _paylink_stripe_note_charge(self, charge):
        """Note what was paid with, and what that has cost."""
        if charge["status"] not in ("succeeded", "pending"):
            return
        details = charge.get("payment_method_details") or {}
        kind = details.get("type")
        instrument = details.get(kind) or {}
        funding = instrument.get("funding") if kind == "card" else None
        known = dict(self._fields["paylink_stripe_funding"].selection)
        self._paylink_stripe_note(
            paylink_stripe_instrument=self._paylink_stripe_describe_instrument(kind, instrument),
            paylink_stripe_funding=funding and (funding if funding in known else "unknown"),
            paylink_stripe_receipt_url=charge.get("receipt_url"),
        )
        balance = charge.get("balance_transaction")
        if isinstance(balance, dict):
            self._paylink_stripe_note_cost(balance)

    @api.model
    def _paylink_stripe_describe_instrument(self, kind, instrument):
        """Return what was paid with, e.g. "Visa •••• 4242"; never a whole number."""
        name = (instrument.get("brand") if kind == "card" else kind) or ""
        name = BRANDS.get(name) or name.replace("_", " ").title()
        last4 = str(instrument.get("last4") or "")[-4:]
        return " ".join(part for part in (name, last4 and f"•••• {last4}") if part) or False

    def _paylink_stripe_note_cost(self, balance):
        currency = (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "=", balance["currency"].upper())], limit=1)
        )
        to_major = self.provider_id._paylink_stripe_to_major
        available = datetime.fromtimestamp(balance["available_on"], UTC).date()
        self._paylink_stripe_note(
            paylink_stripe_balance_ref=balance["id"],
            paylink_stripe_cost_currency_id=currency.id,
            paylink_stripe_cost=to_major(balance["fee"], currency),
            paylink_stripe_net=to_major(balance["net"], currency),
            paylink_stripe_available_date=available,
        )

    @api.model
    def _paylink_stripe_note_payout(self, provider, payout_ref):
        """Note on payments that they have been paid out.

        :return: whether any of them is known here
        """
        payout = provider._paylink_stripe_call("payouts.retrieve", payout_ref)
        balances = provider._paylink_stripe_collect(
            "balance_transactions.list", {"payout": payout["id"]}
        )
        txs = self.search(
            [
                ("provider_id", "=", provider.id),
                ("paylink_stripe_balance_ref", "in", [balance["id"] for balance in balances]),
            ]
        )
        txs.write(
            {
                "paylink_stripe_payout_ref": payout["id"],
                "paylink_stripe_payout_date": datetime.fromtimestamp(
                    payout["arrival_date"], UTC
                ).date(),
            }
        )
        return bool(txs)

    # === WORDS === #

    def _paylink_stripe_summarize(self):
        """Return what is known of the payment beyond its amount, in one line."""
        self.ensure_one()
        facts = [self.paylink_stripe_instrument]
        if currency := self.paylink_stripe_cost_currency_id:
            facts.append(
                self.env._(
                    "cost at Stripe %(cost)s, paid out %(net)s",
                    cost=currency.format(self.paylink_stripe_cost),
                    net=currency.format(self.paylink_stripe_net),
                )
            )
        facts += [self.paylink_stripe_payout_ref, self.paylink_stripe_receipt_url]
        return "; ".join(fact for fact in facts if fact)
