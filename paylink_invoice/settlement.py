# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""What a payment settles of all that a customer owes.  Plain Python, exact money.

What the customer is owed comes first, then the money; both settle what is oldest due.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Item:
    """Something that a customer owes, in the currency of the payment.

    :param document: what it belongs to, e.g. the id of an invoice; several instalments share one
    :param Decimal residual: what is open of it
    :param Decimal discounted: what settles it today if it is paid at once and by nothing but money;
        the same as ``residual`` where paying early saves nothing
    """

    document: object
    residual: Decimal
    discounted: Decimal


@dataclass(frozen=True)
class Share:
    """What is settled of an :class:`Item`: by the customer's credit, by money, by the discount."""

    document: object
    credit: Decimal
    amount: Decimal
    discount: Decimal


def settle(items, credit, money=None):
    """Return what becomes of each item: list of :class:`Share`, in the order of the items.

    Credit is used for what cannot be discounted first, because whoever uses it loses the discount.

    :param items: list of :class:`Item`, oldest due first
    :param Decimal credit: what the customer is owed; at most what is open is used
    :param Decimal money: what is paid; none: as much as settles everything
    """
    used = _use_credit(items, credit)
    shares = []
    for item, from_credit in zip(items, used, strict=True):
        rest = item.residual - from_credit
        is_early = not from_credit and item.discounted < item.residual
        is_early = is_early and (money is None or money >= item.discounted)
        due = item.discounted if is_early else rest
        amount = due if money is None else min(due, money)
        discount = item.residual - item.discounted if is_early else Decimal(0)
        if money is not None:
            money -= amount
        shares.append(Share(item.document, from_credit, amount, discount))
    return shares


def _use_credit(items, credit):
    """Return how much of the credit settles each item."""
    used = dict.fromkeys(range(len(items)), Decimal(0))
    for place in sorted(used, key=lambda place: items[place].discounted < items[place].residual):
        used[place] = min(credit, items[place].residual)
        credit -= used[place]
    return list(used.values())


def get_money(shares):
    """Return the money in some shares."""
    return sum((share.amount for share in shares), Decimal(0))


def merge(shares):
    """Return one :class:`Share` for each document that is settled at all, in their first order."""
    totals = {}
    for share in shares:
        before = totals.get(share.document, Share(share.document, *[Decimal(0)] * 3))
        totals[share.document] = Share(
            share.document,
            before.credit + share.credit,
            before.amount + share.amount,
            before.discount + share.discount,
        )
    return [share for share in totals.values() if share.credit or share.amount]
