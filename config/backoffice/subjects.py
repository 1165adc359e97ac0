"""What an event is about, as people call it: "order 128 (table C2)"."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from events.kernel.database_choice import is_split
from events.kernel.databases import alias_of, answers
from events.meanings import subject_text
from orders.models import Order, Tab

Name = tuple[Any, Any]  # (order's number, table's name), each may be empty


def subjects_of(events: Iterable[Any]) -> dict[UUID, str]:
    """event id -> its subject. Facts about money name ids only: those are looked up, two queries at most.

    While the orders cannot be reached, what names ids only has no subject.
    """
    rows = [event for event in events if isinstance(event.payload, dict)]
    said = {row.pk: _said(row) for row in rows}
    mute = [row for row in rows if not any(said[row.pk])]
    orders = _orders({row.payload.get("order_id") for row in mute})
    tabs = _tabs({row.payload.get("tab_id") for row in mute if row.payload.get("order_id") not in orders})
    for row in mute:
        name = orders.get(row.payload.get("order_id")) or tabs.get(row.payload.get("tab_id"))
        said[row.pk] = name or said[row.pk]
    return {pk: subject_text(*name) for pk, name in said.items()}


def _said(event: Any) -> Name:
    """What the fact itself names."""
    payload = event.payload
    if event.topic.startswith("table."):
        return None, (payload.get("snapshot") or {}).get("name")
    return payload.get("number"), payload.get("table_name")


def _orders(ids: set[Any]) -> dict[str, Name]:
    wanted = ids - {None}
    rows = Order.objects.filter(pk__in=wanted).values_list("pk", "number", "table_name")
    return {str(pk): (number, table) for pk, number, table in (_looked_up(rows) if wanted else ())}


def _tabs(ids: set[Any]) -> dict[str, Name]:
    wanted = ids - {None}
    rows = Tab.objects.filter(pk__in=wanted).values_list("pk", "table_name")
    return {str(pk): (None, table) for pk, table in (_looked_up(rows) if wanted else ())}


def _looked_up(rows: QuerySet[Any, Any]) -> list[Any]:
    return list(rows) if not is_split() or answers(alias_of("orders")) else []
