"""Facts about alarms."""

from dataclasses import dataclass
from uuid import UUID

from events.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class NotificationAcknowledged(DomainEvent):
    """Somebody took an alarm; every other device goes silent."""

    topic = "notification.acknowledged"
    stream_key = "alarm:{notification_id}"

    notification_id: UUID
    kind: str
    subject_id: UUID | None
    actor_name: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class AlarmEscalated(DomainEvent):
    """Nobody took an alarm in time. `final` says the ladder is at its end."""

    topic = "alarm.escalated"
    stream_key = "alarm:{notification_id}"

    notification_id: UUID
    kind: str
    subject_id: UUID | None
    level: int
    final: bool


@dataclass(frozen=True, kw_only=True)
class WebhookQueued(DomainEvent):
    """A message for an outside address is written and waits to be sent; the address's messages keep order."""

    topic = "webhook.queued"
    stream_key = "webhook_address:{address_id}"

    address_id: UUID
    message_number: int
    # Raised when everything that waits is queued anew: earlier places in the queue are void.
    round: int = 0


@dataclass(frozen=True, kw_only=True)
class TicketQueued(DomainEvent):
    """A ticket is written and waits for its printer; the tickets of a printer keep order."""

    topic = "ticket.queued"
    stream_key = "printer:{printer_id}"

    printer_id: UUID
    job_number: int
    order_id: UUID | None
    number: int | None
    table_name: str
    # Raised when everything that waits is queued anew: earlier places in the queue are void.
    round: int = 0
