"""Parties come, move, join and leave."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from events.kernel.databases import atomic
from events.kernel.errors import NotFound
from events.outbox import publish
from orders.errors import OldCode, ReasonNeeded, TableFull, TableNotOpen, TableTaken, WrongState
from orders.events import CallAnswered, TabClosed, TabMerged, TabMoved, TabOpened
from orders.models import (
    EMPTY_TAB_MINUTES,
    OPEN_STATUSES,
    Call,
    CartLine,
    Guest,
    Order,
    OrderStatus,
    Tab,
    TableSnapshot,
)
from orders.names import ANIMALS, color_of
from orders.reasons import IDLE, MERGED
from orders.selectors.guests import seated_guest
from orders.services.announce import hint_board, hint_cart, hint_order
from orders.services.payment import expire
from orders.storefront import TableCode, current_storefront

MAX_GUESTS = 40
_CLOSING = ["status", "closed_at", "close_reason", "close_code", "closed_by"]


@dataclass(frozen=True)
class Joined:
    """A phone at a tab."""

    guest: Guest
    tab: Tab


def tab_fields(tab: Tab) -> dict[str, Any]:
    """The fields that every event of a tab carries."""
    return {
        "store_id": tab.store_id,
        "tab_id": tab.pk,
        "table_id": tab.table_id,
        "table_name": tab.table_name,
        "table_token": tab.table_token,
    }


def end_call(call: Call, tab: Tab, *, actor_name: str, now: datetime) -> None:
    """Whatever ends a call says so: only that silences its alarm. Raises WrongState when it was answered."""
    call.answer(actor_name=actor_name, at=now)
    call.save(update_fields=["answered_at", "answered_by"])
    event = CallAnswered(**tab_fields(tab), call_id=call.pk, actor_name=actor_name)
    publish(event, correlation_id=tab.pk)


def join_tab(
    *, code: TableCode, guest_id: UUID | None, nickname: str, language: str, now: datetime
) -> Joined:
    """Seats a phone: at its cookie's tab while that is open, else at the table's open tab or a new one.

    Raises OldCode, TableNotOpen (staff open tables here), TableFull.
    """
    known = seated_guest(guest_id, code) if guest_id else None
    if known is not None:
        return Joined(known, known.tab)
    code.require_valid()
    with atomic("orders"):
        tab = _open_tab_at(code.table_id, now) or _first_scan(code, now)
        guest = _seat(tab, token=code.token, nickname=nickname, language=language, now=now)
        hint_order(tab.store_id, tab.pk)
    return Joined(guest, tab)


def open_tab(*, store_id: UUID, table_id: UUID, now: datetime) -> Tab:
    """Staff seat a party: the table's tab, new if there is none."""
    with atomic("orders"):
        tab = _open_tab_at(table_id, now, store_id=store_id)
        if tab is None:
            tab = _start_tab(store_id, table_id, now)
        hint_board(store_id)
    return tab


def close_tab(
    *, store_id: UUID, tab_id: UUID, reason: str, actor_name: str, may_write_off: bool, now: datetime
) -> Tab:
    """Ends a party's account. With something unserved or unpaid only a manager may, with a reason.

    Raises MoneyOwed, ReasonNeeded, TabClosed.
    """
    with atomic("orders"):
        tab = _lock_tab(tab_id, store_id)
        tab.require_open()
        orders = _lock_orders(tab)
        if not may_write_off:
            tab.require_settled(orders)
        elif tab.owes(orders) and not reason.strip():
            raise ReasonNeeded()
        _close(tab, orders, reason=reason, actor_name=actor_name, now=now)
    return tab


def close_idle_tabs(*, now: datetime) -> int:
    """Closes the tabs of parties that have evidently left; returns how many. What is owed keeps one open."""
    before = now - timedelta(minutes=EMPTY_TAB_MINUTES)
    idle = Tab.objects.filter(closed_at=None, active_at__lt=before).values_list("pk", flat=True)
    return sum(_close_if_idle(tab_id, now) for tab_id in list(idle))


