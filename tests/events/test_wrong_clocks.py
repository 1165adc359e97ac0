"""A process whose clock is wrong: when something is due is asked of the database alone."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.utils import timezone

from events.base import GiveUp
from events.kernel.databases import alias_of
from events.models import DeliveryStatus
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
    assert -5 < pause < 2


def test_a_dead_letter_died_when_the_database_says() -> None:
    event_id = ring()
    behavior.fail = [GiveUp("never")]
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        deliver_all()
    dead = delivery_of(event_id, LISTENER)
    assert dead.status == DeliveryStatus.DEAD and dead.done_at is not None
    assert abs((dead.done_at - _database_now()).total_seconds()) < 30
