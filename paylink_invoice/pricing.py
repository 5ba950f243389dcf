# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment comes to: the amount itself, a tip and a fee, and what of it a refund gives back.

Plain Python that needs no database.  Money is a :class:`~decimal.Decimal` and a multiple of the
currency's ``step``, its smallest unit: 0.01 for EUR, 1 for JPY, 0.001 for KWD, 0.05 for a currency
without smaller coins.  Whatever is computed is rounded half up to that step, once.
"""

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

# The one way to write an amount for a machine: no sign, no exponent, no grouping, ASCII digits.
_PLAIN_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?", re.ASCII)
# What people put between groups of digits besides the separator of their language.
_SPACES = re.compile(r"[\s\u00a0\u202f'’]")


class InvalidAmount(ValueError):
    """The text is no amount, or the amount cannot be paid."""


@dataclass(frozen=True)
class FeeRule:
    """What a way to pay costs, in the currency of the payment.

    :param Decimal percent: per cent of what is paid, tip included
    :param Decimal fixed: added for each payment
    :param Decimal maximum: the most that is charged; 0 for no such limit
    :param Decimal ceiling: the most in per cent of what is paid; 0 for no such limit
    """

    percent: Decimal = Decimal(0)
    fixed: Decimal = Decimal(0)
    maximum: Decimal = Decimal(0)
    ceiling: Decimal = Decimal(0)

    def __bool__(self):
        return self.percent > 0 or self.fixed > 0

    def compute_fee(self, amount, step):
        """Return the fee for paying ``amount``, which includes the tip; 0 for nothing to pay."""
        if amount <= 0:
            return Decimal(0)
        fee = round_to_step(amount * self.percent / 100 + self.fixed, step)
        if self.ceiling > 0:
            fee = min(fee, round_to_step(amount * self.ceiling / 100, step, ROUND_FLOOR))
        return min(fee, round_to_step(self.maximum, step)) if self.maximum > 0 else fee


@dataclass(frozen=True)
class Price:
    """What is charged: ``base`` settles documents, ``tip`` and ``fee`` come on top."""

    base: Decimal
    tip: Decimal
    fee: Decimal

    @property
    def total(self):
        return self.base + self.tip + self.fee


def compute_price(base, tip_percent, fee_rule, step):
    """Return the :class:`Price` of paying ``base``.

    The tip is a share of the amount being paid, before the fee; the fee is taken on both.
    """
    tip = compute_tip(base, tip_percent, step)
    return Price(base, tip, fee_rule.compute_fee(base + tip, step))


def compute_tip(base, percent, step):
    """Return the tip for paying ``base``; 0 for nothing to pay."""
    return round_to_step(base * percent / 100, step) if base > 0 else Decimal(0)


def round_to_step(value, step, rounding=ROUND_HALF_UP):
    """Return ``value`` as a multiple of ``step``."""
    return (value / step).quantize(Decimal(1), rounding=rounding) * step


def round_up_to_step(value, step):
    """Return the smallest multiple of ``step`` that is not below ``value``."""
    return round_to_step(value, step, ROUND_CEILING)


def to_exact(number):
    """Return a float as the decimal number that it is written as, not rounded."""
    return Decimal(repr(float(number)))


def to_decimal(value, step):
    """Return a float of Odoo, which bears the error of binary numbers, as exact money."""
    return round_to_step(to_exact(value), step)


# === WHAT CAN BE PAID === #


def parse_amount(text, step):
    """Return the amount that a machine has written, e.g. ``"1234.50"``.

    :raise InvalidAmount: for whatever is not exactly that, or no multiple of ``step``
    """
    if not isinstance(text, str) or not _PLAIN_AMOUNT.fullmatch(text):
        raise InvalidAmount(text)
    amount = Decimal(text)
    # The exponents are the numbers of decimals, as negative numbers: no more than the currency has.
    if amount.as_tuple().exponent < min(step.normalize().as_tuple().exponent, 0) or amount % step:
        raise InvalidAmount(text)
    return amount


def parse_typed_amount(text, step, decimal_point=".", thousands_separator=","):
    """Return the amount that a person has typed in the manner of their language.

    A German types ``1.234,50``, a Frenchman ``1 234,50``, an Indian ``1,23,456.50``, an Arab perhaps
    ``١٢٣٤``; whoever writes ``1234.50`` like a machine is understood too, where it can mean nothing
    else.

    :raise InvalidAmount: for everything else
    """
    if not isinstance(text, str) or len(text) > 40:
        raise InvalidAmount(text)
    plain = _SPACES.sub("", text).replace("\u066b", decimal_point).replace("\u066c", "")
    plain = "".join(str(int(char)) if char.isdecimal() else char for char in plain)
    point, group = re.escape(decimal_point), re.escape(thousands_separator or "\0")
    # India groups hundreds beyond the thousands: 12,34,567.00.
    whole = rf"\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d+"
    match = re.fullmatch(rf"({whole})(?:{point}(\d+))?", plain)
    if match:
        plain = match[1].replace(thousands_separator or "\0", "").lstrip("0") or "0"
        decimals = (match[2] or "").rstrip("0")
        # Nobody who types cents as zeros means less than the smallest unit.
        plain += f".{decimals}" if decimals else ""
    return parse_amount(plain, step)


def check_part(amount, due, minimum):
    """Raise :class:`InvalidAmount` unless ``amount`` may be paid of what is ``due``.

    A part is at least the minimum and leaves nothing or at least the minimum, so that no rest
    remains that could not be paid.
    """
    if amount == due and due > 0:
        return
    if amount <= 0 or amount >= due or amount < minimum or due - amount < minimum:
        raise InvalidAmount(amount)


def split_oldest_first(amount, dues):
    """Return how much of ``amount`` settles each of ``dues``, the oldest of which comes first."""
    shares = []
    for due in dues:
        share = min(amount, due)
        shares.append(share)
        amount -= share
    return shares


# === WHAT COMES BACK === #


def compute_refund(price, refunded, amount, step):
    """Return the :class:`Price` that a refund gives back: tip and fee pro rata, the rest is base.

    The shares are differences of rounded running sums, so that refunds in parts add up to exactly
    what was paid, whatever the parts are.

    :param Price price: what was paid
    :param Decimal refunded: what was given back before
    :param Decimal amount: what is given back now, at most the rest
    :raise InvalidAmount: if more would be given back than was paid
    """
    if amount <= 0 or refunded < 0 or refunded + amount > price.total:
        raise InvalidAmount(amount)

    before, after = (_split_refund(price, total, step) for total in (refunded, refunded + amount))
    return Price(after.base - before.base, after.tip - before.tip, after.fee - before.fee)


def _split_refund(price, total, step):
    """Return the parts of all that was given back so far.

    First base against the rest, then tip against fee: so each part only ever grows with the total.
    """
    extras = price.tip + price.fee
    extras_back = round_to_step(extras * total / price.total, step)
    fee_back = round_to_step(price.fee * extras_back / extras, step) if extras else extras
    return Price(total - extras_back, extras_back - fee_back, fee_back)
