"""The alarm for dead letters: once per cause, for the owner and the managers, and nobody else's business."""

import threading
import time
from collections.abc import Callable
from copy import copy
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from events import queue_health, rounds
from events.kernel.databases import alias_of, atomic
from events.models import Delivery, DeliveryStatus
from events.sweeper import run_forever
from notifications import dead_letters, services
from notifications.dead_letters import ring_for_dead_letters
from notifications.models import Audience, Channel, Notification, store_channel
from stores.models import Store, User
from tests.factories import make_store
from tests.notifications.facts import Party, announce
from tests.notifications.test_apis import path, post, signed_in
from tests.queue import published

TOLD = [Audience.OWNER, Audience.MANAGER]


def bury_alarms(store: Store, letters: int = 2, error: str = "ValueError: no\n\ntrace") -> Any:
    """Dead letters of the alarm for new orders; returns their rows."""
    party = Party(store.pk)
    announce(*(party.submit() for _ in range(letters)), deliver=False)
    rows = Delivery.objects.using(alias_of("notifications")).filter(
        handler="notifications.ring_for_order", event__correlation_id=party.tab_id
    )
    assert rows.update(status=DeliveryStatus.DEAD, done_at=timezone.now(), last_error=error) == letters
    return rows


def alarms(**filters: Any) -> list[Notification]:
    return list(Notification.objects.filter(kind="dead_letter", **filters).order_by("seq"))


def open_for() -> list[str]:
    return [row.audience for row in alarms(acked_at=None)]


def take_all(store: Store, role: str = "owner") -> None:
    """A person of that role takes what that role's board shows."""
    rows = alarms(audience=role)
    services.acknowledge(
        store_id=store.pk, seqs=[row.seq for row in rows], role=role, actor_id=None, actor_name="Kim"
    )


# --- Once per cause --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_cause_rings_once_however_many_letters_it_has(store: Store) -> None:
    bury_alarms(store)
    assert ring_for_dead_letters() == 1
    bury_alarms(store)
    assert ring_for_dead_letters() == 0
    rows = alarms()
    assert [row.audience for row in rows] == TOLD
    assert all(row.alarm and row.data["reason"] == "ValueError: no" for row in rows)
    take_all(store)
    bury_alarms(store)
    assert ring_for_dead_letters() == 0


@pytest.mark.django_db
def test_another_kind_of_error_is_another_cause(store: Store) -> None:
    bury_alarms(store)
    bury_alarms(store, 1, "ConnectionError: refused")
    assert ring_for_dead_letters() == 2


@pytest.mark.django_db
def test_an_alarm_falls_silent_when_its_cause_is_mended_and_rings_when_it_returns(store: Store) -> None:
    rows = bury_alarms(store)
    assert ring_for_dead_letters() == 1
    rows.update(status=DeliveryStatus.DONE)
    assert ring_for_dead_letters() == 0
    assert open_for() == []
    bury_alarms(store)
    assert ring_for_dead_letters() == 1
    assert open_for() == TOLD


@pytest.mark.django_db
def test_the_alarm_names_the_order_in_every_language(store: Store) -> None:
    bury_alarms(store, 1)
    ring_for_dead_letters()
    texts = alarms()[0].data["texts"]
    assert "was not told of order" in texts["en"] and set(texts) == {"ko", "en", "zh-hans", "ja"}


@pytest.mark.django_db(transaction=True)
def test_two_that_look_at_once_ring_once_although_a_letter_died_between_their_looks() -> None:
    store = make_store()
    announce(Party(store.pk).submit())
    bury_alarms(store, 1)
    counts: list[int] = []
    with atomic("notifications"):
        # Nobody gets a number until both have looked.
        Channel.objects.select_for_update().get(pk=store_channel(store.pk))
        ringers = [_ringer(counts)]
        _wait_for_blocked(1)
        _aside(lambda: bury_alarms(store, 1)).join()
        dead = Delivery.objects.using(alias_of("notifications")).filter(status=DeliveryStatus.DEAD)
        assert dead.count() == 2  # committed elsewhere: the second one sees it
        ringers.append(_ringer(counts))
        _wait_for_blocked(2)
    for ringer in ringers:
        ringer.join()
    assert sorted(counts) == [0, 1]
    assert open_for() == TOLD


def _ringer(counts: list[int]) -> threading.Thread:
    return _aside(lambda: counts.append(ring_for_dead_letters()))


