"""A guest sends a round: one transaction, and as few round trips as it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from django.db import IntegrityError
from django.utils.translation import get_language

from events.kernel.databases import alias_of, atomic
from events.kernel.statements import execute
from events.kernel.texts import localized
from events.outbox import Late, publish
from orders.errors import (
    CartChanged,
    InvalidLines,
    KeyReused,
    MenuChanged,
    SoldOutMeanwhile,
    StoreClosed,
    StorePaused,
    TabClosed,
)
from orders.events import OrderPlaced
from orders.hours import business_day, opening_at
from orders.models import Guest, Order, OrderLine, OrderStatus, PayAfter, Tab
from orders.names import display_name
from orders.pricing import (
    MAX_LINES,
    Change,
    Choice,
    Menu,
    PricedLine,
    changes_between,
    price_line,
    sold_out_among,
    total_of,
)
from orders.services.announce import hint_cart, hint_order
from orders.services.payment import line_fact, order_fields, publish_submitted
from orders.storefront import Storefront, menu_at, storefront_of

_GUEST_FIELDS = [field.attname for field in Guest._meta.concrete_fields]
_TAB_FIELDS = [field.attname for field in Tab._meta.concrete_fields]
# One statement, written out because the query builder would cost more than the query: looks for the key and,
# if it is new and the tab is open, locks the tab and takes the lines out of the cart.
_PREPARE = f"""
WITH seen AS (
  SELECT id FROM orders_order WHERE guest_id = %(guest)s AND idempotency_key = %(key)s
), touched AS (
  UPDATE orders_tab t SET active_at = %(now)s, status = 'open', settled_at = NULL,
    cart_version = t.cart_version + %(cart_step)s
  FROM orders_guest g
  WHERE g.id = %(guest)s AND t.id = g.tab_id AND t.closed_at IS NULL AND NOT EXISTS (SELECT FROM seen)
  RETURNING {", ".join(f"g.{name} AS g_{name}" for name in _GUEST_FIELDS)},
            {", ".join(f"t.{name} AS t_{name}" for name in _TAB_FIELDS)}
), taken AS (
  DELETE FROM orders_cartline USING touched
  WHERE orders_cartline.tab_id = t_id AND orders_cartline.id = ANY(%(cart)s::uuid[])
  RETURNING item_id, quantity, options, note, orders_cartline.guest_id
)
SELECT (SELECT id FROM seen),
       (SELECT count(*) FROM orders_order WHERE tab_id = t_id),
       (SELECT jsonb_agg(to_jsonb(taken)) FROM taken),
       coalesce((SELECT number FROM orders_storerevision WHERE store_id = t_store_id), 0),
       touched.*
FROM (SELECT) AS always LEFT JOIN touched ON true
"""  # noqa: S608  names of our own columns
_FACTS = 4  # what comes before the guest's and the tab's columns
_NUMBER = """
INSERT INTO orders_daycounter (store_id, business_day, last_number)
VALUES (%(number_store)s, %(number_day)s, 1)
ON CONFLICT (store_id, business_day) DO UPDATE SET last_number = orders_daycounter.last_number + 1
RETURNING last_number
"""


@dataclass(frozen=True)
class Placement:
    """What a phone asks for: `menu_version` is the menu it shows, `cart_line_ids` leave the shared cart."""

    menu_version: int
    choices: tuple[Choice, ...]
    cart_line_ids: tuple[UUID, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Equal for equal wishes: tells a repetition from another order under the same key."""
        wish = [[list(c.key) for c in self.choices], sorted(str(i) for i in self.cart_line_ids)]
        return hashlib.sha256(msgspec.json.encode(wish)).hexdigest()


@dataclass(frozen=True)
class Placed:
    """The order with its lines; `is_new` is False when the key was known."""

    order: Order
    lines: list[OrderLine]
    is_new: bool


class _Seen(Exception):
    """The key is known: the order it made is the answer."""


@dataclass(frozen=True)
class _Prepared:
    guest: Guest
    round: int
    cart: list[dict[str, Any]]
    revision: int


def place_order(*, guest_id: UUID, placement: Placement, idempotency_key: str, now: datetime) -> Placed:
    """Prices and stores a round, once per guest and key; the kitchen hears of it now or when it is paid.

    Raises KeyReused, TabClosed, StoreClosed, StorePaused, SoldOutMeanwhile, MenuChanged, CartChanged,
    InvalidLines; then nothing was stored.
    """
    try:
        return _place_new(guest_id, placement, idempotency_key, now)
    except (_Seen, IntegrityError, CartChanged):  # perhaps because the same key has just been here
        known = Order.objects.filter(guest_id=guest_id, idempotency_key=idempotency_key).first()
        if known is None:
            raise
        return _repeat(known, placement)


