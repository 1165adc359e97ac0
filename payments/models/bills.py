"""What is owed: one bill per order (pay first) or one growing bill per tab (pay at the end)."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id


class Bill(models.Model):
    """What a party owes. Whether it is paid is computed from the ledger, never read from a flag."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    store_id = models.UUIDField(_("store"))
    tab_id = models.UUIDField(_("tab"), db_index=True)
    # The tab that opened it; `tab_id` follows when tabs are joined.
    origin_tab_id = models.UUIDField(editable=False)
    order_id = models.UUIDField(_("order"), null=True)
    table_id = models.UUIDField(null=True)
    table_name = models.CharField(_("table"), max_length=20, blank=True)
    table_token = models.CharField(max_length=24, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    # Counts up when something is ordered after all was paid. Lines and payments carry the number of their
    # time: who treated everybody then has paid nothing of what is ordered now.
    reckoning = models.SmallIntegerField(default=1, db_default=1, editable=False)
    # When bill.paid was last announced; cleared when bill.reopened is. Decides nothing else.
    settled_at = models.DateTimeField(_("settled"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    close_reason = models.CharField(_("reason for closing"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("opened"), auto_now_add=True)

    class Meta:
        verbose_name = _("bill")
        verbose_name_plural = _("bills")
        constraints = [
            models.UniqueConstraint(fields=["order_id"], name="one_bill_per_order"),
            models.UniqueConstraint(
                fields=["origin_tab_id"], condition=Q(order_id=None), name="one_bill_per_tab"
            ),
        ]
        indexes = [models.Index(fields=["store_id", "-created_at"], name="bill_store_time")]

    def __str__(self) -> str:
        return f"{self.table_name} {timezone.localtime(self.created_at):%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    def close(self, *, reason: str, at: datetime) -> None:
        """No new payments; money that still arrives is booked all the same."""
        if self.closed_at is None:
            self.closed_at = at
            self.close_reason = reason[:200]


class BillLine(models.Model):
    """One ordered line, with what was sold at which price."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="lines")
    order_id = models.UUIDField(db_index=True)
    order_number = models.PositiveIntegerField(_("order"))
    line_id = models.UUIDField(unique=True)
    name = models.CharField(_("item"), max_length=200)
    i18n = models.JSONField(default=dict)
    options = models.JSONField(default=list)
    quantity = models.PositiveIntegerField(_("quantity"))
    unit_price = models.BigIntegerField(_("unit price"))
    total = models.BigIntegerField(_("total"))
    voided_amount = models.BigIntegerField(_("taken off"), default=0)
    void_reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    tax_rate_bp = models.PositiveIntegerField(default=0)
    guest_id = models.UUIDField(null=True)
    guest_name = models.CharField(_("guest"), max_length=60, blank=True)
    position = models.PositiveIntegerField(default=0)
    reckoning = models.SmallIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        verbose_name = _("bill line")
        verbose_name_plural = _("bill lines")
        ordering = ["order_number", "position"]
        constraints = [
            models.CheckConstraint(condition=Q(total__gte=0), name="bill_line_not_negative"),
            models.CheckConstraint(
                condition=Q(voided_amount__gte=0) & Q(voided_amount__lte=F("total")),
                name="bill_line_void_within_total",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def owed(self) -> int:
        return self.total - self.voided_amount

    @property
    def is_voided(self) -> bool:
        return self.total > 0 and self.voided_amount == self.total

    def void(self, *, amount: int, reason: str) -> None:
        """Takes `amount` (minor units) off, never more than is left of the line."""
        self.voided_amount = min(self.total, max(self.voided_amount, amount))
        self.void_reason = reason[:200]

    @property
    def texts(self) -> dict[str, Any]:
        return {"name": self.name, "i18n": self.i18n}
