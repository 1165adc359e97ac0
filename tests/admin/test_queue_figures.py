"""The queue page's figures and plots: what waits, since when, and what the last day brought."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from config.backoffice import plots
from events import operations
from events.models import Delivery, DeliveryStatus, Event, FailedAttempt
from stores.models import Store
from tests.admin.conftest import make_delivery
from tests.admin.test_queue_page import ME, PAGE, text_of
from tests.factories import make_store


def test_the_figures_tell_what_waits_and_since_when(boss: Client, store: Store) -> None:
    late = make_delivery(store, DeliveryStatus.PENDING, attempts=2)
    type(late.event).objects.using(late._state.db).filter(pk=late.event_id).update(
        occurred_at=timezone.now() - timedelta(minutes=5)
    )
    make_delivery(store, DeliveryStatus.HELD, stream="order:2")
    state = boss.get(PAGE).context["state"]
    assert (state.waiting, state.retrying, state.held) == (1, 1, 1)
    assert 299 < state.oldest_age < 320
    assert "The queue is behind." in text_of(boss)


def test_what_waits_for_a_later_try_of_the_step_before_it_is_not_late(boss: Client, store: Store) -> None:
    first = make_delivery(store, DeliveryStatus.PENDING, attempts=2)
    second = make_delivery(store, DeliveryStatus.PENDING, attempts=0, seq=2)
    rows = Delivery.objects.using(first._state.db)
    rows.filter(pk=first.pk).update(due_at=timezone.now() + timedelta(minutes=5))
    long_ago = timezone.now() - timedelta(minutes=15)
    Event.objects.using(first._state.db).filter(pk=second.event_id).update(occurred_at=long_ago)
    state = boss.get(PAGE).context["state"]
    assert (state.waiting, state.retrying) == (2, 1) and state.oldest_age == 0


def test_what_a_person_has_just_brought_back_is_not_behind(boss: Client, store: Store) -> None:
    letter = make_delivery(store)
    events = Event.objects.using(letter._state.db).filter(pk=letter.event_id)
    events.update(occurred_at=timezone.now() - timedelta(minutes=5))
    operations.retry(operations.Selection(event_id=letter.event_id), actor=ME)
    state = boss.get(PAGE).context["state"]
    assert (state.waiting, state.dead) == (1, 0)
    assert state.oldest_age < 60


def test_the_day_is_drawn_and_told_as_a_table(boss: Client, store: Store) -> None:
    now = timezone.now()
    for number in range(3):
        make_delivery(store, DeliveryStatus.DONE, stream=f"order:{number}", done_at=now)
    make_delivery(store, DeliveryStatus.DONE, stream="old", done_at=now - timedelta(days=2))
    died = make_delivery(store, stream="dead", died_at=now - timedelta(hours=3), done_at=now)
    FailedAttempt.objects.using(died._state.db).create(
        delivery=died, attempt=1, error="x", at=now - timedelta(hours=3)
    )
    make_delivery(make_store(), DeliveryStatus.DONE, stream="foreign", done_at=now)
    day = boss.get(PAGE).context["day"]
    assert [(plot.kind, plot.total) for plot in day.plots] == [("done", 3), ("failed", 1), ("died", 1)]
    assert [sum(row[place] for _hour, row in day.hours) for place in range(3)] == [3, 1, 1]
    assert day.per_minute == pytest.approx(0.6)
    page = text_of(boss)
    assert page.count("<svg viewBox") == 3 and "<desc" in page and 'scope="row"' in page


def test_the_hour_that_comes_twice_when_clocks_change_has_two_rows() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    with (
        time_machine.travel(datetime(2026, 10, 25, 9, 30, tzinfo=berlin)),
        timezone.override("Europe/Berlin"),
    ):
        hours = [hour for hour, _row in plots.day(None, []).hours]
    assert [f"{hour:%H %z}" for hour in hours][6:9] == ["03 +0100", "02 +0100", "02 +0200"]


def test_a_letter_that_was_brought_back_stays_in_the_picture(boss: Client, store: Store) -> None:
    row = make_delivery(store, died_at=timezone.now())
    operations.retry(Delivery.objects.using(row._state.db).filter(pk=row.pk), actor=ME)
    assert boss.get(PAGE).context["day"].plots[2].total == 1
