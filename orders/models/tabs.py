"""A party at a table: its tab, phones, shared cart and calls for staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from orders.errors import MoneyOwed, TabClosed, WrongState
from orders.reasons import MERGED, in_words

if TYPE_CHECKING:
    from orders.models.orders import Order

EMPTY_TAB_MINUTES = 45
DONE_TAB_MINUTES = 90


class TabStatus(models.TextChoices):
    OPEN = "open", _("open")
    CLOSING = "closing", _("settled")
    CLOSED = "closed", _("closed")


class PayAfter(models.TextChoices):
    ORDER = "order", _("each order")
    TAB = "tab", _("the meal")


class Tab(models.Model):
    """The running account of the party at a table. A table has at most one that is not closed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField()
    table_id = models.UUIDField()
    table_name = models.CharField(_("table"), max_length=40)
    table_token = models.CharField(max_length=64)
    status = models.CharField(_("status"), max_length=10, choices=TabStatus, default=TabStatus.OPEN)
    pay_after = models.CharField(_("pays after"), max_length=10, choices=PayAfter)
    currency = models.CharField(max_length=3)
    cart_version = models.PositiveIntegerField(default=0)
    guest_count = models.PositiveSmallIntegerField(_("guests"), default=0)
    opened_at = models.DateTimeField(_("opened"))
    active_at = models.DateTimeField()
    settled_at = models.DateTimeField(_("settled"), null=True)
    # When a paid bill of the party last came to be owed again; news of payments from before that are old.
    owed_since = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True)
    close_reason = models.CharField(max_length=200, blank=True)
    # Why a rule closed it (orders.reasons); what a person typed stands in `close_reason`.
    close_code = models.CharField(max_length=20, blank=True, default="", db_default="")
    closed_by = models.CharField(max_length=150, blank=True)
    merged_into_id = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("tab")
        verbose_name_plural = _("tabs")
        constraints = [
            models.UniqueConstraint(
                fields=["table_id"], condition=Q(closed_at=None), name="one_open_tab_per_table"
            ),
            models.CheckConstraint(condition=Q(status__in=TabStatus.values), name="tab_status_known"),
            models.CheckConstraint(condition=Q(pay_after__in=PayAfter.values), name="tab_pay_after_known"),
            models.CheckConstraint(
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at=None)),
                name="tab_closed_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["store_id", "-opened_at"], name="tab_store_time"),
            models.Index(fields=["active_at"], name="tab_open", condition=Q(closed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.table_name} · {timezone.localtime(self.opened_at):%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def require_open(self) -> None:
        """Raises TabClosed when the party's account has ended."""
        if not self.is_open:
            raise TabClosed()

    def settle(self, at: datetime) -> None:
        """The bill is paid; the party may still sit and order more. Old news change nothing."""
        self.require_open()
        if self.owed_since is None or at >= self.owed_since:
            self.status, self.settled_at = TabStatus.CLOSING, at

    def reopen(self) -> None:
        """Something is owed again: ordered after paying, or paid by money that was not there."""
        self.require_open()
        self.status, self.settled_at = TabStatus.OPEN, None

    def owe_again(self, at: datetime) -> None:
        """A paid bill is owed again since `at`. Joined parties have several bills, whose news may cross."""
        self.owed_since = max(at, self.owed_since or at)
        self.reopen()

    def owes(self, orders: Sequence[Order]) -> bool:
        """Whether something is unserved or, when the meal is paid at the end, unpaid."""
        if any(order.is_open for order in orders):
            return True
        unpaid = self.pay_after == PayAfter.TAB and self.settled_at is None
        return unpaid and any(order.counts and order.total for order in orders)

    def is_idle(self, orders: Sequence[Order], at: datetime) -> bool:
        """Whether the party has evidently left: nothing owed and nobody active for a while."""
        minutes = DONE_TAB_MINUTES if orders else EMPTY_TAB_MINUTES
        return not self.owes(orders) and at - self.active_at > timedelta(minutes=minutes)

    def close(self, *, reason: str, actor_name: str, at: datetime, code: str = "") -> None:
        """Ends the account; its guests' cookies end with it. A rule gives its `code`, a person a reason."""
        self.require_open()
        self.status, self.closed_at = TabStatus.CLOSED, at
        self.close_reason, self.close_code, self.closed_by = reason, code, actor_name

    @property
    def why_closed(self) -> str:
        """The reason in the reader's language; "" when nobody gave one."""
        if self.close_code != MERGED or self.merged_into_id is None:
            return in_words(self.close_reason, self.close_code)
        target = Tab.objects.filter(pk=self.merged_into_id).first()
        return gettext("joined with %(table)s") % {"table": target.table_name if target else "–"}

    def require_settled(self, orders: Sequence[Order]) -> None:
        """Raises MoneyOwed while something is unserved or unpaid."""
        if self.owes(orders):
            raise MoneyOwed()


class Guest(models.Model):
    """One phone at a tab. Nothing about the person: a made-up name and a color."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tab = models.ForeignKey(Tab, on_delete=models.CASCADE, related_name="guests")
    number = models.PositiveSmallIntegerField()
    nickname = models.CharField(max_length=20, blank=True)
    animal = models.PositiveSmallIntegerField(default=0)
    color = models.CharField(max_length=7)
    language = models.CharField(max_length=10)
    # The code it scanned: after a move the party's table has another one.
    token = models.CharField(max_length=64)
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.nickname or f"#{self.number}"


class CartLine(models.Model):
    """Something a guest has picked and nobody has ordered yet; priced when it is read."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tab = models.ForeignKey(Tab, on_delete=models.CASCADE, related_name="cart_lines")
    guest = models.ForeignKey(Guest, on_delete=models.CASCADE, related_name="cart_lines")
    item_id = models.UUIDField()
    quantity = models.PositiveSmallIntegerField()
    options = models.JSONField(default=list)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=99), name="cart_quantity_in_range"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item_id}"


class CallKind(models.TextChoices):
    HELP = "help", _("help")
    WATER = "water", _("water")
    CUTLERY = "cutlery", _("cutlery")
    BILL = "bill", _("the bill")
    OTHER = "other", _("something else")


class Call(models.Model):
    """A guest calls for staff; one open call per kind and tab."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tab = models.ForeignKey(Tab, on_delete=models.CASCADE, related_name="calls")
    guest = models.ForeignKey(Guest, on_delete=models.SET_NULL, null=True)
    store_id = models.UUIDField()
    kind = models.CharField(max_length=10, choices=CallKind)
    note = models.CharField(max_length=200, blank=True)
    guest_name = models.CharField(max_length=60, blank=True)
    raised_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tab", "kind"], condition=Q(answered_at=None), name="one_open_call_per_kind"
            ),
            models.CheckConstraint(condition=Q(kind__in=CallKind.values), name="call_kind_known"),
        ]
        indexes = [
            models.Index(fields=["store_id", "raised_at"], name="call_open", condition=Q(answered_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.raised_at:%H:%M}"

    def answer(self, *, actor_name: str, at: datetime) -> None:
        """Somebody is on the way."""
        if self.answered_at is not None:
            raise WrongState()
        self.answered_at, self.answered_by = at, actor_name
