# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The balance that customers read is the one that Odoo's partner ledger has, whatever happened."""

import random
from datetime import timedelta

from odoo.tests import tagged

from .test_balance import BalanceCase

# What happens in one history.
EVENTS = ("bill", "bill", "bill_in_parts", "credit", "pay", "overpay", "write_off", "refund", "use")


class BalanceLedgerCase(BalanceCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.currency_euro.active = True
        cls.env["res.currency.rate"].create(
            [
                {
                    "currency_id": cls.currency_euro.id,
                    "company_id": cls.company.id,
                    "name": cls.today - timedelta(days=days),
                    "rate": rate,
                }
                for days, rate in ((90, 0.91), (30, 0.87), (5, 0.94))
            ]
        )
        cls.parts = cls.env.ref("account.account_payment_term_advance_60days")
        cls.journal = cls.company_data["default_journal_bank"]
        cls.loss = cls.company_data["default_account_expense"]

    def _check_histories(self, count):
        for seed in range(count):
            # What thousands leave behind in one transaction makes each next one slower.
            with self.subTest(seed=seed), self._undone():
                chance = random.Random(seed)
                customer = self.env["res.partner"].create({"name": f"Customer {seed}"})
                for _number in range(chance.randint(2, 7)):
                    getattr(self, f"_{chance.choice(EVENTS)}_by_chance")(customer, chance)
                self._assert_as_in_the_ledger(customer)

    def _assert_as_in_the_ledger(self, customer):
        """Compare with the sum of all entries, as Odoo's partner ledger adds them up."""
        link = self._create_balance_link(customer)
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", customer.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        balances = link._get_balances()
        shown = {balance.currency: float(balance.net) for balance in balances}
        for currency, own_lines in lines.grouped("currency_id").items():
            expected = sum(own_lines.mapped("amount_currency"))
            self.assertAlmostEqual(shown.pop(currency, 0), expected, 2, currency.name)
        self.assertFalse(any(shown.values()))
        self.assertAlmostEqual(customer.credit, sum(lines.mapped("balance")), 2)
        for balance in balances:
            choices = link._choose_currency(balance.currency.name)._get_amount_choices()
            self.assertAlmostEqual(float(choices["full"]), max(float(balance.net), 0), 2)

    # === EVENTS === #

    def _get_currency(self, chance):
        return chance.choice((self.company.currency_id, self.currency_euro))

    def _bill_by_chance(self, customer, chance, **values):
        return self._bill(
            chance.randint(1, 50000) / 100,
            chance.randint(-20, 20),
            partner_id=customer.id,
            invoice_date=self.today - timedelta(days=chance.randint(0, 80)),
            currency_id=self._get_currency(chance).id,
            **values,
        )

    def _bill_in_parts_by_chance(self, customer, chance):
        self._bill_by_chance(customer, chance, invoice_payment_term_id=self.parts.id)

    def _credit_by_chance(self, customer, chance):
        self._bill_by_chance(customer, chance, move_type="out_refund")

    def _register(self, customer, chance, share, **values):
        """Register a payment of a share of one open invoice, in its currency."""
        moves = self.env["account.move"].search(
            [
                ("partner_id", "=", customer.id),
                ("move_type", "=", "out_invoice"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("amount_residual", ">", 0.05),
            ]
        )
        if not moves:
            return
        move = chance.choice(moves)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create(
            {
                "amount": move.currency_id.round(move.amount_residual * share),
                "currency_id": move.currency_id.id,
                "payment_date": self.today - timedelta(days=chance.randint(0, 10)),
                **values,
            }
        )._create_payments()

    def _pay_by_chance(self, customer, chance):
        self._register(customer, chance, chance.choice((0.3, 0.5, 1)))

    def _overpay_by_chance(self, customer, chance):
        self._register(customer, chance, 1.4)

    def _write_off_by_chance(self, customer, chance):
        self._register(
            *(customer, chance, 0.9),
            payment_difference_handling="reconcile",
            writeoff_account_id=self.loss.id,
            writeoff_label="Goodwill",
        )

    def _refund_by_chance(self, customer, chance):
        """Pay money back to the customer."""
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "customer",
                "partner_id": customer.id,
                "amount": chance.randint(1, 5000) / 100,
                "currency_id": self._get_currency(chance).id,
                "journal_id": self.journal.id,
                "payment_method_line_id": self.outbound_payment_method_line.id,
            }
        )
        payment.action_post()

    def _use_by_chance(self, customer, chance):
        """Set off what is open in one currency."""
        currency = self._get_currency(chance)
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", customer.id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("currency_id", "=", currency.id),
            ]
        )
        if len({line.amount_residual_currency > 0 for line in lines}) == 2:
            lines.reconcile()


@tagged("post_install", "-at_install", "paylink", "slow")
class TestBalanceLedger(BalanceLedgerCase):
    def test_the_balance_is_that_of_the_ledger(self):
        self._check_histories(12)


@tagged("post_install", "-at_install", "paylink", "slow", "full")
class TestBalanceLedgerAtLength(BalanceLedgerCase):
    def test_the_balance_is_that_of_the_ledger_two_thousand_times(self):
        self._check_histories(2000)
