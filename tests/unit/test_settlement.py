# Part of paylink_invoice. License LGPL-3 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment settles of a balance: whatever is owed, nothing is settled twice or lost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from paylink_plain.settlement import Item, Share, get_money, merge, settle

AMOUNTS = st.integers(1, 100_000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def items_of_a_customer(draw):
    """Return what a customer owes; some of it can be discounted."""
    items = []
    for _number in range(draw(st.integers(0, 6))):
        residual = draw(AMOUNTS)
        saved = draw(st.sampled_from([0, 0, 2, 10]))
        discounted = (residual * (100 - saved) / 100).quantize(Decimal("0.01"))
        items.append(Item(draw(st.integers(1, 4)), residual, max(discounted, Decimal("0.01"))))
    return items


CREDITS = st.one_of(st.just(Decimal(0)), AMOUNTS)


@given(items_of_a_customer(), CREDITS)
def test_everything_is_settled_to_the_cent(items, credit):
    shares = settle(items, credit)
    for item, share in zip(items, shares, strict=True):
        assert share.credit + share.amount + share.discount == item.residual
    owed = sum(item.residual for item in items)
    assert sum(share.credit for share in shares) == min(credit, owed)


@given(items_of_a_customer(), CREDITS, AMOUNTS)
def test_no_more_is_settled_than_is_there(items, credit, money):
    shares = settle(items, credit, money)
    assert get_money(shares) <= money
    for item, share in zip(items, shares, strict=True):
        settled = share.credit + share.amount + share.discount
        assert 0 <= settled <= item.residual
        # A discount is granted for nothing but the whole, by nothing but money.
        if share.discount:
            assert settled == item.residual
            assert not share.credit
    if get_money(shares) < money:
        assert get_money(shares) == get_money(settle(items, credit))


@given(items_of_a_customer(), CREDITS, AMOUNTS)
def test_the_oldest_comes_first(items, credit, money):
    plain = [Item(item.document, item.residual, item.residual) for item in items]
    shares = settle(plain, credit, money)
    opened = [
        place
        for place, (item, share) in enumerate(zip(plain, shares, strict=True))
        if share.credit + share.amount < item.residual
    ]
    if opened:
        assert not any(share.credit + share.amount for share in shares[opened[0] + 1 :])


@given(items_of_a_customer(), CREDITS)
def test_what_settles_everything_is_as_much_as_is_asked_for(items, credit):
    money = get_money(settle(items, credit))
    assert get_money(settle(items, credit, money)) == money


@given(items_of_a_customer(), CREDITS, AMOUNTS)
def test_documents_get_what_their_items_get(items, credit, money):
    shares = settle(items, credit, money)
    merged = merge(shares)
    assert get_money(merged) == get_money(shares)
    assert len({share.document for share in merged}) == len(merged)
    assert all(share.credit or share.amount for share in merged)


def test_credit_leaves_the_discount_where_it_can():
    early = Item("early", Decimal(100), Decimal(98))
    plain = Item("plain", Decimal(50), Decimal(50))
    zero = Decimal(0)
    assert settle([early, plain], Decimal(30)) == [
        Share("early", zero, Decimal(98), Decimal(2)),
        Share("plain", Decimal(30), Decimal(20), zero),
    ]
