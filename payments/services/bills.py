"""Bills follow orders and tabs: they open, grow, shrink, move and close."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from payments.errors import BillNotReady
from payments.models import (
    OPEN_STATES,
    Bill,
    BillLine,
    Payment,
    RefundSource,
    TabSnapshot,
)
from payments.selectors import lines_with_worth, sums_of, sums_of_bill
from payments.services.settlement import announce_paid, lock_bill, settle, tell_phones


def open_bill(
    *,
    store_id: UUID,
    tab_id: UUID,
    order_id: UUID,
    order_number: int,
    pay_after: str,
    currency: str,
    table: dict[str, Any],
    lines: Sequence[Mapping[str, Any]],
) -> Bill:
    """Writes an order's lines on a bill of its own (pay first) or on the tab's growing bill. Safe to repeat.

    Orders and tabs are told in streams of their own: when the leaving was heard first, the bill is shut.
    `table`: {"table_id", "table_name", "table_token"}; `lines`: orders.events.SoldLine.
    """
    with atomic("payments"):
        tab = _lock_tab(tab_id, store_id, table)
        holder = _sits_with(tab)
        own_order = order_id if pay_after == "order" else None
        bill = _get_bill(store_id, holder.tab_id, own_order, currency, holder.place or table)
        if not bill.lines.filter(order_id=order_id).exists():  # else told again
            _reckon_anew(bill)
        rows = [_line(bill, order_id, order_number, position, line) for position, line in enumerate(lines)]
        BillLine.objects.bulk_create(rows, ignore_conflicts=True)
        if own_order and not sum(row.total for row in rows) and bill.settled_at is None:
            _give_away(bill)
        if holder.has_left:
            _shut(bill, reason=holder.close_reason, at=timezone.now())
        settle(bill)
        return bill


def _lock_tab(tab_id: UUID, store_id: UUID, table: dict[str, Any]) -> TabSnapshot:
    """The tab's row, locked before any bill: joining tabs and opening bills wait for each other."""
    TabSnapshot.objects.bulk_create(
        [TabSnapshot(tab_id=tab_id, store_id=store_id, **table)], ignore_conflicts=True
    )
    tab = TabSnapshot.objects.select_for_update().get(pk=tab_id)
    if table and not tab.place:  # a fact about another party had told of it first
        TabSnapshot.objects.filter(pk=tab_id).update(**table)
        Bill.objects.filter(tab_id=tab_id, table_id=None).update(**table)
        tab.refresh_from_db()
    return tab


def _sits_with(tab: TabSnapshot) -> TabSnapshot:
    """The party that its dishes count with by now, locked: of two joinings the later may be heard first."""
    while tab.merged_into:
        tab = _lock_tab(tab.merged_into, tab.store_id, {})
    return tab


def _get_bill(
    store_id: UUID, tab_id: UUID, order_id: UUID | None, currency: str, table: dict[str, Any]
) -> Bill:
    row = Bill(
        store_id=store_id, tab_id=tab_id, origin_tab_id=tab_id, order_id=order_id, currency=currency, **table
    )
    Bill.objects.bulk_create([row], ignore_conflicts=True)
    mine = {"order_id": order_id} if order_id else {"origin_tab_id": tab_id, "order_id": None}
    return Bill.objects.select_for_update().get(**mine)


def _reckon_anew(bill: Bill) -> None:
    """What is ordered after all was paid is shared by itself."""
    if sums_of_bill(bill.id).is_paid:
        bill.reckoning += 1
        bill.save(update_fields=["reckoning"])


def _line(bill: Bill, order_id: UUID, number: int, position: int, line: Mapping[str, Any]) -> BillLine:
    return BillLine(
        bill=bill,
        order_id=order_id,
        order_number=number,
        line_id=line["id"],
        name=line["name"],
        i18n=line.get("i18n") or {},
        options=line.get("options") or [],
        quantity=line["quantity"],
        unit_price=line["unit_price"],
        total=line["total"],
        tax_rate_bp=line.get("tax_rate_bp") or 0,
        guest_id=line.get("guest_id"),
        guest_name=line.get("guest_name") or "",
        position=position,
        reckoning=bill.reckoning,
    )


def _give_away(bill: Bill) -> None:
    bill.settled_at = timezone.now()
    bill.save(update_fields=["settled_at"])
    announce_paid(bill, 0)


def release_order(*, order_id: UUID, reason: str) -> None:
    """Takes a dead order off its bill; what was paid for it goes back. Raises BillNotReady before the bill.

    An attempt still open on a pay-first bill is closed by the reconciler; if it was paid meanwhile, the money
    is booked and sent back.
    """
    with atomic("payments"):
        bill = _bill_of_order(order_id)
        freed: Counter[UUID | None] = Counter()
        for line, worth in lines_with_worth(bill.id, order_id=order_id):
            freed[line.guest_id] += _take_off(line, worth, line.total, reason)
        if bill.order_id == order_id:
            _shut(bill, reason=reason, at=timezone.now())
        settle(bill, source=RefundSource.ORDER, reason=reason, freed=freed)


