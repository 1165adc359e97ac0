"""Who listens to what. Handlers subscribe at import; names are stable, so a rename orphans nothing."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from events.base import DomainEvent, Envelope, UnknownEvent

HandlerFunction = Callable[[Any, Envelope], None]


@dataclass(frozen=True)
class Handler:
    """One reaction of one context to one event type."""

    name: str
    event: type[DomainEvent]
    run: HandlerFunction
    # A lane beside its context's own (`subscribe`).
    own_lane: str = ""
    external: bool = False
    ordered: bool = True
    max_attempts: int = 8
    lease_seconds: int = 30
    # The longest pause between two attempts: people wait for some things, and for others nobody does.
    backoff_cap_seconds: float = 300.0
    replayable: bool = True
    # A table of the handler's database with the columns store_id and topic: without a row there, nobody wants
    # to hear of such an event, and no delivery is written.
    audience: str | None = None

    @property
    def context(self) -> str:
        return self.name.partition(".")[0]

    @property
    def lane(self) -> str:
        """Where it is rung and drained."""
        return self.own_lane or self.context


_by_name: dict[str, Handler] = {}
_by_topic: dict[str, list[Handler]] = {}


def subscribe(
    event: type[DomainEvent],
    *,
    name: str,
    external: bool = False,
    ordered: bool = True,
    max_attempts: int = 8,
    lease_seconds: int = 30,
    backoff_cap_seconds: float = 300.0,
    replayable: bool = True,
    lane: str = "",
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Registers `handler(event, envelope)`.

    By default the handler runs inside one transaction of its context's database together with the mark that
    it is done: its effects happen once. An `external` handler calls the outside world: it runs in no
    transaction, may be repeated after a crash, and must pass on an idempotency key; it has `lease_seconds`.

    `lane` names a queue beside the context's own, with workers of its own: for a handler that waits for
    strangers, so that nothing else waits behind it. A lane belongs to one context.
    """

    def register(run: HandlerFunction) -> HandlerFunction:
        _register(
            Handler(
                name, event, run, own_lane=lane, external=external, ordered=ordered,
                max_attempts=max_attempts, lease_seconds=lease_seconds,
                backoff_cap_seconds=backoff_cap_seconds, replayable=replayable,
            )
        )  # fmt: skip
        return run

    return register


def subscribe_all(
    events: Iterable[type[DomainEvent]], *, name: str, audience: str | None = None, max_attempts: int = 8
) -> Callable[[HandlerFunction], HandlerFunction]:
    """Registers one transactional handler for several event types; `audience` says where it is wanted.

    To the queue it is one handler: it is paused, retried and replayed as a whole.
    """

    def register(run: HandlerFunction) -> HandlerFunction:
        _register(
            *(Handler(name, event, run, audience=audience, max_attempts=max_attempts) for event in events)
        )
        return run

    return register


def _register(*handlers: Handler) -> None:
    """One name, for one event type or several. Raises ValueError for a second handler of that name."""
    first = handlers[0]
    if first.name in _by_name:
        raise ValueError(f"two handlers are called {first.name}")
    if any(other.context != first.context for other in handlers_on(first.lane)):
        raise ValueError(f"the lane {first.lane} belongs to another context")
    _by_name[first.name] = first
    for handler in handlers:
        _by_topic.setdefault(handler.event.topic, []).append(handler)
    contexts_hearing.cache_clear()


def is_readable(topic: str, version: int) -> bool:
    """Whether this release knows what such a fact says."""
    try:
        DomainEvent.reader_of(topic, version)
    except UnknownEvent:
        return False
    return True


def handlers_of(topic: str, version: int = 1) -> list[Handler]:
    """The handlers of an event type, in the order of their subscription.

    A fact of an older version goes to the handlers of the newer class that can read it.
    """
    listening = _by_topic.get(topic, [])
    found = [handler for handler in listening if handler.event.version == version]
    if found or not listening or not is_readable(topic, version):
        return found
    kind = DomainEvent.reader_of(topic, version)
    return [handler for handler in listening if handler.event is kind]


def facts_heard_by(name: str) -> dict[str, list[int]]:
    """topic -> the versions, old ones too, that go to this handler."""
    found = {}
    for topic, listening in _by_topic.items():
        newest = max((handler.event.version for handler in listening if handler.name == name), default=0)
        versions = range(1, newest + 1)
        found[topic] = [v for v in versions if any(h.name == name for h in handlers_of(topic, v))]
    return {topic: versions for topic, versions in found.items() if versions}


@cache
def contexts_hearing(source: str, stream_kind: str) -> frozenset[str]:
    """The contexts that listen to anything that `source` tells in such streams."""
    return frozenset(
        handler.context
        for handler in chain.from_iterable(_by_topic.values())
        if (handler.event.source(), handler.event.stream_kind()) == (source, stream_kind)
    )


def handler_named(name: str) -> Handler | None:
    return _by_name.get(name)


def handlers_in(context: str) -> list[Handler]:
    return [handler for handler in _by_name.values() if handler.context == context]


def handlers_on(lane: str) -> list[Handler]:
    return [handler for handler in _by_name.values() if handler.lane == lane]


def lanes() -> list[str]:
    return sorted({handler.lane for handler in _by_name.values()})


def lanes_beside() -> list[str]:
    """The lanes of handlers that wait for strangers; the others are their contexts' own."""
    return [lane for lane in lanes() if lane != context_of(lane)]


def lane_of(name: str) -> str:
    """The lane of a handler's deliveries; of one that is gone, its context's own."""
    handler = _by_name.get(name)
    return handler.lane if handler else name.partition(".")[0]


def context_of(lane: str) -> str:
    return next((handler.context for handler in _by_name.values() if handler.lane == lane), lane)


def all_handlers() -> list[Handler]:
    return sorted(_by_name.values(), key=lambda handler: handler.name)


def contexts_with_handlers() -> list[str]:
    return sorted({handler.context for handler in _by_name.values()})
