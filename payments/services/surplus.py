"""Whose money goes back: theirs whose dishes were taken off, before anybody else's."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from payments.models import Payment, ShareKind
from payments.selectors import FROM_OWN_SHARE, lines_with_worth

# Guest -> by how much their own lines cost less now, minor units; None: lines that are nobody's own.
Freed = Mapping[UUID | None, int]
NOTHING_FREED: Freed = MappingProxyType({})


def unused_shares(bill_id: UUID, payments: list[Payment]) -> Counter[UUID | None]:
    """Guest -> what they paid for their own above what that is worth now, minor units.

    Read from the rows each time: a dish may be taken off while others still owe, and their money come later.
    """
    unused: Counter[UUID | None] = Counter()
    for payment in filter(_is_own_share, payments):
        unused[payment.guest_id] += payment.refundable
    for line, worth in lines_with_worth(bill_id, credits=FROM_OWN_SHARE):
        unused[line.guest_id] -= worth
    return unused


def whose_surplus(
    payments: list[Payment], surplus: int, freed: Freed, unused: Counter[UUID | None]
) -> list[tuple[Payment, int]]:
    """What goes back of each payment (given the latest first), none above what is left of it.

    A guest gets back what their own lines cost less, from what they paid for their own first. The rest goes
    back to who paid last; after a dish was taken off, others' own shares come at the very end.
    """
    parts: Counter[UUID] = Counter()
    own = Counter(freed) | unused
    for payment in sorted(payments, key=lambda one: not _is_own_share(one)):
        part = _take(payment, parts, min(surplus, own[payment.guest_id] if payment.guest_id else 0))
        own[payment.guest_id] -= part
        surplus -= part
    for payment in sorted(payments, key=_is_own_share) if freed else payments:
        surplus -= _take(payment, parts, surplus)
    return [(payment, parts[payment.id]) for payment in payments if parts[payment.id]]


def _is_own_share(payment: Payment) -> bool:
    return payment.share_kind == ShareKind.MINE


def _take(payment: Payment, parts: Counter[UUID], wanted: int) -> int:
    part = max(0, min(wanted, payment.refundable - parts[payment.id]))
    parts[payment.id] += part
    return part
