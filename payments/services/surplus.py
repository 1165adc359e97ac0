"""Whose money goes back: theirs whose dishes were taken off, before anybody else's."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from payments.models import Payment, ShareKind

# Guest -> by how much their own lines cost less now, minor units; None: lines that are nobody's own.
Freed = Mapping[UUID | None, int]
NOTHING_FREED: Freed = MappingProxyType({})


def whose_surplus(payments: list[Payment], surplus: int, freed: Freed) -> list[tuple[Payment, int]]:
    """What goes back of each payment (given the latest first), none above what is left of it.

    A guest gets back what their own lines cost less, from what they paid for their own first. The rest goes
    back to who paid last; after a dish was taken off, others' own shares come at the very end.
    """
    parts: Counter[UUID] = Counter()
    own: dict[UUID | None, int] = {guest: amount for guest, amount in freed.items() if guest}
    for payment in sorted(payments, key=lambda one: not _is_own_share(one)):
        part = _take(payment, parts, min(surplus, own.get(payment.guest_id, 0)))
        own[payment.guest_id] = own.get(payment.guest_id, 0) - part
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
