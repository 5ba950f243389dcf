# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""The page of a link: what the customer chooses, what it comes to, and the page that confirms it."""

from decimal import Decimal

from odoo import api, models

from .. import pricing

# What examples in the settings are about, in the company's currency.
EXAMPLE_AMOUNT = Decimal(100)


class PaylinkPagePrice(models.AbstractModel):
    _inherit = "paylink.page"

    # === WHAT CAN BE CHOSEN === #

    @api.model
    def _prepare_choices(self, link, is_preview=False):
        """Return what the customer chooses before paying, or ``None`` where nothing can be paid.

        :return: dict of lists; ``amounts``: ``{'value', 'label', 'amount'}`` where the value of
            another amount is ``other``; ``tips``: ``{'value', 'label', 'amount'}``, empty where no
            tips are offered; ``options``: ``{'value', 'label', 'text'}``, the text tells the fee;
            and ``part_hint`` (which other amounts can be paid, or None)
        """
        denial = link._get_denial("pay")
        if is_preview and denial in ("expired", "revoked"):
            denial = link.move_id._paylink_get_payment_denial()
        if denial:
            return None
        amounts = link._get_amount_choices()
        options = self._prepare_option_choices(link)
        return {
            "amounts": self._prepare_amount_choices(link, amounts),
            "part_hint": link._get_amount_refusal(amounts) if amounts["minimum"] else None,
            "tips": self._prepare_tip_choices(link, amounts["full"]),
            "options": options,
            # Where there is one way to pay, and it costs nothing, there is nothing to choose.
            "has_options": len(options) > 1 or any(option["fee_rule"] for option in options),
        }

    @api.model
    def _prepare_amount_choices(self, link, amounts):
        format_money = link.move_id.currency_id.format
        full = format_money(float(amounts["full"]))
        choices = [{"value": "full", "label": self.env._("Everything"), "amount": full}]
        if amounts["next"]:
            due = link.move_id._get_invoice_next_payment_values()
            is_overdue = due["installment_state"] == "overdue"
            label = self.env._("What is overdue") if is_overdue else self.env._("Next instalment")
            amount = format_money(float(amounts["next"]))
            choices.append({"value": "next", "label": label, "amount": amount})
        if amounts["minimum"] is not None:
            label = self.env._("Another amount")
            choices.append({"value": "other", "label": label, "amount": ""})
        return choices

    @api.model
    def _prepare_tip_choices(self, link, base):
        """Return the tips with what they are of ``base``; empty where none are offered."""
        percents = link._get_tip_percents()
        if percents == ["0"]:
            return []
        return self._describe_tips(percents, base, link.move_id.currency_id)

    @api.model
    def _describe_tips(self, percents, base, currency):
        """Return tips as ``{'value', 'label', 'amount'}``.

        :param percents: their keys, see `res.company._paylink_get_tip_percents`
        :param base: the Decimal that they are a share of
        """
        tips = []
        for percent in percents:
            price = pricing.compute_price(
                base, Decimal(percent), pricing.FeeRule(), currency._paylink_get_step()
            )
            amount = currency.format(float(price.tip))
            label = (
                self.env._("No tip")
                if percent == "0"
                else self.env._("%(percent)s%%", percent=self._format_percent(percent))
            )
            tips.append({"value": percent, "label": label, "amount": price.tip and amount})
        return tips

    @api.model
    def _get_amounts_text(self, full, minimum, currency):
        """Return the sentence that tells which amounts can be paid.

        :param full: what settles the document, a Decimal
        :param minimum: the least that can be paid of it, ``None`` where it is all or nothing
        """
        amount = currency.format(float(full))
        if minimum is None:
            return self.env._("Please pay the whole amount, %(amount)s.", amount=amount)
        return self.env._(
            "Enter an amount from %(minimum)s to %(maximum)s, or pay the whole amount, %(full)s.",
            minimum=currency.format(float(minimum)),
            maximum=currency.format(float(full - minimum)),
            full=amount,
        )

    @api.model
    def _join_tips(self, tips):
        """Return what :meth:`_describe_tips` returns on one line, e.g. "No tip · 18% $ 18.00"."""
        return " · ".join(
            " ".join(part for part in (tip["label"], tip["amount"]) if part) for tip in tips
        )

    @api.model
    def _describe_choices(self, link, choices):
        """Return what :meth:`_prepare_choices` offers as plain lines, for staff."""
        amounts = link._get_amount_choices()
        lines = [
            self._get_amounts_text(amounts["full"], amounts["minimum"], link.move_id.currency_id),
            self._join_tips(choices["tips"]),
            *(f"{option['label']}: {option['text']}" for option in choices["options"]),
        ]
        return "\n".join(line for line in lines if line)

    @api.model
    def _prepare_option_choices(self, link):
        """Return the ways to pay, each with its fee in words."""
        return [
            {
                "value": option["id"],
                "label": option["label"],
                "fee_rule": option["fee_rule"],
                "text": self._get_fee_rule_text(option["fee_rule"], link.move_id.currency_id),
            }
            for option in link._get_options()
        ]

    @api.model
    def _get_fee_rule_text(self, rule, currency):
        """Return what a way to pay costs, e.g. "Fee: 2.9% + $ 0.30, at most $ 10.00"."""
        if not rule:
            return self.env._("No fee")
        parts = []
        if rule.percent:
            parts.append(self.env._("%(percent)s%%", percent=self._format_percent(rule.percent)))
        if rule.fixed:
            parts.append(currency.format(float(rule.fixed)))
        fee = " + ".join(self._isolate(part) for part in parts)
        if rule.maximum:
            return self.env._(
                "Fee: %(fee)s, at most %(maximum)s",
                fee=fee,
                maximum=currency.format(float(rule.maximum)),
            )
        return self.env._("Fee: %(fee)s", fee=fee)

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
            amount=currency.format(float(price.base)),
            total=currency.format(float(price.total)),
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
    def _prepare_price_rows(self, quote):
        """Return a quote as a list of ``{'label', 'amount', 'kind': 'part' | 'total'}``."""
        format_money = quote.currency_id.format
        lines = quote.line_ids
        rows = [
            {"label": line.move_id.name, "amount": format_money(line.amount), "kind": "part"}
            for line in lines
        ]
        extras = (
            (self.env._("Tip"), quote.tip_amount),
            (self.env._("Processing fee"), quote.fee_amount),
        )
        rows += [
            {"label": label, "amount": format_money(amount), "kind": "part"}
            for label, amount in extras
            if amount
        ]
        total = format_money(quote.total_amount)
        if len(rows) > 1:
            rows.append({"label": self.env._("Total"), "amount": total, "kind": "total"})
        return rows

    @api.model
    def _prepare_review_values(self, link, quote, refusal=None):
        """Return the values of ``paylink_invoice.paylink_review_page``.

        :param link: one `paylink.link` in sudo mode
        :param quote: the `paylink.quote` to confirm
        :param refusal: the :class:`PaymentRefused` that brought the customer here, if any
        """
        page, link, _move = self._switch_to(link)
        heading = page.env._("Please check and pay")
        total = quote.currency_id.format(quote.total_amount)
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "document_label": page._get_document_label(link),
            "rows": page._prepare_price_rows(quote.with_env(page.env)),
            "quote": quote.reference,
            "fee_text": quote.fee_text,
            "pay_label": page.env._("Pay %(amount)s", amount=total),
            "refusal": refusal and refusal.message,
            "pay_path": link._get_path("pay"),
            "page_path": link._get_path(),
        }

    @api.model
    def _prepare_refusal_values(self, link, refusal):
        """Return the values of ``paylink_invoice.paylink_refusal_page``: why, and how to go on."""
        page, link, _move = self._switch_to(link)
        heading = page.env._("This did not work")
        return {
            **page._prepare_layout_values(link.company_id, heading),
            "heading": heading,
            "text": refusal.message,
            "page_path": link._get_path(),
            "take_over": page._prepare_take_over(link, refusal),
        }

    @api.model
    def _prepare_take_over(self, link, refusal):
        """Return the path to end somebody else's unfinished attempt and pay here, or ``None``."""
        is_running = link.sudo().move_id.transaction_ids._paylink_get_running_attempts(link)
        return link._get_path("pay") if refusal.code == "in_progress" and is_running else None
