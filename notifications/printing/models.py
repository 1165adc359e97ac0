"""Printers of a store, what comes out of each, and every ticket with what became of it."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id

# A printer that has not printed a ticket so long after it was written is reported.
LATE_AFTER = timedelta(seconds=45)
# So old a ticket is not printed any more: a flood of old orders would be cooked a second time.
MISSED_AFTER = timedelta(minutes=20)
# After so many attempts without the printer's word a ticket is given up: it would eat paper for ever.
MAX_DOUBTS = 3


class Way(models.TextChoices):
    LAN = "lan", _("in this network (ESC/POS, port 9100)")
    CLOUD = "cloud", _("it asks for its tickets (Star CloudPRNT)")


class Paper(models.IntegerChoices):
    """The width of the paper, by the dots that a print head of 203 dpi has on it."""

    WIDE = 576, _("80 mm")
    NARROW = 384, _("58 mm")


class PrinterState(models.TextChoices):
    ACTIVE = "active", _("in use")
    PAUSED = "paused", _("paused by a person")


class TicketKind(models.TextChoices):
    ORDER = "order", _("order")
    CANCELED = "canceled", _("cancellation")
    VOIDED = "voided", _("dish taken off")
    MOVED = "moved", _("other table")
    TEST = "test", _("test ticket")


class JobState(models.TextChoices):
    QUEUED = "queued", _("waits for the printer")
    WAITING = "waiting", _("waits: printer paused")
    PRINTED = "printed", _("printed")
    MISSED = "missed", _("not printed")
    NEEDLESS = "needless", _("not needed any more")


OPEN_STATES = (JobState.QUEUED, JobState.WAITING)


def new_token() -> str:
    """What a printer that asks for its tickets is known by: 128 random bits."""
    return secrets.token_urlsafe(16)


def digest_of(token: str) -> str:
    """The token is kept like a password: whoever reads the table can print nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


# Not worth another try: in doubt too often, or not to be drawn. Nobody is to wait behind it.
HOPELESS = Q(doubts__gte=MAX_DOUBTS) | Q(problem__startswith="broken", attempts__gte=MAX_DOUBTS)