def _place_new(guest_id: UUID, placement: Placement, key: str, now: datetime) -> Placed:
    with atomic("orders"):
        prepared = _prepare(guest_id, placement, key, now)
        guest, tab = prepared.guest, prepared.guest.tab
        front = storefront_of(tab.store_id, prepared.revision)
        _require_open(front, now)
        priced = _price(front, placement)
        order = _new_order(guest, front, priced, prepared, now)
        order.idempotency_key, order.fingerprint = key, placement.fingerprint
        lines = _new_lines(order, guest, priced, _owners(placement, prepared.cart, tab), front)
        _store(order, lines, tab, bool(prepared.cart))
    return Placed(order, lines, True)


def _prepare(guest_id: UUID, placement: Placement, key: str, now: datetime) -> _Prepared:
    """Raises _Seen for a known key, TabClosed when the guest has no open tab."""
    alias, cart = alias_of("orders"), list(placement.cart_line_ids)
    values = {
        "guest": guest_id,
        "key": key,
        "now": now,
        "cart": cart,
        "cart_step": int(bool(cart)),
    }
    row = execute(alias, _PREPARE, values).fetchone()
    assert row is not None
    (seen, rounds, taken, revision), columns = row[:_FACTS], row[_FACTS:]
    if seen is not None:
        raise _Seen()
    if columns[0] is None:
        raise TabClosed()
    guest = Guest.from_db(alias, _GUEST_FIELDS, columns[: len(_GUEST_FIELDS)])
    guest.tab = Tab.from_db(alias, _TAB_FIELDS, columns[len(_GUEST_FIELDS) :])
    return _Prepared(guest, rounds + 1, _cart_rows(taken), revision)


def _cart_rows(cart: Any) -> list[dict[str, Any]]:
    return msgspec.json.decode(cart) if isinstance(cart, str | bytes) else cart or []


def _repeat(order: Order, placement: Placement) -> Placed:
    if order.fingerprint != placement.fingerprint:
        raise KeyReused()
    return Placed(order, list(order.lines.select_related("guest")), False)


def _require_open(front: Storefront, now: datetime) -> None:
    if not front.settings.get("accepting_orders", True):
        raise StorePaused(front.settings.get("pause_message", ""))
    if not opening_at(front.settings, now).takes_orders:
        raise StoreClosed()


def _price(front: Storefront, placement: Placement) -> list[PricedLine]:
    """The lines at today's prices; refuses what is no longer what the phone showed."""
    menu, choices = front.menu, placement.choices
    if menu is None or not 0 < len(choices) <= MAX_LINES:
        raise InvalidLines(errors=[{"line": 0, "code": "empty" if not choices else "too-many"}])
    if changes := sold_out_among(menu, front.sold_out, choices):
        raise SoldOutMeanwhile(menu_version=menu.version, changes=_told(changes, menu))
    if placement.menu_version != menu.version:
        _require_unchanged(front, menu, placement)
    priced = [price_line(menu, choice) for choice in choices]
    if errors := [{"line": index, "code": "options"} for index, line in enumerate(priced) if line is None]:
        raise InvalidLines(errors=errors)
    return [line for line in priced if line is not None]


def _require_unchanged(front: Storefront, menu: Menu, placement: Placement) -> None:
    shown = menu_at(front.store_id, placement.menu_version)
    if shown is None:  # no menu of this store: the phone must look again
        raise MenuChanged(menu_version=menu.version, changes=[])
    if changes := changes_between(shown, menu, placement.choices):
        raise MenuChanged(menu_version=menu.version, changes=_told(changes, menu))


def _told(changes: Sequence[Change], menu: Menu) -> list[dict[str, Any]]:
    """Changes as the API tells them, in the reader's language."""
    language = get_language() or "en"
    return [
        {
            "item_id": change.item_id,
            "name": localized({**change.item.document, "language": menu.language}, "name", language)
            if change.item
            else "",
            "kind": change.kind,
            "old": change.old,
            "new": change.new,
        }
        for change in changes
    ]


