"""The event queue in tests: run what is due, read what was published."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from events import relay
from events.base import DomainEvent
from events.delivery import drain
from events.kernel.databases import alias_of, all_aliases
from events.models import Delivery, DeliveryStatus, Event
from events.registry import lanes


def deliver_all(max_rounds: int = 50) -> int:
    """Ships every outbox and drains every lane until nothing is due; returns how many deliveries ran.

    A delivery that failed waits for its backoff and is left alone; see `unfinished()`.
    """
    total = 0
    for _ in range(max_rounds):
        ship_all()
        count = sum(drain(lane) for lane in lanes())
        if not count:
            return total
        total += count
    raise AssertionError(f"events still breed events after {max_rounds} rounds")


def ship_all() -> None:
    """Makes the deliveries that wait for the relay; with one database there are none."""
    for alias in all_aliases():
        relay.ship(alias)


def published(topic: str | None = None) -> list[Any]:
    """The facts published so far (of one topic), oldest first, as their typed events."""
    rows = [row for alias in all_aliases() for row in _rows(alias, topic)]
    rows.sort(key=lambda row: (row.occurred_at, row.pk))
    return [DomainEvent.types[row.topic, row.version].from_payload(row.payload) for row in rows]


def _rows(alias: str, topic: str | None) -> list[Event]:
    events = Event.objects.using(alias).all()
    if topic is not None:
        events = events.filter(topic=topic)
    # In a split system the other databases hold copies: count a fact only where it was published.
    return [event for event in events if alias_of(event.source) == alias]


def unfinished() -> list[Delivery]:
    """Deliveries that wait, failed or died: `assert not unfinished()` shows their errors."""
    return [
        delivery
        for alias in all_aliases()
        for delivery in Delivery.objects.using(alias)
        .exclude(status__in=(DeliveryStatus.DONE, DeliveryStatus.DISCARDED))
        .select_related("event")
    ]


@contextmanager
def away(alias: str, host: str = "/nowhere", port: str = "") -> Iterator[None]:
    """The server of this database cannot be reached meanwhile."""
    connection = connections[alias]
    place = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    connection.settings_dict.update(HOST=host, PORT=port)
    connection.close()
    try:
        yield
    finally:
        connection.settings_dict.update(place)
        relay.forget_failures()
