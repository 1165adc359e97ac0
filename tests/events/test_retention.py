"""Old history goes in small steps; what is not done, and what belongs to it, stays."""

import re
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone

from events import retention
from events.kernel.databases import alias_of, all_aliases
from events.models import Delivery, DeliveryStatus, Event, FailedAttempt, Intervention, Stream
from tests.events.conftest import LISTENER, SECOND, behavior, change, delivery_of, effects, ring
from tests.queue import deliver_all, ship_all

LONG_AGO = timedelta(days=40)
HERE = alias_of("orders")


def _age(*event_ids: UUID) -> None:
    """As if all of it had happened long ago."""
    then = timezone.now() - LONG_AGO
    for alias in all_aliases():
        Event.objects.using(alias).filter(pk__in=event_ids).update(occurred_at=then)
        rows = Delivery.objects.using(alias).filter(event_id__in=event_ids)
        rows.update(due_at=then)
        rows.filter(done_at__isnull=False).update(done_at=then)


def _left(handler: str = LISTENER) -> set[UUID]:
    alias = alias_of(handler.partition(".")[0])
    return set(Delivery.objects.using(alias).filter(handler=handler).values_list("event_id", flat=True))


def _events() -> set[UUID]:
    return set(Event.objects.using(HERE).filter(topic="test.rang").values_list("pk", flat=True))


@pytest.mark.django_db
def test_delivered_and_discarded_history_goes_and_fresh_history_stays() -> None:
    old, given_up, fresh = ring("old"), ring("given up"), ring("fresh")
    deliver_all()
    change(given_up, status=DeliveryStatus.DISCARDED)
    _age(old, given_up)
    assert retention.purge(days=30) >= 6  # two handlers' shares and the event, twice
    assert _left() == _left(SECOND) == _events() == {fresh}
    assert retention.purge(days=30) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "status", [DeliveryStatus.PENDING, DeliveryStatus.RUNNING, DeliveryStatus.DEAD, DeliveryStatus.HELD]
)
def test_what_is_not_done_stays_with_its_event_and_its_failures(status: DeliveryStatus) -> None:
    """Waiting, also behind a pause; running; dead and what it holds."""
    open_one = ring("open")
    deliver_all()
    change(open_one, status=status, done_at=timezone.now() if status == DeliveryStatus.DEAD else None)
    FailedAttempt.objects.using(HERE).create(delivery=delivery_of(open_one), attempt=1, error="x")
    _age(open_one)
    retention.purge(days=30)
    assert _left() == _events() == {open_one}
    assert FailedAttempt.objects.using(HERE).filter(delivery__event_id=open_one).count() == 1
    assert _left(SECOND) == set()


@pytest.mark.django_db
def test_a_delivery_done_late_is_as_young_as_its_end() -> None:
    late = ring("late")
    deliver_all()
    _age(late)
    change(late, done_at=timezone.now())  # a dead letter, brought back yesterday
    retention.purge(days=30)
    assert _left() == _events() == {late}


@pytest.mark.django_db
def test_an_event_that_waits_for_the_relay_stays() -> None:
    waiting = ring("waiting")
    for alias in all_aliases():
        Delivery.objects.using(alias).all().delete()
    _age(waiting)
    Event.objects.using(alias_of("tests")).filter(pk=waiting).update(shipped_at=None)
    retention.purge(days=30)
    assert Event.objects.using(alias_of("tests")).filter(pk=waiting).exists()


@pytest.mark.django_db
def test_failed_attempts_go_with_their_delivery() -> None:
    behavior.fail = [ValueError("once")]
    event_id = ring()
    deliver_all()
    change(event_id, due_at=timezone.now() - timedelta(seconds=1))
    deliver_all()
    assert FailedAttempt.objects.using(HERE).count() == 1
    _age(event_id)
    retention.purge(days=30)
    assert not FailedAttempt.objects.using(HERE).exists()
    assert _left() == set()


@pytest.mark.django_db
def test_a_stream_whose_history_is_gone_goes_on_counting() -> None:
    first = ring("front")
    deliver_all()
    _age(first)
    retention.purge(days=30)
    ring("front", 2)
    assert Stream.objects.using(alias_of("tests")).get(name="bell:front").last_seq == 2
    deliver_all()
    assert effects() == [("front", 1), ("front", 2)]


