# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The lines of a payment's entry: documents, early-payment discount, tip and fee with their taxes."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Command


class PaymentTransactionEntry(models.Model):
    _inherit = "payment.transaction"

    # === LINES OF THE ENTRY === #

    def _paylink_prepare_lines(self, shares, values, position):
        """Return the values of all lines but the money's and the first document's.

        Odoo makes these two; the document's gets what is left.

        :param list shares: see :meth:`_paylink_get_shares`
        :param dict values: see :meth:`_paylink_prepare_payment_values`
        :param position: the `account.fiscal.position`; ``None``: tip and fee become credit
        """
        price = self._paylink_get_price()
        extras = (
            (self._paylink_get_company()._paylink_get_tip_product(), price.tip),
            (self.provider_id._paylink_get_fee_product(), price.fee),
        )
        amounts = [share.amount for share in shares] or [price.base]
        balances = self._paylink_convert_parts([*amounts, price.tip, price.fee], values["date"])
        lines = []
        for index, share in enumerate(shares):
            discounts = self._paylink_prepare_discount_lines(share.discount_aml)
            lines += discounts
            if index:
                lines.append(self._paylink_prepare_share_line(share, balances[index], discounts))
        for (product, amount), balance in zip(extras, balances[-2:], strict=True):
            if amount and position is not None:
                lines += self._paylink_prepare_extra_lines(product, amount, balance, position)
            elif amount:
                lines.append(self._paylink_prepare_credit_line(product, amount, balance))
        return lines

    def _paylink_convert_parts(self, parts, date):
        """Return parts of the amount in the currency of the company.

        Each is a difference of converted running sums: so they add up to the converted amount, and
        what the documents get does not depend on tip and fee.

        :param list parts: :class:`~decimal.Decimal` in the currency of the payment
        """
        company = self._paylink_get_company()
        currency = company.currency_id
        balances, total, before = [], 0, 0.0
        for part in parts:
            total += part
            after = self.currency_id._convert(float(total), currency, company, date)
            balances.append(currency.round(after - before))
            before = after
        return balances

    def _paylink_prepare_line(self, name, account, amount, balance):
        """Return the values of a line; ``amount`` and ``balance`` are debits."""
        return {
            "name": name,
            "account_id": account.id,
            "partner_id": self.partner_id.commercial_partner_id.id,
            "currency_id": self.currency_id.id,
            "amount_currency": self.currency_id.round(float(amount)),
            "balance": self.company_id.currency_id.round(balance),
        }

    def _paylink_prepare_share_line(self, share, balance, discounts):
        """Return the values of the line that settles one of several documents."""
        amount = float(share.amount) + sum(line["amount_currency"] for line in discounts)
        balance += sum(line["balance"] for line in discounts)
        account = self._paylink_get_receivable(share.move)
        line = self._paylink_prepare_line(share.move.name, account, -amount, -balance)
        return {**line, "date_maturity": fields.Date.context_today(self)}

    def _paylink_prepare_discount_lines(self, aml):
        """Return the values of what an early-payment discount costs, with the taxes it takes off.

        :param aml: the `account.move.line` that is discounted, or none
        """
        if not aml:
            return []
        # At the rate of the invoice: the difference is left to the reconciliation.
        discount = aml.balance - aml.discount_balance
        settled = {
            "aml": aml,
            "amount_currency": -aml.amount_residual_currency,
            "balance": -aml.balance,
        }
        groups = aml.move_id._get_invoice_counterpart_amls_for_early_payment_discount(
            [settled], discount
        )
        account = self._paylink_get_income_account(self.env["product.product"], None)
        lines = []
        for line in (line for group in groups.values() for line in group):
            if not (line["account_id"] or account):
                raise UserError(self.env._("There is no account for early-payment discounts."))
            lines.append({**line, "account_id": line["account_id"] or account.id})
        return lines

    def _paylink_prepare_credit_line(self, product, amount, balance):
        """Return the values of a line that leaves a tip or a fee as the customer's credit."""
        account = self._paylink_get_receivable(self._paylink_get_documents())
        line = self._paylink_prepare_line(product.name, account, -amount, -balance)
        today = fields.Date.context_today(self)
        return {
            **line,
            "product_id": product.id,
            "tax_ids": [Command.clear()],
            "date_maturity": today,
        }

    def _paylink_prepare_extra_lines(self, product, amount, balance, position):
        """Return the values of the lines that book a tip or a fee, which includes its taxes.

        :param product: the `product.product` with the account and the taxes
        :param Decimal amount: what was charged; negative: what is given back
        :param float balance: the same in the currency of the company
        :param position: the `account.fiscal.position` of the customer
        """
        account = self._paylink_get_income_account(product, position)
        if not account:
            return [self._paylink_prepare_credit_line(product, amount, balance)]
        base_line = self._paylink_prepare_base_line(product, amount, balance, account, position)
        company = self._paylink_get_company()
        taxes = self.env["account.tax"]
        taxes._add_tax_details_in_base_lines([base_line], company)
        taxes._round_base_lines_tax_details([base_line], company)
        taxes._add_accounting_data_in_base_lines_tax_details([base_line], company)
        result = taxes._prepare_tax_lines([base_line], company)
        tax_lines = result["tax_lines_to_add"]
        # What is left of the charged amount, whatever the taxes were rounded to.
        line = self._paylink_prepare_line(
            base_line["name"],
            account,
            -float(amount) - sum(tax["amount_currency"] for tax in tax_lines),
            -balance - sum(tax["balance"] for tax in tax_lines),
        )
        if line["balance"] * line["amount_currency"] < 0:
            # Smallest amounts in a foreign currency: the taxes were rounded to more than there is.
            max(tax_lines, key=lambda tax: abs(tax["balance"]))["balance"] += line["balance"]
            line["balance"] = 0.0
        return [
            {
                **line,
                "product_id": product.id,
                "tax_ids": [Command.set(base_line["tax_ids"].ids)],
                "tax_tag_ids": result["base_lines_to_update"][0][1]["tax_tag_ids"],
            },
            *tax_lines,
        ]

    def _paylink_prepare_base_line(self, product, amount, balance, account, position):
        """Return a tip or a fee as Odoo's computation of taxes wants it: all of them included."""
        company = self._paylink_get_company()
        own_taxes = product.taxes_id._filter_taxes_by_company(company)
        product = product.with_context(lang=company.partner_id.lang)
        return self.env["account.tax"]._prepare_base_line_for_taxes_computation(
            None,
            name=product.name,
            product_id=product,
            tax_ids=position.map_tax(own_taxes),
            price_unit=abs(float(amount)),
            quantity=1.0,
            currency_id=self.currency_id,
            rate=abs(float(amount) / balance) if balance else 0.0,
            sign=-1.0 if amount > 0 else 1.0,
            is_refund=amount < 0,
            special_mode="total_included",
            partner_id=self.partner_id.commercial_partner_id,
            account_id=account,
        )

    # === ACCOUNTS === #

    def _paylink_get_fiscal_position(self):
        """Return the `account.fiscal.position` of what is paid, else of the customer."""
        positions = self.env["account.fiscal.position"].with_company(self._paylink_get_company())
        documents = self._paylink_get_documents().sorted(self._paylink_get_age)
        partner = documents[:1].partner_id or self.partner_id
        return documents.fiscal_position_id[:1] or positions._get_fiscal_position(partner)

    def _paylink_get_receivable(self, moves):
        """Return the account that documents are owed on, else the one of the customer."""
        lines = self._paylink_get_own_lines(moves)
        terms = lines.filtered(lambda line: line.display_type == "payment_term") or lines.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        partner = self.partner_id.commercial_partner_id.with_company(self._paylink_get_company())
        return terms.account_id[:1] or partner.property_account_receivable_id

    def _paylink_get_product_account(self, product):
        """Return the income account that was entered for a product or its category, or none.

        A branch has those of its parent company, where the provider is set up, but for its own.
        """
        for company in reversed(self._paylink_get_company().parent_ids):
            template = product.product_tmpl_id.with_company(company)
            account = (
                template.property_account_income_id
                or template.categ_id.property_account_income_categ_id
            )
            if account:
                return account
        return self.env["account.account"]

    def _paylink_get_income_account(self, product, position):
        """Return the account that books a tip or a fee, or none.

        It is the product's, its category's or the company's, mapped by the fiscal position; else
        the company's as it is, else the one of the journal that the document is in.

        :param product: a `product.product`; none: begin with the company
        """
        company = self._paylink_get_company()
        template = product.product_tmpl_id.with_company(company)
        accounts = template and template.get_product_accounts(fiscal_pos=position)["income"]
        own = (position or self.env["account.fiscal.position"]).map_account(
            self._paylink_get_product_account(product)
        )
        candidates = (
            *own,
            *(accounts or ()),
            *company.income_account_id,
            *company.root_id.income_account_id,
            *self._paylink_get_documents().journal_id.default_account_id,
        )
        # What bears a balance with a customer or is outside of the books is no income.
        unfit = ("asset_receivable", "liability_payable", "off_balance")
        return next(
            (
                account
                for account in candidates
                if account.active and account.account_type not in unfit
            ),
            self.env["account.account"],
        )