def _owners(placement: Placement, cart: list[dict[str, Any]], tab: Tab) -> list[UUID | None]:
    """Who picked each line: the cart knows; what is in no cart is the sender's (None).

    Raises CartChanged unless every named cart line was still there, as the phone showed it.
    """
    owners: list[UUID | None] = [None] * len(placement.choices)
    if len(cart) != len(set(placement.cart_line_ids)):
        raise CartChanged(cart_version=tab.cart_version)
    free = {index: choice.key for index, choice in enumerate(placement.choices)}
    for row in cart:
        key = (row["item_id"], row["quantity"], tuple(sorted(row["options"])), row["note"])
        index = next((index for index, wanted in free.items() if wanted == key), None)
        if index is None:
            raise CartChanged(cart_version=tab.cart_version)
        owners[index] = UUID(row["guest_id"])
        del free[index]
    return owners


def _new_order(
    guest: Guest, front: Storefront, priced: Sequence[PricedLine], prepared: _Prepared, now: datetime
) -> Order:
    tab, settings = guest.tab, front.settings
    pays_first = tab.pay_after == PayAfter.ORDER
    assert front.menu is not None
    return Order(
        store_id=tab.store_id,
        tab=tab,
        guest=guest,
        guest_name=display_name(guest.nickname, guest.animal, front.language),
        guest_language=(get_language() or guest.language)[:10],
        table_id=tab.table_id,
        table_name=tab.table_name,
        number=0,  # given by the statement that stores it
        business_day=business_day(settings, now),
        round=prepared.round,
        status=OrderStatus.AWAITING_PAYMENT if pays_first else OrderStatus.SUBMITTED,
        menu_version=front.menu.version,
        pay_after=tab.pay_after,
        currency=tab.currency,
        total=total_of(priced),
        placed_at=now,
        submitted_at=None if pays_first else now,
        expires_at=now + timedelta(minutes=settings.get("unpaid_minutes", 10)) if pays_first else None,
    )


def _new_lines(
    order: Order,
    sender: Guest,
    priced: Sequence[PricedLine],
    owners: Sequence[UUID | None],
    front: Storefront,
) -> list[OrderLine]:
    others = {owner for owner in owners if owner not in (None, sender.pk)}
    people = {sender.pk: sender, **(Guest.objects.in_bulk(others) if others else {})}
    return [
        _new_line(order, position, people.get(owner or sender.pk, sender), line, front)
        for position, (line, owner) in enumerate(zip(priced, owners, strict=True))
    ]


def _new_line(order: Order, position: int, guest: Guest, line: PricedLine, front: Storefront) -> OrderLine:
    item = line.item.document
    tax = item.get("tax_rate_bp")
    assert front.menu is not None
    return OrderLine(
        order=order,
        position=position,
        guest=guest,
        guest_name=display_name(guest.nickname, guest.animal, front.language),
        item_id=UUID(line.choice.item_id),
        name=item["name"],
        i18n=_names(item),
        language=front.menu.language,
        quantity=line.choice.quantity,
        unit_price=line.unit_price,
        total=line.total,
        options=[
            {"id": option["id"], "name": option["name"], "i18n": _names(option), "price": option["price"]}
            for option in line.options
        ],
        note=line.choice.note,
        tax_rate_bp=front.settings.get("tax_rate_bp", 0) if tax is None else tax,
        station=item.get("station") or "",
        allergens=item.get("allergens") or [],
        changed_at=order.placed_at,
    )


def _names(row: dict[str, Any]) -> dict[str, Any]:
    """Only the names of a menu row's translations: descriptions need not be kept with every order."""
    i18n: dict[str, dict[str, str]] = row.get("i18n") or {}
    return {code: {"name": texts["name"]} for code, texts in i18n.items() if texts.get("name")}


def _number_of(order: Order) -> Late:
    """The store's next number of the day."""
    values = {"number_store": order.store_id, "number_day": order.business_day}
    return Late("number", _NUMBER, values, partial(setattr, order, "number"))


def _store(order: Order, lines: Sequence[OrderLine], tab: Tab, cart_changed: bool) -> None:
    """Writes the rows and the fact that tells of them, and rings after the commit."""
    event = OrderPlaced(
        **order_fields(order),
        table_token=tab.table_token,
        guest_id=order.guest_id,
        guest_name=order.guest_name,
        guest_language=order.guest_language,
        pay_after=order.pay_after,
        currency=order.currency,
        total=order.total,
        lines=[line_fact(line) for line in lines],
        placed_at=order.placed_at,
        expires_at=order.expires_at,
    )
    publish(event, correlation_id=tab.pk, rows=([order], lines), late=_number_of(order))
    if order.status == OrderStatus.SUBMITTED:
        publish_submitted(order, lines)
    hint_order(order.store_id, tab.pk)
    if cart_changed:
        hint_cart(tab)