def void_line(*, order_id: UUID, line_id: UUID, amount: int, reason: str) -> None:
    """Takes `amount` of one line off; surplus goes back. Raises BillNotReady before the bill is there."""
    with atomic("payments"):
        bill = _bill_of_order(order_id)
        [(line, worth)] = lines_with_worth(bill.id, order_id=order_id, line_id=line_id)
        freed = {line.guest_id: _take_off(line, worth, amount, reason)}
        settle(bill, source=RefundSource.ORDER, reason=reason, freed=freed)


def _take_off(line: BillLine, worth: int, amount: int, reason: str) -> int:
    """Lowers the line; returns by how much it costs its guest less, who may have had a part of it back."""
    before = line.owed
    line.void(amount=amount, reason=reason)
    line.save(update_fields=["voided_amount", "void_reason"])
    return min(worth, before - line.owed)


def _bill_of_order(order_id: UUID) -> Bill:
    bill_id = BillLine.objects.filter(order_id=order_id).values_list("bill_id", flat=True).first()
    if bill_id is None:
        raise BillNotReady
    bill = lock_bill(bill_id)
    # Tabs may have been joined while we waited for the lock.
    moved_to = BillLine.objects.filter(order_id=order_id).values_list("bill_id", flat=True).first()
    return bill if moved_to == bill_id else _bill_of_order(order_id)


def move_tab(*, store_id: UUID, tab_id: UUID, table: dict[str, Any], seq: int) -> None:
    """The party sits elsewhere; `seq` orders moves, an older one is ignored."""
    with atomic("payments"):
        tab = _lock_tab(tab_id, store_id, table)
        if tab.moved_seq >= seq:
            return
        TabSnapshot.objects.filter(pk=tab_id).update(moved_seq=seq, **table)
        Bill.objects.filter(tab_id=tab_id).update(**table)


def merge_tab(
    *, store_id: UUID, tab_id: UUID, into_tab_id: UUID, table: dict[str, Any], into_table: dict[str, Any]
) -> None:
    """Joins a tab's bills into another tab.

    A tab bill that nobody tried to pay yet gives its lines to the other tab's bill; one with payments stays
    a bill of its own beside it, so that money never changes its bill.
    """
    with atomic("payments"):
        _lock_joined(tab_id)
        places = {tab_id: table, into_tab_id: into_table}
        tabs = {one: _lock_tab(one, store_id, places[one]) for one in sorted(places)}
        if not tabs[tab_id].merged_into:  # else told again
            _join_tabs(tabs[tab_id], _sits_with(tabs[into_tab_id]))


def _lock_joined(tab_id: UUID) -> None:
    """Who sits with this party already, before its own row: a bill that opens locks them in that order."""
    list(TabSnapshot.objects.select_for_update().filter(merged_into=tab_id).order_by("tab_id"))


def _join_tabs(tab: TabSnapshot, target: TabSnapshot) -> None:
    TabSnapshot.objects.filter(pk=tab.pk).update(merged_into=target.pk, closed_at=timezone.now())
    TabSnapshot.objects.filter(merged_into=tab.pk).update(merged_into=target.pk)
    for bill in Bill.objects.select_for_update().filter(tab_id=tab.pk).order_by("id"):
        _join(bill, target)
    _announce_joined(target.pk)
    if target.has_left:
        _shut_all(target)


def _join(bill: Bill, tab: TabSnapshot) -> None:
    if bill.order_id is None and not bill.payments.exists():
        target = _get_bill(bill.store_id, tab.pk, None, bill.currency, tab.place)
        _reckon_anew(target)
        BillLine.objects.filter(bill=bill).update(bill=target, reckoning=target.reckoning)
        bill.close(reason="merged", at=timezone.now())
        bill.save(update_fields=["closed_at", "close_reason"])
        settle(target)
        return
    Bill.objects.filter(pk=bill.pk).update(tab_id=tab.pk, **tab.place)
    bill.tab_id = tab.pk
    tell_phones(bill)


def _announce_joined(tab_id: UUID) -> None:
    """Parties that had paid are still settled together; orders only know that by being told again."""
    rows = Bill.objects.select_for_update().filter(tab_id=tab_id, order_id=None, closed_at=None)
    bills = list(rows.order_by("id"))
    sums = sums_of([bill.id for bill in bills])
    if any(one.is_paid for one in sums.values()) and not any(one.due for one in sums.values()):
        announce_paid(bills[-1], sums[bills[-1].id].total)


def close_tab(*, store_id: UUID, tab_id: UUID, table: dict[str, Any], reason: str) -> None:
    """The party left: its bills take no new payments; what is still owed is written off by that reason."""
    with atomic("payments"):
        tab = _lock_tab(tab_id, store_id, table)
        tab.closed_at, tab.close_reason = tab.closed_at or timezone.now(), reason[:200]
        tab.save(update_fields=["closed_at", "close_reason"])
        _shut_all(tab)


def _shut_all(tab: TabSnapshot) -> None:
    for bill in Bill.objects.select_for_update().filter(tab_id=tab.tab_id).order_by("id"):
        _shut(bill, reason=tab.close_reason, at=timezone.now())
        settle(bill)


def _shut(bill: Bill, *, reason: str, at: datetime) -> None:
    bill.close(reason=reason, at=at)
    bill.save(update_fields=["closed_at", "close_reason"])
    Payment.objects.filter(bill=bill, state__in=OPEN_STATES).update(check_at=at)
