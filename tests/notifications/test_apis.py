from typing import Any
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client

from events.kernel.databases import alias_of
from notifications import services
from notifications.apis import _catch_up
from notifications.models import Device, Notification, store_channel
from stores.models import Store, User
from tests.factories import new_uuid
from tests.notifications.conftest import guest_cookies
from tests.notifications.facts import Party, announce
from tests.queue import published

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def path(store: Store, tail: str = "notifications/") -> str:
    return f"/api/v1/stores/{store.pk}/{tail}"


def post(client: Client, url: str, body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


@pytest.fixture
def told(store: Store) -> Party:
    party = Party(store.pk)
    announce(party.submit(), party.submit(), party.call())
    return party


def test_a_guest_catches_up_by_number(store: Store, told: Party) -> None:
    client = Client()
    client.cookies.load(
        guest_cookies(guest=new_uuid(), tab=told.tab_id, store=store.pk, token="code")  # noqa: S106
    )
    answer = client.get("/api/v1/t/code/notifications/").json()
    assert answer["seq"] == 2
    assert [item["seq"] for item in answer["items"]] == [1, 2]
    assert client.get("/api/v1/t/code/notifications/?after=1").json()["items"] == answer["items"][1:]
    assert client.get("/api/v1/t/code/notifications/?after=2").json() == {"seq": 2, "items": []}
    assert client.get("/api/v1/t/code/notifications/?after=99").json() == {"seq": 2, "items": []}


def test_a_guest_of_another_table_is_refused(store: Store, told: Party) -> None:
    client = Client()
    assert client.get("/api/v1/t/code/notifications/").status_code in {401, 403}
    client.cookies.load(
        guest_cookies(guest=new_uuid(), tab=told.tab_id, store=store.pk, token="other")  # noqa: S106
    )
    assert client.get("/api/v1/t/code/notifications/").status_code == 403


def test_staff_catch_up_and_see_the_last_ones_at_first(store: Store, floor: User, told: Party) -> None:
    client = signed_in(floor)
    first = client.get(path(store)).json()
    assert [item["kind"] for item in first["items"]] == ["order_submitted", "order_submitted", "call_raised"]
    assert client.get(path(store) + "?after=2").json()["items"] == first["items"][2:]


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "1\x00"])
def test_a_senseless_number_is_refused(store: Store, floor: User, after: str) -> None:
    assert signed_in(floor).get(path(store), {"after": after}).status_code == 400


def test_staff_take_an_alarm(store: Store, floor: User, told: Party) -> None:
    client = signed_in(floor)
    answer = post(client, path(store, "notifications/1/ack/"), {"device": "d1"})
    assert answer.status_code == 200
    assert answer.json()["acked_by"] == floor.display_name
    assert answer.json() == client.get(path(store)).json()["items"][0]


def test_staff_take_several_alarms(store: Store, floor: User, told: Party) -> None:
    answer = post(signed_in(floor), path(store, "notifications/ack/"), {"seqs": [3, 1, 1], "device": "d1"})
    assert [item["seq"] for item in answer.json()] == [1, 3]
    assert len(published("notification.acknowledged")) == 2


@pytest.mark.parametrize(
    ("tail", "body", "status"),
    [
        ("notifications/9/ack/", {}, 404),
        (f"notifications/{2**70}/ack/", {}, 404),
        ("notifications/1/ack/", {"device": "a\x00"}, 400),
        ("notifications/1/ack/", {"device": "a" * 65}, 400),
        ("notifications/1/ack/", [], 400),
        ("notifications/ack/", {"seqs": [2**63]}, 400),
        ("notifications/ack/", {"seqs": []}, 400),
        ("devices/heartbeat/", {"device": "\x00", "sound": True, "wake_lock": True}, 400),
        ("devices/heartbeat/", {"device": "d1", "sound": "perhaps", "wake_lock": True}, 400),
    ],
)
def test_senseless_posts_are_refused(
    store: Store, floor: User, told: Party, tail: str, body: Any, status: int
) -> None:
    assert post(signed_in(floor), path(store, tail), body).status_code == status
    assert not Notification.objects.filter(acked_at__isnull=False).exists()
    assert not published("notification.acknowledged")
    assert not Device.objects.exists()


def test_staff_of_another_store_see_and_take_nothing(store: Store, stranger: User, told: Party) -> None:
    client = signed_in(stranger)
    assert client.get(path(store)).status_code == 403
    assert post(client, path(store, "notifications/1/ack/"), {}).status_code == 403
    assert not Notification.objects.filter(acked_at__isnull=False).exists()


def test_a_device_says_that_it_can_ring(store: Store, floor: User) -> None:
    client = signed_in(floor)
    for sound in (False, True):
        body = {"device": "d1", "sound": sound, "wake_lock": True}
        assert post(client, path(store, "devices/heartbeat/"), body).status_code == 204
    device = Device.objects.get()
    assert (device.store_id, device.user_id, device.sound) == (store.pk, floor.pk, True)


def test_catching_up_takes_one_query_when_there_is_news(
    store: Store, told: Party, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1, connection=connections[alias_of("notifications")]):
        assert _catch_up(store_channel(UUID(str(store.pk))), 0)["seq"] == 3


def test_a_repeated_fact_takes_no_number(store: Store) -> None:
    event_id = new_uuid()
    first = services.notify_store(store_id=store.pk, kind="order_canceled", event_id=event_id)
    again = services.notify_store(store_id=store.pk, kind="order_canceled", event_id=event_id)
    assert first and first.seq == 1
    assert again is None
