"""Stores and tables as their owner tells them now: the same events as it publishes."""

from collections.abc import Iterable
from uuid import UUID

from events.base import DomainEvent
from events.snapshots import Source, Statement, source
from stores.events import StoreChanged, TableChanged, TableRetired
from stores.models import Store, Table
from stores.selectors import store_snapshot, table_snapshot


def _all() -> Iterable[UUID]:
    return Store.objects.values_list("pk", flat=True)


def tell_store(store_id: UUID) -> Statement:
    """The store's settings; nothing for an unknown one."""
    return Statement(
        [
            StoreChanged(store_id=row.pk, version_number=row.version_number, snapshot=store_snapshot(row))
            for row in Store.objects.filter(pk=store_id)
        ]
    )


def tell_tables(store_id: UUID) -> Statement:
    """Every table that ever stood there; retired ones as retired."""
    return Statement([_table(row) for row in Table.objects.filter(store_id=store_id).order_by("position")])


def _table(row: Table) -> DomainEvent:
    head = {"store_id": row.store_id, "table_id": row.pk, "version_number": row.version_number}
    if row.retired_at is None:
        return TableChanged(**head, snapshot=table_snapshot(row))  # type: ignore[arg-type]
    tokens = list(row.tokens.order_by("token").values_list("token", flat=True))
    return TableRetired(**head, tokens=tokens)  # type: ignore[arg-type]


source(Source("stores.store", _all, tell_store))
source(Source("stores.tables", _all, tell_tables))
