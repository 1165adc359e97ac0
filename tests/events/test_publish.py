"""A fact stands or falls with the change it tells of."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone

from events.base import DomainEvent
from events.kernel.databases import alias_of, all_aliases, atomic
from events.models import Delivery, Event
from events.outbox import publish
from tests.events.conftest import LISTENER, SECOND, Rang, effects, events_here, ring
from tests.queue import deliver_all, published


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="open transaction"):
        publish(Rang(store_id=uuid4()))
    assert events_here() == 0
    assert Delivery.objects.using(alias_of("orders")).count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_rollback_publishes_nothing() -> None:
    with pytest.raises(ValueError, match="changed my mind"), atomic("tests"):
        publish(Rang(store_id=uuid4()))
        raise ValueError("changed my mind")
    assert events_here() == 0
    assert deliver_all() == 0
    assert effects() == []


@pytest.mark.django_db
def test_every_handler_gets_its_own_delivery() -> None:
    ring()
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", 1)]


@pytest.mark.django_db
def test_a_stream_numbers_its_events_and_other_streams_count_for_themselves() -> None:
    for bell in ("front", "back", "front"):
        ring(bell)
    numbers = Event.objects.using(alias_of("tests")).filter(topic=Rang.topic).values_list("stream", "seq")
    assert sorted(numbers) == [("bell:back", 1), ("bell:front", 1), ("bell:front", 2)]


@pytest.mark.django_db
def test_a_story_keeps_its_correlation() -> None:
    tab = uuid4()
    with atomic("tests"):
        event_id = publish(Rang(store_id=uuid4()), correlation_id=tab)
    event = Event.objects.using(alias_of("tests")).get(pk=event_id)
    assert (event.correlation_id, event.causation_id) == (tab, None)


@pytest.mark.django_db
def test_a_payload_of_a_later_release_is_read_without_its_new_fields() -> None:
    payload = {"store_id": str(uuid4()), "bell": "front", "number": 3, "loudness": 11}
    assert Rang.from_payload(payload).number == 3


@pytest.mark.django_db
def test_published_facts_come_back_as_they_were() -> None:
    fact = Rang(store_id=uuid4(), number=7)
    with atomic("tests"):
        publish(fact)
    assert published("test.rang") == [fact]


def test_a_topic_belongs_to_one_event() -> None:
    with pytest.raises(TypeError, match=r"test\.rang"):
        type("Copycat", (DomainEvent,), {"topic": "test.rang", "stream_key": "x"})


def _in_threads(*calls) -> None:  # type: ignore[no-untyped-def]
    def closing(call) -> None:  # type: ignore[no-untyped-def]
        try:
            call()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=closing, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


@pytest.mark.django_db(transaction=True)
def test_two_threads_never_share_a_number_and_handlers_see_them_in_order() -> None:
    def publish_twenty() -> None:
        for _ in range(20):
            ring("busy")

    _in_threads(publish_twenty, publish_twenty)
    seqs = Event.objects.using(alias_of("tests")).order_by("seq").values_list("seq", flat=True)
    assert list(seqs) == list(range(1, 41))
    _in_threads(deliver_all, deliver_all)
    assert len(effects()) == 40
    assert _order_of_runs() == list(range(1, 41))


def _order_of_runs() -> list[int]:
    alias = alias_of("orders")
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT e.seq FROM test_effect t JOIN events_event e ON e.id = t.event_id "
            "WHERE t.handler = %s ORDER BY t.id",
            [LISTENER],
        )
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_the_second_publisher_of_a_stream_waits_for_the_first_to_commit() -> None:
    first_has_published, order = threading.Event(), []

    def slow() -> None:
        with atomic("tests"):
            publish(Rang(store_id=uuid4(), bell="shared", number=1))
            first_has_published.set()
            _wait_for_a_blocked_query()
            order.append("first commits")

    def fast() -> None:
        first_has_published.wait(10)
        ring("shared", number=2)
        order.append("second commits")

    _in_threads(slow, fast)
    assert order == ["first commits", "second commits"]
    assert [fact.number for fact in published("test.rang")] == [1, 2]


def _wait_for_a_blocked_query() -> None:
    """Until another connection waits for a lock of ours."""
    deadline = timezone.now() + timedelta(seconds=10)
    with transaction.get_connection(alias_of("tests")).cursor() as cursor:
        while timezone.now() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_locks "
                "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waited for the stream")


@pytest.mark.django_db
def test_the_tables_of_the_queue_stand_in_every_database() -> None:
    for alias in all_aliases():
        assert Event.objects.using(alias).count() == 0
