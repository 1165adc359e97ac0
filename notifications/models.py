"""Notifications are rows with a number per channel; sockets only tell that there is a new one."""

from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id

DEFAULT_AUTO_REJECT_MINUTES = 15


def store_channel(store_id: UUID) -> str:
    return f"store:{store_id}"


def tab_channel(tab_id: UUID) -> str:
    return f"tab:{tab_id}"


class Kind(models.TextChoices):
    ORDER_SUBMITTED = "order_submitted", _("new order")
    ORDER_ACCEPTED = "order_accepted", _("order accepted")
    LINE_READY = "line_ready", _("dish ready")
    ORDER_READY = "order_ready", _("order ready")
    ORDER_SERVED = "order_served", _("order served")
    ORDER_REJECTED = "order_rejected", _("order refused")
    ORDER_CANCELED = "order_canceled", _("order canceled")
    ORDER_EXPIRED = "order_expired", _("order expired")
    CALL_RAISED = "call_raised", _("guest calls")
    CALL_ANSWERED = "call_answered", _("call answered")
    PAYMENT_CAPTURED = "payment_captured", _("payment received")
    PAYMENT_FAILED = "payment_failed", _("payment failed")
    PAYMENT_FLAGGED = "payment_flagged", _("payment to check")
    REFUND_COMPLETED = "refund_completed", _("refund sent")
    REFUND_FAILED = "refund_failed", _("refund failed")
    TAB_MOVED = "tab_moved", _("table changed")
    TAB_CLOSED = "tab_closed", _("tab closed")
    DEAD_LETTER = "dead_letter", _("event not delivered")
    WEBHOOK_PAUSED = "webhook_paused", _("webhook address paused")
    PRINTER_DOWN = "printer_down", _("printer does not print")


# Once a tab was told one of these about an order or a call, no alarm about it may ring any more.
SETTLING_KINDS = (
    Kind.ORDER_ACCEPTED,
    Kind.ORDER_REJECTED,
    Kind.ORDER_CANCELED,
    Kind.ORDER_EXPIRED,
    Kind.CALL_ANSWERED,
)


class Audience(models.TextChoices):
    """Whose boards show a notification, by role. What two roles must hear, each for itself, is two rows."""

    EVERYBODY = "", _("everybody")
    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")


# Whom trouble with the system itself rings for, each a row of its own. An owner's comes first: who takes it
# locks the managers' after it.
TROUBLE_AUDIENCES = (Audience.OWNER, Audience.MANAGER)

# A closed tab's channel and its notifications are kept so long.
TAB_DAYS = 2


class Channel(models.Model):
    """Counts the notifications of a store or a tab. Its row lock makes commit order equal number order."""

    name = models.CharField(primary_key=True, max_length=50)
    last_seq = models.BigIntegerField(default=0)
    # A tab's table, for texts to staff; empty for a store.
    label = models.CharField(max_length=40, default="", db_default="")
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["closed_at"], name="channel_closed", condition=Q(closed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class Notification(models.Model):
    """Something a channel's readers must learn; an alarm rings until somebody takes it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = models.CharField(_("channel"), max_length=50)
    seq = models.BigIntegerField(_("number"))
    store_id = models.UUIDField()
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    # How often it was escalated: devices ring louder, more people hear of it.
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    alarm = models.BooleanField(_("alarm"), default=False)
    audience = models.CharField(
        _("meant for"), max_length=10, choices=Audience, default=Audience.EVERYBODY, db_default="", blank=True
    )
    data = models.JSONField(default=dict)
    subject_id = models.UUIDField(null=True)
    # What it tells of: one fact makes at most one notification per channel.
    event_id = models.UUIDField()
    correlation_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    acked_at = models.DateTimeField(_("taken"), null=True)
    acked_by_id = models.UUIDField(null=True)
    acked_by = models.CharField(_("taken by"), max_length=150, default="")
    acked_device = models.CharField(_("device"), max_length=64, default="")
    escalate_at = models.DateTimeField(null=True)
    # When the ladder ends; null never.
    final_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [
            models.UniqueConstraint(fields=["channel", "seq"], name="notification_channel_seq"),
            models.UniqueConstraint(fields=["event_id", "channel"], name="notification_event_channel"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="notification_kind_known"),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="notification_audience_known"
            ),
            models.CheckConstraint(
                condition=Q(acked_at=None) | Q(escalate_at=None), name="notification_taken_is_silent"
            ),
        ]
        indexes = [
            models.Index(
                fields=["escalate_at"], name="notification_escalate", condition=Q(escalate_at__isnull=False)
            ),
            models.Index(
                fields=["channel", "seq"], name="notification_open", condition=Q(alarm=True, acked_at=None)
            ),
            models.Index(fields=["subject_id"], name="notification_subject"),
            models.Index(fields=["created_at"], name="notification_created"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.seq}"

    def may_be_taken_by(self, role: str) -> bool:
        """Whether a person of this role may say that the alarm is seen to; an owner answers for everybody."""
        return self.audience in (Audience.EVERYBODY, role) or role == Audience.OWNER

    @property
    def seconds_to_take(self) -> float | None:
        """How long the alarm rang; None while it rings."""
        return (self.acked_at - self.created_at).total_seconds() if self.acked_at else None


class StoreSnapshot(models.Model):
    """What notifications must know of a store: its names, languages and minutes."""

    store_id = models.UUIDField(primary_key=True)
    version_number = models.BigIntegerField()
    data = models.JSONField()

    def __str__(self) -> str:
        return str(self.data.get("name", self.store_id))


class Device(models.Model):
    """A board's device: whether it can ring and when it was last heard of."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField()
    device = models.CharField(_("device"), max_length=64)
    user_id = models.UUIDField(null=True)
    user_name = models.CharField(_("person"), max_length=150, default="")
    sound = models.BooleanField(_("sound on"), default=False)
    wake_lock = models.BooleanField(_("screen stays on"), default=False)
    last_seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")
        constraints = [
            models.UniqueConstraint(fields=["store_id", "device"], name="device_once_per_store"),
        ]

    def __str__(self) -> str:
        return self.user_name or self.device


def plain_time(value: Any) -> str | None:
    """ISO 8601 in UTC, as every API answer writes it."""
    return value.isoformat().replace("+00:00", "Z") if value else None
