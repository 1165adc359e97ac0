"""A receiver that hangs keeps nobody waiting but its own messages."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from config.celery import app
from config.supervisor.fleet import OUTSIDE, OUTSIDE_THREADS, QUEUES, outside_command, worker_command
from events.delivery import drain
from events.models import Delivery, DeliveryStatus
from events.registry import all_handlers, lanes, lanes_beside, subscribe
from events.slots import SLOTS
from events.sweeper import VERY_LATE_SECONDS, run_forever, sweep, sweep_beside
from notifications.events import WebhookQueued
from notifications.models import Kind, Notification
from notifications.webhooks.models import WebhookAttempt
from stores.models import Store
from tests.notifications.facts import Party, announce
from tests.notifications.outside import DATABASE, SEND, deliveries, register
from tests.notifications.receiver import Receiver
from tests.queue import ship_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]
PATIENCE = 30.0
BESIDE = "webhooks"
_OURS = {"notifications.test_mail"}  # of the queue's own tests
LONG_DUE = timedelta(seconds=VERY_LATE_SECONDS + 5)


def _make_late() -> None:
    late = Delivery.objects.using(DATABASE).filter(status=DeliveryStatus.PENDING)
    late.update(due_at=timezone.now() - LONG_DUE)


def _queues(command: list[str]) -> set[str]:
    return set(command[command.index("-Q") + 1].split(","))


def test_every_lane_has_a_worker_and_no_worker_of_the_house_calls_a_stranger() -> None:
    inside, outside = _queues(worker_command()), _queues(outside_command())
    assert inside == set(QUEUES.split(",")) and outside == set(OUTSIDE.split(","))
    assert set(lanes()) <= inside | outside and not inside & outside
    assert set(lanes_beside()) == outside
    # Pictures are encoded outside a transaction, too, but wait for nobody.
    calling = {handler.name: handler.lane for handler in all_handlers() if handler.external}
    assert {name for name, lane in calling.items() if lane not in outside} <= {"menus.encode_photo", *_OURS}


def test_timers_that_ask_a_wallet_run_outside_and_leave_a_thread_to_each_lane() -> None:
    queues = OUTSIDE.split(",")
    timers = [entry["task"] for entry in app.conf.beat_schedule.values() if _queue(entry) in queues]
    assert sorted(timers) == ["payments.reconcile_payments", "sandbox_wallet.send_webhooks"]
    assert len(queues) * SLOTS + len(timers) == OUTSIDE_THREADS
    assert outside_command()[outside_command().index("-c") + 1] == str(OUTSIDE_THREADS)


def _queue(entry: dict[str, Any]) -> str:
    return str(entry["options"]["queue"])


def test_draining_the_context_rings_the_alarm_and_sends_nothing(
    store: Store, party: Party, outside: Receiver
) -> None:
    register(store, outside)
    announce(party.submit(), deliver=False)
    while drain("notifications"):
        pass
    assert Notification.objects.filter(kind=Kind.ORDER_SUBMITTED, alarm=True).count() == 1
    assert outside.calls == []
    assert [row.status for row in deliveries(SEND)] == [DeliveryStatus.PENDING]
    drain(BESIDE)
    assert outside.types == ["order.submitted"]
    assert [row.status for row in deliveries(SEND)] == [DeliveryStatus.DONE]


def test_the_sweeper_sends_what_no_worker_sent_apart_from_its_other_work(
    store: Store, party: Party, outside: Receiver
) -> None:
    register(store, outside)
    announce(party.submit(), deliver=False)
    while drain("notifications"):
        pass
    _make_late()
    sweep()
    assert outside.calls == []
    sweep_beside("wallets")
    assert outside.calls == []
    sweep_beside(BESIDE)
    assert outside.types == ["order.submitted"]


@pytest.mark.django_db(transaction=True)
def test_an_alarm_passes_the_sweeper_while_a_receiver_hangs(
    store: Store, party: Party, outside: Receiver
) -> None:
    outside.answers, outside.drip = [(200, b"drop by drop")], 1
    register(store, outside)
    announce(party.submit(), deliver=False)
    while drain("notifications"):
        pass
    _make_late()
    stop = threading.Event()
    sweeper = threading.Thread(target=run_forever, args=(stop,), daemon=True)
    sweeper.start()
    try:
        _wait(lambda: bool(outside.calls))
        announce(party.call(), deliver=False)
        ship_all()
        _wait(lambda: Notification.objects.filter(kind=Kind.CALL_RAISED, alarm=True).exists())
    finally:
        stop.set()
        _end([sweeper, *(one for one in threading.enumerate() if one.name.startswith("sweep "))])
    alarm = Notification.objects.get(kind=Kind.CALL_RAISED)
    assert alarm.created_at < WebhookAttempt.objects.earliest("pk").at  # when the first attempt ended


def _wait(holds) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _end(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_lane_belongs_to_one_context() -> None:
    with pytest.raises(ValueError, match="another context"):
        subscribe(WebhookQueued, name="orders.test_intruder", lane=BESIDE)(lambda event, envelope: None)
