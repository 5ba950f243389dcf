# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What payments come to: SECURITY.md D 15 and 16."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from paylink_plain import pricing
from paylink_plain.pricing import FeeRule, InvalidAmount, Price

CENT = Decimal("0.01")
STEPS = [CENT, Decimal(1), Decimal("0.001"), Decimal("0.05"), Decimal(10)]

steps = st.sampled_from(STEPS)
percents = st.decimals(0, 30, places=2)
units = st.integers(0, 10**9)


@st.composite
def moneys(draw, step, smallest=0):
    return draw(st.integers(smallest, 10**9)) * step


@st.composite
def fee_rules(draw):
    amounts = st.decimals(0, 50, places=3)
    return FeeRule(draw(percents), draw(amounts), draw(amounts))


@st.composite
def prices(draw):
    step = draw(steps)
    base = draw(moneys(step, smallest=1))
    return step, pricing.compute_price(base, draw(percents), draw(fee_rules()), step)


def is_multiple(value, step):
    return value % step == 0


# === PRICES === #


@pytest.mark.parametrize(
    "base, tip, rule, expected",
    [
        ("100.00", "0", ("2.9", "0.30", "0"), ("0.00", "3.20")),
        ("100.00", "18", ("2.9", "0.30", "0"), ("18.00", "3.72")),
        ("100.00", "18", ("2.9", "0.30", "2.50"), ("18.00", "2.50")),
        ("0.10", "25", ("0", "0", "0"), ("0.03", "0.00")),  # half up, not to even
        ("33.33", "20", ("1.5", "0", "0"), ("6.67", "0.60")),
    ],
)
def test_tip_is_taken_on_the_amount_and_fee_on_both(base, tip, rule, expected):
    price = pricing.compute_price(Decimal(base), Decimal(tip), FeeRule(*map(Decimal, rule)), CENT)
    assert (price.tip, price.fee) == tuple(map(Decimal, expected))
    assert price.total == Decimal(base) + price.tip + price.fee


@given(steps, st.data())
def test_fee_is_never_above_its_ceiling(step, data):
    base, rule = data.draw(moneys(step)), data.draw(fee_rules())
    ceiling = data.draw(st.integers(1, 5))
    limited = FeeRule(rule.percent, rule.fixed, rule.maximum, Decimal(ceiling))
    fee = limited.compute_fee(base, step)
    assert fee == min(fee, rule.compute_fee(base, step))
    assert Fraction(fee) <= Fraction(base) * ceiling / 100
    assert is_multiple(fee, step)


def test_fixed_fee_of_a_small_amount_is_limited():
    rule = FeeRule(Decimal("2.9"), Decimal("0.30"), Decimal(0), Decimal(3))
    assert rule.compute_fee(Decimal(10), CENT) == Decimal("0.30")
    assert rule.compute_fee(Decimal(1000), CENT) == Decimal("29.30")


@given(steps, st.data())
def test_prices_are_exact_to_half_a_step(step, data):
    base = data.draw(moneys(step))
    percent, rule = data.draw(percents), data.draw(fee_rules())
    price = pricing.compute_price(base, percent, rule, step)
    assert all(is_multiple(part, step) for part in (price.base, price.tip, price.fee))
    assert abs(Fraction(price.tip) - Fraction(base) * Fraction(percent) / 100) <= Fraction(step) / 2
    if not rule.maximum and base:
        exact = Fraction(base + price.tip) * Fraction(rule.percent) / 100 + Fraction(rule.fixed)
        assert abs(Fraction(price.fee) - exact) <= Fraction(step) / 2
    elif rule.maximum:
        assert price.fee <= rule.maximum + step / 2


@given(percents, fee_rules(), steps)
def test_nothing_to_pay_costs_nothing(percent, rule, step):
    assert pricing.compute_price(Decimal(0), percent, rule, step).total == 0


@given(units, steps)
def test_floats_of_odoo_become_exact(count, step):
    assert pricing.to_decimal(float(count * step), step) == count * step


# === AMOUNTS THAT ARE WRITTEN === #


@given(units, steps)
def test_plain_amounts_are_read_as_they_are_written(count, step):
    amount = count * step
    assert pricing.parse_amount(f"{amount:f}", step) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "1 ", " 1", "+1", "-0", "-1", "1e3", "1E3", "1e308", "NaN", "nan", "Infinity"),
        *("inf", "1,000", "1_000", "0x10", "010", "00", ".5", "5.", "1.234", "1.2.3", "1\n", "١٢"),
        *(
            "\uff11\uff12",
            "1²",
            "½",
            "1\x00",
            "9" * 16,
            "9" * 400,
            "0." + "0" * 400,
            "--1",
            "1;1",
            "$1",
        ),
        *(None, True, False, 1, 1.5, [], ["1"], {}, {"amount": "1"}, b"1"),
    ],
)
def test_whatever_is_no_amount_is_refused(text):
    with pytest.raises(InvalidAmount):
        pricing.parse_amount(text, CENT)


