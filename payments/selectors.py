"""Reads of money; never writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.models import F, Q, QuerySet, Sum

from events.kernel.databases import alias_of
from payments.gateways.registry import gateway_named, offered
from payments.models import (
    OPEN_STATES,
    Bill,
    BillLine,
    GatewayAccount,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    ShareKind,
    StoreSnapshot,
    TabSnapshot,
)
from payments.shares import BillSums, Shares

# Everything is summed from rows on each read: no counter can drift from the ledger.
_SUMS = """
SELECT b.id,
  (SELECT coalesce(sum(greatest(0, l.total - l.voided_amount
     - (SELECT coalesce(sum(c.amount), 0) FROM payments_credit c WHERE c.line_id = l.id))), 0)
   FROM payments_billline l WHERE l.bill_id = b.id),
  (SELECT coalesce(sum(amount), 0) FROM payments_ledgerentry WHERE bill_id = b.id AND kind = 'capture'),
  (SELECT coalesce(-sum(amount), 0) FROM payments_ledgerentry WHERE bill_id = b.id AND kind <> 'capture'),
  (SELECT coalesce(sum(amount), 0) FROM payments_refund
   WHERE bill_id = b.id AND state IN ('requested', 'sent', 'pending', 'failed', 'reversed')),
  (SELECT coalesce(sum(amount), 0) FROM payments_payment
   WHERE bill_id = b.id AND state IN ('created', 'started', 'confirming', 'pending'))
FROM payments_bill b WHERE b.id = ANY(%s)
"""

# Goodwill out of somebody else's money lowers a guest's dishes, and leaves nothing over of what they paid.
FROM_OWN_SHARE = Q(
    credits__refund__payment__share_kind=ShareKind.MINE, credits__refund__payment__guest_id=F("guest_id")
)


@dataclass(frozen=True)
class BillView:
    """A bill with all that a screen shows of it."""

    bill: Bill
    sums: BillSums
    lines: list[BillLine]
    payments: list[Payment]
    refunds: list[Refund]

    @property
    def status(self) -> str:
        """open | paid | overpaid | closed, from the sums."""
        if self.sums.surplus:
            return "overpaid"
        if self.sums.is_paid:
            return "paid"
        return "open" if self.bill.is_open else "closed"


def sums_of(bill_ids: Iterable[UUID]) -> dict[UUID, BillSums]:
    """bill id -> its sums, in one query."""
    ids = list(bill_ids)
    with connections[alias_of("payments")].cursor() as cursor:
        cursor.execute(_SUMS, [ids])
        return {row[0]: BillSums(*(int(value) for value in row[1:])) for row in cursor.fetchall()}


def sums_of_bill(bill_id: UUID) -> BillSums:
    return sums_of([bill_id])[bill_id]


def tab_family(tab_id: UUID) -> list[UUID]:
    """The tab and the one it was joined into: what a phone of that tab may see."""
    merged = TabSnapshot.objects.filter(tab_id=tab_id).values_list("merged_into", flat=True).first()
    return [tab_id, merged] if merged else [tab_id]


def bills_of_tab(tab_id: UUID) -> list[BillView]:
    """The tab's bills, the oldest first. Five queries, however many bills."""
    bills = list(Bill.objects.filter(tab_id__in=tab_family(tab_id)).order_by("id"))
    ids = [bill.id for bill in bills]
    sums = sums_of(ids)
    lines = _grouped(BillLine.objects.filter(bill_id__in=ids))
    payments = _grouped(Payment.objects.filter(bill_id__in=ids).order_by("id"))
    refunds = _grouped(_refunds_to_show().filter(bill_id__in=ids).order_by("id"))
    return [
        BillView(
            bill, sums[bill.id], lines.get(bill.id, []), payments.get(bill.id, []), refunds.get(bill.id, [])
        )
        for bill in bills
    ]


def _refunds_to_show() -> "QuerySet[Refund]":
    # A resolved refund stands there again as the one that replaced it.
    return Refund.objects.exclude(state=RefundState.RESOLVED).select_related("payment")


def lines_with_worth(bill_id: UUID, *, credits: Q | None = None, **which: Any) -> list[tuple[BillLine, int]]:
    """The bill's lines, each with what it is still worth to its guest: price less voids and credits.

    `which` picks some of them, such as order_id, line_id; `credits` says which goodwill counts (None: all).
    """
    credited = Sum("credits__amount", filter=credits)
    rows = BillLine.objects.filter(bill_id=bill_id, **which).annotate(credited=credited)
    lines = rows.order_by("order_number", "position", "id")
    return [(line, max(0, line.owed - (line.credited or 0))) for line in lines]


