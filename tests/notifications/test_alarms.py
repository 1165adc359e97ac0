import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from events.kernel.databases import atomic
from events.kernel.errors import NotFound
from events.kernel.ids import new_id
from notifications import services
from notifications.models import Channel, Notification, StoreSnapshot, store_channel, tab_channel
from notifications.retention import purge_old_notifications
from stores.models import Store, User
from tests.notifications.facts import Party, announce
from tests.queue import published


def ring(store: Store) -> Notification:
    row = services.raise_alarm(store_id=store.pk, subject_id=new_id(), kind="order_submitted")
    assert row
    return row


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls at the same moment, each on a connection of its own."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = []

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_numbers_have_no_gap_when_many_write_and_some_fail() -> None:
    store_id = new_id()

    def write(fails: bool) -> None:
        for _ in range(10):
            try:
                with atomic("notifications"):
                    services.notify_store(store_id=store_id, kind="order_canceled")
                    if fails:
                        raise RuntimeError("rolled back")
            except RuntimeError:
                pass

    together(lambda: write(False), lambda: write(True), lambda: write(False), lambda: write(False))
    rows = Notification.objects.filter(channel=store_channel(store_id)).order_by("seq")
    assert [row.seq for row in rows] == list(range(1, 31))


@pytest.mark.django_db
def test_taking_an_alarm_twice_keeps_who_was_first(store: Store, floor: User, kitchen: User) -> None:
    row = ring(store)
    for person in (floor, kitchen):
        services.acknowledge(
            store_id=store.pk, seqs=[row.seq], actor_id=person.pk, actor_name=person.username, device="d1"
        )
    row.refresh_from_db()
    assert (row.acked_by_id, row.acked_device, row.escalate_at) == (floor.pk, "d1", None)
    facts = published("notification.acknowledged")
    assert len(facts) == 1
    assert facts[0].seconds == pytest.approx(row.seconds_to_take, abs=0.01)  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.parametrize("seqs", [[2], [1, 2], [2**63 - 1], [2**70]])
def test_an_unknown_number_takes_nothing(store: Store, seqs: list[int]) -> None:
    row = ring(store)
    with pytest.raises(NotFound):
        services.acknowledge(store_id=store.pk, seqs=seqs, actor_id=None, actor_name="")
    row.refresh_from_db()
    assert row.acked_at is None
    assert not published("notification.acknowledged")


@pytest.mark.django_db
def test_the_ladder_climbs_to_the_stores_last_minute(store: Store) -> None:
    StoreSnapshot.objects.create(pk=store.pk, version_number=1, data={"auto_reject_minutes": 4})
    row = ring(store)
    steps = []
    for second in range(0, 400, 10):
        if services.escalate_due_alarms(now=row.created_at + timedelta(seconds=second)):
            steps.append(second)
    assert steps == [30, 60, 120, 240]
    facts = published("alarm.escalated")
    assert [fact.level for fact in facts] == [1, 2, 3, 4]  # type: ignore[attr-defined]
    assert [fact.final for fact in facts] == [False, False, False, True]  # type: ignore[attr-defined]
    assert facts[0].subject_id == row.subject_id  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_a_taken_alarm_never_escalates(store: Store) -> None:
    row = ring(store)
    services.acknowledge(store_id=store.pk, seqs=[row.seq], actor_id=None, actor_name="Kim")
    assert services.escalate_due_alarms(now=row.created_at + timedelta(hours=1)) == 0
    assert not published("alarm.escalated")


@pytest.mark.django_db(transaction=True)
def test_escalating_twice_at_once_escalates_once() -> None:
    row = services.raise_alarm(store_id=new_id(), subject_id=new_id(), kind="call_raised")
    assert row
    later = row.created_at + timedelta(seconds=31)
    counts = together(*[lambda: services.escalate_due_alarms(now=later)] * 4)
    assert sorted(counts) == [0, 0, 0, 1]
    row.refresh_from_db()
    assert row.level == 1
    assert len(published("alarm.escalated")) == 1


@pytest.mark.django_db(transaction=True)
def test_raising_and_settling_at_once_leaves_nothing_ringing() -> None:
    for _ in range(5):
        party = Party(new_id())
        order = party.submit()
        accepted = party.accept(order)

        def settle(party: Party = party, accepted: Any = accepted) -> None:
            with atomic("notifications"):
                services.notify_tab(
                    store_id=party.store_id,
                    tab_id=party.tab_id,
                    kind="order_accepted",
                    subject_id=accepted.order_id,
                )
                services.acknowledge_subject(
                    store_id=party.store_id, subject_id=accepted.order_id, actor_name="Kim"
                )

        def submit(party: Party = party, order: Any = order) -> None:
            services.raise_alarm(store_id=party.store_id, subject_id=order.order_id, kind="order_submitted")

        together(settle, submit)
        row = Notification.objects.get(channel=store_channel(party.store_id))
        assert row.acked_at or not row.alarm


@pytest.mark.django_db
def test_purging_keeps_open_tabs_and_ringing_alarms(store: Store) -> None:
    party = Party(store.pk)
    announce(party.submit(), party.close())
    still_open = Party(store.pk)
    announce(still_open.submit())
    long_ago = timezone.now() - timedelta(days=40)
    Notification.objects.update(created_at=long_ago)
    Channel.objects.filter(pk=tab_channel(party.tab_id)).update(closed_at=long_ago)
    announce(still_open.submit())
    assert purge_old_notifications() == 2
    channels = set(Notification.objects.values_list("channel", flat=True))
    assert channels == {store_channel(store.pk), tab_channel(still_open.tab_id)}
    assert Channel.objects.get(pk=store_channel(store.pk)).last_seq == 3
