"""A guest sends a round: one transaction, and as few round trips as it takes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.utils.translation import get_language

from events.kernel.databases import alias_of, atomic
from events.kernel.rows import new_row
from events.kernel.statements import execute
from events.kernel.texts import localized
from events.outbox import Change as StoredChange
from events.outbox import publish_change
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
# One statement, written out because the query builder would cost more than the query. `xmin` is PostgreSQL's
# own version of the row: every order, change of the cart, move and closing writes the tab.
_LOOK = f"""
WITH seen AS (
  SELECT {", ".join(f"g.{name} AS g_{name}" for name in _GUEST_FIELDS)},
         {", ".join(f"t.{name} AS t_{name}" for name in _TAB_FIELDS)}, t.xmin::text AS version
  FROM orders_guest g JOIN orders_tab t ON t.id = g.tab_id
  WHERE g.id = %(guest)s AND t.closed_at IS NULL
)
SELECT (SELECT id FROM orders_order WHERE guest_id = %(guest)s AND idempotency_key = %(key)s),
       (SELECT max(round) FROM orders_order WHERE tab_id = t_id),
       (SELECT jsonb_agg(to_jsonb(c)) FROM orders_cartline c
        WHERE c.tab_id = t_id AND c.id = ANY(%(cart)s::uuid[])),
       coalesce((SELECT number FROM orders_storerevision WHERE store_id = t_store_id), 0),
       version, seen.*
FROM (SELECT) AS always LEFT JOIN seen ON true
"""  # noqa: S608  names of our own columns
_FACTS = 5  # what comes before the guest's and the tab's columns
# What costs nothing leaves a paid table paid: no bill would ever tell that it is paid again.
_CLAIM = """
UPDATE orders_tab SET active_at = %(now)s, cart_version = cart_version + %(cart_step)s,
  status = CASE WHEN %(total)s > 0 THEN 'open' ELSE status END,
  settled_at = CASE WHEN %(total)s > 0 THEN NULL ELSE settled_at END
WHERE id = %(tab)s AND xmin = %(seen_version)s::xid AND closed_at IS NULL
RETURNING id
"""
_TAKE = (
    "taken",
    "DELETE FROM orders_cartline USING claimed WHERE tab_id = claimed.id"
    " AND orders_cartline.id = ANY(%(cart)s::uuid[])",
)
_NUMBER = """
INSERT INTO orders_daycounter (store_id, business_day, last_number)
SELECT %(number_store)s, %(number_day)s, 1 FROM claimed
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


@dataclass(frozen=True)
class _Seen:
    """What the table looked like: `version` is the tab's, as long as nobody changed anything there."""

    guest: Guest
    version: str
    round: int
    cart: list[dict[str, Any]]
    revision: int

    @property
    def tab(self) -> Tab:
        return self.guest.tab


def place_order(*, guest_id: UUID, placement: Placement, idempotency_key: str, now: datetime) -> Placed:
    """Prices and stores a round, once per guest and key; the kitchen hears of it now or when it is paid.

    Looks without a lock and stores only if nothing at the table changed since, so the usual order is two
    round trips; whom others outrun twice looks again under the tab's lock.
    Raises KeyReused, TabClosed, StoreClosed, StorePaused, SoldOutMeanwhile, MenuChanged, CartChanged,
    InvalidLines; then nothing was stored.
    """
    for _attempt in range(2):
        if placed := _place(guest_id, placement, idempotency_key, now):
            return placed
    while placed is None:  # again only if the party was joined to another one before the lock was ours
        with atomic("orders"):
            _lock_tab_of(guest_id)
            placed = _place(guest_id, placement, idempotency_key, now)
    return placed


def _lock_tab_of(guest_id: UUID) -> None:
    """Locks the guest's tab, closed or not: a known key has its order all the same, and `_look` says so."""
    of_guest = Guest.objects.filter(pk=guest_id).values("tab_id")
    Tab.objects.select_for_update().filter(pk__in=of_guest).first()


def _place(guest_id: UUID, placement: Placement, key: str, now: datetime) -> Placed | None:
    """None when something at the table changed meanwhile."""
    seen = _look(guest_id, placement, key)
    if isinstance(seen, UUID):
        return _repeat(Order.objects.get(pk=seen), placement)
    front = storefront_of(seen.tab.store_id, seen.revision)
    _require_open(front, now)
    priced = _price(front, placement)
    order = _new_order(seen, front, priced, placement, key, now)
    lines = _new_lines(order, seen.guest, priced, _owners(placement, seen), front)
    return Placed(order, lines, True) if _store(order, lines, seen, placement) else None


