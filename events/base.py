"""What an event is: a frozen fact in the past tense, with a topic, a version and a stream."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

from events.structures import as_plain_json, is_described

EventT = TypeVar("EventT", bound="DomainEvent")
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class GiveUp(Exception):
    """Raised by a handler when trying again cannot help: the delivery goes to the dead letters at once."""


class UnknownEvent(LookupError):
    """No class of this program reads a stored fact: it was written by a newer one, or its class is gone."""


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Base of all events. A subclass names its `topic`, `version` and `stream_key`, and says when it happens.

    `stream_key` is a format string over the fields (`"order:{order_id}"`): events of one stream reach each
    handler in the order in which they were published; other streams run beside it.

    A change that old facts do not fit is a new `version`; `upcasters[n]` then turns a payload of version n
    into one of n + 1 (parsed JSON in and out), so that whatever was published stays readable.

    JSON inside a field is described by a TypedDict and kept as it came; `structures` names these fields.
    """

    topic: ClassVar[str]
    version: ClassVar[int] = 1
    stream_key: ClassVar[str]
    upcasters: ClassVar[dict[int, Upcaster]] = {}
    types: ClassVar[dict[tuple[str, int], type[DomainEvent]]] = {}
    structures: ClassVar[dict[str, Any]] = {}

    store_id: UUID

    def __init_subclass__(cls) -> None:
        cls._keep_structures_apart()
        if "topic" not in vars(cls):
            return  # a base class of several events
        key = (cls.topic, cls.version)
        known = DomainEvent.types.get(key)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.topic} v{cls.version} is already the event {known.__qualname__}")
        DomainEvent.types[key] = cls

    @classmethod
    def _keep_structures_apart(cls) -> None:
        """Described JSON goes by as plain JSON for msgspec, which would drop keys of a newer producer."""
        written = inspect.get_annotations(cls)
        described = {name: what for name, what in written.items() if is_described(what)}
        if described:
            cls.structures = {**cls.structures, **described}
            cls.__annotations__ = {name: as_plain_json(what) for name, what in written.items()}

    @staticmethod
    def reader_of(topic: str, version: int) -> type[DomainEvent]:
        """The class that reads a fact of this version: its own, else the next newer one with upcasters.

        Raises UnknownEvent.
        """
        types = DomainEvent.types
        if known := types.get((topic, version)):
            return known
        for newer in sorted(number for name, number in types if name == topic and number > version):
            kind = types[topic, newer]
            if all(step in kind.upcasters for step in range(version, newer)):
                return kind
        raise UnknownEvent(f"nothing here reads {topic} v{version}")

    @staticmethod
    def read(topic: str, version: int, payload: str) -> DomainEvent:
        """A stored fact of any readable version, from its JSON text. Raises UnknownEvent."""
        kind = DomainEvent.reader_of(topic, version)
        if kind.version == version:
            return kind.from_json(payload)
        data = msgspec.json.decode(payload)
        for step in range(version, kind.version):
            data = kind.upcasters[step](data)
        return kind.from_payload(data)

    @property
    def stream(self) -> str:
        return self.stream_key.format_map(vars(self))

    @classmethod
    def source(cls) -> str:
        """The context that publishes it: the package its class lives in."""
        return cls.__module__.partition(".")[0]

    @classmethod
    def stream_kind(cls) -> str:
        """What its streams are about: "order" of `order:<id>`. Its context numbers all of them."""
        return cls.stream_key.partition(":")[0]

    def payload(self) -> bytes:
        """The fact as JSON bytes."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls: type[EventT], payload: str) -> EventT:
        """The fact back from JSON text; fields that a later version added are ignored."""
        return _decoder_of(cls).decode(payload)

    @classmethod
    def from_payload(cls: type[EventT], payload: Any) -> EventT:
        """The same from parsed JSON; fields that a later version added are ignored."""
        _decoder_of(cls)
        return msgspec.convert(payload, cls, strict=False)


_decoders: dict[type[DomainEvent], msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()


def _decoder_of(kind: type[EventT]) -> msgspec.json.Decoder[EventT]:
    """Made one at a time: msgspec 0.22 crashes the process when several threads meet a new type together."""
    if kind not in _decoders:
        with _making:
            _decoders.setdefault(kind, msgspec.json.Decoder(kind))
    return _decoders[kind]


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
