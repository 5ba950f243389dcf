# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The receipt of a payment: what became of it, in words, as a page and as a PDF."""

from odoo import fields, models

from ..html_cleaning import clean_html

# How many documents a receipt names beside the amounts.
MAX_NAMED = 5


class PaymentTransactionReceipt(models.Model):
    _inherit = "payment.transaction"

    def _paylink_has_receipt(self):
        """Tell whether the money has arrived, so that there is something to certify."""
        self.ensure_one()
        return self.state == "done" and self.amount > 0

    def _paylink_prepare_receipt_values(self, link_sudo, is_live=True):
        """Return the values of ``paylink_invoice.paylink_receipt_page``, all strings or None.

        :param link_sudo: a `paylink.link` of the document, in the customer's language
        :param bool is_live: whether the link still opens pages, so that they can be linked
        :return: the layout's values, ``heading``, ``text``, ``tone`` ('ok', 'calm' or 'warn'),
            ``state_label``, ``details`` (a sentence of the provider), ``instructions`` (clean HTML),
            ``price_rows`` (see :meth:`_paylink_prepare_price_rows`), ``rows`` (``{'label',
            'value'}``), ``is_open`` (may change by itself), ``pay_label`` and the paths
            ``page_path``, ``pay_path``, ``pdf_path``
        """
        link_sudo = link_sudo._choose_currency(self.currency_id.name)
        page, link, _move = link_sudo.env["paylink.page"]._switch_to(link_sudo)
        tx = self.with_env(link.env)
        heading, text, tone = tx._paylink_get_receipt_words(link)
        can_pay = is_live and not tx.paylink_has_wrong_amount
        can_pay = can_pay and link._is_more_to_pay(tx.currency_id)
        has_pdf = is_live and tx._paylink_has_receipt()
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "text": text,
            "tone": tone,
            "state_label": tx._paylink_get_state_label(),
            "pay_label": tx._paylink_get_pay_label(link),
            "details": tx._paylink_get_provider_words(),
            "instructions": tx._paylink_get_instructions(),
            "price_rows": tx._paylink_prepare_price_rows(),
            "rows": tx._paylink_prepare_receipt_rows(),
            "is_open": tx._paylink_is_open(),
            "page_path": link._get_page_path() if is_live else None,
            "back_label": page._get_back_label(link),
            "pay_path": tx._paylink_get_pay_path(link) if can_pay else None,
            "pdf_path": link._get_receipt_path(tx, ".pdf") if has_pdf else None,
        }

    def _paylink_get_receipt_words(self, link_sudo):
        """Return what became of the payment: heading, sentence and tone."""
        self.ensure_one()
        page = self.env["paylink.page"]
        values = {
            "amount": page._phrase_money(self._paylink_get_received(), self.currency_id),
            "seller": page._isolate(link_sudo.company_id.name),
        }
        if self.paylink_has_wrong_amount:
            return (
                self.env._("Your payment is being checked"),
                self.env._(
                    "Another amount than %(amount)s came in. %(seller)s will contact you.", **values
                ),
                "warn",
            )
        if self.state == "done":
            return self._paylink_get_done_words(values)
        if self.state in ("cancel", "error"):
            return *self._paylink_get_failure_words(values), "warn"
        return self._paylink_get_waiting_words(values)

    def _paylink_get_waiting_words(self, values):
        """Return heading, sentence and tone of a payment whose money is not here yet."""
        if self.state == "authorized":
            return (
                self.env._("Your payment is authorized"),
                self.env._(
                    "%(amount)s is reserved. %(seller)s will collect it; you need do nothing more.",
                    **values,
                ),
                "ok",
            )
        if self.state == "draft":
            heading = self.env._("Not confirmed yet")
            text = self.env._(
                "If you have just paid, wait a moment: this page tells as soon as your payment is "
                "confirmed. If you have not, you can still do so."
            )
        elif self.provider_code == "custom":
            heading = self.env._("One step is left")
            text = self.env._("Please transfer %(amount)s yourself, as told below.", **values)
        else:
            heading = self.env._("Your payment is on its way")
            text = self.env._(
                "%(amount)s is not confirmed yet. That can take a while; you need not pay again.",
                **values,
            )
        return heading, text, "calm"

    def _paylink_get_failure_words(self, values):
        """Return heading and sentence of a payment that brings no money."""
        if self.state == "cancel":
            return (
                self.env._("Not paid"),
                self.env._(
                    "The payment of %(amount)s was stopped before it was finished.", **values
                ),
            )
        return (
            self.env._("The payment did not work"),
            self.env._(
                "%(amount)s has not been paid. You can try again or choose another way to pay.",
                **values,
            ),
        )

    def _paylink_get_state_label(self):
        """Return the state in one or two words."""
        self.ensure_one()
        labels = {
            "draft": self.env._("Not confirmed"),
            "pending": self.env._("Pending"),
            "authorized": self.env._("Authorized"),
            "done": self.env._("Refunded") if self._paylink_is_refunded() else self.env._("Paid"),
            "cancel": self.env._("Canceled"),
            "error": self.env._("Failed"),
        }
        return labels[self.state]

    def _paylink_get_pay_label(self, link_sudo):
        """Return what the button to the payment form says."""
        self.ensure_one()
        if link_sudo.kind == "balance" and (self.state == "done" or self._paylink_filter_pending()):
            return self.env._("Pay what else is open")
        labels = {
            "draft": self.env._("Pay now"),
            "pending": self.env._("Pay another way"),
            "done": self.env._("Pay the rest"),
        }
        return labels.get(self.state) or self.env._("Try again")

    def _paylink_get_pay_path(self, link_sudo):
        """Return where the customer goes on to pay: the choices where they differ in price."""
        if link_sudo.kind == "balance":
            return f"{link_sudo._get_page_path()}#o_paylink_pay"
        choices = link_sudo.env["paylink.page"]._prepare_choices(link_sudo)
        if choices and (choices["has_fee"] or choices["tips"]):
            return f"{link_sudo._get_path()}#o_paylink_pay"
        return link_sudo._get_path("pay")

    def _paylink_get_done_words(self, values):
        """Return what became of money that has arrived: heading, sentence and tone."""
        if self._paylink_is_refunded():
            return (
                self.env._("Your payment was given back"),
                self.env._(
                    "%(seller)s has refunded %(amount)s. It can take some days to arrive.", **values
                ),
                "calm",
            )
        return self.env._("Thank you"), self._paylink_get_arrival_words(values), "ok"

    def _paylink_get_arrival_words(self, values):
        """Return the sentence about money that has arrived, also when it came once too often."""
        is_booked = bool(self.payment_id)
        if is_booked and self.currency_id.compare_amounts(self._paylink_get_leftover(), 0) > 0:
            return self.env._(
                "Your payment of %(amount)s has arrived, but the invoice needed less. "
                "%(seller)s keeps the rest as your credit and has been told.",
                **values,
            )
        return self.env._("Your payment of %(amount)s has arrived.", **values)

    def _paylink_get_provider_words(self):
        """Return why the provider could not finish the payment, in its own words, if it said so."""
        self.ensure_one()
        is_refusal = self.state in ("cancel", "error") and not self.paylink_is_given_up
        return self.state_message if is_refusal and not self.paylink_has_wrong_amount else None

    def _paylink_get_instructions(self):
        """Return how to pay a transfer that the customer makes, as clean HTML, or None."""
        self.ensure_one()
        if self.state != "pending" or self.provider_code != "custom":
            return None
        return clean_html(self.provider_id.pending_msg) or None

    def _paylink_prepare_price_rows(self):
        """Return what the amount consists of; empty where it all pays one document.

        :return: list of ``{'label', 'amount', 'kind'}``, see :meth:`paylink.page._prepare_price`
        """
        self.ensure_one()
        price = self._paylink_get_received_price()
        page = self.env["paylink.page"]
        quote = self.paylink_quote_id
        named = page._prepare_quoted_documents(quote) if quote else []
        if len(named) < 2 or price != self._paylink_get_price():
            named = [(self.env._("Amount"), float(price.base))]
        rows = page._prepare_price(self.currency_id, named, price)["rows"]
        return rows if len(rows) > 1 else []

    def _paylink_prepare_receipt_rows(self):
        """Return the facts of the payment: list of ``{'label', 'value'}``.

        The amount is among them where :meth:`_paylink_prepare_price_rows` is empty.
        """
        self.ensure_one()
        move = self.invoice_ids[:1]
        is_transfer = self.state == "pending" and self.provider_code == "custom"
        is_plain = not self._paylink_prepare_price_rows()
        rows = (
            (
                self.env._("Amount"),
                self.currency_id.format(self._paylink_get_received()) if is_plain else None,
            ),
            (self.env._("For"), self._paylink_get_document_names()),
            (
                self.env._("Customer"),
                (move.commercial_partner_id or self.partner_id.commercial_partner_id).name,
            ),
            (self.env._("Method"), self._paylink_get_method_name()),
            (self.env._("Date"), self.env["paylink.page"]._format_moment(self.last_state_change)),
            (
                self.env._("Payment reference"),
                (move.payment_reference or move.name) if is_transfer else None,
            ),
            (self.env._("Reference"), self.reference),
            *self._paylink_prepare_refund_rows(),
            (self.env._("Still to pay"), self._paylink_format_remaining()),
        )
        return [{"label": label, "value": value} for label, value in rows if value]

    def _paylink_get_document_names(self):
        """Return what was paid, e.g. "Invoice INV/2026/00042"."""
        self.ensure_one()
        moves = self.invoice_ids.sorted(self._paylink_get_age)
        names = [
            " ".join(part for part in (move.type_name, move.name) if part)
            if move.is_invoice(include_receipts=True)
            else move.ref or move.name
            for move in moves[:MAX_NAMED]
        ]
        if len(moves) > MAX_NAMED:
            names.append(self.env._("%(count)s more documents", count=len(moves) - MAX_NAMED))
        return ", ".join(names)

    def _paylink_get_received(self):
        """Return how much has arrived: all of it, or what was captured in parts."""
        return float(self._paylink_get_received_price().total)

    # === WHAT CAME BACK === #

    def _paylink_get_refunds(self):
        """Return the transactions that gave money of this one back, or are about to, oldest first."""
        return (
            (self | self._paylink_get_captures())
            .child_transaction_ids.filtered(
                lambda tx: (
                    tx.operation == "refund" and tx.state in ("done", "pending", "authorized")
                )
            )
            .sorted("id")
        )

    def _paylink_get_refunded(self):
        """Return how much of the payment was given back, a positive amount."""
        self.ensure_one()
        done = self._paylink_get_refunds().filtered(lambda tx: tx.state == "done")
        return -sum(done.mapped("amount"))

    def _paylink_is_refunded(self):
        """Tell whether all of the payment was given back."""
        self.ensure_one()
        refunded, received = self._paylink_get_refunded(), self._paylink_get_received()
        return self.currency_id.compare_amounts(refunded, received) >= 0

    def _paylink_prepare_refund_rows(self):
        """Return what was given back when: list of ``(label, value)``."""
        self.ensure_one()
        rows = []
        for refund in self._paylink_get_refunds():
            date = self.env["paylink.page"]._format_date(
                refund.last_state_change or refund.create_date
            )
            label = (
                self.env._("Refunded on %(date)s", date=date)
                if refund.state == "done"
                else self.env._("Refund under way since %(date)s", date=date)
            )
            rows.append((label, refund._paylink_describe_refund()))
        return rows

    def _paylink_describe_refund(self):
        """Return the amount of a refund, and what of it is tip and fee."""
        self.ensure_one()
        amount, tip, fee = (
            self.env["paylink.page"]._phrase_money(abs(part), self.currency_id) if part else ""
            for part in (self.amount, self.paylink_tip_amount, self.paylink_fee_amount)
        )
        if tip and fee:
            return self.env._(
                "%(amount)s (including a tip of %(tip)s and a fee of %(fee)s)",
                amount=amount,
                tip=tip,
                fee=fee,
            )
        if tip:
            return self.env._("%(amount)s (including a tip of %(tip)s)", amount=amount, tip=tip)
        if fee:
            return self.env._("%(amount)s (including a fee of %(fee)s)", amount=amount, fee=fee)
        return amount

    # === AS A FILE === #

    def _paylink_get_receipt_lang(self):
        """Return the language that the customer reads the receipt in."""
        self.ensure_one()
        return self.paylink_link_id._get_lang() if self.paylink_link_id else self.partner_lang

    def _paylink_get_method_name(self):
        """Return how it was paid, in words the customer knows."""
        self.ensure_one()
        if self.payment_method_id.code == "unknown":
            return self.provider_id.name
        return self.payment_method_id.name

    def _paylink_get_remaining(self):
        """Return what the invoice still needs, or ``None`` where that is not known or no matter."""
        self.ensure_one()
        moves = self.invoice_ids
        if self.state != "done" or not self.is_post_processed:
            return None
        if set(moves.mapped("state")) != {"posted"}:
            return None
        settled_states = moves._paylink_get_settled_states()
        open_moves = moves.filtered(lambda move: move.payment_state not in settled_states)
        return sum(open_moves.mapped("amount_residual"))

    def _paylink_format_remaining(self):
        """Return what the documents still need; ``None`` where that is no matter.

        Of a balance there may be more to pay than these.
        """
        remaining = self._paylink_get_remaining()
        is_balance = self.paylink_link_id.kind == "balance"
        if remaining is None or (is_balance and self.currency_id.is_zero(remaining)):
            return None
        return self.currency_id.format(remaining)

    def _paylink_is_open(self):
        """Tell whether the outcome may change within minutes without anybody doing anything."""
        self.ensure_one()
        if self.state == "draft":
            return self._paylink_get_end_of_attempt() > fields.Datetime.now()
        is_awaited = self.state == "pending" and self.provider_code != "custom"
        return is_awaited or (self.state == "done" and not self.is_post_processed)

    def _paylink_render_receipt(self, link_sudo):
        """Return the receipt as a PDF, rendered on the fly, nothing written.

        :param link_sudo: a `paylink.link` of the document, in the customer's language
        :return: ``(filename, bytes)``
        """
        self.ensure_one()
        _page, link, _move = link_sudo.env["paylink.page"]._switch_to(link_sudo)
        pdf, _format = link.env["ir.actions.report"]._render_qweb_pdf(
            "paylink_invoice.report_payment_receipt", self.ids
        )
        name = link.env._("Receipt %(reference)s", reference=self.reference)
        return f"{name.replace('/', '_')}.pdf", pdf
