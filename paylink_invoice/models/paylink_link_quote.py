# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What the customer of a link may choose, and what it costs: the server prices, nobody else."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Command

from .. import pricing
from .payment_transaction import PaymentRefused

# Within this time, who asks for the same price again gets the same quote.
REUSE_TIME = timedelta(minutes=5)
# A link holder can add no more quotes than this within the time that a quote stands.
MAX_QUOTES = 500
QUOTE_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class Wish:
    """What a customer asks for, as it came.  It is no price, and nothing in it is believed.

    :param amount: ``full``, ``next``, or a decimal
    :param tip: an offered percentage
    :param option: the id of an offered way to pay
    :param bool is_typed: whether a person has typed the amount, in the manner of their language
    :param currency: of a balance, the ISO code of the currency to pay
    :param documents: of a balance, the ids of the documents to pay, for the amount ``chosen``
    """

    amount: object = "full"
    tip: object = "0"
    option: object = None
    is_typed: bool = False
    currency: object = None
    documents: tuple = ()


class PaylinkLinkQuote(models.Model):
    _inherit = "paylink.link"

    quote_ids = fields.One2many(
        string="Prices",
        help="What the customer was shown, for what they chose.",
        comodel_name="paylink.quote",
        inverse_name="link_id",
        readonly=True,
    )
    offer_text = fields.Text(
        string="Offer",
        help="What the customer reads about amounts, tips and fees, in your language.",
        compute="_compute_offer_text",
        compute_sudo=True,  # Who looks at a link need not read providers.
    )

    # === COMPUTE METHODS === #

    @api.depends("move_id.amount_residual", "move_id.state", "allow_payment")
    @api.depends_context("lang")
    def _compute_offer_text(self):
        page = self.env["paylink.page"]
        for link in self:
            choices = page._prepare_choices(link)
            link.offer_text = choices and page._describe_choices(link, choices)

    # === WHAT IS PAID === #

    def _choose_currency(self, currency_code):
        """Return the link to go on with where a customer may owe in several currencies.

        :param currency_code: an ISO code, anything; a document has but one currency
        """
        return self

    def _get_currency(self):
        """Return the `res.currency` that is paid in."""
        self.ensure_one()
        return self.move_id.currency_id

    def _get_payer(self):
        """Return the `res.partner` who owes."""
        self.ensure_one()
        return self.move_id.partner_id

    def _get_payable_moves(self):
        """Return the documents that can be paid through the link."""
        self.ensure_one()
        return self.move_id

    def _get_pending_transactions(self):
        """Return the payments whose money is on its way, in sudo mode."""
        self.ensure_one()
        return self.move_id._paylink_get_pending_transactions()

    def _get_option_ids(self):
        """Return what can be paid with, see :meth:`account.move._paylink_get_option_ids`."""
        self.ensure_one()
        return self.move_id._paylink_get_option_ids()

    # === WHAT IS OFFERED === #

    def _get_options(self):
        """Return the ways to pay what the link is about.

        :return: list of dicts: ``id``, ``label``, ``provider`` and ``method`` (records in sudo
            mode), ``flow`` ('redirect' or 'form') and ``fee_rule`` (:class:`~..pricing.FeeRule` in
            the document's currency)
        """
        self.ensure_one()
        currency = self._get_currency()
        country = self._get_payer().commercial_partner_id.country_id
        pairs = self._get_option_ids()
        # In sudo mode because visitors cannot read the fields of providers.
        providers_sudo = self.env["payment.provider"].sudo().browse(pair[0] for pair in pairs)
        methods_sudo = self.env["payment.method"].sudo().browse(pair[1] for pair in pairs)
        page = self.env["paylink.page"]
        page._fetch(providers_sudo)
        page._fetch(methods_sudo)
        options = [
            {
                "id": f"{provider.id}-{method.id}",
                "label": provider.name if method.code == "unknown" else method.name,
                "provider": provider,
                "method": method,
                "flow": provider._paylink_get_flow(),
                "fee_rule": provider._paylink_get_fee_rule(method, currency, country),
            }
            for provider, method in zip(providers_sudo, methods_sudo, strict=True)
        ]
        labels = [option["label"] for option in options]
        for option in options:
            if labels.count(option["label"]) > 1:
                option["label"] = f"{option['label']} ({option['provider'].name})"
        return options

    def _get_amount_choices(self):
        """Return what of the document can be paid.

        :return: dict of :class:`~decimal.Decimal` in the document's currency: ``full`` (what
            settles it today, the early-payment discount taken off), ``residual`` (without that
            discount), ``next`` (the next instalment, or what is overdue; ``None`` where that is
            everything) and ``minimum`` of another amount (``None`` where there is no choice)
        """
        self.ensure_one()
        move = self.move_id
        due = move._get_invoice_next_payment_values()
        to_decimal = move.currency_id._paylink_to_decimal
        residual = to_decimal(move.amount_residual)
        full = to_decimal(self._get_payable_amount(due))
        next_part = None
        if due.get("installment_state") in ("next", "overdue"):
            next_part = to_decimal(due["next_amount_to_pay"])
        return {
            "full": full,
            "residual": residual,
            "next": next_part if next_part and 0 < next_part < residual else None,
            "minimum": self._get_minimum_part(full),
        }

    def _get_minimum_part(self, full):
        """Return the least that can be paid of the document; ``None`` if it is all or nothing."""
        self.ensure_one()
        move = self.move_id
        return self.company_id._paylink_get_minimum_part(full, move.amount_total, move.currency_id)

    def _get_tip_percents(self):
        """Return the offered tips in per cent, as keys: ``["0", "18", "20", "25"]``; ``["0"]`` for
        none."""
        self.ensure_one()
        company = self.company_id
        return company._paylink_get_tip_percents() if company.paylink_is_tip_enabled else ["0"]

    # === PRICE === #

    def _quote(self, wish):
        """Return the quote of a :class:`Wish`, in sudo mode: a new one, or the one of just now.

        :raise PaymentRefused: ``invalid_amount``, ``invalid_tip``, ``invalid_option``, or
            ``too_many_requests``; then nothing is written
        """
        self.ensure_one()
        # All lines in one query of the columns that are needed.
        self.env["paylink.page"]._read_lines(self.move_id)
        values = self._choose_currency(wish.currency)._prepare_quote_values(wish)
        recent_sudo = self._get_recent_quotes()
        if known_sudo := self._find_quote(recent_sudo, values):
            return known_sudo
        self._check_quote_limit(recent_sudo)
        return recent_sudo.create(values)

    def _price(self, base, tip_percent, fee_rule):
        """Return the :class:`~..pricing.Price` of paying ``base``, a Decimal, of the document."""
        step = self._get_currency()._paylink_get_step()
        return pricing.compute_price(base, Decimal(tip_percent), fee_rule, step)

    def _prepare_quote_values(self, wish):
        """Return the values of the `paylink.quote` that a wish comes to; nothing is written.

        :raise PaymentRefused: if the wish is none of what is offered
        """
        self.ensure_one()
        option = self._find_option(wish.option)
        tip_percent = self._find_tip(wish.tip)
        choices = self._get_amount_choices()
        choice, base = self._find_amount(wish, choices)
        price = self._price(base, tip_percent, option["fee_rule"])
        self._check_maximum(option, price)
        return {
            "link_id": self.id,
            "company_id": self.company_id.id,
            "currency_id": self._get_currency().id,
            "amount_choice": choice,
            "tip_percent": tip_percent,
            "provider_id": option["provider"].id,
            "payment_method_id": option["method"].id,
            "base_amount": float(price.base),
            "tip_amount": float(price.tip),
            "fee_amount": float(price.fee),
            "total_amount": float(price.total),
            "fee_text": self._get_fee_text(option, price) if price.fee else False,
            "line_ids": [
                Command.create(line)
                for line in self._prepare_quote_lines(price.base, choices, wish)
            ],
        }

    def _check_maximum(self, option, price):
        """Refuse a price that is more than its way to pay takes, with tip and fee."""
        total, currency = float(price.total), self._get_currency()
        if not option["provider"]._paylink_is_within_maximum(total, currency):
            message = self.env._(
                "%(total)s is more than can be paid by %(option)s. Choose another way to pay, or a "
                "smaller amount.",
                total=currency.format(total),
                option=option["label"],
            )
            raise PaymentRefused("invalid_option", message)

    def _find_option(self, option_id):
        """Return the option with an id; the only one where there is no choice and none is named."""
        options = self._get_options()
        if option_id in (None, "") and len(options) == 1:
            return options[0]
        for option in options:
            if option["id"] == option_id:
                return option
        return self._refuse("invalid_option")

    def _find_tip(self, percent):
        """Return the key of an offered tip; ``"0"`` where none is named."""
        if percent in (None, "", "0"):
            return "0"
        if percent in self._get_tip_percents():
            return percent
        return self._refuse("invalid_tip")

    def _find_amount(self, wish, choices):
        """Return which of the amounts is wanted, and how much that is.

        :param dict choices: see :meth:`_get_amount_choices`
        :return: ``(choice, amount)``; see `paylink.quote.amount_choice`
        """
        if wish.amount == "full":
            return "full", choices["full"]
        if wish.amount == "next":
            return ("next", choices["next"]) if choices["next"] else ("full", choices["full"])
        try:
            amount = self._parse_wished_amount(wish)
            if amount in (choices["full"], choices["residual"]):
                return "full", choices["full"]
            if amount == choices["next"]:
                return "next", amount
            if choices["minimum"] is None:
                raise pricing.InvalidAmount(amount)
            pricing.check_part(amount, choices["full"], choices["minimum"])
        except pricing.InvalidAmount as error:
            message = self._get_amount_refusal(choices)
            raise PaymentRefused("invalid_amount", message) from error
        return "other", amount

    def _parse_wished_amount(self, wish):
        step = self._get_currency()._paylink_get_step()
        if not wish.is_typed:
            return pricing.parse_amount(wish.amount, step)
        lang = self.env["res.lang"]._get_data(code=self.env.context.get("lang") or "en_US")
        return pricing.parse_typed_amount(wish.amount, step, lang.decimal_point, lang.thousands_sep)

    def _get_amount_refusal(self, choices):
        """Return the sentence that tells which amounts can be paid."""
        return self.env["paylink.page"]._get_amounts_text(
            choices["full"], choices["minimum"], self._get_currency()
        )

    def _get_part_range(self, choices):
        """Return which other amounts can be paid, in short; ``None`` where there is no choice."""
        if choices["minimum"] is None:
            return None
        format_money = self._get_currency().format
        return self.env._(
            "From %(minimum)s to %(maximum)s",
            minimum=format_money(float(choices["minimum"])),
            maximum=format_money(float(choices["full"] - choices["minimum"])),
        )

    def _get_fee_text(self, option, price):
        """Return the sentence that the customer accepts, with the amount of the fee."""
        return self.env._(
            "I agree to the processing fee of %(fee)s for paying by %(option)s.",
            fee=self._get_currency().format(float(price.fee)),
            option=option["label"],
        )

    def _prepare_quote_lines(self, base, choices, wish):
        """Return the values of the `paylink.quote.line` records that share ``base``.

        :param dict choices: see :meth:`_get_amount_choices`
        :param wish: the :class:`Wish` that comes to this
        """
        self.ensure_one()
        move = self.move_id
        is_early = base == choices["full"] and choices["full"] < choices["residual"]
        return [
            {
                "company_id": self.company_id.id,
                "currency_id": move.currency_id.id,
                "move_id": move.id,
                "amount": float(base),
                "discount_amount": float(choices["residual"] - base) if is_early else 0.0,
                "document_version": self._get_version(move),
            }
        ]

    def _get_version(self, move):
        """Return a fingerprint of what the customer sees and owes of a document."""
        return move._paylink_get_version()

    # === QUOTES === #

    def _find_quote(self, recent_sudo, values):
        """Return which of some quotes was made just now with the same values, or none."""
        names = ("amount_choice", "tip_percent", "base_amount", "tip_amount", "fee_amount")
        references = ("provider_id", "payment_method_id", "currency_id")
        versions = [command[2]["document_version"] for command in values["line_ids"]]
        just_now = fields.Datetime.now() - REUSE_TIME

        def is_same(quote):
            return (
                # First what is known of all of them.
                quote.total_amount == values["total_amount"]
                and quote.quote_date > just_now
                and all(quote[name] == values[name] for name in names)
                and all(quote[name].id == values[name] for name in references)
                and quote.line_ids.mapped("document_version") == versions
                and quote.fee_text == values["fee_text"]
                and not self._is_settled_otherwise(quote, values)
                and not quote._is_paid_ahead()
            )

        return recent_sudo.filtered(is_same)[:1]

    def _get_recent_quotes(self):
        """Return the quotes of this link that count for the limit, the newest first."""
        quotes_sudo = self.env["paylink.quote"].sudo()  # Visitors have no rights.
        return quotes_sudo.search_fetch(
            [
                ("link_id", "=", self.id),
                ("quote_date", ">", fields.Datetime.now() - QUOTE_WINDOW),
            ],
            ["quote_date", "total_amount"],
            limit=MAX_QUOTES,
        )

    def _check_quote_limit(self, recent_sudo):
        if len(recent_sudo) >= MAX_QUOTES:
            message = self._get_payment_refusal("too_many_requests")
            seconds = int(QUOTE_WINDOW.total_seconds())
            raise PaymentRefused("too_many_requests", message, retry_after=seconds)

    def _get_quote(self, reference):
        """Return the quote of this link with a reference, in sudo mode, or none."""
        self.ensure_one()
        quotes_sudo = self.env["paylink.quote"].sudo()  # Visitors have no rights.
        if not isinstance(reference, str):
            return quotes_sudo
        return quotes_sudo.search(
            [("reference", "=", reference.replace("\x00", "")), ("link_id", "=", self.id)], limit=1
        )

    def _is_changed_since(self, quote_sudo):
        """Tell whether a quote does not stand any more: it is over, the document differs from what
        the customer saw, or the same wish comes to another price now."""
        self.ensure_one()
        if quote_sudo._is_over():
            return True
        lines = quote_sudo.line_ids
        if any(line.document_version != self._get_version(line.move_id) for line in lines):
            return True
        link = self._choose_currency(quote_sudo.currency_id.name)
        try:
            values = link._prepare_quote_values(self._get_wish(quote_sudo))
        except PaymentRefused:
            return True
        amounts = ("base_amount", "tip_amount", "fee_amount")
        return self._is_settled_otherwise(quote_sudo, values) or any(
            quote_sudo.currency_id.compare_amounts(quote_sudo[name], values[name])
            for name in amounts
        )

    @api.model
    def _is_settled_otherwise(self, quote_sudo, values):
        """Tell whether a quote divides the money, or uses credit, otherwise than it were now.

        :param dict values: see :meth:`_prepare_quote_values`
        """
        names = ("amount", "discount_amount", "credit_amount")
        lines = [command[2] for command in values["line_ids"]]
        if quote_sudo.line_ids.move_id.ids != [line["move_id"] for line in lines]:
            return True
        return any(
            quote_sudo.currency_id.compare_amounts(known[name], line.get(name, 0.0))
            for known, line in zip(quote_sudo.line_ids, lines, strict=True)
            for name in names
        )

    def _get_wish(self, quote_sudo):
        """Return the :class:`Wish` that a quote answers."""
        choice = quote_sudo.amount_choice
        amount = f"{quote_sudo._get_price().base:f}" if choice == "other" else choice
        return Wish(
            amount,
            quote_sudo.tip_percent,
            quote_sudo._get_option_id(),
            currency=quote_sudo.currency_id.name,
            documents=tuple(quote_sudo.line_ids.move_id.ids),
        )
