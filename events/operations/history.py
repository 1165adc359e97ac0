"""The history of what people did: written in the same transactions as what it tells of."""

from collections import Counter, defaultdict
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import F

from events.models import Delivery, Intervention

REMEMBERED = 1000  # deliveries that one row names; the numbers count all


class Actor(NamedTuple):
    """Who does it, as the history keeps it."""

    id: UUID | None
    name: str


class History:
    """One act: a row per store, so that nobody's history names another store's events."""

    def __init__(self, action: str, alias: str, actor: Actor, reason: str, selection: dict[str, Any]) -> None:
        self._fields = {
            "action": action,
            "actor_id": actor.id,
            "actor_name": actor.name[:150],
            "reason": reason,
            "selection": selection,
        }
        self._alias = alias
        self._rows: dict[UUID | None, Intervention] = {}

    def note(self, deliveries: list[Delivery], released: Counter[UUID]) -> None:
        """Adds a batch, and how many others it let go in each store. Call in the batch's transaction."""
        by_store: dict[UUID, list[Delivery]] = defaultdict(list)
        for row in deliveries:
            by_store[row.event.store_id].append(row)
        for store_id, mine in by_store.items():
            self._add(store_id, mine, released[store_id])

    def note_general(self) -> None:
        """An act that concerns every store and no single delivery."""
        self._add(None, [], 0)

    def _add(self, store_id: UUID | None, mine: list[Delivery], released: int) -> None:
        row = self._rows.get(store_id)
        if row is None:
            row = self._rows[store_id] = Intervention.objects.using(self._alias).create(
                store_id=store_id, **self._fields
            )
        room = REMEMBERED - len(row.deliveries)
        row.deliveries += [_remembered(delivery) for delivery in mine[:room]]
        rows = Intervention.objects.using(self._alias).filter(pk=row.pk)
        rows.update(
            deliveries=row.deliveries,
            affected=F("affected") + len(mine),
            released=F("released") + released,
        )


def _remembered(row: Delivery) -> dict[str, Any]:
    return {
        "id": row.pk,
        "handler": row.handler,
        "event_id": str(row.event_id),
        "topic": row.event.topic,
        "store_id": str(row.event.store_id),
    }
