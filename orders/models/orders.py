"""Orders and their lines: what was sold, and how far the kitchen is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from orders.errors import WrongState
from orders.models.tabs import Guest, PayAfter, Tab
from orders.reasons import in_words

UNDO_SECONDS = 60


class DayCounter(models.Model):
    """The last order number a store gave out on a business day."""

    store_id = models.UUIDField()
    business_day = models.DateField()
    last_number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["store_id", "business_day"], name="one_counter_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.business_day}: {self.last_number}"


class OrderStatus(models.TextChoices):
    AWAITING_PAYMENT = "awaiting_payment", _("waiting for payment")
    SUBMITTED = "submitted", _("sent to the kitchen")
    ACCEPTED = "accepted", _("accepted")
    IN_PROGRESS = "in_progress", _("partly ready")
    READY = "ready", _("ready")
    SERVED = "served", _("served")
    REJECTED = "rejected", _("refused")
    CANCELED = "canceled", _("canceled")
    EXPIRED = "expired", _("not paid in time")


class LineStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    COOKING = "cooking", _("cooking")
    READY = "ready", _("ready")
    SERVED = "served", _("served")
    CANCELED = "canceled", _("canceled")
    VOIDED = "voided", _("taken off")


KITCHEN_STATUSES = (
    OrderStatus.SUBMITTED,
    OrderStatus.ACCEPTED,
    OrderStatus.IN_PROGRESS,
    OrderStatus.READY,
)
OPEN_STATUSES = (OrderStatus.AWAITING_PAYMENT, *KITCHEN_STATUSES)
REFUSED_STATUSES = (OrderStatus.REJECTED, OrderStatus.CANCELED, OrderStatus.EXPIRED)
GONE = (LineStatus.CANCELED, LineStatus.VOIDED)


class Order(models.Model):
    """One round sent from a tab. Its status follows from its lines; a sent line is never edited.

    Methods change the order and the lines given to them, and save nothing; an illegal step raises WrongState.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField()
    tab = models.ForeignKey(
        Tab,
        on_delete=models.PROTECT,
        related_name="orders",
        db_index=False,  # `order_tab_round` starts with it
    )
    guest = models.ForeignKey(
        Guest,
        on_delete=models.SET_NULL,
        null=True,
        related_name="orders",
        db_index=False,  # the key's constraint starts with it
    )
    guest_name = models.CharField(_("guest"), max_length=60, blank=True)
    guest_language = models.CharField(max_length=10)
    table_id = models.UUIDField()
    table_name = models.CharField(_("table"), max_length=40)
    number = models.PositiveIntegerField(_("number"))
    business_day = models.DateField(_("business day"))
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    status = models.CharField(_("status"), max_length=20, choices=OrderStatus)
    idempotency_key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    menu_version = models.BigIntegerField()
    pay_after = models.CharField(max_length=10, choices=PayAfter)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField(_("total"))
    minutes = models.PositiveSmallIntegerField(_("minutes promised"), null=True)
    # A rule's reason is a code (orders.reasons), for everybody to read in their language; people type theirs.
    reason_code = models.CharField(max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    actor_name = models.CharField(_("by"), max_length=150, blank=True)
    placed_at = models.DateTimeField(_("placed"))
    expires_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    ready_by = models.DateTimeField(_("promised for"), null=True)
    ready_at = models.DateTimeField(_("ready"), null=True)
    served_at = models.DateTimeField(_("served"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = [
            models.UniqueConstraint(fields=["guest", "idempotency_key"], name="order_key_once_per_guest"),
            models.UniqueConstraint(
                fields=["store_id", "business_day", "number"], name="order_number_once_per_day"
            ),
            models.CheckConstraint(condition=Q(status__in=OrderStatus.values), name="order_status_known"),
            models.CheckConstraint(condition=Q(total__gte=0), name="order_total_not_negative"),
        ]
        indexes = [
            models.Index(fields=["tab", "round"], name="order_tab_round"),
            models.Index(fields=["store_id", "-placed_at"], name="order_store_time"),
            models.Index(
                fields=["store_id", "submitted_at"],
                name="order_in_kitchen",
                condition=Q(status__in=KITCHEN_STATUSES),
            ),
            models.Index(fields=["expires_at"], name="order_unpaid", condition=Q(status="awaiting_payment")),
        ]

    def __str__(self) -> str:
        return f"#{self.number} · {self.table_name}"

    @property
    def is_open(self) -> bool:
        """Somebody still has to pay, cook or serve."""
        return self.status in OPEN_STATUSES

    @property
    def counts(self) -> bool:
        """Part of what the party had: not refused, canceled or expired."""
        return self.status not in REFUSED_STATUSES

    @property
    def why_ended(self) -> str:
        """Why it was refused or canceled, in the reader's language; "" when nobody said."""
        return in_words(self.reason, self.reason_code)

    @property
    def guest_may_cancel(self) -> bool:
        """Until the first line is cooking, which is when staff accept."""
        return self.status in (OrderStatus.AWAITING_PAYMENT, OrderStatus.SUBMITTED)

    @staticmethod
    def live_lines(lines: Sequence[OrderLine]) -> list[OrderLine]:
        """The lines that are neither canceled nor taken off."""
        return [line for line in lines if line.status not in GONE]

    def submit(self, at: datetime) -> None:
        """Paid, or billed at the end: the kitchen may see it."""
        self._require(OrderStatus.AWAITING_PAYMENT)
        self.status, self.submitted_at, self.expires_at = OrderStatus.SUBMITTED, at, None

    def expire(self, lines: Sequence[OrderLine], at: datetime) -> None:
        """Nobody paid in time."""
        self._require(OrderStatus.AWAITING_PAYMENT)
        self._end(OrderStatus.EXPIRED, lines, at)

    def accept(self, lines: Sequence[OrderLine], *, minutes: int, actor_name: str, at: datetime) -> None:
        """Staff take it: every line starts cooking, to be ready in `minutes`."""
        self._require(OrderStatus.SUBMITTED)
        for line in lines:
            if line.status == LineStatus.QUEUED:
                line.move(LineStatus.COOKING, at)
        self.accepted_at, self.minutes = at, minutes
        self.ready_by = at + timedelta(minutes=minutes)
        self.actor_name = actor_name
        self._follow(lines, at)

    def reject(
        self, lines: Sequence[OrderLine], *, reason_code: str, reason: str, actor_name: str, at: datetime
    ) -> None:
        """The kitchen cannot do it, or nobody answered."""
        self._require(OrderStatus.SUBMITTED)
        self.reason_code, self.reason, self.actor_name = reason_code, reason, actor_name
        self._end(OrderStatus.REJECTED, lines, at)

    def cancel(
        self,
        lines: Sequence[OrderLine],
        *,
        reason: str,
        actor_name: str,
        at: datetime,
        reason_code: str = "",
    ) -> None:
        """Takes the whole order back. Once something was served, single lines are voided instead."""
        self._require(*OPEN_STATUSES)
        if any(line.status == LineStatus.SERVED for line in lines):
            raise WrongState()
        self.reason_code, self.reason, self.actor_name = reason_code, reason, actor_name
        self._end(OrderStatus.CANCELED, lines, at)

    def finish_lines(
        self, lines: Sequence[OrderLine], to: str, at: datetime, only: UUID | None = None
    ) -> list[OrderLine]:
        """Moves the lines (or one) that may take this step to ready or served; returns those that moved."""
        self._require(OrderStatus.ACCEPTED, OrderStatus.IN_PROGRESS, OrderStatus.READY)
        before = (LineStatus.COOKING,) if to == LineStatus.READY else (LineStatus.COOKING, LineStatus.READY)
        moved = [line for line in lines if line.status in before and only in (None, line.pk)]
        if not moved:
            raise WrongState()
        for line in moved:
            line.move(to, at)
        self._follow(lines, at)
        return moved

    def undo(self, lines: Sequence[OrderLine], at: datetime, only: UUID | None = None) -> None:
        """One step back within the undo window: the last step of the order, or that of one line."""
        self._require(OrderStatus.IN_PROGRESS, OrderStatus.READY, OrderStatus.SERVED)
        steps = [line for line in lines if line.may_undo(at) and only in (None, line.pk)]
        if not steps:
            raise WrongState()
        last = max(line.changed_at for line in steps)
        for line in steps:
            if line.changed_at == last:
                line.step_back()
        self._follow(lines, at)

    def void(
        self, lines: Sequence[OrderLine], line: OrderLine, *, reason: str, actor_name: str, at: datetime
    ) -> None:
        """Takes one line off and its price off the total."""
        self._require(*KITCHEN_STATUSES, OrderStatus.SERVED)
        if line.status in GONE:
            raise WrongState()
        line.take_off(at)
        line.void_reason, line.voided_by = reason, actor_name
        self.total = sum(each.total for each in self.live_lines(lines))
        self._follow(lines, at)

    def _require(self, *statuses: str) -> None:
        if self.status not in statuses:
            raise WrongState(status_now=self.status)

    def _end(self, status: str, lines: Sequence[OrderLine], at: datetime) -> None:
        for line in lines:
            if line.status not in GONE:
                line.move(LineStatus.CANCELED if line.status == LineStatus.QUEUED else LineStatus.VOIDED, at)
                line.previous_status = ""
        self.status, self.ended_at, self.expires_at = status, at, None

    def _follow(self, lines: Sequence[OrderLine], at: datetime) -> None:
        """The one place where an order's status comes from its lines."""
        live = [line.status for line in self.live_lines(lines)]
        done = [status for status in live if status in (LineStatus.READY, LineStatus.SERVED)]
        if not live:
            self.status, self.ended_at = OrderStatus.CANCELED, at
        elif self.accepted_at is None:
            self.status = OrderStatus.SUBMITTED
        elif len(done) < len(live):
            self.status = OrderStatus.IN_PROGRESS if done else OrderStatus.ACCEPTED
        else:
            served = all(status == LineStatus.SERVED for status in live)
            self.status = OrderStatus.SERVED if served else OrderStatus.READY
        self._stamp(at)

    def _stamp(self, at: datetime) -> None:
        is_done = self.status in (OrderStatus.READY, OrderStatus.SERVED)
        self.ready_at = (self.ready_at or at) if is_done else None
        self.served_at = (self.served_at or at) if self.status == OrderStatus.SERVED else None


class OrderLine(models.Model):
    """What was sold, as it was sold: names, price, options, tax. Only its kitchen state moves."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    guest = models.ForeignKey(Guest, on_delete=models.SET_NULL, null=True, related_name="lines")
    guest_name = models.CharField(max_length=60, blank=True)
    item_id = models.UUIDField()
    name = models.CharField(_("name"), max_length=200)
    i18n = models.JSONField(default=dict)
    language = models.CharField(max_length=10)
    quantity = models.PositiveSmallIntegerField(_("quantity"))
    unit_price = models.BigIntegerField(_("price"))
    total = models.BigIntegerField(_("total"))
    options = models.JSONField(default=list)
    note = models.CharField(_("note"), max_length=200, blank=True)
    tax_rate_bp = models.PositiveIntegerField()
    station = models.CharField(max_length=40, blank=True)
    allergens: Any = models.JSONField(default=list)
    status = models.CharField(_("status"), max_length=10, choices=LineStatus, default=LineStatus.QUEUED)
    previous_status = models.CharField(max_length=10, blank=True)
    changed_at = models.DateTimeField()
    void_reason = models.CharField(max_length=200, blank=True)
    voided_by = models.CharField(max_length=150, blank=True)

    class Meta:
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=99), name="line_quantity_in_range"
            ),
            models.CheckConstraint(
                condition=Q(unit_price__gte=0, total__gte=0), name="line_price_not_negative"
            ),
            models.CheckConstraint(condition=Q(status__in=LineStatus.values), name="line_status_known"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    def move(self, to: str, at: datetime) -> None:
        """One step on, remembered so that it can be undone."""
        self.previous_status, self.status, self.changed_at = self.status, to, at

    def take_off(self, at: datetime) -> None:
        """Canceled before cooking, voided after; there is no step back."""
        to = LineStatus.CANCELED if self.status == LineStatus.QUEUED else LineStatus.VOIDED
        self.move(to, at)
        self.previous_status = ""

    def may_undo(self, at: datetime) -> bool:
        """Ready and served can be taken back, one step and for a minute."""
        is_step = self.status in (LineStatus.READY, LineStatus.SERVED) and bool(self.previous_status)
        return is_step and at - self.changed_at <= timedelta(seconds=UNDO_SECONDS)

    def step_back(self) -> None:
        self.status, self.previous_status = self.previous_status, ""
