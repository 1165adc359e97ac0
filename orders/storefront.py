"""What a store sells and says right now, kept in the process until its revision moves on."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections

from events.kernel.databases import alias_of
from orders.errors import OldCode, UnknownTable
from orders.models import MenuSnapshot, StoreRevision
from orders.pricing import Menu, index_menu

MAX_STORES = 256
MAX_CODES = 4096
FRESH_SECONDS = 1.0

_CODE = """
SELECT k.token, k.table_id, k.store_id, k.revoked OR t.retired, t.data, coalesce(r.number, 0)
FROM orders_tabletokensnapshot k
JOIN orders_tablesnapshot t ON t.table_id = k.table_id
LEFT JOIN orders_storerevision r ON r.store_id = k.store_id
WHERE k.token = %s
"""
_STOREFRONT = """
SELECT s.data, m.version_number, m.document,
       (SELECT array_agg(coalesce(o.option_id, o.item_id)::text) FROM orders_soldout o
        WHERE o.store_id = s.store_id)
FROM orders_storesnapshot s LEFT JOIN LATERAL (
  SELECT version_number, document FROM orders_menusnapshot
  WHERE store_id = s.store_id ORDER BY version_number DESC LIMIT 1) m ON true
WHERE s.store_id = %s
"""
_TOUCH = """
INSERT INTO orders_storerevision (store_id, number) VALUES (%s, 1)
ON CONFLICT (store_id) DO UPDATE SET number = orders_storerevision.number + 1
"""


@dataclass(frozen=True)
class TableCode:
    """Where a code leads. `revision` is the store's when this was read."""

    token: str
    table_id: UUID
    store_id: UUID
    revoked: bool
    table: dict[str, Any]
    revision: int

    @property
    def table_name(self) -> str:
        return str(self.table.get("name", ""))

    def require_valid(self) -> None:
        """Raises OldCode for a revoked code or a retired table."""
        if self.revoked:
            raise OldCode()


@dataclass(frozen=True)
class Storefront:
    """A store's settings, its menu (None before the first publication) and what is sold out."""

    store_id: UUID
    revision: int
    settings: dict[str, Any]
    menu: Menu | None
    sold_out: frozenset[str]

    @property
    def language(self) -> str:
        return str(self.settings.get("language") or "en")


_storefronts: dict[UUID, Storefront] = {}
_codes: dict[str, tuple[float, TableCode]] = {}


def table_code(token: str) -> TableCode:
    """Where the code leads; raises UnknownTable. No query within a second of the last look, else one.

    Within that second a change made elsewhere may go unseen: reading may be a moment late, writing never is,
    because services compare the revision again under their lock.
    """
    checked = _codes.get(token)
    now = time.monotonic()
    if checked is not None and now - checked[0] < FRESH_SECONDS:
        return checked[1]
    if checked is not None:  # one looks, the others do not wait for what it finds
        _codes[token] = (now, checked[1])
    code = _reload(checked[1]) if checked is not None else _load_code(token)
    if len(_codes) >= MAX_CODES:
        _codes.clear()
    _codes[token] = (now, code)
    return code


def storefront_of(store_id: UUID, revision: int) -> Storefront:
    """The store at this revision or a later one; one query unless this process has it already."""
    cached = _storefronts.get(store_id)
    if cached is not None and cached.revision >= revision:
        return cached
    if len(_storefronts) >= MAX_STORES:
        _storefronts.clear()
    storefront = _storefronts[store_id] = _load_storefront(store_id, revision)
    return storefront


def revision_of(store_id: UUID) -> int:
    """The store's revision now: one query."""
    row = StoreRevision.objects.filter(store_id=store_id).values_list("number", flat=True).first()
    return row or 0


def current_storefront(store_id: UUID) -> Storefront:
    """The store as it is now."""
    return storefront_of(store_id, revision_of(store_id))


@lru_cache(maxsize=64)
def menu_at(store_id: UUID, version: int) -> Menu | None:
    """A published menu by version (they never change); None when the store never had it."""
    row = MenuSnapshot.objects.filter(store_id=store_id, version_number=version).first()
    if row is None:
        return None
    return index_menu(version, row.document)


def touch_store(store_id: UUID) -> None:
    """Moves the store's revision on: every process looks again. Call inside the change's transaction."""
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute(_TOUCH, [store_id])


def forget_all() -> None:
    """Empties the process's memory (tests, and commands that write snapshots directly)."""
    _storefronts.clear()
    _codes.clear()
    menu_at.cache_clear()


def _reload(code: TableCode) -> TableCode:
    """The known code if nothing in its store changed since, else a fresh one."""
    if revision_of(code.store_id) == code.revision:
        return code
    return _load_code(code.token)


def _load_code(token: str) -> TableCode:
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute(_CODE, [token])
        row = cursor.fetchone()
    if row is None:
        raise UnknownTable()
    return TableCode(row[0], row[1], row[2], row[3], _json(row[4]), row[5])


def _load_storefront(store_id: UUID, revision: int) -> Storefront:
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute(_STOREFRONT, [store_id])
        row = cursor.fetchone()
    if row is None:  # its first snapshot is still under way
        raise UnknownTable()
    menu = index_menu(row[1], _json(row[2])) if row[1] is not None else None
    return Storefront(store_id, revision, _json(row[0]), menu, frozenset(row[3] or ()))


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value
