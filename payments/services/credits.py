"""Goodwill lowers the lines it was given for, and nothing else.

What staff give back is a credit on the lines that stood on the bill at that moment, in proportion to what
each is still worth; where a guest paid for their own dishes, on those first. A line taken off later gives
back only what is left of it (price - credits), and an order that comes later costs its full price.
"""

from payments.models import BillLine, Credit, Payment, Refund, ShareKind
from payments.selectors import lines_with_worth
from payments.shares import spread


def give_credit(refund: Refund, *, amount: int) -> None:
    """Call under the bill's lock: spreads `amount` (minor units) over the lines, none below zero."""
    lines = lines_with_worth(refund.bill_id)
    own = [(line, worth) for line, worth in lines if _is_own(refund.payment, line)]
    others = [(line, worth) for line, worth in lines if not _is_own(refund.payment, line)]
    for group in (own, others):
        parts = spread(amount, [worth for _, worth in group])
        amount -= sum(parts)
        rows = [
            Credit(refund=refund, line=line, amount=part)
            for (line, _), part in zip(group, parts, strict=True)
            if part
        ]
        Credit.objects.bulk_create(rows)


def _is_own(payment: Payment, line: BillLine) -> bool:
    return payment.share_kind == ShareKind.MINE and line.guest_id == payment.guest_id


def move_credit(old: Refund, new: Refund) -> None:
    """The refund that takes another's place is for the same lines."""
    Credit.objects.filter(refund=old).update(refund=new)


def take_credit_back(refund: Refund) -> None:
    """The goodwill is withdrawn: its lines cost again what they did."""
    Credit.objects.filter(refund=refund).delete()
