# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment and its refunds leave in the books, to the cent and to the account."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import freeze_time, mute_logger, tagged

from ..models.paylink_link_quote import Wish
from .common import PaylinkCommon

BOOKING_LOG = "odoo.addons.paylink_invoice.models.payment_transaction_booking"
VISITOR = {"ip_address": "192.0.2.1", "user_agent": "Phone"}


class BookingCase(PaylinkCommon):
    """Fee and tip have accounts and taxes of their own; payments are confirmed without a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["payment.provider"].search([("id", "!=", cls.provider.id)]).write(
            {"state": "disabled", "is_published": False}
        )
        cls.provider.write({"available_currency_ids": False, "support_refund": "partial"})
        cls.payment_method.support_refund = "partial"
        cls.option = f"{cls.provider.id}-{cls.payment_method_id}"
        cls.company.write({"paylink_is_tip_enabled": True, "paylink_tip_percentages": "0,10,20"})
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.fee_income, cls.tip_income, cls.tax_account = cls.env["account.account"].create(
            [
                {"name": name, "code": code, "account_type": account_type}
                for name, code, account_type in (
                    ("Fees", "PLFEE", "income_other"),
                    ("Tips", "PLTIP", "income_other"),
                    ("Tax to pay", "PLTAX", "liability_current"),
                )
            ]
        )
        cls.fee_product, cls.tip_product = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "type": "service",
                    "property_account_income_id": account.id,
                    "taxes_id": [Command.clear()],
                }
                for name, account in (("Card fee", cls.fee_income), ("Gratuity", cls.tip_income))
            ]
        )
        cls.provider.paylink_fee_product_id = cls.fee_product
        cls.company.paylink_tip_product_id = cls.tip_product

    # === SET-UP === #

    @classmethod
    def _set_fee(cls, percent=3.0, fixed=0.0, maximum=0.0):
        cls.provider.write(
            {
                "paylink_fee_percent": percent,
                "paylink_fee_fixed": fixed,
                "paylink_fee_max": maximum,
            }
        )

    @classmethod
    def _create_tax(cls, name, amount, **values):
        """Return a tax on sales whose lines have accounts and tags of their own."""
        tags = cls.env["account.account.tag"].create(
            [
                {
                    "name": f"{name} {document} {part}",
                    "applicability": "taxes",
                    "country_id": cls.company.account_fiscal_country_id.id,
                }
                for document in ("invoice", "refund")
                for part in ("base", "tax")
            ]
        )

        def repartition(base_tag, tax_tag):
            return [
                Command.clear(),
                Command.create({"repartition_type": "base", "tag_ids": base_tag.ids}),
                Command.create(
                    {
                        "repartition_type": "tax",
                        "account_id": cls.tax_account.id,
                        "tag_ids": tax_tag.ids,
                    }
                ),
            ]

        return cls.env["account.tax"].create(
            {
                "name": name,
                "amount": amount,
                "amount_type": "percent",
                "type_tax_use": "sale",
                "company_id": cls.company.id,
                "invoice_repartition_line_ids": repartition(tags[0], tags[1]),
                "refund_repartition_line_ids": repartition(tags[2], tags[3]),
                **values,
            }
        )

    @classmethod
    def _create_early_terms(cls, mode="included", percent=2):
        return cls.env["account.payment.term"].create(
            {
                "name": f"{percent} % in ten days, {mode}",
                "early_discount": True,
                "discount_percentage": percent,
                "discount_days": 10,
                "early_pay_discount_computation": mode,
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    @classmethod
    def _create_taxed_invoice(cls, price=100.0, taxes=None, **values):
        line = {"name": "Maintenance", "price_unit": price, "tax_ids": [Command.clear()]}
        if taxes:
            line["tax_ids"] = [Command.set(taxes.ids)]
        return cls._create_invoice(invoice_line_ids=[Command.create(line)], **values)

    def _pay_elsewhere(self, invoice, **values):
        return (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create(values)
            ._create_payments()
        )

    # === PAYING === #

    def _start(self, invoice=None, amount="full", tip="0"):
        """Return the transaction that a customer starts through a link."""
        invoice = invoice or self.posted_invoice
        link = invoice.sudo().paylink_link_ids[:1] or self._create_link(invoice)
        quote = link._quote(Wish(amount=amount, tip=tip, option=self.option))
        quote._accept_fee(VISITOR)
        return link._start_payment(self.option, "redirect", quote.reference)

    def _start_several(self, *parts):
        """Return a transaction that pays several documents: pairs of invoice and amount."""
        invoices = self.env["account.move"].union(*(invoice for invoice, _amount in parts))
        base = sum(amount for _invoice, amount in parts)
        link = self._create_link(invoices[:1])
        values = link._prepare_quote_values(Wish(option=self.option))
        line = values["line_ids"][0][2]
        tip = values["tip_amount"]
        values.update(base_amount=base, total_amount=base + tip + values["fee_amount"])
        values["line_ids"] = [
            Command.create({**line, "move_id": invoice.id, "amount": amount, "discount_amount": 0})
            for invoice, amount in parts
        ]
        for command in values["line_ids"]:
            invoice = self.env["account.move"].browse(command[2]["move_id"])
            discounted = self._create_link(invoice)._prepare_quote_lines(
                invoice.currency_id._paylink_to_decimal(command[2]["amount"])
            )[0]
            command[2]["discount_amount"] = discounted["discount_amount"]
        quote = self.env["paylink.quote"].sudo().create(values)
        return self.env["payment.transaction"]._paylink_open_attempt(
            link, link._prepare_payment_values(quote, "redirect")
        )

    def _settle(self, tx):
        tx._set_done()
        tx._post_process()
        return tx.payment_id

    def _pay(self, invoice=None, **wish):
        tx = self._start(invoice, **wish)
        self._settle(tx)
        return tx

    def _refund(self, tx, amount=None):
        child = tx._refund(amount)
        self._settle(child)
        return child

    # === CHECKS === #

    def _get_sum(self, entry, account, field="amount_currency"):
        """Return what an entry debits an account with."""
        return round(sum(entry.line_ids.filtered(lambda x: x.account_id == account).mapped(field)), 6)

    def _assert_lines(self, entry, expected):
        """Check the lines of an entry: pairs of account and debit in the payment's currency."""
        lines = [
            (line.account_id.display_name, round(line.amount_currency, 6))
            for line in entry.line_ids
        ]
        expected = [(account.display_name, amount) for account, amount in expected]
        self.assertCountEqual(lines, expected)

    def _get_credit(self):
        """Return what the customer is owed or owes beside the invoices."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.customer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("move_id.move_type", "=", "entry"),
            ]
        )
        return sum(lines.mapped("amount_residual_currency"))

    def _assert_paid(self, invoice):
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))
        self.assertEqual(invoice.amount_residual, 0.0)

    @property
    def outstanding(self):
        return self.inbound_payment_method_line.payment_account_id


@tagged("post_install", "-at_install", "paylink")
class TestBooking(BookingCase):
    def test_fee_and_tip_are_lines_of_the_one_entry(self):
        self._set_fee()
        tx = self._pay(tip="20")
        self.assertEqual(tx.amount, 123.6)
        self._assert_lines(
            tx.payment_id.move_id,
            [
                (self.outstanding, 123.6),
                (self.receivable, -100.0),
                (self.tip_income, -20.0),
                (self.fee_income, -3.6),
            ],
        )
        self._assert_paid(self.posted_invoice)
        self.assertEqual(self._get_credit(), 0.0)
        self.assertFalse(self.posted_invoice.activity_ids)
        self.assertEqual(self.posted_invoice.reconciled_payment_ids, tx.payment_id)
