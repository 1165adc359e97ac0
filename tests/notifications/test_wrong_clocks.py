"""A worker whose clock is wrong: an alarm starts and ends by the database's clock alone."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from events.kernel.databases import now
from notifications import services
from notifications.models import Channel, Device, Notification, StoreSnapshot, store_channel, tab_channel
from notifications.selectors import taken_lately
from notifications.tasks import escalate_alarms
from notifications.webhooks.models import AddressState, WebhookAddress
from stores.models import Store
from tests.factories import new_uuid
from tests.notifications.facts import Party, announce
from tests.notifications.outside import announced, register, verified
from tests.notifications.receiver import Receiver
from tests.queue import published

pytestmark = pytest.mark.django_db
WRONG = pytest.mark.parametrize("error", [timedelta(hours=1), timedelta(hours=-1)])


@pytest.fixture
def party(store: Store) -> Party:
    return Party(store.pk)


def _seconds_from_now(moment: object) -> float:
    return float((moment - now("notifications")).total_seconds())  # type: ignore[operator]


@WRONG
def test_an_alarm_climbs_from_when_it_was_raised_whatever_the_workers_clock_says(
    party: Party, error: timedelta
) -> None:
    with time_machine.travel(timezone.now() + error, tick=True):
        announce(party.submit())
        escalate_alarms()
    assert not published("alarm.escalated")
    row = Notification.objects.get(channel=store_channel(party.store_id))
    assert abs(_seconds_from_now(row.created_at)) < 30
    assert row.escalate_at == row.created_at + timedelta(seconds=30)
    assert row.final_at == row.created_at + timedelta(minutes=15)


@pytest.mark.parametrize("minutes", [0, 1])
def test_a_ladder_ends_with_the_stores_own_minute_or_never(store: Store, minutes: int) -> None:
    StoreSnapshot.objects.create(pk=store.pk, version_number=1, data={"auto_reject_minutes": minutes})
    row = services.raise_alarm(store_id=store.pk, subject_id=new_uuid(), kind="order_submitted")
    assert row and row.escalate_at == row.created_at + timedelta(seconds=30)
    assert row.final_at == (row.created_at + timedelta(minutes=minutes) if minutes else None)


@WRONG
def test_what_is_taken_rang_as_long_as_it_did_whatever_the_clock_of_who_takes_it(
    party: Party, error: timedelta
) -> None:
    announce(party.submit())
    with time_machine.travel(timezone.now() + error, tick=True):
        services.acknowledge(store_id=party.store_id, seqs=[1], actor_id=None, actor_name="Kim")
        assert len(taken_lately(store_channel(party.store_id), 1)) == 1
    assert 0 <= published("notification.acknowledged")[0].seconds < 30


@WRONG
def test_a_tab_and_a_device_are_as_old_as_the_database_says(party: Party, error: timedelta) -> None:
    with time_machine.travel(timezone.now() + error, tick=True):
        announce(party.submit(), party.close())
        services.record_heartbeat(
            store_id=party.store_id, device="d1", user_id=new_uuid(), user_name="", sound=True, wake_lock=True
        )
    assert abs(_seconds_from_now(Channel.objects.get(pk=tab_channel(party.tab_id)).closed_at)) < 30
    assert abs(_seconds_from_now(Device.objects.get().last_seen_at)) < 30


# --- Webhooks -----------------------------------------------------------------------------------------


@WRONG
def test_a_webhook_is_signed_with_the_time_of_the_database(
    store: Store, party: Party, outside: Receiver, error: timedelta
) -> None:
    """A receiver refuses what is older than five minutes."""
    address, secret = register(store, outside)
    with time_machine.travel(timezone.now() + error, tick=True):
        announced(party.submit())
    assert verified(outside.calls[0], secret)
    address.refresh_from_db()
    assert abs(_seconds_from_now(address.last_success_at)) < 30


def test_an_address_is_not_dead_because_one_of_two_clocks_is_ahead(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    rows: Any = WebhookAddress.objects.filter(pk=address.pk)
    rows.update(failures=20, failing_since=now("notifications") - timedelta(minutes=1))
    outside.answers = [(500, b"")]
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
        announced(party.submit())
    address.refresh_from_db()
    assert (address.state, address.failures) == (AddressState.ACTIVE, 21)