def shares_of(bill: Bill, sums: BillSums, guest_id: UUID) -> Shares:
    """What the guest's phone may pay of the bill now; its open attempt counts as free: it is replaced."""
    live = Payment.objects.filter(bill=bill, state__in=[*OPEN_STATES, PaymentState.CAPTURED])
    payments = list(live.order_by("created_at", "id"))
    replaced = [one for one in payments if one.is_open and one.guest_id == guest_id]
    rest = max(0, sums.due - sums.reserved + sum(one.amount for one in replaced))
    others = [one for one in payments if one not in replaced]
    mine = max(0, min(rest, _own_left(bill, guest_id, others)))
    return Shares(rest, mine, _even_shares(one for one in others if one.reckoning == bill.reckoning))


def _even_shares(payments: Iterable[Payment]) -> dict[int, list[int]]:
    """How many parts -> what each share of that size holds; one that went back whole is nobody's."""
    taken: dict[int, list[int]] = {}
    for one in payments:
        held = one.amount - one.returned
        if one.share_kind == ShareKind.EVEN and one.share_parts and held:
            taken.setdefault(one.share_parts, []).append(held)
    return taken


def _own_left(bill: Bill, guest_id: UUID, payments: list[Payment]) -> int:
    own = [one for one in payments if one.guest_id == guest_id]
    paid = sum(one.amount - one.returned for one in own if one.reckoning == bill.reckoning)
    lines = lines_with_worth(bill.id, guest_id=guest_id, reckoning=bill.reckoning)
    return sum(worth for _, worth in lines) - paid - _left_over(bill, guest_id, own)


def _left_over(bill: Bill, guest_id: UUID, own: list[Payment]) -> int:
    """What was taken off of the guest's dishes of an earlier reckoning, after they had paid for them."""
    shares = [one for one in own if one.share_kind == ShareKind.MINE and one.reckoning < bill.reckoning]
    if not shares:
        return 0
    before = {"guest_id": guest_id, "reckoning__lt": bill.reckoning}
    lines = lines_with_worth(bill.id, credits=FROM_OWN_SHARE, **before)
    return max(0, sum(one.refundable for one in shares) - sum(worth for _, worth in lines))


def _grouped(rows: "QuerySet[Any]") -> dict[UUID, list[Any]]:
    groups: dict[UUID, list[Any]] = {}
    for row in rows:
        groups.setdefault(row.bill_id, []).append(row)
    return groups


def accounts_in_use(store_id: UUID) -> list[GatewayAccount]:
    """The store's enabled accounts of gateways that are offered here, in the order guests see."""
    rows = GatewayAccount.objects.filter(store_id=store_id, enabled=True, gateway__in=offered())
    return [row for row in rows.order_by("position", "id") if row.mode in _modes(row.gateway)]


def account_for(store_id: UUID, gateway: str) -> GatewayAccount | None:
    """The account a new payment goes to."""
    return next((row for row in accounts_in_use(store_id) if row.gateway == gateway), None)


def _modes(gateway: str) -> frozenset[str]:
    return gateway_named(gateway).capabilities.modes


def payment_of_guest(payment_id: UUID, *, tab_id: UUID) -> Payment | None:
    """A payment of the guest's own tab."""
    family = tab_family(tab_id)
    return (
        Payment.objects.select_related("bill")
        .filter(Q(tab_id__in=family) | Q(bill__tab_id__in=family), pk=payment_id)
        .first()
    )


def payment_by_id(payment_id: UUID) -> Payment | None:
    """For callers whose permission is a signed address."""
    return Payment.objects.filter(pk=payment_id).first()


def payment_by_reference(account: GatewayAccount, merchant_ref: str) -> Payment | None:
    """A payment of this account; another account's references mean nothing here."""
    return Payment.objects.filter(account=account, merchant_ref=merchant_ref).first()


def store_snapshot(store_id: UUID) -> StoreSnapshot | None:
    return StoreSnapshot.objects.filter(pk=store_id).first()


def captured_payments(bill_id: UUID) -> "QuerySet[Payment]":
    """Payments that brought money, the latest first."""
    return Payment.objects.filter(bill_id=bill_id, state=PaymentState.CAPTURED).order_by(
        "-captured_at", "-id"
    )
