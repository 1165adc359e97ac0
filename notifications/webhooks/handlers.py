"""Two handlers: one writes a message per address, the other sends it."""

from events.base import DomainEvent, Envelope
from events.registry import subscribe, subscribe_all
from notifications.events import WebhookQueued
from notifications.webhooks import services
from notifications.webhooks.models import WebhookSubscription
from notifications.webhooks.public import public_events

# About twenty minutes: an address that is dead is paused before, a message that is refused again and again
# becomes a dead letter.
ATTEMPTS = 12


@subscribe_all(
    public_events(), name="notifications.write_webhooks", audience=WebhookSubscription._meta.db_table
)
def write_webhooks(event: DomainEvent, envelope: Envelope) -> None:
    """A public event to every address of its store that wants it; without such an address it never runs."""
    services.write_messages(event=event, source=envelope)


@subscribe(
    WebhookQueued,
    name=services.SENDER,
    external=True,
    max_attempts=ATTEMPTS,
    lease_seconds=15,  # an attempt ends after ten
    lane="webhooks",
)
def send_webhook(event: WebhookQueued, envelope: Envelope) -> None:
    """One message to its address; the messages of an address go one after the other."""
    services.send_message(number=event.message_number, round=event.round, again=envelope.replay)
