"""Registers addresses, writes what each is to be told, sends it, and notes how it went."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext_lazy as _
from standardwebhooks.webhooks import Webhook

from events.base import DomainEvent, Envelope, GiveUp
from events.kernel.databases import atomic, now
from events.kernel.ids import new_id
from events.kernel.sealing import seal
from events.outbox import publish, void
from notifications.events import WebhookQueued
from notifications.models import TROUBLE_AUDIENCES, Kind, plain_time
from notifications.services import acknowledge_subject, notify_store
from notifications.webhooks.delivery import Answer, post
from notifications.webhooks.errors import AddressRefused, AddressUnknown, AddressWrongState, SecretLost
from notifications.webhooks.models import (
    SECRET_PURPOSE,
    AddressState,
    MessageState,
    WebhookAddress,
    WebhookAttempt,
    WebhookMessage,
    WebhookSubscription,
    new_secret,
)
from notifications.webhooks.public import PUBLIC_FIELDS, TEST_TOPIC, public_data

CONTEXT = "notifications"
SENDER = "notifications.send_webhook"
MAX_ADDRESSES = 10


class NotDelivered(Exception):
    """The receiver did not take the message: the queue tries again."""


# --- Addresses ----------------------------------------------------------------------------------------


def register_address(
    *, store_id: UUID, url: str, topics: Iterable[str], description: str = "", actor_name: str = ""
) -> tuple[WebhookAddress, str]:
    """A new address of a store and its secret, which is readable only here. Raises AddressRefused.

    The caller has judged the address (`addresses.parse`, `addresses.resolve`); sending judges it each time.
    """
    secret = new_secret()
    with atomic(CONTEXT):
        if WebhookAddress.objects.filter(store_id=store_id).count() >= MAX_ADDRESSES:
            raise AddressRefused(_("A store can have ten addresses."))
        if WebhookAddress.objects.filter(store_id=store_id, url=url).exists():
            raise AddressRefused(_("The store has this address already."))
        address = WebhookAddress.objects.create(
            store_id=store_id,
            url=url,
            description=description,
            created_by=actor_name,
            secret_sealed=seal(SECRET_PURPOSE, {"secret": secret}),
        )
        _subscribe(address, topics)
    return address, secret


def change_address(*, address_id: UUID, url: str, topics: Iterable[str], description: str) -> None:
    """Other address, other events; what is already on its way goes to the new address."""
    with atomic(CONTEXT):
        address = _locked(address_id)
        others = WebhookAddress.objects.filter(store_id=address.store_id, url=url).exclude(pk=address_id)
        if others.exists():
            raise AddressRefused(_("The store has this address already."))
        address.url, address.description = url, description
        address.save(update_fields=["url", "description"])
        _subscribe(address, topics)


def _subscribe(address: WebhookAddress, topics: Iterable[str]) -> None:
    wanted = set(topics)
    if not wanted or not wanted <= set(PUBLIC_FIELDS):
        raise AddressRefused(_("Choose at least one of the public events."))
    address.subscriptions.exclude(topic__in=wanted).delete()
    WebhookSubscription.objects.bulk_create(
        [
            WebhookSubscription(address=address, store_id=address.store_id, topic=topic)
            for topic in sorted(wanted)
        ],
        ignore_conflicts=True,
    )


def remove_address(*, address_id: UUID) -> None:
    """Nothing is sent there any more; its log goes with it."""
    with atomic(CONTEXT):
        address = _locked(address_id)
        acknowledge_subject(store_id=address.store_id, subject_id=address.pk, actor_name="")
        address.delete()


def rotate_secret(*, address_id: UUID) -> str:
    """A new secret, readable only here; for a day the old one signs beside it."""
    secret = new_secret()
    with atomic(CONTEXT):
        address = _locked(address_id)
        address.set_secret(secret, now(CONTEXT))
        address.save(update_fields=["secret_sealed", "old_secret_sealed", "old_secret_until"])
    return secret


def pause_address(*, address_id: UUID, actor_name: str) -> None:
    """What happens meanwhile waits. Raises AddressWrongState when it is paused already."""
    with atomic(CONTEXT):
        address = _locked(address_id)
        if not address.is_open:
            raise AddressWrongState
        address.stop(AddressState.PAUSED, actor_name)
        address.save(update_fields=["state", "state_reason"])


def resume_address(*, address_id: UUID) -> int:
    """Sends what waits, in its order; returns how many messages. Raises AddressWrongState if it is active."""
    with atomic(CONTEXT):
        address = _locked(address_id)
        if address.is_open:
            raise AddressWrongState
        address.go_on()
        address.save(update_fields=["state", "state_reason", "failures", "failing_since"])
        # Also what is still in the queue, or it would overtake what waits. Its old place there is void and
        # must block nobody: it may be a dead letter, or wait for its next try.
        void(SENDER, WebhookQueued.stream_key.format(address_id=address.pk))
        open_ones = address.messages.filter(state__in=(MessageState.WAITING, MessageState.QUEUED))
        open_ones.update(state=MessageState.QUEUED, round=F("round") + 1)
        messages = list(open_ones.order_by("pk"))
        for message in messages:
            _queue(message)
        acknowledge_subject(store_id=address.store_id, subject_id=address.pk, actor_name="")
    return len(messages)


def _locked(address_id: UUID) -> WebhookAddress:
    address = WebhookAddress.objects.select_for_update().filter(pk=address_id).first()
    if address is None:
        raise AddressUnknown
    return address


# --- Messages -----------------------------------------------------------------------------------------


def write_messages(*, event: DomainEvent, source: Envelope) -> int:
    """One message for each address of the store that wants such events; returns how many are new.

    The address's row lock makes the messages' numbers follow the order in which they are queued.
    """
    with atomic(CONTEXT, savepoint=False):
        addresses = WebhookAddress.objects.select_for_update(of=("self",)).filter(
            store_id=event.store_id, subscriptions__topic=event.topic
        )
        return sum(_write(address, event, source) for address in addresses.order_by("pk"))


def _write(address: WebhookAddress, event: DomainEvent, source: Envelope) -> bool:
    message, is_new = WebhookMessage.objects.get_or_create(
        address=address,
        event_id=source.event_id,
        defaults={
            "store_id": address.store_id,
            "topic": event.topic,
            "correlation_id": source.correlation_id,
            "body": _body(event, source),
            "state": MessageState.QUEUED if address.is_open else MessageState.WAITING,
        },
    )
    if is_new and address.is_open:
        _queue(message)
    return is_new


def _queue(message: WebhookMessage) -> None:
    publish(
        WebhookQueued(
            store_id=message.store_id,
            address_id=message.address_id,
            message_number=message.pk,
            round=message.round,
        ),
        correlation_id=message.correlation_id,
    )


def _body(event: DomainEvent, source: Envelope) -> str:
    payload = json.loads(event.payload())
    return _json(
        event.topic, event.version, source.event_id, source.occurred_at, public_data(event.topic, payload)
    )


def _json(topic: str, version: int, event_id: UUID, at: datetime, data: dict[str, Any]) -> str:
    body = {
        "type": topic,
        "version": version,
        "id": str(event_id),
        "timestamp": plain_time(at),
        "data": data,
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


# --- Sending ------------------------------------------------------------------------------------------


def send_message(*, number: int, round: int, again: bool = False) -> None:
    """Sends one message and notes the answer; in no transaction. `again` also sends what was delivered.

    Raises NotDelivered for another try and GiveUp when trying is useless. For a paused address the message
    waits, and so does one whose address has just been found dead.
    """
    message = WebhookMessage.objects.select_related("address").filter(pk=number).first()
    if message is None or message.round != round or (message.state == MessageState.SENT and not again):
        return
    if not message.address.is_open:
        _hold(message)
        return
    answer = call(message)
    if _note(message, answer) and not answer.is_success:
        raise NotDelivered(str(answer))


def _hold(message: WebhookMessage) -> None:
    with atomic(CONTEXT):
        address = WebhookAddress.objects.select_for_update().filter(pk=message.address_id).first()
        if address is None:
            return
        if address.is_open:  # resumed meanwhile, and this message was queued anew
            return
        _set(message, MessageState.WAITING, now(CONTEXT))


def call(message: WebhookMessage) -> Answer:
    """The signed HTTP call itself. Raises GiveUp when the secret cannot be opened."""
    at = now(CONTEXT)
    body = message.body.encode()
    try:
        secrets = message.address.secrets_at(at)
    except ValueError as error:
        raise GiveUp(str(error)) from error
    signatures = [Webhook(secret).sign(message.public_id, at, message.body) for secret in secrets]
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Hansang-Webhooks/1",
        "webhook-id": message.public_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return post(message.address.url, body, headers)


def _note(message: WebhookMessage, answer: Answer) -> bool:
    """Writes the attempt and what follows for the address; False when its place in the queue is done with."""
    with atomic(CONTEXT):
        address = WebhookAddress.objects.select_for_update().filter(pk=message.address_id).first()
        if address is None:
            return False  # removed meanwhile
        at = now(CONTEXT)
        _log(message, answer)
        if answer.is_success:
            address.note_success(at)
            _set(message, MessageState.SENT, at)
            # What stood before it in the queue was discarded by a person.
            passed = address.messages.filter(pk__lt=message.pk, state=MessageState.QUEUED)
            passed.update(state=MessageState.FAILED)
        elif not _is_current(message):
            return False  # queued anew meanwhile: that place tries again
        elif _is_dead(address, answer, at):
            _bury(address, message, answer)
        address.save(update_fields=["state", "state_reason", "failures", "failing_since", "last_success_at"])
        return address.is_open


def _is_dead(address: WebhookAddress, answer: Answer, at: datetime) -> bool:
    """Counts what was not taken."""
    if answer.is_refusal:
        address.note_refusal()
        return answer.is_gone
    return address.note_failure(at)


def _is_current(message: WebhookMessage) -> bool:
    return WebhookMessage.objects.filter(pk=message.pk, round=message.round).exists()


def _log(message: WebhookMessage, answer: Answer) -> None:
    WebhookAttempt.objects.create(
        message=message,
        duration_ms=answer.duration_ms,
        status=answer.status,
        problem=answer.problem,
        excerpt=answer.excerpt,
    )


def _set(message: WebhookMessage, state: MessageState, at: datetime) -> None:
    message.state, message.sent_at = state, at if state == MessageState.SENT else None
    message.save(update_fields=["state", "sent_at"])


def _bury(address: WebhookAddress, message: WebhookMessage, answer: Answer) -> None:
    """The address is dead: everything waits until its owner says go; owner and managers are told once."""
    address.stop(AddressState.DEAD, str(answer))
    _set(message, MessageState.WAITING, now(CONTEXT))
    for audience in TROUBLE_AUDIENCES:
        notify_store(
            store_id=address.store_id,
            alarm=True,
            audience=audience,
            kind=Kind.WEBHOOK_PAUSED,
            subject_id=address.pk,
            data={"address": address.short_name, "reason": address.state_reason},
        )


def send_test(*, address_id: UUID) -> Answer:
    """Sends a test event at once, paused or not, and returns the answer; queue and counters stay.

    Raises SecretLost when nothing can be signed.
    """
    with atomic(CONTEXT):
        address = _locked(address_id)
        event_id, at = new_id(), now(CONTEXT)
        if not address.can_sign(at):
            raise SecretLost
        message = WebhookMessage.objects.create(
            address=address,
            store_id=address.store_id,
            event_id=event_id,
            topic=TEST_TOPIC,
            body=_json(TEST_TOPIC, 1, event_id, at, {"store_id": str(address.store_id)}),
            state=MessageState.FAILED,
        )
    answer = call(message)
    with atomic(CONTEXT):
        _log(message, answer)
        if answer.is_success:
            _set(message, MessageState.SENT, now(CONTEXT))
    return answer
