# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: what the customer chooses, what it comes to, and the page that confirms it."""

from decimal import Decimal

from odoo import api, models

from .. import pricing

# What examples in the settings are about, in the company's currency.
EXAMPLE_AMOUNT = Decimal(100)
# How many documents a price names.
MAX_QUOTED = 8


class PaylinkPagePrice(models.AbstractModel):
    _inherit = "paylink.page"

    # === WHAT CAN BE CHOSEN === #

    @api.model
    def _prepare_choices(self, link, is_preview=False):
        """Return what the customer chooses before paying, or ``None`` where nothing can be paid.

        :param link: one `paylink.link` in sudo mode
        :return: dict; ``amounts``: ``{'value', 'label', 'amount'}`` where the value of another
            amount is ``other``; ``default_amount``: the value that is chosen at first; ``part_hint`` (which other amounts can be paid, or None); ``tips``:
            ``{'value', 'label', 'amount'}``, empty where no tips are offered; ``options``:
            ``{'value', 'label', 'text', 'is_default'}``, the text tells the fee, empty where the one
            way to pay costs nothing; ``has_fee``; ``can_save_card`` (on the page of a provider);
            ``is_plain`` (nothing to choose at all) and ``price``
            (of what is chosen unless the customer does, see :meth:`_prepare_price`)
        """
        if self._get_payment_denial(link, is_preview):
            return None
        amounts = link._get_amount_choices()
        options = link._get_options()
        default = self._get_default_option(link, options)
        has_fee = any(option["fee_rule"] for option in options)
        amount_choices = self._prepare_amount_choices(link, amounts)
        choices = {
            "amounts": amount_choices,
            "default_amount": amount_choices[0]["value"],
            "part_hint": link._get_part_range(amounts),
            "tips": self._prepare_tip_choices(link, amounts["full"]),
            "options": self._prepare_option_choices(link, options, default, has_fee),
            "has_fee": has_fee,
            "can_save_card": any(self._can_save_card(option) for option in options),
            "price": self._prepare_default_price(link, amounts["full"], default),
        }
        has_choice = len(choices["amounts"]) > 1 or choices["amounts"][0]["value"] == "other"
        is_plain = not (has_choice or choices["tips"] or choices["options"])
        return {**choices, "is_plain": is_plain}

    @api.model
    def _get_default_option(self, link, options=None):
        """Return the way to pay of who just wants to pay: one without a fee where that is possible.

        :param options: what `paylink.link._get_options` returned, if known
        """
        options = options or link._get_options()
        return next((option for option in options if not option["fee_rule"]), options[0])

    @api.model
    def _can_save_card(self, option):
        """Tell whether our page asks to save the card: where no form of Odoo does it later."""
        return (
            option["flow"] == "redirect"
            and option["provider"].allow_tokenization
            and option["method"].support_tokenization
        )

    @api.model
    def _prepare_amount_choices(self, link, amounts):
        format_money = self._get_number_format(link._get_currency()).money
        full = format_money(float(amounts["full"]))
        choices = [{"value": "full", "label": self.env._("Everything"), "amount": full}]
        if amounts["next"]:
            due = link.move_id._get_invoice_next_payment_values()
            date = self._isolate(self._format_date(due["next_due_date"]))
            is_overdue = due["installment_state"] == "overdue"
            choices.append(
                {
                    "value": "next",
                    "label": self.env._("What is overdue")
                    if is_overdue
                    else self.env._("Next instalment"),
                    "amount": format_money(float(amounts["next"])),
                    "text": self.env._("overdue since %(date)s", date=date)
                    if is_overdue
                    else self.env._("due by %(date)s", date=date),
                }
            )
        if amounts["minimum"] is not None:
            choices.append({"value": "other", "label": self.env._("Another amount")})
        return choices

    @api.model
    def _prepare_tip_choices(self, link, base):
        """Return the tips with what they are of ``base``, a Decimal; empty where none are offered."""
        percents = link._get_tip_percents()
        if percents == ["0"]:
            return []
        return self._describe_tips(percents, base, link._get_currency())

    @api.model
    def _describe_tips(self, percents, base, currency):
        """Return tips as ``{'value', 'label', 'amount'}``, without an amount for no tip.

        :param percents: their keys, see `res.company._paylink_get_tip_percents`
        :param base: the Decimal that they are a share of
        """
        tips = []
        for percent in percents:
            tip = pricing.compute_tip(base, Decimal(percent), currency._paylink_get_step())
            label = self.env._("%(percent)s%%", percent=self._format_percent(percent))
            tips.append(
                {
                    "value": percent,
                    "label": label if percent != "0" else self.env._("No tip"),
                    "amount": self._format_money(float(tip), currency) if percent != "0" else None,
                }
            )
        return tips

    @api.model
    def _format_tips(self, link, base):
        """Return what each offered tip is of ``base``, a Decimal, by its key."""
        tips = self._describe_tips(link._get_tip_percents(), base, link._get_currency())
        return {tip["value"]: tip["amount"] for tip in tips if tip["amount"]}

    @api.model
    def _join_tips(self, tips):
        """Return what :meth:`_describe_tips` returns on one line, e.g. "No tip · 18% $ 18.00"."""
        return " · ".join(
            " ".join(part for part in (tip["label"], tip["amount"]) if part) for tip in tips
        )

    @api.model
    def _get_amounts_text(self, full, minimum, currency):
        """Return the sentence that tells which amounts can be paid.

        :param full: what settles the document, a Decimal
        :param minimum: the least that can be paid of it, ``None`` where it is all or nothing
        """
        amount = self._format_money(float(full), currency)
        if minimum is None:
            return self.env._("Please pay the whole amount, %(amount)s.", amount=amount)
        return self.env._(
            "Enter an amount from %(minimum)s to %(maximum)s, or pay the whole amount, %(full)s.",
            minimum=self._format_money(float(minimum), currency),
            maximum=self._format_money(float(full - minimum), currency),
            full=amount,
        )

    @api.model
    def _describe_choices(self, link, choices):
        """Return what :meth:`_prepare_choices` offers as plain lines, for staff."""
        amounts = link._get_amount_choices()
        lines = [
            self._get_amounts_text(amounts["full"], amounts["minimum"], link._get_currency()),
            self._join_tips(choices["tips"]),
            *(f"{option['label']}: {option['text']}" for option in choices["options"]),
        ]
        return "\n".join(line for line in lines if line)

    @api.model
    def _prepare_option_choices(self, link, options, default, has_fee):
        """Return the ways to pay, each with its fee in words; empty for one that costs nothing."""
        if len(options) == 1 and not has_fee:
            return []
        currency = link._get_currency()
        return [
            {
                "value": option["id"],
                "label": option["label"],
                "text": self._get_fee_rule_text(option["fee_rule"], currency),
                "is_default": option == default,
            }
            for option in options
        ]

    @api.model
    def _get_fee_rule_text(self, rule, currency):
        """Return what a way to pay costs, e.g. "Fee: 2.9% + $ 0.30, at most $ 10.00"."""
        if not rule:
            return self.env._("No fee")
        fee = self._phrase_fee(rule, currency)
        limits = []
        if rule.ceiling and rule.fixed:
            # A fixed part is much of a small amount.
            limits.append(self.env._("%(percent)s%%", percent=self._format_percent(rule.ceiling)))
        if rule.maximum:
            limits.append(self._format_money(float(rule.maximum), currency))
        if limits:
            maximum = " / ".join(limits)
            return self.env._("Fee: %(fee)s, at most %(maximum)s", fee=fee, maximum=maximum)
        return self.env._("Fee: %(fee)s", fee=fee)

    @api.model
    def _phrase_fee(self, rule, currency):
        """Return what a way to pay costs without its limits, e.g. "2.9% + $ 0.30"."""
        parts = []
        if rule.percent:
            parts.append(self.env._("%(percent)s%%", percent=self._format_percent(rule.percent)))
        if rule.fixed:
            parts.append(self._format_money(float(rule.fixed), currency))
        return " + ".join(self._isolate(part) for part in parts)

    @api.model
    def _get_fee_example(self, rule, currency):
        """Return what a way to pay costs, and what that makes of an example, for whoever sets it."""
        text = self._get_fee_rule_text(rule, currency)
        if not rule:
            return text
        price = pricing.compute_price(
            EXAMPLE_AMOUNT, Decimal(0), rule, currency._paylink_get_step()
        )
        return self.env._(
            "%(fee)s — for %(amount)s the customer pays %(total)s",
            fee=text,
            amount=self._format_money(float(price.base), currency),
            total=self._format_money(float(price.total), currency),
        )

    @api.model
    def _format_percent(self, percent):
        """Return a percentage in the reader's format, without the sign."""
        lang = self.env["res.lang"].browse(
            self.env["res.lang"]._get_data(code=self.env.context.get("lang") or "en_US").id
        )
        plain = f"{percent:f}" if not isinstance(percent, str) else percent
        decimals = len(plain.partition(".")[2].rstrip("0"))
        return lang.format(f"%.{decimals}f", float(percent))

    # === WHAT IT COMES TO === #

    @api.model
    def _prepare_price(self, currency, lines, price):
        """Return what a payment comes to, as the customer reads it.

        :param list lines: ``(label, amount)`` of each document that is paid
        :param price: the :class:`~..pricing.Price`
        :return: ``rows`` (``{'label', 'amount', 'kind': 'part' | 'total'}``, the total only where it
            is a sum), ``base``, ``total`` and ``label`` of the button
        """
        base, tip, fee, total = (
            self._format_money(float(amount), currency)
            for amount in (price.base, price.tip, price.fee, price.total)
        )
        rows = [
            {"label": label, "amount": self._format_money(amount, currency), "kind": "part"}
            for label, amount in lines
        ]
        if price.tip:
            rows.append({"label": self.env._("Tip"), "amount": tip, "kind": "part"})
        if price.fee:
            rows.append({"label": self.env._("Processing fee"), "amount": fee, "kind": "part"})
        if len(rows) > 1:
            rows.append({"label": self.env._("Total"), "amount": total, "kind": "total"})
        label = self.env._("Pay %(amount)s", amount=total)
        return {"rows": rows, "base": base, "total": total, "label": label}

    @api.model
    def _prepare_default_price(self, link, base, option):
        """Return the price of ``base``, a Decimal, without a tip, and the ``fee_text`` to accept."""
        price = link._price(base, "0", option["fee_rule"])
        lines = [(link._get_document_name(), float(base))]
        return {
            **self._prepare_price(link._get_currency(), lines, price),
            "fee_text": link._get_fee_text(option, price) if price.fee else "",
        }

    @api.model
    def _prepare_quote_price(self, quote):
        """Return the price of a `paylink.quote`; see :meth:`_prepare_price`."""
        quote = quote.with_env(self.env)
        return self._prepare_price(
            quote.currency_id, self._prepare_quoted_documents(quote), quote._get_price()
        )

    @api.model
    def _prepare_quoted_documents(self, quote):
        """Return what is paid of which document: list of ``(label, amount)``, not too many; empty for a
        payment without a quote."""
        if not quote:
            return []
        lines = quote.line_ids.filtered("amount")
        shown = lines if len(lines) <= MAX_QUOTED else lines[: MAX_QUOTED - 1]
        documents = [
            # The number of an entry tells the customer nothing.
            (
                (line.move_id.move_type == "entry" and line.move_id.ref) or line.move_id.name,
                line.amount,
            )
            for line in shown
        ]
        if rest := lines - shown:
            label = self.env._("%(count)s more documents", count=len(rest))
            documents.append((label, sum(rest.mapped("amount"))))
        if advance := quote._get_advance():
            documents.append((self.env._("Credit for later invoices"), float(advance)))
        return documents

    @api.model
    def _prepare_quote_display(self, link, quote):
        """Return a quote as page.js shows it: its price, and what the offered ``tips`` would be."""
        page, link, _move = self._switch_to(link._choose_currency(quote.currency_id.name))
        base = quote._get_price().base
        return {**page._prepare_quote_price(quote), "tips": page._format_tips(link, base)}

    @api.model
    def _prepare_review_values(self, link, quote, refusal=None, is_card_saved=False):
        """Return the values of ``paylink_invoice.paylink_review_page``.

        :param link: one `paylink.link` in sudo mode
        :param quote: the `paylink.quote` to confirm
        :param refusal: the :class:`PaymentRefused` that brought the customer here, if any
        :param bool is_card_saved: whether the customer has asked already to save the card
        """
        page, link, _move = self._switch_to(link._choose_currency(quote.currency_id.name))
        heading = page.env._("Please check and pay")
        price = page._prepare_quote_price(quote)
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "document_label": page._get_document_label(link),
            "rows": price["rows"],
            "quote": quote.reference,
            "fee_text": quote.fee_text,
            "pay_label": price["label"],
            "can_save_card": any(
                self._can_save_card(option)
                for option in link._get_options()
                if option["id"] == quote._get_option_id()
            ),
            "is_card_saved": is_card_saved,
            "refusal": refusal and refusal.message,
            "is_fee_refused": bool(refusal) and refusal.code == "fee_not_accepted",
            "validity_text": page.env._(
                "This price is good until %(time)s.",
                time=page._isolate(link._format_time(quote.expiration_date)),
            ),
            "pay_path": link._get_path("pay"),
            "page_path": link._get_page_path(),
            "back_label": page._get_back_label(link),
        }

    @api.model
    def _prepare_refusal_values(self, link, refusal, quote=None, form=None):
        """Return the values of ``paylink_invoice.paylink_refusal_page``: why, and how to go on.

        :param link: one `paylink.link` in sudo mode
        :param refusal: the :class:`PaymentRefused`
        :param quote: the `paylink.quote` that was to be paid, if any
        :param form: what the customer's form held; its amount can be mended right there
        """
        currency = quote.currency_id.name if quote else (form or {}).get("currency")
        page, link, _move = self._switch_to(link._choose_currency(currency))
        headings = {
            "in_progress": page.env._("Somebody is already paying"),
            "invalid_amount": page.env._("Please check the amount"),
        }
        heading = headings.get(refusal.code) or page.env._("This did not work")
        # In sudo mode because visitors cannot read transactions.
        attempts_sudo = link.sudo()._get_payable_moves().transaction_ids
        attempts_sudo = attempts_sudo._paylink_get_running_attempts(link)
        attempt_sudo = attempts_sudo[:1] if refusal.code == "in_progress" else attempts_sudo[:0]
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "document_label": page._get_document_label(link),
            "text": refusal.message,
            "page_path": link._get_page_path(),
            "back_label": page._get_back_label(link),
            "pay_path": link._get_path("pay"),
            "attempt": page._prepare_attempt(link, attempt_sudo) if attempt_sudo else None,
            "quote": quote.reference if quote else None,
            "typed": page._prepare_typed_amount(link, form or {})
            if refusal.code == "invalid_amount"
            else None,
        }

    @api.model
    def _prepare_attempt(self, link, attempt):
        """Return what is known of a payment that somebody else has begun, as rows of facts."""
        rows = (
            (self.env._("Amount"), attempt.currency_id.format(attempt.amount)),
            (self.env._("Started"), link._format_time(attempt.create_date)),
            (
                self.env._("Kept for it until"),
                link._format_time(attempt._paylink_get_end_of_attempt()),
            ),
        )
        return [{"label": label, "value": value} for label, value in rows]

    @api.model
    def _prepare_typed_amount(self, link, form):
        """Return what a customer without scripts has typed, to be mended: ``value``, ``hint`` and
        the other ``fields`` of the form; ``None`` where they have chosen something else."""
        if form.get("amount") != "other":
            return None
        fields = {name: form.get(name, "") for name in ("tip", "option", "currency")}
        return {
            "value": form.get("amount_other", "")[:40],
            "hint": link._get_part_range(link._get_amount_choices()),
            "fields": {"amount": "other", **{name: text for name, text in fields.items() if text}},
        }
