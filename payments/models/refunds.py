"""Money on its way back."""

from datetime import datetime
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from events.kernel.money import format_money
from payments.errors import WrongState
from payments.models.bills import Bill, BillLine
from payments.models.payments import COUNTER, Payment


class RefundState(models.TextChoices):
    REQUESTED = "requested", _("requested")
    SENT = "sent", _("sent")
    PENDING = "pending", _("in progress")
    SUCCEEDED = "succeeded", _("given back")
    FAILED = "failed", _("failed")
    REVERSED = "reversed", _("came back")
    RESOLVED = "resolved", _("settled otherwise")


PENDING_STATES = (RefundState.REQUESTED, RefundState.SENT, RefundState.PENDING)
# The money is still promised to the guest, and a person must decide how it gets there.
STUCK_STATES = (RefundState.FAILED, RefundState.REVERSED)


class Resolution(models.TextChoices):
    RETRIED = "retried", _("tried again")
    CASH = "cash", _("paid back in cash")
    WITHDRAWN = "withdrawn", _("not given back")


class RefundSource(models.TextChoices):
    STAFF = "staff", _("staff")
    ORDER = "order", _("order taken back")
    OVERPAID = "overpaid", _("paid twice")
    LATE = "late", _("paid too late")
    REVERSAL = "reversal", _("booked by mistake")
    EXTERNAL = "external", _("at the gateway")


BEGUN_BY_STAFF = (RefundSource.STAFF, RefundSource.REVERSAL)


class Refund(models.Model):
    """A part of one payment that goes back. Its id is the reference the gateway deduplicates by.

    From the wish on its amount is reserved on the payment. A refused one keeps it until a person resolves it:
    then another refund takes its place (`replaces`), or the goodwill is withdrawn.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="refunds", verbose_name=_("payment")
    )
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="refunds")
    store_id = models.UUIDField(_("store"))
    amount = models.BigIntegerField(_("amount"))
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
    # Handed over from the drawer although the payment came by a gateway.
    in_cash = models.BooleanField(_("in cash"), default=False)
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="replacement",
        verbose_name=_("replaces"),
    )
    resolution = models.CharField(_("decision"), max_length=10, choices=Resolution, blank=True, default="")
    resolved_at = models.DateTimeField(_("decided"), null=True)
    resolved_by = models.CharField(_("decided by"), max_length=150, blank=True, default="")

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        constraints = [
            models.UniqueConstraint(fields=["key_scope", "key"], name="refund_key_once"),
            models.CheckConstraint(condition=Q(state__in=RefundState.values), name="refund_state_known"),
            models.CheckConstraint(condition=Q(source__in=RefundSource.values), name="refund_source_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_positive"),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False, resolution__in=Resolution.values)
                | (~Q(state="resolved") & Q(resolved_at=None, resolution="")),
                name="refund_resolved_by_a_person",
            ),
        ]
        indexes = [
            models.Index(fields=["check_at"], name="refund_check", condition=Q(check_at__isnull=False)),
        ]

    def __str__(self) -> str:
        amount = format_money(self.amount, self.currency, get_language() or "en")
        return f"{amount} · {self.get_state_display()}"

    @classmethod
    def of(
        cls,
        payment: Payment,
        *,
        amount: int,
        source: RefundSource,
        reason: str = "",
        actor: tuple[UUID | None, str] = (None, ""),
        key: tuple[str, str] | None = None,
    ) -> "Refund":
        """A wish to give `amount` (minor units) of the payment back, not saved; `key` makes it unique."""
        refund = cls(
            payment=payment,
            bill_id=payment.bill_id,
            store_id=payment.store_id,
            amount=amount,
            currency=payment.currency,
            source=source,
            reason=reason[:200],
            actor_id=actor[0],
            actor_name=actor[1][:150],
        )
        refund.key_scope, refund.key = key or ("auto", str(refund.id))
        return refund

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING_STATES

    @classmethod
    def waiting_for_a_hand(cls, store_id: UUID) -> "models.QuerySet[Refund]":
        """Those that `needs_hand` of, in the whole store, the oldest first."""
        rows = cls.objects.filter(store_id=store_id, state__in=PENDING_STATES, payment__gateway=COUNTER)
        return rows.exclude(source__in=BEGUN_BY_STAFF).order_by("id")

    @property
    def needs_hand(self) -> bool:
        """Whether it waits for staff: what came over the counter goes back over it, unless staff began it."""
        asked_by_rule = self.source not in BEGUN_BY_STAFF
        return self.is_pending and asked_by_rule and self.payment.gateway == COUNTER

    @property
    def is_stuck(self) -> bool:
        """Whether it was refused or came back, and nobody has decided yet."""
        return self.state in STUCK_STATES

    @property
    def can_be_withdrawn(self) -> bool:
        """Whether staff may think better of it: of their own goodwill, not of money that is the guest's."""
        return self.is_stuck and self.source == RefundSource.STAFF

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

    def resolve(self, *, resolution: Resolution, at: datetime, actor_name: str) -> None:
        """A person decided what becomes of a refused refund. Raises WrongState where nobody may decide so."""
        is_open = self.can_be_withdrawn if resolution == Resolution.WITHDRAWN else self.is_stuck
        if not is_open:
            raise WrongState
        self.state = RefundState.RESOLVED
        self.resolution = resolution
        self.resolved_at = at
        self.resolved_by = actor_name[:150]


class Credit(models.Model):
    """Goodwill: the part of a staff refund that lowers one line, so that nobody is asked to pay it again."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="credits")
    line = models.ForeignKey(BillLine, on_delete=models.PROTECT, related_name="credits")
    amount = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["refund", "line"], name="one_credit_per_line"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="credit_amount_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} for {self.line_id}"
