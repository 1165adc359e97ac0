"""A process whose clock is wrong: when something is due is asked of the database alone."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
import time_machine
from celery.beat import ScheduleEntry
from django.conf import settings
from django.db import connections
from django.utils import timezone

from config.celery import app
from config.timers import TimerScheduler
from events import bells, kicks, operations, snapshot_runs, tasks
from events.base import GiveUp
from events.kernel.databases import alias_of
from events.models import DeliveryStatus
from events.operations import Actor, Selection
from tests.events.conftest import LISTENER, behavior, delivery_of, ring
from tests.queue import deliver_all

pytestmark = pytest.mark.django_db


def _database_now() -> Any:
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@pytest.mark.parametrize("error", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_failure_is_tried_again_after_its_pause_whatever_the_workers_clock_says(error: timedelta) -> None:
    event_id = ring()
    behavior.fail = [ValueError("no paper")]
    with time_machine.travel(timezone.now() + error, tick=True):
        deliver_all()
    pause = (delivery_of(event_id, LISTENER).due_at - _database_now()).total_seconds()
    assert 0 < pause < 120  # a minute in tests


def test_a_dead_letter_died_when_the_database_says() -> None:
    event_id = ring()
    behavior.fail = [GiveUp("never")]
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        deliver_all()
    dead = delivery_of(event_id, LISTENER)
    assert dead.status == DeliveryStatus.DEAD and dead.done_at is not None
    assert abs((dead.done_at - _database_now()).total_seconds()) < 30


@pytest.mark.parametrize("error", [timedelta(hours=1), timedelta(hours=-1)])
def test_what_a_person_retries_is_due_at_once_whatever_their_processs_clock_says(error: timedelta) -> None:
    event_id = ring()
    behavior.fail = [GiveUp("never")]
    deliver_all()
    with time_machine.travel(timezone.now() + error, tick=True):
        operations.retry(Selection(event_id=event_id), actor=Actor(None, "Kim"))
    again = delivery_of(event_id, LISTENER)
    assert abs((again.due_at - _database_now()).total_seconds()) < 30
    assert deliver_all() == 1


# --- Doorbells ----------------------------------------------------------------------------------------

QUEUE = "test-bells"


@pytest.fixture
def letterbox() -> Iterator[redis.Redis]:
    """The broker, where nobody reads this queue."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        rings = [QUEUE, *client.scan_iter("hs:bell:*")]
        client.delete(*rings)
        yield client
        client.delete(QUEUE)


def _waiting(letterbox: redis.Redis) -> list[dict[str, Any]]:
    return [json.loads(message)["headers"] for message in letterbox.lrange(QUEUE, 0, -1)]


def _kick(context: str = "orders") -> None:
    kicks._ring("events.drain", {"context": context}, QUEUE)


def test_no_message_grows_stale_by_the_clock_of_its_reader(letterbox: redis.Redis) -> None:
    _kick()
    for entry in app.conf.beat_schedule.values():
        assert "expires" not in entry["options"]
        _tick(entry["task"])
    found = _waiting(letterbox)
    assert len(found) == 1 + len(app.conf.beat_schedule)
    assert [headers["expires"] for headers in found] == [None] * len(found)


def test_a_run_over_the_copies_waits_for_its_worker_however_late_and_rings_once(
    letterbox: redis.Redis,
) -> None:
    for _ in range(3):
        snapshot_runs._send({"alias": "default", "run_id": "0199"}, QUEUE)
    assert [headers["expires"] for headers in _waiting(letterbox)] == [None]


def _tick(task: str, seconds: float = 60) -> Any:
    scheduler = TimerScheduler(app=app, lazy=True)
    entry = ScheduleEntry(name=task, task=task, schedule=seconds, options={"queue": QUEUE}, app=app)
    return scheduler.apply_async(entry, advance=False)


def test_a_second_kick_is_not_sent_while_the_first_one_waits(letterbox: redis.Redis) -> None:
    for _ in range(3):
        _kick("orders")
    _kick("payments")
    assert len(_waiting(letterbox)) == 2
    tasks.drain(context="orders")  # a worker takes it: what happens from now on must ring again
    _kick("orders")
    assert len(_waiting(letterbox)) == 3


def test_a_kick_that_was_lost_with_its_worker_is_sent_again(letterbox: redis.Redis) -> None:
    _kick()
    (bell,) = letterbox.scan_iter("hs:bell:*")
    assert 0 < letterbox.pttl(bell) <= kicks.LOST_SECONDS * 1000
    letterbox.delete(bell)  # its time is over
    _kick()
    assert len(_waiting(letterbox)) == 2


def test_what_no_worker_takes_does_not_fill_redis(letterbox: redis.Redis) -> None:
    letterbox.rpush(QUEUE, *["{}"] * bells.ENOUGH)
    _kick()
    assert letterbox.llen(QUEUE) == bells.ENOUGH


def test_a_timer_ticks_once_until_a_worker_heard_it(letterbox: redis.Redis) -> None:
    task = "events.resume_snapshot_runs"
    for _ in range(3):
        _tick(task)
    assert len(_waiting(letterbox)) == 1
    app.tasks[task].apply()
    _tick(task)
    assert len(_waiting(letterbox)) == 2
