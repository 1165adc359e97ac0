"""The safety net: ship, sweep, hold."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connections, transaction
from django.utils import timezone

from events import operations, relay, repair
from events.base import GiveUp
from events.kernel.databases import alias_of, all_aliases, atomic
from events.models import Delivery, DeliveryStatus, Event
from events.outbox import publish
from events.queue_health import backlog, oldest_age
from events.sweeper import deliver_backlog, sweep
from tests.events.conftest import LISTENER, SECOND, Hushed, behavior, change, delivery_of, effects, ring
from tests.queue import deliver_all, ship_all


def _forget_fan_out() -> None:
    """As if the producer could not fan out: the event waits for the relay."""
    for alias in all_aliases():
        Delivery.objects.using(alias).all().delete()
    Event.objects.using(alias_of("tests")).update(shipped_at=None)


@pytest.mark.django_db
def test_the_relay_ships_what_nobody_fanned_out() -> None:
    ring()
    _forget_fan_out()
    assert relay.ship(alias_of("tests")) == 1
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", 1)]


@pytest.mark.django_db
def test_shipping_twice_doubles_nothing() -> None:
    ring()
    ship_all()
    deliver_all()
    for _ in range(2):  # a crash between the two commits of a shipment repeats it
        Event.objects.using(alias_of("tests")).update(shipped_at=None)
        ship_all()
        deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", 1)]


@pytest.mark.django_db
def test_the_relay_keeps_the_order_of_a_stream() -> None:
    for number in range(1, 6):
        ring("front", number)
    _forget_fan_out()
    ship_all()
    deliver_all()
    assert [number for _, number in effects()] == [1, 2, 3, 4, 5]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The relay's time is up after each event; the outboxes for which it rang."""
    rung: list[str] = []
    monkeypatch.setattr(relay, "SHIP_SECONDS", 0.0)
    monkeypatch.setattr(relay, "SHIP_BATCH", 1)
    monkeypatch.setattr(relay, "kick_relay", rung.append)
    return rung


@pytest.mark.django_db
def test_a_relay_whose_time_is_up_rings_for_the_rest_instead_of_keeping_its_worker(
    hurried: list[str],
) -> None:
    for number in (1, 2, 3):
        ring("front", number)
    _forget_fan_out()
    alias = alias_of("tests")
    assert [relay.ship(alias) for _ in range(4)] == [1, 1, 1, 0]
    assert set(hurried) == {alias}
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", number) for number in (1, 2, 3)]


@pytest.mark.django_db
def test_a_relay_that_is_done_in_time_rings_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(relay, "kick_relay", rung.append)
    ring()
    _forget_fan_out()
    assert relay.ship(alias_of("tests")) == 1
    assert rung == []


@pytest.mark.django_db
@pytest.mark.usefixtures("hurried")
def test_what_is_prepared_leaves_nothing_in_an_outbox_however_long_it_takes() -> None:
    for _ in range(3):
        with atomic("tests"):
            publish(Hushed(store_id=uuid4()))
    _forget_fan_out()
    deliver_backlog()
    assert not relay._unshipped(alias_of("tests"))


@pytest.mark.django_db
def test_an_event_that_nobody_wants_is_shipped_all_the_same() -> None:
    with atomic("tests"):
        publish(Hushed(store_id=uuid4()))
    _forget_fan_out()
    assert relay.ship(alias_of("tests")) == 1
    assert relay.ship(alias_of("tests")) == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("topic", "version"), [("test.brand_new", 1), ("test.rang", 9)])
def test_what_a_newer_release_published_is_left_to_its_relay(topic: str, version: int) -> None:
    for number in (1, 2):
        ring("front", number)
    ring("back")
    _forget_fan_out()
    first = Event.objects.using(alias_of("tests")).filter(stream="bell:front", seq=1)
    first.update(topic=topic, version=version)
    ship_all()
    deliver_all()
    assert effects() == [("back", 1)]  # what comes behind it in its stream must not overtake
    first.update(topic="test.rang", version=1)  # the new release knows how to read it
    deliver_all()
    assert effects() == [("back", 1), ("front", 1), ("front", 2)]


@pytest.mark.django_db
def test_the_sweeper_runs_what_no_worker_ran() -> None:
    event_id = ring()
    ship_all()
    sweep()
    assert effects() == []  # not late yet: that is the workers' business
    change(event_id, due_at=timezone.now() - timedelta(seconds=5))
    sweep()
    assert effects() == [("front", 1)]


@pytest.mark.django_db
def test_the_sweeper_marks_what_waits_behind_a_dead_letter() -> None:
    behavior.fail = [GiveUp("x")]
    ring("front", 1)
    deliver_all()
    follower, other = ring("front", 2), ring("back", 1)
    sweep()
    ship_all()
    sweep()
    assert delivery_of(follower).status == DeliveryStatus.HELD
    assert delivery_of(other).status == DeliveryStatus.PENDING


@pytest.mark.django_db(transaction=True)
def test_what_is_held_while_somebody_retries_the_dead_letter_is_not_held_for_ever() -> None:
    behavior.fail = [GiveUp("x")]
    head = ring("front", 1)
    deliver_all()
    follower = ring("front", 2)
    ship_all()
    alias = alias_of("orders")
    with transaction.atomic(using=alias):
        operations.retry(operations.Selection(event_id=head), actor=operations.Actor(None, "Ada"))
        with ThreadPoolExecutor(1) as pool:  # the sweeper sees a dead letter until this is committed
            pool.submit(_hold_and_close, alias).result(20)
    assert delivery_of(follower).status == DeliveryStatus.HELD
    sweep()
    deliver_all()
    assert effects() == [("front", 1), ("front", 2)]


@pytest.mark.django_db(transaction=True)
def test_holding_waits_for_nobody_who_works_on_a_follower() -> None:
    behavior.fail = [GiveUp("x")]
    ring("front", 1)
    deliver_all()
    busy, free = ring("front", 2), ring("front", 3)
    ship_all()
    alias = alias_of("orders")
    with transaction.atomic(using=alias):
        list(Delivery.objects.using(alias).select_for_update().filter(event_id=busy, handler=LISTENER))
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_hold_and_close, alias).result(20)
    assert delivery_of(free).status == DeliveryStatus.HELD
    assert delivery_of(busy).status == DeliveryStatus.PENDING


def _hold_and_close(alias: str) -> None:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'")
        repair.hold_blocked(alias)
    finally:
        connections.close_all()


@pytest.mark.django_db
def test_the_backlog_tells_ages_and_dead_letters() -> None:
    behavior.bells_that_fail = {"broken"}
    ring("broken", 1)
    deliver_all()
    ring("broken", 2)
    late = ring("late")
    ship_all()
    repair.hold_blocked(alias_of("orders"))
    change(late, due_at=timezone.now() - timedelta(seconds=90))
    reading = backlog(all_aliases())["orders"]
    assert (reading.dead, reading.held, reading.due) == (1, 1, 1)
    assert 89 < reading.oldest_due_age < 120
    assert oldest_age(backlog(all_aliases())) >= reading.oldest_due_age
    assert backlog(all_aliases())["payments"].done == 1
