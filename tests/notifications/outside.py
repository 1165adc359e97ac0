"""What tests of outgoing webhooks do and ask again and again."""

import json
from datetime import timedelta
from typing import Any

from django.utils import timezone
from standardwebhooks.webhooks import Webhook

from events.base import DomainEvent
from events.kernel.databases import alias_of
from events.models import Delivery, DeliveryStatus
from notifications.webhooks import services
from notifications.webhooks.models import (
    WebhookAddress,
)
from stores.models import Store
from tests.notifications.facts import announce
from tests.notifications.receiver import Call, Receiver
from tests.queue import deliver_all

SEND, WRITE = "notifications.send_webhook", "notifications.write_webhooks"
DATABASE = alias_of("notifications")


def register(store: Store, told: Receiver, topics: list[str] | None = None) -> tuple[WebhookAddress, str]:
    wanted = topics or ["order.submitted", "order.accepted", "call.raised"]
    return services.register_address(store_id=store.pk, url=told.url, topics=wanted, actor_name="Kim")


def announced(*facts: DomainEvent) -> None:
    announce(*facts, deliver=False)
    deliver_all()


def deliveries(handler: str) -> list[Delivery]:
    return list(Delivery.objects.using(DATABASE).filter(handler=handler).order_by("seq"))


def retry_now() -> None:
    """What waits for its backoff is due at once."""
    Delivery.objects.using(DATABASE).filter(status=DeliveryStatus.PENDING).update(due_at=timezone.now())
    deliver_all()


def verified(call: Call, secret: str) -> Any:
    Webhook(secret).verify(call.body, call.headers)
    return json.loads(call.body)


def long_dead(address: WebhookAddress) -> None:
    """The next failure is one too many."""
    since = timezone.now() - timedelta(hours=1)
    WebhookAddress.objects.filter(pk=address.pk).update(failures=50, failing_since=since)