class Printer(models.Model):
    """A printer of a store; its row lock gives its tickets their order."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(_("store"))
    name = models.CharField(_("name"), max_length=40)
    way = models.CharField(_("how it is reached"), max_length=5, choices=Way, default=Way.LAN)
    host = models.CharField(_("address in the network"), max_length=60, blank=True, default="")
    port = models.PositiveIntegerField(_("port"), default=9100)
    token_digest = models.CharField(max_length=64, blank=True, default="", editable=False)
    paper = models.PositiveSmallIntegerField(_("paper"), choices=Paper, default=Paper.WIDE)
    language = models.CharField(_("language of the tickets"), max_length=7, choices=settings.LANGUAGES)
    # Empty: the dishes of all stations.
    stations = models.JSONField(_("kitchen stations"), default=list, blank=True)
    state = models.CharField(_("state"), max_length=6, choices=PrinterState, default=PrinterState.ACTIVE)
    state_reason = models.CharField(_("reason"), max_length=150, blank=True, default="")
    # It has answered once: silence is a fault from then on. Some printers never say a word.
    talks = models.BooleanField(default=False, editable=False)
    # What it last said of itself, or why it could not be reached; empty while it prints.
    problem = models.CharField(_("problem"), max_length=300, blank=True, default="")
    last_seen_at = models.DateTimeField(_("last heard of"), null=True, blank=True)
    last_printed_at = models.DateTimeField(_("last printed"), null=True, blank=True)
    created_by = models.CharField(_("added by"), max_length=150, blank=True, default="")
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("printer")
        verbose_name_plural = _("printers")
        constraints = [
            models.UniqueConstraint(fields=["store_id", "name"], name="printer_name_once"),
            models.UniqueConstraint(
                fields=["token_digest"], name="printer_token_once", condition=~Q(token_digest="")
            ),
            models.CheckConstraint(condition=Q(way__in=Way.values), name="printer_way_known"),
            models.CheckConstraint(condition=Q(paper__in=Paper.values), name="printer_paper_known"),
            models.CheckConstraint(condition=Q(state__in=PrinterState.values), name="printer_state_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state == PrinterState.ACTIVE

    @property
    def asks(self) -> bool:
        """It comes for its tickets; nobody calls it."""
        return self.way == Way.CLOUD

    @property
    def topics(self) -> list[str]:
        return sorted(row.topic for row in self.subscriptions.all())

    def wants(self, line: Mapping[str, Any]) -> bool:
        """Whether a dish is cooked where this printer stands."""
        return not self.stations or line.get("station", "") in self.stations


class PrinterSubscription(models.Model):
    """One event type that a printer prints. The event queue itself asks this table who listens."""

    printer = models.ForeignKey(Printer, on_delete=models.CASCADE, related_name="subscriptions")
    store_id = models.UUIDField()
    topic = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["printer", "topic"], name="printer_subscription_once"),
        ]
        indexes = [models.Index(fields=["store_id", "topic"], name="printer_listens")]

    def __str__(self) -> str:
        return self.topic


class PrintJob(models.Model):
    """One ticket for one printer: what stands on it, and what became of it."""

    # Counts up in the order in which a printer gets its tickets: its row is locked meanwhile.
    id = models.BigAutoField(primary_key=True)
    printer = models.ForeignKey(
        Printer, on_delete=models.CASCADE, related_name="jobs", verbose_name=_("printer")
    )
    store_id = models.UUIDField()
    event_id = models.UUIDField(_("event"))
    # Long tickets are cut into sheets: 0, 1, …
    part = models.PositiveSmallIntegerField(default=0)
    correlation_id = models.UUIDField(null=True)
    order_id = models.UUIDField(_("order"), null=True)
    tab_id = models.UUIDField(null=True)
    kind = models.CharField(_("kind"), max_length=8, choices=TicketKind)
    # What `tickets.py` describes; names in every language, so that another printer could print it, too.
    content = models.JSONField()
    state = models.CharField(_("state"), max_length=8, choices=JobState, default=JobState.QUEUED)
    # How often it was queued anew after a pause; an earlier place in the queue is void.
    round = models.PositiveIntegerField(default=0)
    # Printed on demand, although it came out before: it says so.
    is_copy = models.BooleanField(_("printed again"), default=False)
    asked_by = models.CharField(_("asked for by"), max_length=150, blank=True, default="")
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # From the moment the printer may have something until it says what came of it.
    is_calling = models.BooleanField(default=False)
    # Attempts that ended without a word: it may be on paper already, and the next one says so.
    doubts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(_("problem"), max_length=300, blank=True, default="")
    # When the fact happened: by it a ticket grows too old.
    created_at = models.DateTimeField(_("written"), db_default=Now())
    # When its printer could have begun: by it a printer is late.
    queued_at = models.DateTimeField(db_default=Now())
    printed_at = models.DateTimeField(_("printed at"), null=True)

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        constraints = [
            models.UniqueConstraint(fields=["printer", "event_id", "part"], name="print_job_once"),
            models.CheckConstraint(condition=Q(kind__in=TicketKind.values), name="print_job_kind_known"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="print_job_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["printer", "id"],
                name="print_job_open",
                condition=Q(state__in=("queued", "waiting")),
            ),
            models.Index(fields=["order_id"], name="print_job_order"),
            models.Index(fields=["correlation_id"], name="print_job_story"),
            models.Index(fields=["created_at"], name="print_job_created"),
        ]

    def __str__(self) -> str:
        number = self.content.get("number")
        return f"{self.get_kind_display()} {number}" if number else str(self.get_kind_display())

    @property
    def is_unsure(self) -> bool:
        """Whether it may have come out before."""
        return self.doubts > 0

    @property
    def public_id(self) -> str:
        """By which a printer that asks names this ticket."""
        return f"{self.event_id.hex}-{self.part}"