@pytest.mark.parametrize(
    "text, step",
    [
        ("0.5", "1"),
        ("5.00", "1"),
        ("5.000", "0.01"),
        ("50.0", "10"),
        ("0.001", "0.01"),
        ("0.03", "0.05"),
        ("15", "10"),
    ],
)
def test_amounts_below_the_smallest_unit_are_refused(text, step):
    with pytest.raises(InvalidAmount):
        pricing.parse_amount(text, Decimal(step))


@given(st.text(max_size=30))
def test_no_text_makes_the_parsers_fail_otherwise(text):
    for parse in (pricing.parse_amount, pricing.parse_typed_amount):
        try:
            assert parse(text, CENT) >= 0
        except InvalidAmount:
            pass


@pytest.mark.parametrize(
    "text, point, group, expected",
    [
        ("1,234.50", ".", ",", "1234.50"),
        ("1.234,50", ",", ".", "1234.50"),
        ("1 234,50", ",", "\u202f", "1234.50"),
        ("1\u202f234,5", ",", "\u202f", "1234.50"),
        ("1’234.50", ".", "’", "1234.50"),
        ("12,34,567", ".", ",", "1234567.00"),
        ("1,23,456.50", ".", ",", "123456.50"),
        ("12,34,56", ".", ",", None),
        ("1,2,345", ".", ",", None),
        ("1234,567", ".", ",", None),
        ("1,000", ".", ",", "1000.00"),
        ("1.000", ",", ".", "1000.00"),
        ("50.00", ",", ".", "50.00"),
        ("050", ".", ",", "50.00"),
        ("١٢٣٫٥", ".", ",", "123.50"),
        ("1,5", ".", ",", None),
        ("1,234.5.6", ".", ",", None),
        ("", ".", ",", None),
        ("-5", ".", ",", None),
        ("5 €", ".", ",", None),
    ],
)
def test_people_type_in_the_manner_of_their_language(text, point, group, expected):
    if expected is None:
        with pytest.raises(InvalidAmount):
            pricing.parse_typed_amount(text, CENT, point, group)
    else:
        assert pricing.parse_typed_amount(text, CENT, point, group) == Decimal(expected)


def test_people_may_type_cents_where_there_are_none():
    assert pricing.parse_typed_amount("1,500.00", Decimal(1)) == 1500
    with pytest.raises(InvalidAmount):
        pricing.parse_typed_amount("1,500.50", Decimal(1))


# === PARTS === #


@given(steps, st.data())
def test_a_part_leaves_nothing_or_what_can_be_paid(step, data):
    due = data.draw(moneys(step, smallest=1))
    amount, minimum = data.draw(moneys(step)), data.draw(moneys(step))
    try:
        pricing.check_part(amount, due, minimum)
    except InvalidAmount:
        assert amount != due
        return
    rest = due - amount
    assert amount > 0
    assert rest == 0 or (rest >= minimum and amount >= minimum)


def test_all_can_be_paid_even_below_the_minimum():
    pricing.check_part(Decimal(5), Decimal(5), Decimal(10))
    for amount in (4, 6, 0, -5):
        with pytest.raises(InvalidAmount):
            pricing.check_part(Decimal(amount), Decimal(5), Decimal(10))


@given(st.lists(units, max_size=8), st.integers(0, 10**10))
def test_the_oldest_is_settled_first(dues, amount):
    assume(amount <= sum(dues))
    shares = pricing.split_oldest_first(amount, dues)
    assert sum(shares) == amount
    assert all(0 <= share <= due for share, due in zip(shares, dues, strict=True))
    is_settled = [share == due for share, due in zip(shares, dues, strict=True)]
    for position, share in enumerate(shares):
        assert not share or all(is_settled[:position])


# === REFUNDS === #


@settings(max_examples=500)
@example((CENT, Price(CENT, CENT, CENT)), [1, 1, 1])
@given(prices(), st.lists(st.integers(1, 10**7), min_size=1, max_size=6))
def test_refunds_in_parts_add_up_to_what_was_paid(priced, cuts):
    step, price = priced
    parts = []
    refunded = Decimal(0)
    for cut in cuts:
        amount = min(cut * step, price.total - refunded)
        if amount:
            parts.append(pricing.compute_refund(price, refunded, amount, step))
            refunded += amount
    if rest := price.total - refunded:
        parts.append(pricing.compute_refund(price, refunded, rest, step))
    for name in ("base", "tip", "fee"):
        shares = [getattr(part, name) for part in parts]
        assert all(share >= 0 and is_multiple(share, step) for share in shares)
        assert sum(shares) == getattr(price, name)


@given(prices(), st.integers(1, 10**9))
def test_a_refund_gives_the_fee_back_pro_rata(priced, count):
    step, price = priced
    amount = min(count * step, price.total)
    refund = pricing.compute_refund(price, Decimal(0), amount, step)
    assert refund.total == amount
    exact = Fraction(price.fee) * Fraction(amount) / Fraction(price.total)
    assert abs(Fraction(refund.fee) - exact) <= Fraction(step)


def test_no_more_is_given_back_than_was_paid():
    price = Price(Decimal(10), Decimal(1), Decimal(1))
    for refunded, amount in ((0, 13), (12, 1), (0, 0), (0, -1), (-1, 1)):
        with pytest.raises(InvalidAmount):
            pricing.compute_refund(price, Decimal(refunded), Decimal(amount), CENT)
