"""The queue's tables: facts, and one delivery per fact and handler. They stand in every database."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from events.meanings import ACTION_NAMES, meaning_of
from events.timeline import words_of


class DeliveryStatus(models.IntegerChoices):
    PENDING = 0, _("waiting")
    RUNNING = 1, _("running")
    DONE = 2, _("done")
    DEAD = 3, _("dead letter")
    HELD = 4, _("held behind a dead letter")
    DISCARDED = 5, _("discarded")


class Stream(models.Model):
    """The last number given out in a stream. Its row lock makes commit order equal sequence order."""

    name = models.CharField(primary_key=True, max_length=80)
    last_seq = models.BigIntegerField()

    def __str__(self) -> str:
        return self.name


class Event(models.Model):
    """A fact; never changed. In a split system the consumers' databases hold copies of it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    topic = models.CharField(_("event"), max_length=80)
    version = models.SmallIntegerField(default=1)
    source = models.CharField(max_length=40)
    stream = models.CharField(max_length=80)
    seq = models.BigIntegerField()
    store_id = models.UUIDField()
    payload = models.JSONField()
    headers = models.JSONField(default=dict)
    correlation_id = models.UUIDField()
    causation_id = models.UUIDField(null=True)
    occurred_at = models.DateTimeField(db_default=Now())
    shipped_at = models.DateTimeField(null=True)
    # While it is shipped in part: the contexts that have not got it.
    missed_by = ArrayField(models.CharField(max_length=40), null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["stream", "seq"], name="event_stream_seq"),
        ]
        indexes = [
            models.Index(fields=["id"], name="event_unshipped", condition=Q(shipped_at=None)),
            models.Index(fields=["store_id", "-occurred_at"], name="event_store_time"),
            models.Index(fields=["correlation_id"], name="event_correlation"),
            models.Index(fields=["occurred_at"], name="event_time"),
        ]

    def __str__(self) -> str:
        return str(words_of(self.topic).text)


class Delivery(models.Model):
    """One handler's share of a fact: its inbox mark, its place in the queue and its history."""

    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        related_name="deliveries",
        db_index=False,  # the handler's constraint starts with it
    )
    handler = models.CharField(max_length=80)
    context = models.CharField(max_length=40)
    # Null for an unordered handler: nothing holds it back.
    stream = models.CharField(max_length=80, null=True)  # noqa: DJ001
    seq = models.BigIntegerField()
    status = models.SmallIntegerField(choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    # Raised when claimed, before the handler runs: it counts crashes too, and fences off a late worker.
    attempts = models.SmallIntegerField(default=0)
    max_attempts = models.SmallIntegerField(default=8)
    replays = models.SmallIntegerField(default=0)
    due_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    # When it last became a dead letter; kept when somebody brings it back, for the picture of the day.
    died_at = models.DateTimeField(null=True)
    worker = models.CharField(max_length=60, default="")
    last_error = models.TextField(default="")
    note = models.TextField(default="")

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_event_handler"),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="delivery_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["context", "due_at"], name="delivery_due", condition=Q(status=0)),
            models.Index(fields=["lease_until"], name="delivery_running", condition=Q(status=1)),
            models.Index(
                fields=["handler", "stream", "seq"],
                name="delivery_open_stream",
                condition=~Q(status__in=(2, 5)),
            ),
            models.Index(fields=["done_at"], name="delivery_done", condition=Q(status=2)),
            models.Index(fields=["done_at"], name="delivery_discarded", condition=Q(status=5)),
            models.Index(fields=["status", "handler"], name="delivery_stuck", condition=Q(status__in=(3, 4))),
            models.Index(fields=["died_at"], name="delivery_died", condition=Q(died_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(meaning_of(self.handler).what)


class FailedAttempt(models.Model):
    """One attempt of a delivery that failed; the delivery itself remembers only the last one."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="failures")
    attempt = models.SmallIntegerField()
    error = models.CharField(max_length=300)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["at"], name="failed_attempt_time")]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.error}"


class PausedHandler(models.Model):
    """A handler that a person has stopped: its deliveries stay due. It stands in the handler's database."""

    handler = models.CharField(primary_key=True, max_length=80)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    reason = models.TextField(default="")
    paused_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.handler


class Intervention(models.Model):
    """What a person did to the queue: who, when, what and why. One row per act and store."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    action = models.CharField(max_length=20)
    # Null: it concerns every store (a handler was paused or resumed).
    store_id = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    reason = models.TextField(default="")
    # What was asked for: {"handler", "stream", "since", …}; empty when rows were picked by hand.
    selection = models.JSONField(default=dict)
    affected = models.IntegerField(default=0)
    released = models.IntegerField(default=0)
    # The first of the deliveries that changed.
    deliveries = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("intervention")
        verbose_name_plural = _("interventions")
        indexes = [models.Index(fields=["store_id", "-created_at"], name="intervention_store_time")]

    def __str__(self) -> str:
        return f"{ACTION_NAMES.get(self.action, self.action)} · {self.actor_name}"


class SnapshotState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("under way")
    DONE = "done", _("finished")
    FAILED = "failed", _("broken off")


class SnapshotRun(models.Model):
    """One check or rebuild of a context's copies: who asked, why, how far it is, what it found.

    It stands in the database of the context that keeps the copies. `store_id` None means every store.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    keeper = models.CharField(max_length=80)
    store_id = models.UUIDField(null=True)
    rebuilds = models.BooleanField()
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    reason = models.TextField(default="")
    state = models.CharField(max_length=8, choices=SnapshotState, default=SnapshotState.WAITING)
    # Stores still to do, in order; a batch takes the first one away in the transaction that works on it.
    todo = models.JSONField(default=list)
    total = models.PositiveIntegerField(default=0)
    compared = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)
    repaired = models.PositiveIntegerField(default=0)
    # The first differences as they were found: [{"key", "name", "kind", "fields": […]}].
    found = models.JSONField(default=list)
    error = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    moved_at = models.DateTimeField(auto_now=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=SnapshotState.values), name="snapshot_run_state"),
        ]
        indexes = [
            models.Index(fields=["store_id", "-created_at"], name="snapshot_run_store_time"),
        ]

    def __str__(self) -> str:
        return f"{self.keeper} · {self.state}"

    @property
    def done(self) -> int:
        return self.total - len(self.todo)

    @property
    def is_over(self) -> bool:
        return self.state in (SnapshotState.DONE, SnapshotState.FAILED)
