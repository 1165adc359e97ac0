from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F, QuerySet
from django.utils import timezone

from events import operations
from events.delivery import drain
from events.kernel.databases import alias_of, atomic
from events.models import Delivery, DeliveryStatus, Event
from events.registry import handlers_in
from notifications import services
from notifications.models import Channel, Kind, Notification, StoreSnapshot, store_channel, tab_channel
from notifications.retention import STORE_DAYS, purge_old_notifications
from payments.events import PaymentCaptured, PaymentFlagged
from stores.events import StoreChanged
from stores.models import Store
from stores.selectors import store_snapshot
from tests.factories import new_uuid
from tests.notifications.facts import Party, announce
from tests.queue import published, unfinished

pytestmark = pytest.mark.django_db


@pytest.fixture
def party(store: Store) -> Party:
    return Party(store.pk)


def kinds(channel: str) -> list[tuple[int, str]]:
    return list(Notification.objects.filter(channel=channel).order_by("seq").values_list("seq", "kind"))


def test_a_submitted_order_rings_at_the_store_and_informs_the_tab(party: Party) -> None:
    order = party.submit()
    announce(order)
    alarm = Notification.objects.get(channel=store_channel(party.store_id))
    assert (alarm.seq, alarm.kind, alarm.alarm, alarm.level) == (1, "order_submitted", True, 0)
    assert alarm.data["lines"] == [{"name": "떡볶이", "quantity": 1}]
    assert alarm.data["order_id"] == str(order.order_id)
    assert alarm.correlation_id == party.tab_id
    assert kinds(tab_channel(party.tab_id)) == [(1, "order_submitted")]


def test_handlers_that_run_twice_notify_once(party: Party) -> None:
    order = party.submit()
    announce(order, party.accept(order), party.close())
    before = list(Notification.objects.values_list("channel", "seq", "kind").order_by("channel", "seq"))
    Delivery.objects.using(alias_of("notifications")).update(status=DeliveryStatus.PENDING, attempts=0)
    drain("notifications")
    after = list(Notification.objects.values_list("channel", "seq", "kind").order_by("channel", "seq"))
    assert before == after
    assert Channel.objects.get(pk=tab_channel(party.tab_id)).last_seq == 3


def test_an_accepted_order_takes_the_alarm(party: Party) -> None:
    order = party.submit()
    announce(order, party.accept(order))
    alarm = Notification.objects.get(channel=store_channel(party.store_id))
    assert alarm.acked_by == "Kim"
    assert alarm.escalate_at is None
    assert kinds(tab_channel(party.tab_id)) == [(1, "order_submitted"), (2, "order_accepted")]


def test_an_order_accepted_before_its_alarm_was_raised_never_rings(party: Party) -> None:
    order = party.submit()
    announce(order, deliver=False)
    late = Delivery.objects.using(alias_of("notifications")).filter(handler="notifications.ring_for_order")
    assert late.update(status=DeliveryStatus.HELD) == 1
    announce(party.accept(order))
    late.update(status=DeliveryStatus.PENDING)
    drain("notifications")
    row = Notification.objects.get(channel=store_channel(party.store_id))
    assert (row.kind, row.alarm, row.escalate_at) == ("order_submitted", False, None)


def test_an_answered_call_takes_its_alarm_only(party: Party) -> None:
    first, second = party.call(), party.call()
    announce(first, second, party.answer(first))
    rows = Notification.objects.filter(channel=store_channel(party.store_id)).order_by("seq")
    assert [row.acked_by for row in rows] == ["Kim", ""]
    assert kinds(tab_channel(party.tab_id)) == [(1, "call_answered")]


def test_a_payment_names_the_table_to_the_store(party: Party) -> None:
    services.name_tab(tab_id=party.tab_id, table_name="T7", moved=False)
    announce(
        PaymentCaptured(
            store_id=party.store_id,
            payment_id=new_uuid(),
            bill_id=new_uuid(),
            tab_id=party.tab_id,
            order_id=None,
            amount=6500,
            currency="KRW",
            gateway="sandbox",
            method="sandbox",
            captured_at="2026-11-22T10:00:00Z",  # type: ignore[arg-type]
        )
    )
    row = Notification.objects.get(channel=store_channel(party.store_id))
    assert (row.kind, row.alarm, row.data["table_name"]) == ("payment_captured", False, "T7")


