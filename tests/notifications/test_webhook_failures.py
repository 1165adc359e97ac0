"""A receiver that fails: again, in order, paused when dead, a dead letter when it refuses."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import translation

from events import operations
from events.kernel.sealing import seal
from events.models import Delivery, DeliveryStatus, Event
from notifications.models import Audience, Kind, Notification
from notifications.webhooks import delivery, services
from notifications.webhooks.models import (
    AddressState,
    MessageState,
    WebhookAddress,
    WebhookAttempt,
    WebhookMessage,
)
from orders.board_texts import board_texts
from stores.models import Store
from tests.notifications.facts import Party, announce
from tests.notifications.outside import (
    DATABASE,
    SEND,
    announced,
    deliveries,
    long_dead,
    register,
    retry_now,
    verified,
)
from tests.notifications.receiver import Receiver, receiver
from tests.queue import deliver_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loopback")]

KIM = operations.Actor(None, "Kim")


def one(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.using(DATABASE).filter(pk=row.pk)


# --- Failures -------------------------------------------------------------------------------------------


def test_a_failed_message_is_sent_again_with_the_same_id_and_holds_what_follows(
    store: Store, party: Party, outside: Receiver
) -> None:
    _, secret = register(store, outside)
    outside.answers = [(500, b"sorry"), (503, b"")]
    first, second = party.submit(), party.call()
    announced(first, second)
    assert outside.types == ["order.submitted"]
    retry_now()
    assert outside.types == ["order.submitted"] * 2
    retry_now()
    assert outside.types == ["order.submitted"] * 3 + ["call.raised"]
    assert len({call.headers["webhook-id"] for call in outside.calls[:3]}) == 1
    assert len({call.body for call in outside.calls[:3]}) == 1
    assert verified(outside.calls[2], secret)
    log = WebhookAttempt.objects.order_by("pk").values_list("status", "excerpt")
    assert list(log) == [(500, "sorry"), (503, ""), (204, ""), (204, "")]


def test_addresses_do_not_wait_for_each_other(store: Store, party: Party, outside: Receiver) -> None:
    with receiver() as other:
        register(store, outside)
        register(store, other)
        outside.answers = [(500, b"")] * 5
        announced(party.submit(), party.call(), party.submit())
        assert other.types == ["order.submitted", "call.raised", "order.submitted"]
        assert outside.types == ["order.submitted"]


def test_messages_keep_their_order_over_many_events(store: Store, party: Party, outside: Receiver) -> None:
    register(store, outside)
    orders = [party.submit() for _ in range(8)]
    announced(*orders)
    numbers = [json.loads(call.body)["data"]["number"] for call in outside.calls]
    assert sorted(numbers) == [order.number for order in orders]
    # Different orders are different streams: what counts is the order in which they were written.
    written = [json.loads(m.body)["data"]["number"] for m in WebhookMessage.objects.order_by("pk")]
    assert numbers == written


def told_of_pause(**filters: Any) -> list[str]:
    """The roles whose boards say that an address is paused, in the order in which they were told."""
    rows = Notification.objects.filter(kind=Kind.WEBHOOK_PAUSED, alarm=True, **filters)
    return list(rows.order_by("seq").values_list("audience", flat=True))


def test_an_address_that_is_dead_is_paused_once_and_told_of_once(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    long_dead(address)
    outside.answers = [(502, b"bad gateway")]
    announced(party.submit(), party.call(), party.submit())
    address.refresh_from_db()
    assert address.state == AddressState.DEAD and "502" in address.state_reason
    assert len(outside.calls) == 1
    assert set(WebhookMessage.objects.values_list("state", flat=True)) == {MessageState.WAITING}
    assert told_of_pause() == [Audience.OWNER, Audience.MANAGER]
    assert {row.status for row in deliveries(SEND)} == {DeliveryStatus.DONE}
    # Later events wait without a try.
    announced(party.call())
    assert len(outside.calls) == 1
    assert told_of_pause() == [Audience.OWNER, Audience.MANAGER]


def test_the_board_names_the_address_without_its_path(store: Store, party: Party, outside: Receiver) -> None:
    address, _ = register(store, outside)
    long_dead(address)
    outside.answers = [(410, b"")]
    announced(party.submit())
    told = Notification.objects.get(kind=Kind.WEBHOOK_PAUSED, audience=Audience.OWNER)
    assert told.data["address"] == "127.0.0.1"
    for language in ("en", "ko", "zh-hans", "ja"):
        with translation.override(language):
            said = board_texts()[Kind.WEBHOOK_PAUSED]
        assert "{address}" in said


@pytest.mark.parametrize("end", [services.resume_address, services.remove_address])
def test_the_alarm_falls_silent_when_the_address_is_looked_after(
    store: Store, party: Party, outside: Receiver, end: Callable[..., object]
) -> None:
    address, _ = register(store, outside)
    long_dead(address)
    outside.answers = [(410, b"")]
    announced(party.submit())
    assert told_of_pause(acked_at=None) == [Audience.OWNER, Audience.MANAGER]
    end(address_id=address.pk)
    assert told_of_pause(acked_at=None) == []


def test_few_failures_or_a_short_time_do_not_make_an_address_dead(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    outside.answers = [(500, b"")] * 11
    announced(party.submit())
    for _ in range(9):
        retry_now()
    address.refresh_from_db()
    assert address.failures == 10 and address.is_open


def test_going_on_sends_what_waits_in_order(store: Store, party: Party, outside: Receiver) -> None:
    address, _ = register(store, outside)
    long_dead(address)
    outside.answers = [(500, b"")]
    announced(party.submit(), party.call(), party.submit())
    announced(party.call())
    outside.calls.clear()
    assert services.resume_address(address_id=address.pk) == 4
    deliver_all()
    bodies = [json.loads(call.body)["id"] for call in outside.calls]
    assert bodies == [str(row.event_id) for row in WebhookMessage.objects.order_by("pk")]
    address.refresh_from_db()
    assert address.is_open and address.failures == 0
    assert set(WebhookMessage.objects.values_list("state", flat=True)) == {MessageState.SENT}


def test_what_is_queued_anew_stays_in_its_story(store: Store, party: Party, outside: Receiver) -> None:
    address, _ = register(store, outside)
    services.pause_address(address_id=address.pk, actor_name="Kim")
    announced(party.submit())
    services.resume_address(address_id=address.pk)
    [queued] = Event.objects.using(DATABASE).filter(topic="webhook.queued")
    assert queued.correlation_id == party.tab_id


def test_pausing_and_going_on_at_once_neither_doubles_nor_overtakes(
    store: Store, party: Party, outside: Receiver
) -> None:
    """Messages that are still in the queue when the address goes on give up their old places there."""
    from events.delivery import claim, run_claim

    address, _ = register(store, outside)
    announce(party.submit(), party.call(), deliver=False)
    for item in claim("notifications", 50):
        if item.handler != SEND:
            run_claim("notifications", item)
    services.pause_address(address_id=address.pk, actor_name="Kim")
    services.resume_address(address_id=address.pk)
    retry_now()
    Delivery.objects.using(DATABASE).filter(status=DeliveryStatus.RUNNING).update(
        status=DeliveryStatus.PENDING
    )
    deliver_all()
    assert [json.loads(call.body)["id"] for call in outside.calls] == [
        str(row.event_id) for row in WebhookMessage.objects.order_by("pk")
    ]


def _all_arrived_in_order(told: Receiver, since: int) -> bool:
    sent = [json.loads(call.body)["id"] for call in told.calls[since:]]
    return sent == [str(row.event_id) for row in WebhookMessage.objects.order_by("pk")]


def test_what_waits_for_its_next_try_does_not_keep_the_others_from_going_on(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    outside.answers = [(500, b"")]
    announced(party.submit(), party.call())
    assert deliveries(SEND)[0].status == DeliveryStatus.PENDING  # its pause is a minute
    services.pause_address(address_id=address.pk, actor_name="Kim")
    announced(party.submit())
    assert services.resume_address(address_id=address.pk) == 3
    deliver_all()
    assert _all_arrived_in_order(outside, since=1)
    assert {row.status for row in deliveries(SEND)} == {DeliveryStatus.DONE}


def test_a_dead_letter_does_not_keep_the_others_from_going_on(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    outside.answers = [(422, b"")] * 12
    announced(party.submit(), party.call())
    for _ in range(11):
        retry_now()
    assert [row.status for row in deliveries(SEND)] == [DeliveryStatus.DEAD, DeliveryStatus.HELD]
    services.pause_address(address_id=address.pk, actor_name="Kim")
    assert services.resume_address(address_id=address.pk) == 2
    deliver_all()
    assert _all_arrived_in_order(outside, since=12)
    assert {row.status for row in deliveries(SEND)} == {DeliveryStatus.DONE}


def test_an_answer_that_comes_after_going_on_leaves_nothing_behind_that_blocks(
    store: Store, party: Party, outside: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = register(store, outside)
    outside.answers = [(500, b"")]
    ask = delivery.post

    def meanwhile(*args: Any) -> Any:
        monkeypatch.setattr(services, "post", ask)
        services.pause_address(address_id=address.pk, actor_name="Kim")
        services.resume_address(address_id=address.pk)
        return ask(*args)

    monkeypatch.setattr(services, "post", meanwhile)
    announced(party.submit(), party.call())
    assert _all_arrived_in_order(outside, since=1)
    address.refresh_from_db()
    assert address.is_open and address.failures == 0


def test_an_address_that_says_gone_is_paused_at_once(store: Store, party: Party, outside: Receiver) -> None:
    address, _ = register(store, outside)
    outside.answers = [(410, b"")]
    announced(party.submit())
    address.refresh_from_db()
    assert address.state == AddressState.DEAD


def test_a_message_that_is_always_refused_becomes_a_dead_letter_and_can_be_discarded(
    store: Store, party: Party, outside: Receiver
) -> None:
    """4xx: the receiver lives and does not want this message; pausing the address would help nobody."""
    address, _ = register(store, outside)
    long_dead(address)
    outside.answers = [(422, b"unknown dish")] * 12
    announced(party.submit())
    announced(party.call())
    for _ in range(11):
        retry_now()
    first, second = deliveries(SEND)
    assert first.status == DeliveryStatus.DEAD and "422" in first.last_error
    assert outside.types == ["order.submitted"] * 12
    address.refresh_from_db()
    assert address.is_open
    assert second.status == DeliveryStatus.HELD
    given_up = operations.discard(one(first), actor=KIM, reason="the dish is gone")
    assert (given_up.count, given_up.released) == (1, 1)
    deliver_all()
    assert outside.types[-1] == "call.raised"
    assert list(WebhookMessage.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "sent"]


def test_refusals_never_add_up_to_a_pause(store: Store, party: Party, outside: Receiver) -> None:
    """The address lives: after any number of refusals, the first failure is one of ten."""
    address, _ = register(store, outside)
    long_dead(address)
    outside.answers = [(400, b""), (502, b"")]
    announced(party.submit())
    retry_now()
    assert len(outside.calls) == 2
    address.refresh_from_db()
    assert address.is_open and address.failures == 1
    assert told_of_pause() == []


def test_a_retried_dead_letter_is_sent(store: Store, party: Party, outside: Receiver) -> None:
    register(store, outside)
    outside.answers = [(400, b"")] * 12
    announced(party.submit())
    for _ in range(11):
        retry_now()
    [dead] = deliveries(SEND)
    assert dead.status == DeliveryStatus.DEAD and WebhookMessage.objects.get().state == MessageState.QUEUED
    assert operations.retry(one(dead), actor=KIM).count == 1
    deliver_all()
    assert WebhookMessage.objects.get().state == MessageState.SENT


def test_replaying_a_delivered_message_sends_it_again_under_the_same_id(
    store: Store, party: Party, outside: Receiver
) -> None:
    register(store, outside)
    announced(party.submit())
    assert operations.replay(one(deliveries(SEND)[0]), actor=KIM).count == 1
    deliver_all()
    first, second = outside.calls
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_message_of_a_removed_address_is_forgotten(store: Store, party: Party, outside: Receiver) -> None:
    address, _ = register(store, outside)
    outside.answers = [(500, b"")]
    announced(party.submit())
    services.remove_address(address_id=address.pk)
    retry_now()
    assert len(outside.calls) == 1
    assert {row.status for row in deliveries(SEND)} == {DeliveryStatus.DONE}


def test_a_secret_that_cannot_be_opened_is_a_dead_letter_at_once(
    store: Store, party: Party, outside: Receiver
) -> None:
    address, _ = register(store, outside)
    other = seal("another purpose", {"secret": "x"})
    WebhookAddress.objects.filter(pk=address.pk).update(secret_sealed=other)
    announced(party.submit())
    assert deliveries(SEND)[0].status == DeliveryStatus.DEAD
    assert outside.calls == []


def test_a_private_address_is_a_failure_that_names_its_reason(store: Store, party: Party) -> None:
    services.register_address(store_id=store.pk, url="https://10.1.2.3/", topics=["call.raised"])
    announced(party.call())
    attempt = WebhookAttempt.objects.get()
    assert attempt.status is None and "refused" in attempt.problem
