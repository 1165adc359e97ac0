"""What one table's phones see: their tab, the shared cart, their orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from events.kernel.errors import NotFound
from events.kernel.texts import localized
from orders.models import Call, CartLine, Guest, Order, OrderLine, Tab
from orders.names import display_name
from orders.pricing import Choice, Menu, price_line
from orders.storefront import Storefront, TableCode, current_storefront


@dataclass(frozen=True)
class Reader:
    """Who looks, and in which language. `guest_id` None is staff."""

    language: str
    guest_id: UUID | None = None


def seated_guest(guest_id: UUID, code: TableCode) -> Guest | None:
    """The phone at its open tab, when the code leads to the tab's table or is the one the phone scanned."""
    guest = Guest.objects.select_related("tab").filter(pk=guest_id).first()
    if guest is None or not guest.tab.is_open or guest.tab.store_id != code.store_id:
        return None
    is_here = guest.tab.table_id == code.table_id or guest.token == code.token
    return guest if is_here else None


def guest_of(guest_id: UUID) -> Guest:
    """The phone with its tab, open or not; raises NotFound."""
    guest = Guest.objects.select_related("tab").filter(pk=guest_id).first()
    if guest is None:
        raise NotFound()
    return guest


def guest_document(guest: Guest, language: str) -> dict[str, Any]:
    """{"id", "name", "color"}."""
    name = display_name(guest.nickname, guest.animal, language)
    return {"id": str(guest.pk), "name": name, "color": guest.color}


def tab_document(tab: Tab, reader: Reader) -> dict[str, Any]:
    """The party's account: its phones and orders, newest first. Three queries."""
    return {
        "id": str(tab.pk),
        "status": tab.status,
        "opened_at": tab.opened_at,
        "table": {"id": str(tab.table_id), "name": tab.table_name},
        "guests": [
            guest_document(guest, reader.language) for guest in tab.guests.order_by("joined_at", "pk")
        ],
        "orders": orders_of_tab(tab.pk, reader),
        "pay_after": tab.pay_after,
        "settled": tab.settled_at is not None,
    }


def orders_of_tab(tab_id: UUID, reader: Reader) -> list[dict[str, Any]]:
    """The tab's orders, newest first. Three queries."""
    orders = list(Order.objects.filter(tab_id=tab_id).order_by("-placed_at", "-pk"))
    lines = lines_by_order(order.pk for order in orders)
    return [order_document(order, lines.get(order.pk, []), reader) for order in orders]


def lines_by_order(order_ids: Iterable[UUID]) -> dict[UUID, list[OrderLine]]:
    """The orders' lines with the phones that picked them. One query."""
    found: dict[UUID, list[OrderLine]] = {}
    rows = OrderLine.objects.filter(order_id__in=list(order_ids)).select_related("guest")
    for line in rows.order_by("order_id", "position"):
        found.setdefault(line.order_id, []).append(line)
    return found


def order_of_guest(order_id: UUID, guest_id: UUID) -> Order:
    """An order of the guest's own tab; raises NotFound for any other."""
    tabs = Guest.objects.filter(pk=guest_id).values("tab_id")
    order = Order.objects.filter(pk=order_id, tab_id__in=tabs).first()
    if order is None:
        raise NotFound()
    return order


def order_document(order: Order, lines: Sequence[OrderLine], reader: Reader) -> dict[str, Any]:
    """An order as phones and staff read it; money in minor units."""
    mine = reader.guest_id is not None and order.guest_id == reader.guest_id
    return {
        "id": str(order.pk),
        "number": order.number,
        "round": order.round,
        "status": order.status,
        "placed_at": order.placed_at,
        "submitted_at": order.submitted_at,
        "accepted_at": order.accepted_at,
        "ready_by": order.ready_by,
        "minutes": order.minutes,
        "ready_at": order.ready_at,
        "served_at": order.served_at,
        "ended_at": order.ended_at,
        "expires_at": order.expires_at,
        "lines": [line_document(line, reader.language) for line in lines],
        "total": order.total,
        "currency": order.currency,
        "reason": order.reason,
        "reason_code": order.reason_code,
        "can_cancel": order.guest_may_cancel and (mine or reader.guest_id is None),
        "mine": mine,
    }


def line_document(line: OrderLine, language: str) -> dict[str, Any]:
    """A line as it was sold, its names in `language` where the menu had them."""
    return {
        "id": str(line.pk),
        "item_id": str(line.item_id),
        "name": line_name(line, language),
        "original_name": line.name,
        "quantity": line.quantity,
        "options": [
            {"name": option_name(option, line.language, language), "price": option["price"]}
            for option in line.options
        ],
        "note": line.note,
        "unit_price": line.unit_price,
        "total": line.total,
        "status": line.status,
        "guest": guest_document(line.guest, language)
        if line.guest
        else {"id": None, "name": line.guest_name, "color": ""},
    }


def line_name(line: OrderLine, language: str) -> str:
    row = {"name": line.name, "i18n": line.i18n, "language": line.language}
    return localized(row, "name", language)


def option_name(option: dict[str, Any], main: str, language: str) -> str:
    return localized({**option, "language": main}, "name", language)


def cart_document(tab: Tab, reader: Reader) -> dict[str, Any]:
    """The table's shared cart at today's prices. Two queries, three when the menu moved on."""
    front = current_storefront(tab.store_id)
    rows = CartLine.objects.filter(tab=tab).select_related("guest").order_by("pk")
    lines = [_cart_line(row, front, reader) for row in rows]
    return {
        "version": tab.cart_version,
        "lines": lines,
        "total": sum(line["total"] for line in lines if line["available"]),
        "currency": tab.currency,
    }


def call_document(call: Call) -> dict[str, Any]:
    """A call for staff, as its guest sees it."""
    return {
        "id": str(call.pk),
        "kind": call.kind,
        "raised_at": call.raised_at,
        "answered_at": call.answered_at,
    }


def _cart_line(row: CartLine, front: Storefront, reader: Reader) -> dict[str, Any]:
    choice = Choice(str(row.item_id), row.quantity, tuple(row.options), row.note)
    menu = front.menu
    priced = price_line(menu, choice) if menu else None
    item = menu.items.get(choice.item_id) if menu else None
    sold_out = choice.item_id in front.sold_out or not front.sold_out.isdisjoint(choice.options)
    main = menu.language if menu else front.language
    return {
        "id": str(row.pk),
        "item_id": choice.item_id,
        "name": option_name(item.document, main, reader.language) if item else "",
        "original_name": item.document["name"] if item else "",
        "quantity": row.quantity,
        "options": _cart_options(menu, choice, reader.language),
        "option_ids": row.options,
        "note": row.note,
        "unit_price": priced.unit_price if priced else 0,
        "total": priced.total if priced else 0,
        "guest": guest_document(row.guest, reader.language),
        "mine": row.guest_id == reader.guest_id,
        "available": priced is not None and not sold_out,
    }


def _cart_options(menu: Menu | None, choice: Choice, language: str) -> list[dict[str, Any]]:
    item = menu.items.get(choice.item_id) if menu else None
    if menu is None or item is None:
        return []
    return [
        {
            "id": option["id"],
            "name": option_name(option, menu.language, language),
            "price": option["price"],
        }
        for key, option in item.options.items()
        if key in choice.options
    ]