def move_tab(*, store_id: UUID, tab_id: UUID, table_id: UUID, now: datetime) -> Tab:
    """The party changes tables. Raises TableTaken, TabClosed, NotFound."""
    with atomic("orders"):
        table = _lock_table(table_id, store_id)
        tab = _lock_tab(tab_id, store_id)
        tab.require_open()
        if Tab.objects.filter(table_id=table_id, closed_at=None).exists():
            raise TableTaken()
        before_id, before_name = tab.table_id, tab.table_name
        _put_at(tab, table)
        tab.active_at = now
        tab.save(update_fields=["table_id", "table_name", "table_token", "active_at"])
        _move_open_orders(tab)
        event = TabMoved(**tab_fields(tab), from_table_id=before_id, from_table_name=before_name)
        publish(event, correlation_id=tab.pk)
        hint_order(store_id, tab.pk)
    return tab


def merge_tab(*, store_id: UUID, tab_id: UUID, into_tab_id: UUID, now: datetime) -> Tab:
    """Joins a party to another one: its guests, cart, calls and orders count there from now on.

    Returns the tab that stays. Raises WrongState when the two pay differently or are the same, TabClosed.
    """
    with atomic("orders"):
        tabs = {
            tab.pk: tab
            for tab in Tab.objects.select_for_update()
            .filter(pk__in=[tab_id, into_tab_id], store_id=store_id)
            .order_by("pk")
        }
        if len(tabs) < 2:
            raise WrongState() if tab_id == into_tab_id else NotFound()
        source, target = tabs[tab_id], tabs[into_tab_id]
        _join_tabs(source, target, now)
    return target


def _open_tab_at(table_id: UUID, now: datetime, store_id: UUID | None = None) -> Tab | None:
    """The table's tab; one whose party has left is closed first. The table's lock keeps phones in turn."""
    _lock_table(table_id, store_id)
    tab = Tab.objects.select_for_update().filter(table_id=table_id, closed_at=None).first()
    if tab is None:
        return None
    orders = list(tab.orders.all())
    if not tab.is_idle(orders, now):
        return tab
    _close(tab, orders, code=IDLE, now=now)
    return None


def _first_scan(code: TableCode, now: datetime) -> Tab:
    settings = current_storefront(code.store_id).settings
    if settings.get("tab_opening") == "staff":
        raise TableNotOpen()
    return _start_tab(code.store_id, code.table_id, now)


def _start_tab(store_id: UUID, table_id: UUID, now: datetime) -> Tab:
    settings = current_storefront(store_id).settings
    tab = Tab(
        store_id=store_id,
        pay_after=settings["pay_after"],
        currency=settings["currency"],
        opened_at=now,
        active_at=now,
    )
    _put_at(tab, _lock_table(table_id, store_id))
    tab.save(force_insert=True)
    event = TabOpened(**tab_fields(tab), pay_after=tab.pay_after, currency=tab.currency)
    publish(event, correlation_id=tab.pk)
    return tab


def _seat(tab: Tab, *, token: str, nickname: str, language: str, now: datetime) -> Guest:
    if tab.guest_count >= MAX_GUESTS:
        raise TableFull()
    number = tab.guest_count
    tab.guest_count, tab.active_at = number + 1, now
    tab.save(update_fields=["guest_count", "active_at"])
    taken = set(tab.guests.values_list("animal", flat=True))
    free = [index for index in range(len(ANIMALS)) if index not in taken] or [number]
    guest = Guest(
        tab=tab,
        number=number + 1,
        nickname=nickname.strip(),
        animal=random.choice(free),  # noqa: S311  a friendly name, not a secret
        color=color_of(number),
        language=language,
        token=token,
        joined_at=now,
    )
    guest.save(force_insert=True)
    return guest


def _lock_tab(tab_id: UUID, store_id: UUID) -> Tab:
    tab = Tab.objects.select_for_update().filter(pk=tab_id, store_id=store_id).first()
    if tab is None:
        raise NotFound()
    return tab


def _lock_orders(*tabs: Tab) -> list[Order]:
    """The tabs' orders, locked one after the other by their ids, as boards that accept several lock them."""
    return list(Order.objects.select_for_update().filter(tab__in=tabs).order_by("pk"))


def _lock_table(table_id: UUID, store_id: UUID | None = None) -> TableSnapshot:
    tables = TableSnapshot.objects.select_for_update().filter(table_id=table_id, retired=False)
    table = (tables if store_id is None else tables.filter(store_id=store_id)).first()
    if table is None:
        raise OldCode() if store_id is None else NotFound()
    return table