def test_a_payment_that_does_not_fit_rings_at_the_store(party: Party) -> None:
    event = PaymentFlagged(
        store_id=party.store_id,
        payment_id=new_uuid(),
        bill_id=new_uuid(),
        tab_id=party.tab_id,
        order_id=None,
        amount=6500,
        currency="KRW",
        gateway="sandbox",
        reason="amount: 1 instead of 6500",
    )
    announce(event)
    row = Notification.objects.get(channel=store_channel(party.store_id))
    assert (row.kind, row.alarm, row.subject_id) == ("payment_flagged", True, event.payment_id)
    assert kinds(tab_channel(party.tab_id)) == []


def test_a_late_opening_does_not_overwrite_the_move(party: Party) -> None:
    services.name_tab(tab_id=party.tab_id, table_name="new", moved=True)
    services.name_tab(tab_id=party.tab_id, table_name="old", moved=False)
    assert services.table_of_tab(party.tab_id) == "new"


def test_a_replayed_move_does_not_put_the_party_back(party: Party) -> None:
    announce(party.move("B2"), party.move("C3"))
    assert services.table_of_tab(party.tab_id) == "C3"
    first = Event.objects.using(alias_of("notifications")).filter(topic="tab.moved").earliest("seq")
    operations.replay(operations.Selection(event_id=first.pk), actor=operations.Actor(None, "Kim"))
    assert drain("notifications") == 1
    assert services.table_of_tab(party.tab_id) == "C3"


# --- Long ago -----------------------------------------------------------------------------------------


def _days_pass(party: Party, *, days: int) -> None:
    """What was told so far happened some days ago."""
    alias, ago = alias_of("notifications"), timedelta(days=days)
    Event.objects.using(alias).filter(correlation_id=party.tab_id).update(occurred_at=F("occurred_at") - ago)
    Channel.objects.exclude(closed_at=None).update(closed_at=F("closed_at") - ago)


def _open() -> list[Delivery]:
    return [row for row in unfinished() if row.context == "notifications"]


def _repeat(party: Party) -> int:
    story = operations.Selection(correlation_id=party.tab_id, context="notifications")
    count = operations.replay(story, actor=operations.Actor(None, "Kim")).count
    drain("notifications")
    return count


def test_what_is_repeated_after_a_tab_was_deleted_does_not_bring_it_back(party: Party) -> None:
    order, call = party.submit(), party.call()
    announce(
        party.open(), order, party.accept(order), call, party.answer(call), party.move("B2"), party.close()
    )
    _days_pass(party, days=3)
    assert purge_old_notifications()
    told = kinds(store_channel(party.store_id))
    assert _repeat(party) == 7 and _open() == []
    assert not Channel.objects.filter(pk=tab_channel(party.tab_id)).exists()
    assert kinds(tab_channel(party.tab_id)) == [] and kinds(store_channel(party.store_id)) == told


def test_an_alarm_that_comes_days_late_does_not_ring_for_what_is_long_over(party: Party) -> None:
    order = party.submit()
    announce(order, deliver=False)
    dead = Delivery.objects.using(alias_of("notifications")).filter(handler="notifications.ring_for_order")
    dead.update(status=DeliveryStatus.DEAD)
    announce(party.accept(order), party.close())
    _days_pass(party, days=3)
    purge_old_notifications()
    operations.retry(dead, actor=operations.Actor(None, "Kim"))
    drain("notifications")
    assert _open() == []
    assert kinds(store_channel(party.store_id)) == [] and kinds(tab_channel(party.tab_id)) == []


def _give_up_alarms() -> QuerySet[Delivery]:
    late = Delivery.objects.using(alias_of("notifications")).filter(handler="notifications.ring_for_order")
    late.filter(status=DeliveryStatus.PENDING).update(status=DeliveryStatus.DEAD)
    return late


