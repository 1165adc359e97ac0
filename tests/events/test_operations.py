"""What people do to the queue: pauses hold everywhere, replays keep order, the history tells all."""

import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.utils import timezone

from events import operations, repair
from events.base import DomainEvent
from events.delivery import claim, drain
from events.kernel.databases import alias_of, all_aliases
from events.kernel.statements import execute
from events.models import Delivery, DeliveryStatus, Event, Intervention, PausedHandler
from events.operations import Actor, HasChanged, Selection, TooMany, UnknownHandler
from events.queue_health import backlog, gone_handlers, oldest_age, paused_handlers
from events.sweeper import sweep
from tests.events.conftest import (
    LISTENER,
    OUTSIDE,
    SECOND,
    Mailed,
    behavior,
    change,
    delivery_of,
    effects,
    mail_out,
    ring,
)
from tests.queue import deliver_all, ship_all

pytestmark = pytest.mark.django_db
ME = Actor(None, "Kim")


def history(context: str = "orders") -> list[tuple[str, str, str]]:
    rows = Intervention.objects.using(alias_of(context)).order_by("created_at")
    return [(row.action, row.actor_name, row.reason) for row in rows]


def rename(event: UUID, name: str) -> None:
    Delivery.objects.using(alias_of("orders")).filter(event_id=event, handler=LISTENER).update(handler=name)


def stream(bell: str = "front") -> Selection:
    return Selection(handler=LISTENER, stream=f"bell:{bell}")


# --- Pausing ------------------------------------------------------------------------------------------


def test_a_paused_handler_waits_and_others_go_on() -> None:
    operations.pause(LISTENER, actor=ME, reason="broken")
    event = ring()
    deliver_all()
    assert effects() == [] and effects(SECOND) == [("front", 1)]
    assert delivery_of(event).status == DeliveryStatus.PENDING and delivery_of(event).attempts == 0


def test_the_sweeper_leaves_a_paused_handler_alone() -> None:
    operations.pause(LISTENER, actor=ME, reason="broken")
    event = ring()
    ship_all()
    change(event, due_at=timezone.now() - timedelta(minutes=5))
    sweep()
    assert effects() == [] and delivery_of(event).attempts == 0


def test_an_external_handler_can_be_paused_too() -> None:
    operations.pause(OUTSIDE, actor=ME, reason="bank is closed")
    mail_out()
    deliver_all()
    assert behavior.calls == []
    operations.resume(OUTSIDE, actor=ME)
    deliver_all()
    assert len(behavior.calls) == 1


def test_resuming_runs_what_waited_in_its_order() -> None:
    operations.pause(LISTENER, actor=ME, reason="x")
    for number in (1, 2, 3):
        ring(number=number)
    deliver_all()
    assert operations.resume(LISTENER, actor=ME)
    deliver_all()
    assert effects() == [("front", 1), ("front", 2), ("front", 3)]


def test_a_pause_needs_no_process_to_remember_it() -> None:
    operations.pause(LISTENER, actor=ME, reason="x")
    ring()
    ship_all()
    handlers = [LISTENER, SECOND]
    found = execute(
        alias_of("orders"),
        "SELECT count(*) FROM events_pausedhandler WHERE handler = ANY(%s)",
        [handlers],
    ).fetchone()
    assert found == (1,) and claim("orders", 10) == []


def test_pausing_twice_changes_nothing_and_is_told_once() -> None:
    assert operations.pause(LISTENER, actor=ME, reason="x")
    assert not operations.pause(LISTENER, actor=Actor(None, "Lee"), reason="y")
    assert operations.resume(LISTENER, actor=ME) and not operations.resume(LISTENER, actor=ME)
    assert history() == [("pause", "Kim", "x"), ("resume", "Kim", "")]


def test_an_unknown_handler_cannot_be_paused() -> None:
    with pytest.raises(UnknownHandler):
        operations.pause("orders.nobody", actor=ME)
    assert not paused_handlers(all_aliases()) and history() == []


def test_health_tells_of_a_pause_and_not_of_lateness() -> None:
    operations.pause(LISTENER, actor=ME, reason="x")
    event = ring()
    deliver_all()
    change(event, due_at=timezone.now() - timedelta(minutes=5))
    readings = backlog(all_aliases())
    assert (readings["orders"].paused, readings["orders"].due) == (1, 0)
    assert set(paused_handlers(all_aliases())) == {LISTENER} and oldest_age(readings) < 60