def _look(guest_id: UUID, placement: Placement, key: str) -> _Seen | UUID:
    """What was seen, or the order that this key made; raises TabClosed when the guest has no open tab."""
    alias = alias_of("orders")
    values = {"guest": guest_id, "key": key, "cart": list(placement.cart_line_ids)}
    row = execute(alias, _LOOK, values).fetchone()
    assert row is not None
    (known, last_round, cart, revision, version), columns = row[:_FACTS], row[_FACTS:]
    if known is not None:
        order_id: UUID = known
        return order_id
    if version is None:
        raise TabClosed()
    guest = Guest.from_db(alias, _GUEST_FIELDS, columns[: len(_GUEST_FIELDS)])
    guest.tab = Tab.from_db(alias, _TAB_FIELDS, columns[len(_GUEST_FIELDS) :])
    return _Seen(guest, version, (last_round or 0) + 1, _cart_rows(cart), revision)


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


def _owners(placement: Placement, seen: _Seen) -> list[UUID | None]:
    """Who picked each line: the cart knows; what is in no cart is the sender's (None).

    Raises CartChanged unless every named cart line is still there, as the phone showed it.
    """
    owners: list[UUID | None] = [None] * len(placement.choices)
    if len(seen.cart) != len(set(placement.cart_line_ids)):
        raise CartChanged(cart_version=seen.tab.cart_version)
    free = {index: choice.key for index, choice in enumerate(placement.choices)}
    for row in seen.cart:
        key = (row["item_id"], row["quantity"], tuple(sorted(row["options"])), row["note"])
        index = next((index for index, wanted in free.items() if wanted == key), None)
        if index is None:
            raise CartChanged(cart_version=seen.tab.cart_version)
        owners[index] = UUID(row["guest_id"])
        del free[index]
    return owners


def _new_order(
    seen: _Seen,
    front: Storefront,
    priced: Sequence[PricedLine],
    placement: Placement,
    key: str,
    now: datetime,
) -> Order:
    guest, tab, settings = seen.guest, seen.tab, front.settings
    pays_first = tab.pay_after == PayAfter.ORDER
    assert front.menu is not None
    return new_row(
        Order,
        store_id=tab.store_id,
        tab_id=tab.pk,
        guest_id=guest.pk,
        guest_name=display_name(guest.nickname, guest.animal, front.language),
        guest_language=(get_language() or guest.language)[:10],
        table_id=tab.table_id,
        table_name=tab.table_name,
        number=0,  # given by the statement that stores it
        business_day=business_day(settings, now),
        round=seen.round,
        status=OrderStatus.AWAITING_PAYMENT if pays_first else OrderStatus.SUBMITTED,
        idempotency_key=key,
        fingerprint=placement.fingerprint,
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
    row = new_row(
        OrderLine,
        order_id=order.pk,
        position=position,
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
    row.guest = guest
    return row


def _names(row: dict[str, Any]) -> dict[str, Any]:
    """Only the names of a menu row's translations: descriptions need not be kept with every order."""
    i18n: dict[str, dict[str, str]] = row.get("i18n") or {}
    return {code: {"name": texts["name"]} for code, texts in i18n.items() if texts.get("name")}


def _change(order: Order, lines: Sequence[OrderLine], seen: _Seen, placement: Placement) -> StoredChange:
    """The order with the day's next number, its lines, and the cart without them: if the tab is as seen."""
    values = {
        "tab": seen.tab.pk,
        "seen_version": seen.version,
        "now": order.placed_at,
        "total": order.total,
        "cart": list(placement.cart_line_ids),
        "cart_step": int(bool(seen.cart)),
        "number_store": order.store_id,
        "number_day": order.business_day,
    }
    also = (_TAKE,) if seen.cart else ()
    return StoredChange(_CLAIM, "number", _NUMBER, values, ([order], lines), also)


def _store(order: Order, lines: Sequence[OrderLine], seen: _Seen, placement: Placement) -> bool:
    """Writes the rows and the fact that tells of them, then rings; False when the tab is not as seen."""
    change = _change(order, lines, seen, placement)
    submits = order.status == OrderStatus.SUBMITTED
    with atomic("orders") if submits else nullcontext():
        number = publish_change(_placed_event(order, lines, seen.tab), change, correlation_id=order.tab_id)
        if number is None:
            return False
        order.number = number
        if submits:
            publish_submitted(order, lines)
    hint_order(order.store_id, order.tab_id)
    if seen.cart:
        seen.tab.cart_version += 1
        hint_cart(seen.tab)
    return True


def _placed_event(order: Order, lines: Sequence[OrderLine], tab: Tab) -> OrderPlaced:
    return OrderPlaced(
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