@pytest.mark.django_db
def test_what_people_did_is_kept_for_a_year() -> None:
    for days in (10, 300, 400):
        row = Intervention.objects.using(HERE).create(action="retry", actor_name="Kim")
        then = timezone.now() - timedelta(days=days)
        Intervention.objects.using(HERE).filter(pk=row.pk).update(created_at=then)
    retention.purge(days=30)
    assert Intervention.objects.using(HERE).count() == 2


@pytest.mark.django_db
def test_it_deletes_little_at_a_time_stops_in_time_and_goes_on_at_the_next_tick() -> None:
    old = [ring(f"bell-{number}") for number in range(5)]
    deliver_all()
    _age(*old)
    retention.purge(days=30, seconds=0, batch=2)
    left = Delivery.objects.using(HERE).filter(event_id__in=old, handler__in=[LISTENER, SECOND])
    whole = 10 if alias_of("payments") == HERE else 5
    assert left.count() == whole - 2
    for _ in range(10):
        retention.purge(days=30, seconds=0, batch=2)
    assert not left.exists()
    assert _events() == set()


@pytest.mark.django_db
def test_events_that_must_stay_do_not_stand_in_the_way_of_the_others() -> None:
    rung = [ring(f"bell-{number}") for number in range(6)]
    deliver_all()
    for event_id in rung[:4]:
        change(event_id, status=DeliveryStatus.DEAD)
    _age(*rung)
    retention.purge(days=30, batch=2)
    assert _events() == set(rung[:4])


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_passed_over_and_not_waited_for() -> None:
    held, free = ring("held"), ring("free")
    deliver_all()
    _age(held, free)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(using=HERE):
            Delivery.objects.using(HERE).select_for_update().get(event_id=held, handler=LISTENER)
            locked.set()
            done.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(30)
        retention.purge(days=30)  # would wait for ever
        assert _left() == _events() == {held}
    finally:
        done.set()
        holder.join(30)
    retention.purge(days=30)
    assert _left() == _events() == set()


@pytest.mark.django_db(transaction=True)
def test_publishing_in_the_same_stream_does_not_wait_while_its_history_is_deleted() -> None:
    old = ring("front")
    deliver_all()
    _age(old)
    new: list[UUID] = []

    def publish() -> None:
        with connections[alias_of("tests")].cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        new.append(ring("front", 2))
        connections.close_all()

    with transaction.atomic(using=HERE):  # every lock of the deletion is still held
        retention.purge(days=30)
        publisher = threading.Thread(target=publish)
        publisher.start()
        publisher.join(30)
        assert new
    ship_all()
    deliver_all()
    assert effects() == [("front", 1), ("front", 2)]


_MANY_EVENTS = """
INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers, correlation_id,
                          occurred_at, shipped_at)
SELECT gen_random_uuid(), 'test.old', 1, 'tests', 'old:' || n, 1, gen_random_uuid(), '{}', '{}',
       gen_random_uuid(), now() - n * interval '1 minute', now()
FROM generate_series(1, 20000) n
"""
_MANY_DELIVERIES = """
INSERT INTO events_delivery (event_id, handler, context, stream, seq, status, attempts, max_attempts, replays,
                             due_at, done_at, worker, last_error, note)
SELECT id, 'orders.gone', 'orders', stream, seq, CASE WHEN right(stream, 2) = '00' THEN 5 ELSE 2 END, 1, 8, 0,
       occurred_at, occurred_at, '', '', ''
FROM events_event WHERE topic = 'test.old'
"""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (retention.DONE, "delivery_done"),
        (retention.DISCARDED, "delivery_discarded"),
        (retention.EVENTS, "event_time"),
    ],
)
def test_each_statement_finds_its_rows_by_an_index(statement: str, index: str) -> None:
    values: dict[str, Any] = {
        "before": timezone.now() - timedelta(days=10), "batch": 1000,
        "at": timezone.now() - timedelta(days=3000), "id": uuid4(),
    }  # fmt: skip
    with connections[HERE].cursor() as cursor:
        for text in (_MANY_EVENTS, _MANY_DELIVERIES, "ANALYZE events_event", "ANALYZE events_delivery"):
            cursor.execute(text)
        cursor.execute("EXPLAIN " + statement, values)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    # In the index's order, or by a bitmap: which is cheaper depends on how the rows lie in the heap.
    assert re.search(rf"Index Scan (using|on) {index} ", plan), plan
    assert not any(f"Seq Scan on {table}" in plan for table in ("events_event", "events_delivery")), plan
