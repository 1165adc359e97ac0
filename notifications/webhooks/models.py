"""Addresses outside, what is to be told to them, and how every attempt to tell it went."""

import base64
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.kernel.ids import new_id
from events.kernel.sealing import reseal, seal, unseal

SECRET_PURPOSE = "hansang.notifications.webhooks.v1"  # noqa: S105  names a key, is none
# How long the old secret still signs beside the new one.
OVERLAP = timedelta(hours=24)
# An address is dead when it failed this often in a row and for this long.
DEAD_FAILURES = 10
DEAD_AFTER = timedelta(minutes=8)


class AddressState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("address", "active")
    PAUSED = "paused", _("paused by a person")
    DEAD = "dead", _("paused: does not answer")


class MessageState(models.TextChoices):
    QUEUED = "queued", _("on its way")
    WAITING = "waiting", _("waiting for the address")
    SENT = "sent", _("delivered")
    FAILED = "failed", _("not delivered")


def new_secret() -> str:
    """A Standard Webhooks secret: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


class WebhookAddress(models.Model):
    """An HTTPS address of a store's owner that hears of the store's public events."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(_("store"))
    url = models.CharField(_("address"), max_length=500)
    description = models.CharField(_("what for"), max_length=100, blank=True, default="")
    state = models.CharField(_("state"), max_length=6, choices=AddressState, default=AddressState.ACTIVE)
    state_reason = models.CharField(_("reason"), max_length=300, blank=True, default="")
    # Two columns, so that there are never more than two secrets: the new one and the one being phased out.
    secret_sealed = models.TextField(editable=False)
    old_secret_sealed = models.TextField(editable=False, blank=True, default="")
    old_secret_until = models.DateTimeField(_("old secret valid until"), null=True, blank=True)
    # In a row, over all its messages; zero after every success and every refusal.
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("last delivered"), null=True, blank=True)
    created_by = models.CharField(_("added by"), max_length=150, blank=True, default="")
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook address")
        verbose_name_plural = _("webhook addresses")
        constraints = [
            models.UniqueConstraint(fields=["store_id", "url"], name="webhook_address_once"),
            models.CheckConstraint(
                condition=Q(state__in=AddressState.values), name="webhook_address_state_known"
            ),
        ]

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def is_open(self) -> bool:
        return self.state == AddressState.ACTIVE

    @property
    def short_name(self) -> str:
        """For every pair of eyes on a board: the path of an address may hold a key."""
        return self.description or urlsplit(self.url).hostname or ""

    @property
    def topics(self) -> list[str]:
        return sorted(row.topic for row in self.subscriptions.all())

    def secrets_at(self, now: datetime) -> list[str]:
        """The secrets that sign now, the newest first. Raises ValueError when SECRET_KEY changed."""
        found = [unseal(SECRET_PURPOSE, self.secret_sealed)["secret"]]
        if self.old_secret_until and now < self.old_secret_until:
            found += self._old_secret()
        return found

    def can_sign(self, now: datetime) -> bool:
        """False when its secret was lost with an older SECRET_KEY."""
        try:
            return bool(self.secrets_at(now))
        except ValueError:
            return False

    def _old_secret(self) -> list[str]:
        """The one that is phased out. When it cannot be opened any more, the new one signs alone."""
        with suppress(ValueError):
            if self.old_secret_sealed:
                return [unseal(SECRET_PURPOSE, self.old_secret_sealed)["secret"]]
        return []

    def set_secret(self, secret: str, now: datetime) -> None:
        """Makes `secret` the current one; the previous one goes on signing for a day if it can."""
        self.old_secret_sealed, self.old_secret_until = self.secret_sealed, now + OVERLAP
        if not self._old_secret():
            self.old_secret_sealed, self.old_secret_until = "", None
        self.secret_sealed = seal(SECRET_PURPOSE, {"secret": secret})

    def reseal(self) -> None:
        """Both secrets under the newest SECRET_KEY."""
        self.secret_sealed = reseal(SECRET_PURPOSE, self.secret_sealed)
        self.old_secret_sealed = reseal(SECRET_PURPOSE, self.old_secret_sealed) if self._old_secret() else ""

    def note_success(self, now: datetime) -> None:
        self.failures, self.failing_since, self.last_success_at = 0, None, now

    def note_refusal(self) -> None:
        """It answers, and does not want one message: whatever failed before, it is not dead."""
        self.failures, self.failing_since = 0, None

    def note_failure(self, now: datetime) -> bool:
        """Counts a failure; True when the address now counts as dead."""
        self.failures += 1
        self.failing_since = self.failing_since or now
        return self.failures >= DEAD_FAILURES and now - self.failing_since >= DEAD_AFTER

    def stop(self, state: AddressState, reason: str) -> None:
        self.state, self.state_reason = state, reason[:300]

    def go_on(self) -> None:
        self.state, self.state_reason = AddressState.ACTIVE, ""
        self.failures, self.failing_since = 0, None


class WebhookSubscription(models.Model):
    """One event type that an address wants. The event queue itself asks this table who listens."""

    address = models.ForeignKey(WebhookAddress, on_delete=models.CASCADE, related_name="subscriptions")
    store_id = models.UUIDField()
    topic = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "topic"], name="webhook_subscription_once"),
        ]
        indexes = [models.Index(fields=["store_id", "topic"], name="webhook_listens")]

    def __str__(self) -> str:
        return self.topic


class WebhookMessage(models.Model):
    """One event for one address: the exact text that is signed and sent, however often."""

    # Counts up in the order in which an address hears of things: its row is locked meanwhile.
    id = models.BigAutoField(primary_key=True)
    address = models.ForeignKey(
        WebhookAddress, on_delete=models.CASCADE, related_name="messages", verbose_name=_("address")
    )
    store_id = models.UUIDField()
    event_id = models.UUIDField(_("event"))
    # The story that the event belongs to: a message queued anew stays a part of it. Null: written before.
    correlation_id = models.UUIDField(null=True)
    topic = models.CharField(_("event type"), max_length=80)
    body = models.TextField(_("body"))
    state = models.CharField(_("state"), max_length=7, choices=MessageState, default=MessageState.QUEUED)
    # How often it was queued anew after a pause; an earlier place in the queue is void.
    round = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    sent_at = models.DateTimeField(_("delivered"), null=True)

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        constraints = [
            models.UniqueConstraint(fields=["address", "event_id"], name="webhook_message_once"),
            models.CheckConstraint(
                condition=Q(state__in=MessageState.values), name="webhook_message_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["address", "id"], name="webhook_waiting", condition=Q(state="waiting")),
            models.Index(fields=["created_at"], name="webhook_message_created"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} → {self.address}"

    @property
    def public_id(self) -> str:
        """The `webhook-id`: the same for every attempt, so that the receiver can tell a repetition."""
        return f"msg_{self.event_id.hex}"


class WebhookAttempt(models.Model):
    """One call of an address and its answer."""

    message = models.ForeignKey(WebhookMessage, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField(_("time"), auto_now_add=True)
    duration_ms = models.PositiveIntegerField(_("milliseconds"))
    # Null: there was no answer, and `problem` says why.
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    problem = models.CharField(_("problem"), max_length=300, default="")
    excerpt = models.CharField(_("beginning of the answer"), max_length=500, default="")

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")

    def __str__(self) -> str:
        return str(self.status or self.problem)
