# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Amounts as Stripe counts them: whole numbers of its smallest unit.  Plain Python."""

from decimal import Decimal

# Decimals of a currency where Stripe departs from ISO 4217, see "Supported currencies" there.
DECIMALS = {"ISK": 2, "UGX": 2, "MGA": 0}
# Stripe counts these in thousandths or hundredths, but takes no smaller step than this.
STEPS = dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 10) | {"ISK": 100, "UGX": 100}

# The least that a charge may come to, in major units, see "Minimum and maximum charge amounts".
MINIMUMS = {
    "USD": "0.50", "AED": "2.00", "AUD": "0.50", "BGN": "1.00", "BRL": "0.50", "CAD": "0.50",
    "CHF": "0.50", "CZK": "15.00", "DKK": "2.50", "EUR": "0.50", "GBP": "0.30", "HKD": "4.00",
    "HUF": "175.00", "INR": "0.50", "JPY": "50", "MXN": "10", "MYR": "2", "NOK": "3.00",
    "NZD": "0.50", "PLN": "2.00", "RON": "2.00", "SEK": "3.00", "SGD": "0.50", "THB": "10",
}  # fmt: skip

# How many digits a charge may have in the smallest unit, see there; eight in every other currency.
MAX_DIGITS = {"COP": 10, "HUF": 10, "IDR": 12, "INR": 9, "JPY": 10}


def get_decimals(currency, iso_decimals):
    """Return how many decimals of a currency Stripe counts in.

    :param str currency: the ISO 4217 code
    :param int iso_decimals: the decimals of ISO 4217
    """
    return DECIMALS.get(currency, iso_decimals)


def to_minor(amount, currency, iso_decimals):
    """Return an amount in Stripe's smallest unit.

    :param Decimal amount: in major units, exact
    :raise ValueError: if Stripe cannot charge it to the cent

    >>> to_minor(Decimal("12.30"), "EUR", 2), to_minor(Decimal("500"), "ISK", 0)
    (1230, 50000)
    """
    minor = Decimal(amount).scaleb(get_decimals(currency, iso_decimals))
    if minor != int(minor) or int(minor) % STEPS.get(currency, 1):
        raise ValueError(f"{amount} {currency} is nothing that Stripe can charge")
    return int(minor)


def to_major(minor, currency, iso_decimals):
    """Return an amount of Stripe in major units, a Decimal."""
    return Decimal(minor).scaleb(-get_decimals(currency, iso_decimals))


def is_too_large(minor, currency):
    """Tell whether an amount in the smallest unit is more than Stripe takes in one charge."""
    return len(str(minor)) > MAX_DIGITS.get(currency, 8)


def get_minimum(currency):
    """Return the least that a charge in a currency may come to, a Decimal; 0 if nobody knows."""
    return Decimal(MINIMUMS.get(currency, "0"))