@pytest.mark.django_db(transaction=True)
def test_a_claim_takes_one_round_trip_with_or_without_a_pause(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    alias = alias_of("orders")
    drain("orders")
    with django_assert_num_queries(1, connection=connections[alias]):
        before = claim("orders", 10)
    operations.pause(LISTENER, actor=ME, reason="x")
    with django_assert_num_queries(1, connection=connections[alias]):
        assert claim("orders", 10) == before == []
    PausedHandler.objects.using(alias).all().delete()


# --- Replay, retry, discard -----------------------------------------------------------------------------


def test_a_stream_is_replayed_in_its_order() -> None:
    for number in (1, 2, 3):
        ring(number=number)
    ring("back", 9)
    deliver_all()
    done = operations.replay(stream(), actor=ME, reason="lost the list")
    deliver_all()
    assert done.count == 3
    once = [("front", 1), ("front", 2), ("front", 3)]
    assert [effect for effect in effects() if effect[0] == "front"] == once + once
    assert effects().count(("back", 9)) == 1


def test_a_replay_in_many_batches_keeps_order_and_is_one_row_per_store(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("events.operations.acts.BATCH", 2)
    for number in range(5):
        ring(number=number)
    deliver_all()
    seen: list[tuple[int, int]] = []
    operations.replay(stream(), actor=ME, progress=lambda done, total: seen.append((done, total)))
    deliver_all()
    assert [number for _bell, number in effects()] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
    assert seen == [(2, 5), (4, 5), (5, 5)]
    rows = Intervention.objects.using(alias_of("orders")).all()
    assert sum(row.affected for row in rows) == 5 and {row.action for row in rows} == {"replay"}


def test_a_span_of_time_is_replayed_and_nothing_else() -> None:
    old, new = ring(number=1), ring("back", 2)
    deliver_all()
    row = delivery_of(old)
    type(row.event).objects.using(row._state.db).filter(pk=old).update(
        occurred_at=timezone.now() - timedelta(hours=3)
    )
    span = Selection(handler=LISTENER, since=timezone.now() - timedelta(hours=1), until=timezone.now())
    assert operations.plan("replay", span).count == 1
    operations.replay(span, actor=ME)
    assert (
        delivery_of(new).status == DeliveryStatus.PENDING and delivery_of(old).status == DeliveryStatus.DONE
    )


def test_a_dead_letter_is_retried_and_its_stream_follows() -> None:
    behavior.bells_that_fail = {"front"}
    first, second = ring(number=1), ring(number=2)
    deliver_all()
    assert (delivery_of(first).status, delivery_of(second).status) == (3, 4)
    assert delivery_of(first).died_at
    behavior.bells_that_fail = set()
    outcome = operations.retry(Selection(handler=LISTENER, error="GiveUp"), actor=ME, reason="mended")
    deliver_all()
    assert (outcome.count, outcome.released) == (1, 1)
    assert effects() == [("front", 1), ("front", 2)]


def test_discarding_lets_the_stream_go_on() -> None:
    behavior.bells_that_fail = {"front"}
    first = ring(number=1)
    deliver_all()
    behavior.bells_that_fail = set()
    second = ring(number=2)
    ship_all()
    repair.hold_blocked(alias_of("orders"))
    operations.discard(Selection(event_id=first, handler=LISTENER), actor=ME, reason="no use")
    deliver_all()
    assert delivery_of(first).status == DeliveryStatus.DISCARDED
    assert delivery_of(second).status == DeliveryStatus.DONE and effects() == [("front", 2)]


def test_more_than_the_limit_or_than_was_seen_changes_nothing() -> None:
    ring(), ring(number=2)
    deliver_all()
    with pytest.raises(TooMany):
        operations.replay(stream(), actor=ME, limit=1)
    with pytest.raises(HasChanged):
        operations.replay(stream(), actor=ME, expected="what was seen")
    assert history() == []
    assert set(Delivery.objects.using(alias_of("orders")).values_list("status", flat=True)) == {2}


def test_a_selection_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="which deliveries"):
        operations.replay(Selection(), actor=ME)


@pytest.mark.parametrize("wish", [{"handler": LISTENER}, {"context": "orders"}, {"until": timezone.now()}])
def test_a_whole_history_is_never_replayed(wish: dict[str, Any]) -> None:
    event = ring()
    deliver_all()
    with pytest.raises(ValueError, match="whole history"):
        operations.plan("replay", Selection(**wish))
    with pytest.raises(ValueError, match="whole history"):
        operations.replay(Selection(**wish), actor=ME)
    assert delivery_of(event).status == DeliveryStatus.DONE and history() == []


def test_a_plan_tells_its_deliveries_from_as_many_others() -> None:
    ring(number=1)
    ring("back", 2)
    deliver_all()
    front, back = (operations.plan("replay", stream(bell)) for bell in ("front", "back"))
    assert front.count == back.count == 1 and front.digest != back.digest
    assert operations.plan("replay", stream()).digest == front.digest
    assert operations.replay(stream(), actor=ME, expected=front.digest).count == 1


def test_a_scope_without_stores_reaches_nothing() -> None:
    ring()
    deliver_all()
    for stores in ((), (uuid4(),)):
        selection = Selection(stream="bell:front", store_ids=stores)
        assert operations.plan("replay", selection).count == 0


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_do_it_once() -> None:
    behavior.bells_that_fail = {"front"}
    event = ring()
    deliver_all()
    counts: list[int] = []

    def press() -> None:
        try:
            counts.append(operations.retry(Selection(event_id=event), actor=ME).count)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1 and len(history()) == 1


# --- Renamed and removed handlers -----------------------------------------------------------------------


def test_what_a_handler_that_is_gone_left_is_seen_and_taken_over() -> None:
    first, second = ring(number=1), ring(number=2)
    ship_all()
    for event in (first, second):
        rename(event, "orders.test_old_name")
    deliver_all()
    assert effects() == [] and gone_handlers(all_aliases()) == {"orders.test_old_name": 2}
    left = Selection(handler="orders.test_old_name")
    assert operations.plan("assign", left, to=LISTENER).count == 2
    operations.assign(left, to=LISTENER, actor=ME, reason="renamed")
    deliver_all()
    assert effects() == [("front", 1), ("front", 2)] and gone_handlers(all_aliases()) == {}
    assert {row[0] for row in history()} == {"assign"}


def test_a_handler_that_had_the_event_already_does_not_get_it_twice() -> None:
    event = ring()
    deliver_all()
    row = delivery_of(event)
    row.pk, row.handler, row.status = None, "orders.test_old_name", DeliveryStatus.PENDING
    row.save(force_insert=True)
    left = Selection(handler="orders.test_old_name")
    assert operations.plan("assign", left, to=LISTENER).count == 0
    operations.assign(left, to=LISTENER, actor=ME)
    deliver_all()
    assert effects() == [("front", 1)] and gone_handlers(all_aliases()) == {"orders.test_old_name": 1}


def test_of_two_gone_handlers_of_one_event_one_is_taken_over() -> None:
    event = ring()
    ship_all()
    rename(event, "orders.test_old_name")
    other = delivery_of(event, "orders.test_old_name")
    other.pk, other.handler = None, "orders.test_older_name"
    other.save(force_insert=True)
    left = Selection(event_id=event, context="orders")
    agenda = operations.plan("assign", left, to=LISTENER)
    assert agenda.count == 1 and sum(skip.count for skip in agenda.skipped) == 1
    assert operations.assign(left, to=LISTENER, actor=ME, reason="both renamed").count == 1
    deliver_all()
    assert effects() == [("front", 1)] and gone_handlers(all_aliases()) == {"orders.test_older_name": 1}


def test_what_was_paused_under_its_old_name_is_not_run_under_a_new_one() -> None:
    event = ring()
    operations.pause(LISTENER, actor=ME, reason="the bank asked us to")
    ship_all()
    old = "orders.test_old_name"
    rename(event, old)
    PausedHandler.objects.using(alias_of("orders")).update(handler=old)
    left = Selection(handler=old)
    agenda = operations.plan("assign", left, to=LISTENER)
    assert agenda.count == 0 and "paused" in str(agenda.skipped[0].why)
    assert operations.assign(left, to=LISTENER, actor=ME).count == 0
    deliver_all()
    assert effects() == [] and delivery_of(event, old).status == DeliveryStatus.PENDING
    operations.resume(old, actor=ME)
    assert operations.assign(left, to=LISTENER, actor=ME).count == 1


def test_a_handler_that_is_alive_is_not_robbed() -> None:
    ring()
    ship_all()
    assert operations.plan("assign", Selection(handler=LISTENER), to=LISTENER).count == 0


WRITE = "notifications.write_webhooks"


@pytest.mark.parametrize(("topic", "version"), [("order.placed", 1), ("item.sold_out", 1), ("bill.paid", 1)])
def test_a_handler_of_several_facts_takes_over_each_of_them(topic: str, version: int) -> None:
    mine = _left_behind(topic, version, "notifications.test_old_name")
    assert operations.assign(Selection(handler=mine.handler), to=WRITE, actor=ME, reason="renamed").count == 1
    mine.refresh_from_db()
    assert mine.handler == WRITE


def test_a_handler_takes_over_facts_of_older_versions_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mailed, "version", 2)
    monkeypatch.setattr(Mailed, "upcasters", {1: dict})
    monkeypatch.setitem(DomainEvent.types, ("test.mailed", 2), Mailed)
    monkeypatch.delitem(DomainEvent.types, ("test.mailed", 1))
    gone = "notifications.test_old_name"
    for topic, version in (("test.mailed", 1), ("test.mailed", 2), ("test.mailed", 3), ("test.hushed", 1)):
        _left_behind(topic, version, gone)
    taken = operations.plan("assign", Selection(handler=gone), to=OUTSIDE).examples
    assert sorted((row.event.topic, row.event.version) for row in taken) == [
        ("test.mailed", 1),
        ("test.mailed", 2),
    ]


def _left_behind(topic: str, version: int, handler: str) -> Delivery:
    alias, stream = alias_of("notifications"), f"left:{uuid4()}"
    event = Event.objects.using(alias).create(
        topic=topic, version=version, source="tests", stream=stream, seq=1, store_id=uuid4(), payload={},
        correlation_id=uuid4(), shipped_at=timezone.now(),
    )  # fmt: skip
    return Delivery.objects.using(alias).create(
        event=event, handler=handler, context="notifications", stream=stream, seq=1
    )
