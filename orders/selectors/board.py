"""What the staff's board shows; the number of queries does not grow with the orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from events.kernel.errors import NotFound
from orders.hours import business_day
from orders.models import (
    KITCHEN_STATUSES,
    REFUSED_STATUSES,
    Call,
    LineStatus,
    Order,
    OrderLine,
    OrderStatus,
    PayAfter,
    StoreSnapshot,
    Tab,
    TableSnapshot,
)
from orders.selectors.guests import Reader, lines_by_order, option_name, order_document
from orders.selectors.menus import store_names
from orders.storefront import Storefront, current_storefront

RECENT = 10
LOG_LIMIT = 500
Lines = dict[UUID, list[OrderLine]]


def store_by_slug(slug: str) -> StoreSnapshot:
    """The store of a board's address; raises NotFound."""
    store = StoreSnapshot.objects.filter(slug=slug).first()
    if store is None:
        raise NotFound()
    return store


def board(store_id: UUID, now: datetime) -> dict[str, Any]:
    """Tickets, calls and tables of a store, in its own language. Eight queries however much there is."""
    front = current_storefront(store_id)
    tabs = list(Tab.objects.filter(store_id=store_id, closed_at=None))
    orders = list(_orders_shown(store_id, tabs))
    recent = list(_recent(store_id))
    lines = lines_by_order({order.pk for order in (*orders, *recent)})
    guests = _guest_counts(tabs, orders)
    tickets = [order for order in orders if order.status in KITCHEN_STATUSES]
    tickets.sort(key=lambda order: (order.submitted_at or order.placed_at, order.pk))
    calls = list(_open_calls(store_id))
    return {
        "now": now,
        "store": store_document(store_id, front.settings),
        "tickets": [ticket(order, lines.get(order.pk, []), guests.get(order.tab_id, 0)) for order in tickets],
        "recent": [ticket(order, lines.get(order.pk, []), guests.get(order.tab_id, 0)) for order in recent],
        "all_day": _all_day(tickets, lines),
        "calls": [call_for_staff(call) for call in calls],
        "tables": _tables(store_id, tabs, orders, lines, calls, front, now),
    }


def store_document(store_id: UUID, settings: dict[str, Any]) -> dict[str, Any]:
    """What the board needs to know of its store."""
    return {
        "id": str(store_id),
        "slug": settings["slug"],
        **store_names(settings, settings.get("language") or "en"),
        "language": settings.get("language") or "en",
        "currency": settings["currency"],
        "timezone": settings["timezone"],
        "pay_after": settings["pay_after"],
        "accepting_orders": settings.get("accepting_orders", True),
        "warn_minutes": settings.get("warn_minutes", 5),
        "late_minutes": settings.get("late_minutes", 8),
        "auto_reject_minutes": settings.get("auto_reject_minutes", 15),
    }


def ticket_of(order: Order) -> dict[str, Any]:
    """One order as a ticket."""
    tab = Tab.objects.get(pk=order.tab_id)
    return ticket(order, list(order.lines.all()), tab.guest_count)


def ticket(order: Order, lines: Sequence[OrderLine], guest_count: int) -> dict[str, Any]:
    """An order as the kitchen reads it, in the store's language."""
    return {
        "id": str(order.pk),
        "number": order.number,
        "round": order.round,
        "tab_id": str(order.tab_id),
        "table_name": order.table_name,
        "guest_count": guest_count,
        "guest_name": order.guest_name,
        "status": order.status,
        "placed_at": order.placed_at,
        "submitted_at": order.submitted_at,
        "accepted_at": order.accepted_at,
        "ready_by": order.ready_by,
        "minutes": order.minutes,
        "ready_at": order.ready_at,
        "served_at": order.served_at,
        "ended_at": order.ended_at,
        "total": order.total,
        "currency": order.currency,
        "reason": order.reason,
        "reason_code": order.reason_code,
        "actor_name": order.actor_name,
        "note": "",
        "lines": [_ticket_line(line) for line in lines],
    }


def tab_for_staff(tab: Tab) -> dict[str, Any]:
    """A party's account as staff read it."""
    orders = list(tab.orders.order_by("placed_at", "pk"))
    lines = lines_by_order(order.pk for order in orders)
    language = current_storefront(tab.store_id).language
    return {"table_id": str(tab.table_id), "table_name": tab.table_name, **_tab(tab, orders, lines, language)}


def call_for_staff(call: Call) -> dict[str, Any]:
    """A call with its table; `call.tab` must be loaded."""
    return {
        "id": str(call.pk),
        "table_id": str(call.tab.table_id),
        "table_name": call.tab.table_name,
        "kind": call.kind,
        "note": call.note,
        "raised_at": call.raised_at,
        "answered_at": call.answered_at,
        "guest_name": call.guest_name,
    }


def log(store_id: UUID, day: date | None, now: datetime) -> dict[str, Any]:
    """The orders of a business day (default: today), newest first. Four queries."""
    day = day or business_day(current_storefront(store_id).settings, now)
    orders = list(
        Order.objects.filter(store_id=store_id, business_day=day)
        .select_related("tab")
        .order_by("-number")[:LOG_LIMIT]
    )
    lines = lines_by_order(order.pk for order in orders)
    return {
        "day": day,
        "orders": [ticket(order, lines.get(order.pk, []), order.tab.guest_count) for order in orders],
    }


