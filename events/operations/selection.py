"""Which deliveries an act is about, said in a few plain values that a link or a command line can carry."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from events.kernel.databases import all_aliases
from events.models import Delivery

_LOOKUPS = {
    "handler": "handler",
    "context": "context",
    "error": "last_error__startswith",
    "stream": "event__stream",
    "event_id": "event_id",
    "correlation_id": "event__correlation_id",
    "since": "event__occurred_at__gte",
    "until": "event__occurred_at__lt",
    "statuses": "status__in",
    "ids": "pk__in",
    "store_ids": "event__store_id__in",
}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Empty fields do not narrow. `error` is the kind of the last error; times are the events' own.

    `store_ids` is the scope of the person who asks: None is every store. `ids` need their `database`.
    """

    handler: str = ""
    context: str = ""
    error: str = ""
    stream: str = ""
    event_id: UUID | None = None
    correlation_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()
    database: str = ""
    store_ids: tuple[UUID, ...] | None = None

    @property
    def is_everything(self) -> bool:
        """Nothing but a scope was said: that is never meant."""
        return not any(getattr(self, name) for name in _LOOKUPS if name not in {"store_ids", "statuses"})

    @property
    def has_a_beginning(self) -> bool:
        """Not a whole history: a moment, a stream, a fact, a story or rows by their numbers were said."""
        return bool(self.since or self.stream or self.event_id or self.correlation_id or self.ids)

    def querysets(self) -> Iterator[QuerySet[Delivery]]:
        """The deliveries in each database."""
        for alias in [self.database] if self.database else all_aliases():
            yield Delivery.objects.using(alias).filter(**self._filters())

    def _filters(self) -> dict[str, Any]:
        found = {lookup: getattr(self, name) for name, lookup in _LOOKUPS.items() if getattr(self, name)}
        if self.error:
            found["last_error__startswith"] = f"{self.error}:"
        if self.store_ids is not None:
            found["event__store_id__in"] = self.store_ids
        return found

    def as_json(self) -> dict[str, Any]:
        """What the history keeps: only what was said, without the scope."""
        said = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"store_ids", "ids"}}
        return {name: _plain(value) for name, value in said.items() if value}


def _plain(value: Any) -> Any:
    if isinstance(value, (UUID, datetime)):
        return value.isoformat() if isinstance(value, datetime) else str(value)
    return list(value) if isinstance(value, tuple) else value
