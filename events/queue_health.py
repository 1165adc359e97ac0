"""What contexts may ask about the queue's health."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from events.kernel.databases import all_aliases
from events.models import Delivery, DeliveryStatus


class DeadLetter(NamedTuple):
    """A delivery that was given up; `reason` is the first line of its last error."""

    store_id: UUID
    event_id: UUID
    correlation_id: UUID
    topic: str
    handler: str
    reason: str
    died_at: datetime


def dead_letters_since(since: datetime, limit: int = 500) -> list[DeadLetter]:
    """Dead letters that died at or after `since` and still wait for a person, the newest first."""
    rows = [row for alias in all_aliases() for row in _dead_in(alias, since, limit)]
    return sorted(rows, key=lambda row: row.died_at, reverse=True)[:limit]


def _dead_in(alias: str, since: datetime, limit: int) -> list[DeadLetter]:
    dead = Delivery.objects.using(alias).filter(status=DeliveryStatus.DEAD, done_at__gte=since)
    return [
        DeadLetter(
            delivery.event.store_id,
            delivery.event_id,
            delivery.event.correlation_id,
            delivery.event.topic,
            delivery.handler,
            delivery.last_error.split("\n", 1)[0][:200],
            delivery.done_at,
        )
        for delivery in dead.select_related("event").order_by("-done_at")[:limit]
        if delivery.done_at
    ]
