"""What an event is: a frozen fact in the past tense, with a topic, a version and a stream."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

EventT = TypeVar("EventT", bound="DomainEvent")


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help: the delivery goes to the dead letters at once."""


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Base of all events. A subclass names its `topic`, `version` and `stream_key`, and says when it happens.

    `stream_key` is a format string over the fields (`"order:{order_id}"`): events of one stream reach each
    handler in the order in which they were published; other streams run beside it.
    """

    topic: ClassVar[str]
    version: ClassVar[int] = 1
    stream_key: ClassVar[str]
    types: ClassVar[dict[tuple[str, int], type[DomainEvent]]] = {}

    store_id: UUID

    def __init_subclass__(cls) -> None:
        if "topic" not in vars(cls):
            return  # a base class of several events
        key = (cls.topic, cls.version)
        known = DomainEvent.types.get(key)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.topic} v{cls.version} is already the event {known.__qualname__}")
        DomainEvent.types[key] = cls

    @property
    def stream(self) -> str:
        return self.stream_key.format_map(vars(self))

    @classmethod
    def source(cls) -> str:
        """The context that publishes it: the package its class lives in."""
        return cls.__module__.partition(".")[0]

    def payload(self) -> bytes:
        """The fact as JSON bytes."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls: type[EventT], payload: str) -> EventT:
        """The fact back from JSON text; fields that a later version added are ignored."""
        return msgspec.json.decode(payload, type=cls)

    @classmethod
    def from_payload(cls: type[EventT], payload: Any) -> EventT:
        """The same from parsed JSON; fields that a later version added are ignored."""
        return msgspec.convert(payload, cls, strict=False)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """What surrounds an event on its way to one handler."""

    event_id: UUID
    occurred_at: datetime
    stream: str
    seq: int
    correlation_id: UUID
    attempt: int = 1
    replay: bool = False
    headers: dict[str, Any] = field(default_factory=dict)

    def idempotency_key(self, handler: str) -> str:
        """The same for every attempt of this delivery: what an outside party deduplicates by."""
        return f"{self.event_id}:{handler}"


# The delivery being handled: events published meanwhile carry it as their cause.
current_envelope: ContextVar[Envelope | None] = ContextVar("current_envelope", default=None)
