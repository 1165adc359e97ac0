"""A context of the tests' own facts, with handlers that leave a trace in a table of each database."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections

from events import relay
from events.base import DomainEvent, Envelope, GiveUp
from events.kernel.databases import alias_of, all_aliases, atomic
from events.models import Delivery, Event
from events.outbox import publish
from events.registry import subscribe


@dataclass(frozen=True, kw_only=True)
class Rang(DomainEvent):
    """A bell rang."""

    topic = "test.rang"
    stream_key = "bell:{bell}"

    bell: str = "front"
    number: int = 1


@dataclass(frozen=True, kw_only=True)
class Hushed(DomainEvent):
    """Nobody listens."""

    topic = "test.hushed"
    stream_key = "hush:{store_id}"


@dataclass(frozen=True, kw_only=True)
class Mailed(DomainEvent):
    """Something is to be told to the outside world."""

    topic = "test.mailed"
    stream_key = "mail:{store_id}"


@dataclass
class Behavior:
    """`fail` holds the errors of the handlers' next runs; `calls` is what the outside world heard;
    `meanwhile` is what happens during a run.
    """

    fail: list[Exception] = field(default_factory=list)
    bells_that_fail: set[str] = field(default_factory=set)
    swallows: bool = False
    swallows_statement: bool = False
    calls: list[str] = field(default_factory=list)
    in_transaction: list[bool] = field(default_factory=list)
    meanwhile: Callable[[], object] = bool


behavior = Behavior()
LISTENER, SECOND, OUTSIDE = "orders.test_listen", "payments.test_listen", "notifications.test_mail"


def _leave_trace(context: str, handler: str, event: Rang, envelope: Envelope) -> None:
    with connections[alias_of(context)].cursor() as cursor:
        cursor.execute(
            "INSERT INTO test_effect (handler, event_id, bell, number) VALUES (%s, %s, %s, %s)",
            [handler, envelope.event_id, event.bell, event.number],
        )


@subscribe(Rang, name=LISTENER, max_attempts=3)
def listen(event: Rang, envelope: Envelope) -> None:
    """Leaves a trace, then fails if told to: the trace must go with the failure."""
    _leave_trace("orders", LISTENER, event, envelope)
    behavior.meanwhile()
    if behavior.swallows:
        with suppress(ValueError), atomic("orders", savepoint=False):
            raise ValueError("nobody hears of this")
    if behavior.swallows_statement:
        with suppress(DatabaseError), connections[alias_of("orders")].cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    if behavior.fail:
        raise behavior.fail.pop(0)
    if event.bell in behavior.bells_that_fail:
        raise GiveUp("this bell is broken")


@subscribe(Rang, name=SECOND)
def listen_too(event: Rang, envelope: Envelope) -> None:
    """A second listener: what happens to the first is none of its business."""
    _leave_trace("payments", SECOND, event, envelope)


@subscribe(Mailed, name=OUTSIDE, external=True, max_attempts=3)
def mail(event: Mailed, envelope: Envelope) -> None:
    """Calls the outside world."""
    behavior.calls.append(envelope.idempotency_key(OUTSIDE))
    behavior.in_transaction.append(connections[alias_of("notifications")].in_atomic_block)
    behavior.meanwhile()
    if behavior.fail:
        raise behavior.fail.pop(0)


@pytest.fixture(scope="session")
def _trace_tables(django_db_setup: None, django_db_blocker) -> None:  # type: ignore[no-untyped-def]
    with django_db_blocker.unblock():
        for alias in all_aliases():
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "CREATE TABLE IF NOT EXISTS test_effect (id bigserial PRIMARY KEY, handler text, "
                    "event_id uuid, bell text, number int)"
                )


@pytest.fixture(autouse=True)
def _fresh(_trace_tables: None, request: pytest.FixtureRequest) -> Iterator[None]:
    behavior.__init__()  # type: ignore[misc]
    relay.forget_failures()
    yield
    mark = request.node.get_closest_marker("django_db")
    if mark and mark.kwargs.get("transaction"):
        for alias in all_aliases():
            with connections[alias].cursor() as cursor:
                cursor.execute("TRUNCATE test_effect")


def ring(bell: str = "front", number: int = 1) -> UUID:
    """Publishes a fact in a transaction of its own and returns its id."""
    with atomic("tests"):
        return publish(Rang(store_id=uuid4(), bell=bell, number=number))


def mail_out() -> UUID:
    with atomic("tests"):
        return publish(Mailed(store_id=uuid4()))


def effects(handler: str = LISTENER) -> list[tuple[str, int]]:
    """What the handler left behind, in the order of its runs."""
    with connections[alias_of(handler.partition(".")[0])].cursor() as cursor:
        cursor.execute("SELECT bell, number FROM test_effect WHERE handler = %s ORDER BY id", [handler])
        return cursor.fetchall()


def delivery_of(event_id: UUID | str, handler: str = LISTENER) -> Delivery:
    alias = alias_of(handler.partition(".")[0])
    return Delivery.objects.using(alias).get(event_id=event_id, handler=handler)


def change(event_id: UUID, handler: str = LISTENER, **values: object) -> None:
    alias = alias_of(handler.partition(".")[0])
    Delivery.objects.using(alias).filter(event_id=event_id, handler=handler).update(**values)


def events_here() -> int:
    return Event.objects.using(alias_of("tests")).filter(topic=Rang.topic).count()
