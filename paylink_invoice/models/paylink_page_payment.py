# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: paying online, in parts or by bank transfer, and what was paid already."""

from odoo import api, fields, models


class PaylinkPagePayment(models.AbstractModel):
    _inherit = "paylink.page"

    # === WHAT CAN BE PAID === #

    @api.model
    def _get_payment_denial(self, link, is_preview=False):
        """Return why the page offers no payment, or ``None``; see :meth:`paylink.link._get_denial`."""
        denial = link._get_denial("pay")
        if is_preview and denial in ("expired", "revoked"):
            # Staff look at the document; that the link is over is told elsewhere.
            return link._get_payment_denial()
        return denial

    @api.model
    def _prepare_payment(self, link, summary, choices, is_preview=False):
        """Return the offer to pay: ``denial`` (a reason or None), ``amount`` (what is charged unless
        the customer chooses otherwise), ``label``, ``offers``, ``hint``.

        :param choices: what :meth:`_prepare_choices` returned, or ``None``
        """
        denial = None if choices else self._get_payment_denial(link, is_preview)
        text = self._get_no_provider_text(link)
        hint = text if denial in ("no_provider", "not_offered") else ""
        return {
            "denial": denial,
            "amount": choices["price"]["total"] if choices else "",
            "label": choices["price"]["label"] if choices else "",
            "offers": self._prepare_offers(link.move_id) if summary["amount_due"] else [],
            "hint": hint if summary["amount_due"] else "",
        }

    @api.model
    def _get_no_provider_text(self, link):
        if link.move_id.partner_bank_id:
            return self.env._("Please pay by bank transfer, with the reference below.")
        seller = self._isolate(link.company_id.name)
        return self.env._("Please ask %(seller)s how to pay.", seller=seller)

    @api.model
    def _prepare_offers(self, move):
        """Return what else than the whole sum can be paid: the next part, or less if paid early.

        :return: list of ``{'amount', 'text'}``
        """
        values = move._get_invoice_next_payment_values()
        format_money = self._get_number_format(move.currency_id).money
        if values.get("installment_state") == "epd":
            saved = self._phrase_money(values["epd_discount_amount_currency"], move.currency_id)
            date = self._format_date(fields.Date.to_date(values["discount_date"]))
            text = self.env._("if you pay by %(date)s: you save %(saved)s", date=date, saved=saved)
            return [{"amount": format_money(values["amount_due"]), "text": text}]
        is_part = move.currency_id.compare_amounts(
            values.get("next_amount_to_pay", 0), move.amount_residual
        )
        if values.get("installment_state") in ("next", "overdue") and is_part:
            due_date = values["next_due_date"]
            if values["installment_state"] == "overdue":
                text = self.env._(
                    "of it is overdue since %(date)s", date=self._format_date(due_date)
                )
            else:
                text = self.env._("of it is due by %(date)s", date=self._format_date(due_date))
            return [{"amount": format_money(values["next_amount_to_pay"]), "text": text}]
        return []

    # === BANK TRANSFER === #

    @api.model
    def _prepare_bank(self, move):
        """Return the account to transfer to, or None where none is known.

        :return: list of ``{'label', 'value', 'is_code'}``; codes are worth a copy button
        """
        return self._describe_account(
            move.partner_bank_id,
            self._format_money(move.amount_residual, move.currency_id),
            move.payment_reference or move.name,
        )

    @api.model
    def _describe_account(self, account, amount, reference=None):
        """Return a `res.partner.bank` and what to transfer to it, see :meth:`_prepare_bank`.

        :param str amount: as the customer reads it
        :param reference: what to give as the reference, if anything
        """
        if not account:
            return None
        holder = account.acc_holder_name or account.partner_id.name
        rows = (
            (self.env._("Account holder"), holder, False),
            (self.env._("Bank"), account.bank_id.name, False),
            (self.env._("Account number"), account.acc_number, True),
            (self.env._("BIC"), account.bank_id.bic, True),
            (self.env._("Payment reference"), reference, True),
            (self.env._("Amount"), amount, False),
        )
        return [
            {"label": label, "value": value, "is_code": is_code}
            for label, value, is_code in rows
            if value
        ]

    # === PAYMENT IN PARTS === #

    @api.model
    def _prepare_instalments(self, move):
        """Return the parts of a document that is paid in several: list of ``{'number', 'date',
        'amount', 'state_text', 'tone'}``; empty where it is paid at once."""
        lines = self._get_term_lines(move)
        if len(lines) < 2 or move.move_type == "out_refund":
            return []
        return [
            {
                "number": number,
                "date": self._format_date(line.date_maturity),
                "amount": self._format_money(line.amount_currency, move.currency_id),
                **self._prepare_instalment_state(line),
            }
            for number, line in enumerate(lines, start=1)
        ]

    @api.model
    def _prepare_instalment_state(self, line):
        if line.reconciled:
            return {"state_text": self.env._("Paid"), "tone": "ok"}
        if self._get_due_code(line.date_maturity) == "overdue":
            return {"state_text": self.env._("Overdue"), "tone": "warn"}
        if line.currency_id.compare_amounts(line.amount_residual_currency, line.amount_currency):
            left = self._phrase_money(line.amount_residual_currency, line.currency_id)
            return {"state_text": self.env._("%(amount)s open", amount=left), "tone": "calm"}
        return {"state_text": self.env._("Open"), "tone": "calm"}

    # === WHAT WAS PAID === #

    @api.model
    def _prepare_payments(self, move):
        """Return the payments and credit notes that were set off; no exchange differences."""
        if not move.currency_id.compare_amounts(move.amount_residual, move.amount_total):
            return []  # Nothing was set off; saves Odoo's search for it.
        widget = move.invoice_payments_widget or {"content": []}
        rows = []
        for content in sorted(widget["content"], key=lambda content: content["date"]):
            if content["is_exchange"]:
                continue
            label = self._get_payment_label(move, content)
            # A real minus sign, before the currency and never apart from it.
            amount = f"\u2212\u2060{self._format_money(content['amount'], move.currency_id)}"
            rows.append({"label": label, "amount": amount, "kind": "payment"})
        return rows

    @api.model
    def _get_payment_label(self, move, content):
        """Return what an entry of Odoo's ``invoice_payments_widget`` is, in a few words."""
        date = self._format_date(content["date"])
        if move.move_type == "out_refund":
            if content["account_payment_id"]:
                return self.env._("Paid out on %(date)s", date=date)
            return self.env._("Set off on %(date)s", date=date)
        if content["is_refund"]:
            return self.env._("Credit note of %(date)s", date=date)
        return self.env._("Paid on %(date)s", date=date)

    @api.model
    def _prepare_receipts(self, link, paths):
        """Return the receipts of payments made online: list of ``{'label', 'refunded', 'path'}``."""
        receipts = []
        for tx in link._get_receipts():
            refunded = tx._paylink_get_refunded()
            date = self._format_date(tx.last_state_change or tx.create_date)
            receipts.append(
                {
                    "label": self.env._(
                        "Receipt for %(amount)s, %(date)s",
                        amount=self._phrase_money(tx._paylink_get_received(), tx.currency_id),
                        date=date,
                    ),
                    "refunded": refunded
                    and self.env._(
                        "Refunded: %(amount)s", amount=self._phrase_money(refunded, tx.currency_id)
                    ),
                    "path": paths and link._get_receipt_path(tx),
                }
            )
        return receipts
