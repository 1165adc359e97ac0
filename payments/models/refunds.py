"""Money on its way back."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from payments.models.bills import Bill
from payments.models.payments import Payment


class RefundState(models.TextChoices):
    REQUESTED = "requested", _("requested")
    SENT = "sent", _("sent")
    PENDING = "pending", _("in progress")
    SUCCEEDED = "succeeded", _("given back")
    FAILED = "failed", _("failed")
    REVERSED = "reversed", _("came back")


PENDING_STATES = (RefundState.REQUESTED, RefundState.SENT, RefundState.PENDING)


class RefundSource(models.TextChoices):
    STAFF = "staff", _("staff")
    ORDER = "order", _("order taken back")
    OVERPAID = "overpaid", _("paid twice")
    LATE = "late", _("paid too late")
    REVERSAL = "reversal", _("booked by mistake")
    EXTERNAL = "external", _("at the gateway")


class Refund(models.Model):
    """A part of one payment that goes back. Its id is the reference the gateway deduplicates by."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="refunds")
    store_id = models.UUIDField(_("store"))
    amount = models.BigIntegerField(_("amount"))
    # What the bill is lowered by: staff who give money back do not want it again.
    credit = models.BigIntegerField(default=0)
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=10, choices=RefundState, default=RefundState.REQUESTED)
    source = models.CharField(_("cause"), max_length=10, choices=RefundSource)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    failure = models.CharField(_("failure"), max_length=200, blank=True, default="")
    gateway_ref = models.CharField(_("gateway's reference"), max_length=200, blank=True, default="")
    key_scope = models.CharField(max_length=60)
    key = models.CharField(max_length=80)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(_("by"), max_length=150, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    done_at = models.DateTimeField(_("done"), null=True)
    check_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["key_scope", "key"], name="refund_key_once"),
            models.CheckConstraint(condition=Q(state__in=RefundState.values), name="refund_state_known"),
            models.CheckConstraint(condition=Q(source__in=RefundSource.values), name="refund_source_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(credit__gte=0) & Q(credit__lte=models.F("amount")),
                name="refund_credit_within_amount",
            ),
        ]
        indexes = [
            models.Index(fields=["check_at"], name="refund_check", condition=Q(check_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.state}"

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING_STATES

    def send(self, *, at: datetime, check_at: datetime) -> bool:
        """Claims the next try; False when there is nothing left to send."""
        if self.state not in (RefundState.REQUESTED, RefundState.SENT):
            return False
        self.state = RefundState.SENT
        self.sent_at = self.sent_at or at
        self.attempts += 1
        self.check_at = check_at
        return True

    def finish(self, *, state: RefundState, at: datetime, gateway_ref: str = "", failure: str = "") -> None:
        self.state = state
        self.done_at = at
        self.gateway_ref = gateway_ref[:200] or self.gateway_ref
        self.failure = failure[:200]
        self.check_at = None