def test_an_order_that_nobody_answered_rings_however_late(party: Party) -> None:
    announce(party.open())
    order = party.submit()
    announce(order, deliver=False)
    dead = _give_up_alarms()
    drain("notifications")
    _days_pass(party, days=3)
    purge_old_notifications()
    operations.retry(dead, actor=operations.Actor(None, "Kim"))
    drain("notifications")
    assert _open() == []
    alarm = Notification.objects.get(channel=store_channel(party.store_id))
    assert (alarm.kind, alarm.alarm, alarm.subject_id) == ("order_submitted", True, order.order_id)
    assert alarm.final_at and services.escalate_due_alarms(now=alarm.final_at) == 1
    assert [fact.final for fact in published("alarm.escalated")] == [True]
    assert kinds(tab_channel(party.tab_id)) == [(1, "order_submitted")]


def test_a_call_and_a_move_at_an_open_tab_are_told_however_late(party: Party) -> None:
    announce(party.open())
    announce(party.call(), party.move("B2"), deliver=False)
    _days_pass(party, days=3)
    drain("notifications")
    assert Notification.objects.get(channel=store_channel(party.store_id)).alarm
    assert kinds(tab_channel(party.tab_id)) == [(1, "tab_moved")]
    assert services.table_of_tab(party.tab_id) == "B2"


def test_a_deleted_tab_that_is_told_of_a_refund_is_deleted_again(party: Party) -> None:
    order = party.submit()
    announce(party.open(), order, party.accept(order), party.close())
    _days_pass(party, days=3)
    purge_old_notifications()
    channel = tab_channel(party.tab_id)
    services.notify_tab(store_id=party.store_id, tab_id=party.tab_id, kind=Kind.REFUND_COMPLETED)
    at = Notification.objects.get(channel=channel).created_at
    purge_old_notifications(now=at + timedelta(days=STORE_DAYS))
    assert kinds(channel) == [(1, "refund_completed")]
    purge_old_notifications(now=at + timedelta(days=STORE_DAYS, seconds=1))
    assert not Notification.objects.filter(channel=channel).exists()
    assert not Channel.objects.filter(pk=channel).exists()


def test_a_tab_that_was_told_nothing_yet_is_kept(party: Party) -> None:
    announce(party.open())
    purge_old_notifications(now=timezone.now() + timedelta(days=STORE_DAYS + 1))
    assert services.table_of_tab(party.tab_id) == "T1"


def test_what_is_late_by_hours_is_told_all_the_same(party: Party) -> None:
    announce(party.open(), party.submit(), deliver=False)
    _days_pass(party, days=1)
    drain("notifications")
    assert kinds(tab_channel(party.tab_id)) == [(1, "order_submitted")]
    assert Notification.objects.get(channel=store_channel(party.store_id)).alarm
    assert services.table_of_tab(party.tab_id) == "T1"


def test_a_tab_is_named_in_one_statement(party: Party, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1, using=alias_of("notifications")):
        _name(party, "T7", moved=False)
    with django_assert_num_queries(1, using=alias_of("notifications")):
        _name(party, "B2", moved=True)
    assert services.table_of_tab(party.tab_id) == "B2"


def _name(party: Party, table_name: str, *, moved: bool) -> None:
    with atomic("notifications", savepoint=False):
        services.name_tab(tab_id=party.tab_id, table_name=table_name, moved=moved, happened=timezone.now())


def test_an_older_store_snapshot_is_ignored(store: Store) -> None:
    for version, minutes in ((2, 7), (1, 3)):
        store.auto_reject_minutes = minutes
        announce(StoreChanged(store_id=store.pk, version_number=version, snapshot=store_snapshot(store)))
    assert StoreSnapshot.objects.get(pk=store.pk).data["auto_reject_minutes"] == 7


def test_every_handler_belongs_to_a_fact_of_the_contract() -> None:
    topics = {handler.event.topic for handler in handlers_in("notifications")}
    assert topics >= {"order.submitted", "order.accepted", "order.rejected", "order.canceled", "line.ready"}
    assert topics >= {"call.raised", "call.answered", "payment.captured", "refund.completed", "tab.closed"}
