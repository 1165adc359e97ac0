"""A store's events reach its owner's addresses: signed, in order, without personal data."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from events.kernel.databases import alias_of
from events.kernel.ids import new_id
from events.kernel.sealing import seal
from events.models import Delivery, DeliveryStatus
from notifications.retention import purge_old_notifications
from notifications.webhooks import services
from notifications.webhooks.errors import AddressRefused, AddressUnknown, AddressWrongState
from notifications.webhooks.models import (
    AddressState,
    MessageState,
    WebhookAddress,
    WebhookAttempt,
    WebhookMessage,
    WebhookSubscription,
)
from notifications.webhooks.public import LINE_FIELDS, NAMES, PUBLIC_FIELDS, TEST_TOPIC, public_events
from stores.models import Store
from tests.factories import make_store
from tests.notifications.facts import Party
from tests.notifications.outside import DATABASE, SEND, WRITE, announced, deliveries, register, verified
from tests.notifications.receiver import Receiver
from tests.queue import deliver_all, published

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]


# --- Delivering -----------------------------------------------------------------------------------------


def test_an_event_arrives_signed_and_without_personal_data(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, secret = register(store, outside)
    order = party.submit()
    announced(order)
    [call] = outside.calls
    body = verified(call, secret)
    assert call.path == "/hooks?shop=1"
    assert call.headers["content-type"].startswith("application/json")
    assert body["type"] == "order.submitted" and body["version"] == 1
    assert body["data"]["order_id"] == str(order.order_id) and body["data"]["total"] == 6500
    assert body["data"]["lines"] == [{"id": order.lines[0]["id"], "name": "떡볶이", "quantity": 1}]
    assert "Fox" not in call.body
    assert call.headers["webhook-id"] == f"msg_{body['id'].replace('-', '')}"
    [attempt] = WebhookAttempt.objects.all()
    assert (attempt.status, attempt.problem) == (204, "")
    address.refresh_from_db()
    assert address.last_success_at and address.failures == 0


def test_a_forged_message_does_not_verify(store: Store, party: Party, outside: Receiver) -> None:
    _, secret = register(store, outside)
    announced(party.submit())
    call = outside.calls[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(call.body.replace("6500", "1"), call.headers)


def test_only_chosen_events_of_the_own_store_are_sent(store: Store, party: Party, outside: Receiver) -> None:
    register(store, outside, ["call.raised"])
    announced(party.submit(), party.call(), Party(make_store().pk).call())
    assert outside.types == ["call.raised"]
    assert len(deliveries(WRITE)) == 1


def test_a_store_without_an_address_pays_no_delivery(store: Store, party: Party, outside: Receiver) -> None:
    register(make_store(), outside)
    announced(party.submit(), party.call())
    assert deliveries(WRITE) == [] and deliveries(SEND) == []
    assert published("webhook.queued") == [] and outside.calls == []


def test_asking_who_listens_is_no_statement_more(
    store: Store, party: Party, outside: Receiver, django_assert_num_queries: Any
) -> None:
    from events.kernel.databases import atomic
    from events.outbox import publish

    with atomic("orders"), django_assert_num_queries(1, using=alias_of("orders")):
        publish(party.submit())
    register(store, outside)
    with atomic("orders"), django_assert_num_queries(1, using=alias_of("orders")):
        publish(party.submit())


def test_writing_messages_twice_sends_them_once(store: Store, party: Party, outside: Receiver) -> None:
    register(store, outside)
    announced(party.submit())
    Delivery.objects.using(DATABASE).filter(handler=WRITE).update(status=DeliveryStatus.PENDING, replays=1)
    deliver_all()
    assert len(outside.calls) == WebhookMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_call_happens_in_no_transaction(outside: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    store, seen, ask = make_store(), [], socket.create_connection
    deliver_all()

    def connect(*args: Any, **kwargs: Any) -> Any:
        seen.append(connections[DATABASE].in_atomic_block)
        return ask(*args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", connect)
    register(store, outside)
    announced(Party(store.pk).submit())
    services.send_test(address_id=WebhookAddress.objects.get().pk)
    assert seen == [False, False]
    assert len(outside.calls) == 2


# --- Secrets --------------------------------------------------------------------------------------------


def test_after_a_rotation_both_secrets_sign_for_a_day(store: Store, party: Party, outside: Receiver) -> None:
    address, old = register(store, outside)
    new = services.rotate_secret(address_id=address.pk)
    announced(party.submit())
    assert verified(outside.calls[0], old) == verified(outside.calls[0], new)
    WebhookAddress.objects.update(old_secret_until=timezone.now() - timedelta(seconds=1))
    announced(party.call())
    assert verified(outside.calls[1], new)
    with pytest.raises(WebhookVerificationError):
        verified(outside.calls[1], old)


def test_secrets_are_encrypted_and_follow_a_change_of_the_key(
    store: Store, outside: Receiver, settings: Any
) -> None:
    address, secret = register(store, outside)
    assert secret.startswith("whsec_") and secret.removeprefix("whsec_") not in address.secret_sealed
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new-" * 20, [settings.SECRET_KEY]
    call_command("rotate_webhook_keys")
    settings.SECRET_KEY_FALLBACKS = []
    address.refresh_from_db()
    assert address.secrets_at(timezone.now()) == [secret]


def lost(secret: str = "x") -> str:
    """A secret that no key of today opens."""
    return seal("another purpose", {"secret": secret})


def test_a_new_secret_works_at_once_when_the_old_one_was_lost_with_its_key(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    WebhookAddress.objects.update(secret_sealed=lost())
    new = services.rotate_secret(address_id=address.pk)
    announced(party.submit())
    assert verified(outside.calls[0], new)
    address.refresh_from_db()
    assert (address.old_secret_sealed, address.old_secret_until) == ("", None)
    assert services.send_test(address_id=address.pk).is_success


def test_a_lost_old_secret_keeps_neither_messages_nor_the_next_key_back(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, secret = register(store, outside)
    until = timezone.now() + timedelta(hours=1)
    WebhookAddress.objects.update(old_secret_sealed=lost(), old_secret_until=until)
    announced(party.submit())
    assert verified(outside.calls[0], secret)
    call_command("rotate_webhook_keys")
    address.refresh_from_db()
    assert address.secrets_at(timezone.now()) == [secret]


# --- Addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topics", [[], ["store.changed"], ["order.submitted", "webhook.queued"]])
def test_only_public_events_can_be_chosen(store: Store, outside: Receiver, topics: list[str]) -> None:
    with pytest.raises(AddressRefused):
        services.register_address(store_id=store.pk, url=outside.url, topics=topics)
    assert not WebhookAddress.objects.exists() and not WebhookSubscription.objects.exists()


def test_an_address_stands_once_in_a_store_and_a_store_has_at_most_ten(store: Store) -> None:
    for number in range(10):
        services.register_address(
            store_id=store.pk, url=f"https://a{number}.example/", topics=["call.raised"]
        )
    with pytest.raises(AddressRefused):
        services.register_address(store_id=store.pk, url="https://b.example/", topics=["call.raised"])
    with pytest.raises(AddressRefused):
        first = WebhookAddress.objects.get(url="https://a0.example/")
        services.change_address(
            address_id=first.pk, url="https://a1.example/", topics=["call.raised"], description=""
        )
    assert WebhookAddress.objects.count() == 10


def test_changed_events_count_from_the_next_event_on(store: Store, party: Party, outside: Receiver) -> None:
    address, _ = register(store, outside)
    services.change_address(
        address_id=address.pk, url=outside.url, topics=["call.raised"], description="Till"
    )
    announced(party.submit(), party.call())
    assert outside.types == ["call.raised"]


def test_wrong_states_are_refused_and_change_nothing(store: Store, outside: Receiver) -> None:
    address, _ = register(store, outside)
    with pytest.raises(AddressWrongState):
        services.resume_address(address_id=address.pk)
    services.pause_address(address_id=address.pk, actor_name="Kim")
    with pytest.raises(AddressWrongState):
        services.pause_address(address_id=address.pk, actor_name="Lee")
    address.refresh_from_db()
    assert address.state_reason == "Kim"
    with pytest.raises(AddressUnknown):
        services.remove_address(address_id=new_id())
    assert published("webhook.queued") == []


def test_a_test_event_shows_the_answer_and_touches_no_counter(store: Store, outside: Receiver) -> None:
    address, secret = register(store, outside)
    services.pause_address(address_id=address.pk, actor_name="Kim")
    outside.answers = [(418, b"I am a teapot")]
    answer = services.send_test(address_id=address.pk)
    assert answer.status == 418 and answer.excerpt == "I am a teapot"
    assert verified(outside.calls[0], secret)["type"] == TEST_TOPIC
    address.refresh_from_db()
    assert address.failures == 0 and address.state == AddressState.PAUSED
    assert services.send_test(address_id=address.pk).is_success
    assert list(WebhookMessage.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "sent"]


def test_old_messages_are_deleted_and_waiting_ones_stay(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    announced(party.submit())
    services.pause_address(address_id=address.pk, actor_name="Kim")
    announced(party.call())
    WebhookMessage.objects.update(created_at=timezone.now() - timedelta(days=31))
    purge_old_notifications()
    assert [row.state for row in WebhookMessage.objects.all()] == [MessageState.WAITING]


# --- What may leave -------------------------------------------------------------------------------------


def test_every_public_field_is_a_field_of_the_event_and_none_tells_of_a_person() -> None:
    personal = {"actor_name", "note", "reason", "table_token", "people", "snapshot", "tokens"}
    for kind in public_events():
        fields = set(PUBLIC_FIELDS[kind.topic])
        assert fields <= set(kind.__dataclass_fields__), kind.topic
        assert not [name for name in fields if name in personal or name.startswith("guest")]
    assert "note" not in LINE_FIELDS and not [name for name in LINE_FIELDS if name.startswith("guest")]
    assert set(NAMES) == {*PUBLIC_FIELDS, TEST_TOPIC}