def _aside(work: Callable[[], object]) -> threading.Thread:
    """Works on a connection of its own."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def _wait_for_blocked(wanted: int) -> None:
    deadline = time.monotonic() + 10
    with connections[alias_of("notifications")].cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0] >= wanted:
                return
    raise AssertionError("nobody waited")


@pytest.mark.django_db
def test_however_many_causes_there_are_none_is_taken_for_mended(store: Store) -> None:
    letter = bury_alarms(store, letters=1).get()
    rows = [copy(letter) for _ in range(600)]
    for number, row in enumerate(rows):
        row.pk, row.handler = None, f"notifications.test_gone_{number}"
    Delivery.objects.using(letter._state.db).bulk_create(rows)
    assert len(queue_health.dead_causes([letter._state.db])) == 601


@pytest.mark.django_db
def test_who_looked_too_early_silences_no_alarm_that_another_raised(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = queue_health.dead_causes

    def look_and_be_overtaken(aliases: list[str]) -> Any:
        monkeypatch.setattr(dead_letters, "dead_causes", look)
        seen = look(aliases)
        bury_alarms(store)
        assert ring_for_dead_letters() == 1
        return seen

    monkeypatch.setattr(dead_letters, "dead_causes", look_and_be_overtaken)
    assert ring_for_dead_letters() == 0
    assert open_for() == TOLD


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_rings_without_redis_and_celery(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    name = f"{dead_letters.__name__}.ring_for_dead_letters"
    monkeypatch.setitem(rounds._rounds, name, rounds._rounds[name]._replace(every=0.1))
    bury_alarms(make_store())
    stop = threading.Event()
    sweeper = threading.Thread(target=run_forever, args=(stop,))
    sweeper.start()
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and open_for() != TOLD:
            stop.wait(0.05)
    finally:
        stop.set()
        helpers = [one for one in threading.enumerate() if one.name.startswith(("sweep ", name))]
        for thread in (sweeper, *helpers):
            thread.join()
    assert open_for() == TOLD


# --- For whom --------------------------------------------------------------------------------------


@pytest.fixture
def buried(store: Store) -> Store:
    """An order's alarm (1), dead letters' alarms for the owner (2) and the managers (3), an order's (4)."""
    party = Party(store.pk)
    announce(party.submit())
    bury_alarms(store)
    ring_for_dead_letters()
    announce(party.submit())
    return store


def seen_by(client: Client, store: Store, query: str = "") -> tuple[int, list[int]]:
    answer = client.get(path(store) + query).json()
    return answer["seq"], [item["seq"] for item in answer["items"]]


@pytest.mark.django_db
def test_only_owners_and_managers_see_it_and_numbers_go_on_for_everybody(
    buried: Store, owner: User, manager: User, floor: User, kitchen: User
) -> None:
    assert [row.seq for row in alarms()] == [2, 3]
    for person, numbers in ((owner, [1, 2, 4]), (manager, [1, 3, 4]), (floor, [1, 4]), (kitchen, [1, 4])):
        client = signed_in(person)
        assert seen_by(client, buried) == (4, numbers)
        assert seen_by(client, buried, "?after=1") == (4, numbers[1:])
        assert seen_by(client, buried, "?after=4") == (4, [])


@pytest.mark.django_db
@pytest.mark.parametrize("tail", ["notifications/2/ack/", "notifications/3/ack/", "notifications/ack/"])
def test_others_can_take_neither_it_nor_anything_in_one_breath_with_it(
    buried: Store, floor: User, kitchen: User, tail: str
) -> None:
    for person in (floor, kitchen):
        answer = post(signed_in(person), path(buried, tail), {"seqs": [1, 2], "device": "d1"})
        assert answer.status_code == 403
        assert answer.json()["detail"] == "This alarm is meant for another role."
    assert not Notification.objects.filter(acked_at__isnull=False).exists()
    assert not published("notification.acknowledged")


@pytest.mark.django_db
def test_a_manager_who_takes_it_leaves_the_owners_ringing(buried: Store, manager: User, floor: User) -> None:
    client = signed_in(manager)
    assert post(client, path(buried, "notifications/2/ack/"), {}).status_code == 403
    assert post(client, path(buried, "notifications/3/ack/"), {}).status_code == 200
    assert open_for() == [Audience.OWNER]
    assert ring_for_dead_letters() == 0


@pytest.mark.django_db
def test_an_owner_who_takes_it_takes_it_for_the_managers_too(buried: Store, owner: User) -> None:
    assert post(signed_in(owner), path(buried, "notifications/2/ack/"), {}).status_code == 200
    assert open_for() == []
    assert {row.acked_by for row in alarms()} == {owner.display_name}
    assert len(published("notification.acknowledged")) == 2