def _put_at(tab: Tab, table: TableSnapshot) -> None:
    tab.table_id, tab.table_name = table.table_id, table.data["name"]
    tab.table_token = table.data["token"]


def _move_open_orders(tab: Tab) -> None:
    """What is still to be served goes to the new table; what was served stays where it was."""
    _lock_orders(tab)
    Order.objects.filter(tab=tab, status__in=OPEN_STATUSES).update(
        table_id=tab.table_id, table_name=tab.table_name
    )


def _close_if_idle(tab_id: UUID, now: datetime) -> int:
    with atomic("orders"):
        tab = Tab.objects.select_for_update(skip_locked=True).filter(pk=tab_id, closed_at=None).first()
        if tab is None:
            return 0
        orders = list(tab.orders.all())
        if not tab.is_idle(orders, now):
            return 0
        _close(tab, orders, code=IDLE, now=now)
    return 1


def _close(
    tab: Tab,
    orders: Sequence[Order],
    *,
    now: datetime,
    reason: str = "",
    code: str = "",
    actor_name: str = "",
) -> None:
    """Unpaid orders expire, calls end, the cart is emptied; what the kitchen cooks goes on."""
    for order in orders:
        if order.status == OrderStatus.AWAITING_PAYMENT:
            expire(order, now)
    for call in _open_calls(tab):
        end_call(call, tab, actor_name=actor_name, now=now)
    CartLine.objects.filter(tab=tab).delete()
    tab.close(reason=reason, code=code, actor_name=actor_name, at=now)
    tab.save(update_fields=_CLOSING)
    event = TabClosed(**tab_fields(tab), reason=reason, reason_code=code, actor_name=actor_name)
    publish(event, correlation_id=tab.pk)
    hint_order(tab.store_id, tab.pk)


def _join_tabs(source: Tab, target: Tab, now: datetime) -> None:
    source.require_open()
    target.require_open()
    if source.pay_after != target.pay_after or source.currency != target.currency:
        raise WrongState()
    orders = _take_over(source, target, now)
    source.close(reason="", code=MERGED, actor_name="", at=now)
    source.merged_into_id = target.pk
    source.save(update_fields=[*_CLOSING, "merged_into_id"])
    _welcome(source, target, orders, now)
    publish(_merged(source, target, [order.pk for order in orders]), correlation_id=source.pk)
    hint_order(source.store_id, source.pk)
    hint_order(target.store_id, target.pk)
    hint_cart(target)


def _take_over(source: Tab, target: Tab, now: datetime) -> list[Order]:
    """Whatever the party has goes to the other one; returns its orders."""
    orders = [order for order in _lock_orders(source, target) if order.tab_id == source.pk]
    Order.objects.filter(tab=source).update(tab=target)
    Guest.objects.filter(tab=source).update(tab=target)
    CartLine.objects.filter(tab=source).update(tab=target)
    _move_calls(source, target, now)
    _move_open_orders(target)
    return orders


def _welcome(source: Tab, target: Tab, orders: Sequence[Order], now: datetime) -> None:
    """The common account: what its new guests have to pay is owed there."""
    if any(order.counts and order.total for order in orders):
        target.reopen()
    target.guest_count += source.guest_count
    # Above both: the phones of either party take an older cart for what they have already.
    target.cart_version = max(target.cart_version, source.cart_version) + 1
    target.active_at = now
    target.save(update_fields=["status", "settled_at", "guest_count", "cart_version", "active_at"])


def _merged(source: Tab, target: Tab, order_ids: list[UUID]) -> TabMerged:
    return TabMerged(
        **tab_fields(source),
        into_tab_id=target.pk,
        order_ids=order_ids,
        into_table_id=target.table_id,
        into_table_name=target.table_name,
        into_table_token=target.table_token,
    )


def _move_calls(source: Tab, target: Tab, now: datetime) -> None:
    """One open call per kind: a second one of the same kind is answered by the first."""
    known = {call.kind for call in _open_calls(target)}
    for call in _open_calls(source):
        if call.kind in known:
            end_call(call, source, actor_name="", now=now)
    Call.objects.filter(tab=source).update(tab=target)


def _open_calls(tab: Tab) -> list[Call]:
    """Locked: somebody may answer one on the board at the same moment."""
    return list(Call.objects.select_for_update().filter(tab=tab, answered_at=None).order_by("pk"))