def _orders_shown(store_id: UUID, tabs: Sequence[Tab]) -> Iterable[Order]:
    """What the kitchen has, and all that the open tabs had."""
    in_kitchen = Order.objects.filter(store_id=store_id, status__in=KITCHEN_STATUSES)
    of_tabs = Order.objects.filter(tab_id__in=[tab.pk for tab in tabs])
    found = {order.pk: order for order in (*in_kitchen, *of_tabs)}
    return sorted(found.values(), key=lambda order: (order.placed_at, order.pk))


def _recent(store_id: UUID) -> Iterable[Order]:
    ended = (OrderStatus.SERVED, OrderStatus.REJECTED, OrderStatus.CANCELED)
    orders = Order.objects.filter(store_id=store_id, status__in=ended, submitted_at__isnull=False)
    return orders.order_by("-placed_at")[:RECENT]


def _guest_counts(tabs: Sequence[Tab], orders: Sequence[Order]) -> dict[UUID, int]:
    counts = {tab.pk: tab.guest_count for tab in tabs}
    missing = {order.tab_id for order in orders if order.tab_id not in counts}
    counts.update(Tab.objects.filter(pk__in=missing).values_list("pk", "guest_count"))
    return counts


def _open_calls(store_id: UUID) -> Iterable[Call]:
    calls = Call.objects.filter(store_id=store_id, answered_at=None)
    return calls.select_related("tab").order_by("raised_at")


def _ticket_line(line: OrderLine) -> dict[str, Any]:
    return {
        "id": str(line.pk),
        "item_id": str(line.item_id),
        "name": line.name,
        "quantity": line.quantity,
        "options": [option_name(option, line.language, line.language) for option in line.options],
        "note": line.note,
        "status": line.status,
        "allergens": line.allergens,
        "station": line.station,
        "total": line.total,
        "guest_name": line.guest_name,
        "changed_at": line.changed_at,
    }


def _all_day(tickets: Sequence[Order], lines: Lines) -> list[dict[str, Any]]:
    """How many of each dish are still to be cooked."""
    waiting = (LineStatus.QUEUED, LineStatus.COOKING)
    counts: Counter[str] = Counter()
    for order in tickets:
        for line in lines.get(order.pk, []):
            if line.status in waiting:
                counts[line.name] += line.quantity
    return [{"name": name, "quantity": quantity} for name, quantity in counts.most_common()]


def _tables(
    store_id: UUID,
    tabs: Sequence[Tab],
    orders: Sequence[Order],
    lines: Lines,
    calls: Sequence[Call],
    front: Storefront,
    now: datetime,
) -> list[dict[str, Any]]:
    at_table = {tab.table_id: tab for tab in tabs}
    calling = {call.tab_id for call in calls}
    rows = list(TableSnapshot.objects.filter(store_id=store_id, retired=False))
    rows.sort(key=lambda row: (row.data.get("position", 0), row.data.get("name", "")))
    found = []
    for row in rows:
        tab = at_table.get(row.table_id)
        own = [order for order in orders if tab is not None and order.tab_id == tab.pk]
        late = timedelta(minutes=front.settings.get("late_minutes", 8))
        state = "free" if tab is None else table_state(tab, own, tab.pk in calling, late, now)
        found.append(
            {
                **_place(row),
                "state": state,
                "tab": _tab(tab, own, lines, front.language) if tab is not None else None,
            }
        )
    return found


def table_state(tab: Tab, orders: Sequence[Order], is_calling: bool, late: timedelta, now: datetime) -> str:
    """The most urgent thing about a table: late, call, new, ready, cooking, settled or occupied."""
    statuses = {order.status for order in orders}
    if any(_is_late(order, late, now) for order in orders):
        return "late"
    if is_calling:
        return "call"
    if OrderStatus.SUBMITTED in statuses:
        return "new"
    if OrderStatus.READY in statuses:
        return "ready"
    if statuses & {OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS}:
        return "cooking"
    return "settled" if _is_settled(tab, orders) else "occupied"


def _is_late(order: Order, late: timedelta, now: datetime) -> bool:
    """Unanswered for too long, or past its promise."""
    if order.status == OrderStatus.SUBMITTED and order.submitted_at is not None:
        return now - order.submitted_at > late
    cooking = order.status in (OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS)
    return cooking and order.ready_by is not None and now > order.ready_by


def _is_settled(tab: Tab, orders: Sequence[Order]) -> bool:
    if tab.settled_at is not None:
        return True
    had = [order for order in orders if order.status not in REFUSED_STATUSES]
    return tab.pay_after == PayAfter.ORDER and bool(had) and not tab.owes(had)


def _place(row: TableSnapshot) -> dict[str, Any]:
    data = row.data
    fields = ("name", "zone", "shape", "x", "y", "width", "height", "seats")
    return {"id": str(row.table_id), **{name: data.get(name) for name in fields}}


def _tab(tab: Tab, orders: Sequence[Order], lines: Lines, language: str) -> dict[str, Any]:
    reader = Reader(language)
    return {
        "id": str(tab.pk),
        "status": tab.status,
        "opened_at": tab.opened_at,
        "guest_count": tab.guest_count,
        "pay_after": tab.pay_after,
        "settled": _is_settled(tab, orders),
        "total": sum(order.total for order in orders if order.counts),
        "currency": tab.currency,
        "orders": [
            order_document(order, lines.get(order.pk, []), reader) for order in reversed(list(orders))
        ],
    }
