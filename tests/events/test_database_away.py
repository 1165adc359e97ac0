"""With a database per context: one that is away keeps its own share waiting, and nobody else's."""

import importlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from events import relay
from events.kernel.databases import alias_of, all_aliases
from events.models import Delivery, DeliveryStatus, Event, SnapshotRun, Stream
from events.queue_health import backlog
from events.retention import purge
from events.snapshot_runs import resume_snapshot_runs
from events.sweeper import sweep
from notifications.dead_letters import ring_for_dead_letters
from notifications.models import Kind, Notification
from tests.databases import is_split_run
from tests.events.conftest import LISTENER, SECOND, change, effects, ring
from tests.events.test_commands import run, said
from tests.queue import away, deliver_all, unfinished

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not is_split_run(), reason="needs a database per context"),
]


def _sweep_when_late(*event_ids: object) -> None:
    """Ships, and runs what no worker ran."""
    sweep()
    for event_id in event_ids:
        change(event_id, SECOND, due_at=timezone.now() - timedelta(seconds=5))  # type: ignore[arg-type]
    sweep()


@pytest.mark.parametrize("batch", [1, 500])
def test_the_others_hear_at_once_and_the_one_that_was_away_hears_all_in_order(
    batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SHIP_BATCH", batch)
    with away(alias_of("orders")):
        for number in (1, 2, 3):
            _sweep_when_late(ring("front", number))
        assert effects(SECOND) == [("front", 1), ("front", 2), ("front", 3)]
        assert relay.ship(alias_of("tests")) == 0
    deliver_all()
    ring("front", 4)
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", number) for number in (1, 2, 3, 4)]
    assert not unfinished()


def test_what_comes_later_does_not_overtake_when_the_database_is_back_meanwhile() -> None:
    with away(alias_of("orders")):
        ring("front", 1)
        relay.ship(alias_of("tests"))
    ring("front", 2)
    relay.ship(alias_of("tests"))
    deliver_all()
    assert effects(LISTENER) == [("front", 1), ("front", 2)]


def test_an_event_that_is_shipped_in_part_waits_in_its_outbox() -> None:
    with away(alias_of("orders")):
        ring()
        relay.ship(alias_of("tests"))
        assert relay._unshipped(alias_of("tests"))
    _begin_afresh()
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", 1)]
    assert not relay._unshipped(alias_of("tests"))


def _begin_afresh() -> None:
    """Another process goes on, that knows nothing."""
    importlib.reload(relay)


@contextmanager
def _mute(alias: str) -> Iterator[None]:
    """Its machine takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with away(alias, "127.0.0.1", str(server.getsockname()[1])):
            yield


def _wait_for_the_answer_of(alias: str) -> None:
    for thread in [one for one in threading.enumerate() if one.name == f"ask {alias}"]:
        thread.join(30)
        assert not thread.is_alive()


def test_nobodys_share_waits_while_a_machine_that_is_gone_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders = alias_of("orders")
    with away(orders):
        ring("front", 1)
        relay.ship(alias_of("tests"))
        monkeypatch.setattr(relay, "AWAY_SECONDS", 0.0)
        with _mute(orders):
            ring("front", 2)
            began = time.monotonic()
            relay.ship(alias_of("tests"))
            took = time.monotonic() - began
        _wait_for_the_answer_of(orders)
    assert took < 4  # connecting is given up after five
    assert Delivery.objects.using(alias_of("payments")).filter(stream="bell:front").count() == 2


def test_a_database_that_is_back_gets_its_share_as_soon_as_it_has_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with away(alias_of("orders")):
        ring()
        relay.ship(alias_of("tests"))
        failed = dict(relay._failed_at)
    relay._failed_at.update(failed)  # nobody told this process
    monkeypatch.setattr(relay, "AWAY_SECONDS", 0.0)
    relay.ship(alias_of("tests"))
    _wait_for_the_answer_of(alias_of("orders"))
    relay.ship(alias_of("tests"))
    assert not relay._unshipped(alias_of("tests"))
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", 1)]


def test_who_has_its_share_is_rung_while_the_outbox_still_waits_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source, rung = connections[alias_of("tests")], {}
    monkeypatch.setattr(relay, "kick_lane", lambda lane: rung.update({lane: source.in_atomic_block}))
    ring()
    relay.ship(alias_of("tests"))
    assert rung == {"orders": True, "payments": True}


def _restore_earlier(alias: str) -> None:
    """As if this database came from a backup before its first fact: it gives out the same numbers again."""
    Delivery.objects.using(alias).all().delete()
    Event.objects.using(alias).all().delete()
    Stream.objects.using(alias).all().delete()


@pytest.mark.parametrize("batch", [1, 500])
def test_a_number_that_belongs_to_another_fact_stops_its_stream_and_no_other(
    batch: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay, "SHIP_BATCH", batch)
    old = ring("front", 1)
    deliver_all()
    _restore_earlier(alias_of("tests"))
    for bell, number in (("front", 2), ("front", 3), ("back", 4)):
        ring(bell, number)
    deliver_all()
    assert effects(LISTENER) == effects(SECOND) == [("front", 1), ("back", 4)]
    assert "orders has other facts under the numbers of bell:front" in caplog.text
    assert backlog(all_aliases())["tests"].unshipped == 2
    for alias in (alias_of("orders"), alias_of("payments")):  # somebody mends it
        Delivery.objects.using(alias).filter(event_id=old).delete()
        Event.objects.using(alias).filter(pk=old).delete()
    relay.forget_failures()
    deliver_all()
    assert effects(LISTENER)[2:] == effects(SECOND)[2:] == [("front", 2), ("front", 3)]
    assert not relay._unshipped(alias_of("tests"))


def _age(event_id: UUID) -> None:
    then = timezone.now() - timedelta(days=40)
    for alias in all_aliases():
        Event.objects.using(alias).filter(pk=event_id).update(occurred_at=then)
    change(event_id, SECOND, done_at=then)


def test_who_had_a_fact_a_month_ago_never_hears_it_again_because_another_one_still_waits() -> None:
    ring("front", 1)
    deliver_all()
    _restore_earlier(alias_of("tests"))
    _restore_earlier(alias_of("payments"))
    waiting = ring("front", 2)
    deliver_all()
    _age(waiting)
    purge(days=30)
    assert not Event.objects.using(alias_of("payments")).filter(pk=waiting).exists()
    _begin_afresh()
    deliver_all()
    assert effects(SECOND) == [("front", 1), ("front", 2)]
    assert effects(LISTENER) == [("front", 1)]
    assert backlog(all_aliases())["tests"].unshipped == 1


def test_a_run_over_the_copies_of_another_database_goes_on() -> None:
    runs = SnapshotRun.objects.using(alias_of("payments"))
    runs.create(keeper="payments.store", rebuilds=False, actor_name="Kim", todo=["x"], total=1)
    runs.update(moved_at=timezone.now() - timedelta(minutes=1))
    with away(alias_of("orders")):
        assert resume_snapshot_runs() == 1


def test_the_figures_of_the_others_can_be_read(client: Client) -> None:
    with away(alias_of("orders")):
        text = client.get("/metrics").content.decode()
    assert 'hansang_database_up{database="orders"} 0.0' in text
    assert 'hansang_database_up{database="payments"} 1.0' in text
    assert 'hansang_dead_letters{context="payments"}' in text
    assert 'hansang_dead_letters{context="orders"}' not in text


def test_status_says_which_database_is_away_and_shows_the_others() -> None:
    with away(alias_of("orders")):
        code, answer = said("status")
        text = run("status")[1]
    assert (code, answer["healthy"], answer["databases_away"]) == (1, False, ["orders"])
    assert "the database orders does not answer" in text
    assert said("status")[1]["databases_away"] == []


def test_an_alarm_for_dead_letters_neither_fails_nor_falls_silent() -> None:
    event = ring()
    deliver_all()
    change(event, LISTENER, status=DeliveryStatus.DEAD, done_at=timezone.now(), last_error="ValueError: x")
    assert ring_for_dead_letters() == 1
    with away(alias_of("orders")):
        assert ring_for_dead_letters() == 0
    ringing = Notification.objects.filter(kind=Kind.DEAD_LETTER, acked_at=None)
    assert sorted(row.audience for row in ringing) == ["manager", "owner"]


def test_old_history_of_the_others_is_purged() -> None:
    event = ring()
    deliver_all()
    change(event, SECOND, done_at=timezone.now() - timedelta(days=40))
    with away(alias_of("orders")):
        assert purge(days=30) == 1
