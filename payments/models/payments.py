"""One attempt to pay, and what became of it."""

import secrets
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from events.kernel.ids import new_id
from events.kernel.money import format_money
from payments.errors import WrongState
from payments.models.accounts import GatewayAccount, Mode
from payments.models.bills import Bill


class PaymentState(models.TextChoices):
    CREATED = "created", _("created")
    STARTED = "started", _("started")
    CONFIRMING = "confirming", _("being confirmed")
    PENDING = "pending", _("in progress at the gateway")
    CAPTURED = "captured", _("paid")
    FAILED = "failed", _("failed")
    CANCELED = "canceled", _("canceled")
    EXPIRED = "expired", _("expired")
    REVIEW = "review", _("needs a look")


# Their amount is reserved on the bill.
OPEN_STATES = (
    PaymentState.CREATED,
    PaymentState.STARTED,
    PaymentState.CONFIRMING,
    PaymentState.PENDING,
)
_ENDINGS = (PaymentState.FAILED, PaymentState.CANCELED, PaymentState.EXPIRED)


class ShareKind(models.TextChoices):
    ALL = "all", _("everything")
    MINE = "mine", _("my own")
    EVEN = "even", _("an even share")
    AMOUNT = "amount", _("an amount")


# The gateway whose other end is a member of staff.
COUNTER = "counter"


def new_reference() -> str:
    """32 lower-case hex digits: every gateway accepts it. A new attempt has a new one."""
    return secrets.token_hex(16)


class Payment(models.Model):
    """An attempt to pay a part of a bill. Captured is final; money going back is a Refund."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="payments")
    account = models.ForeignKey(GatewayAccount, on_delete=models.PROTECT, related_name="payments")
    store_id = models.UUIDField(_("store"))
    tab_id = models.UUIDField(_("tab"), db_index=True)
    order_id = models.UUIDField(_("order"), null=True)
    guest_id = models.UUIDField(null=True)
    table_token = models.CharField(max_length=24, blank=True)
    gateway = models.CharField(_("gateway"), max_length=20)
    mode = models.CharField(_("mode"), max_length=4, choices=Mode)
    merchant_ref = models.CharField(_("reference"), max_length=32, unique=True, default=new_reference)
    gateway_ref = models.CharField(_("gateway's reference"), max_length=200, blank=True, default="")
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    captured = models.BigIntegerField(default=0)
    # Given back or promised, refused refunds too, until a person withdraws them (ADR 0012): never more than
    # was captured.
    returned = models.BigIntegerField(_("given back"), default=0)
    state = models.CharField(_("state"), max_length=12, choices=PaymentState, default=PaymentState.CREATED)
    method = models.CharField(_("method"), max_length=60, blank=True, default="")
    late = models.BooleanField(_("arrived late"), default=False)
    share_kind = models.CharField(_("share"), max_length=8, choices=ShareKind, default=ShareKind.ALL)
    share_parts = models.PositiveSmallIntegerField(null=True)
    # The bill's when it began, then the one in which its money arrived.
    reckoning = models.SmallIntegerField(default=1, db_default=1, editable=False)
    next_action = models.JSONField(null=True)
    # What the gateway is told of it in words; None on attempts of older releases.
    words = models.JSONField(null=True, editable=False)
    failure = models.CharField(_("reason"), max_length=200, blank=True, default="")
    # Who asked, and the key that makes a repeated request the same one.
    key_scope = models.CharField(max_length=60)
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(_("taken by"), max_length=150, blank=True, default="")
    receipt_no = models.CharField(_("receipt"), max_length=60, blank=True, default="")
    tendered = models.BigIntegerField(_("given"), null=True)
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    captured_at = models.DateTimeField(_("paid"), null=True)
    # Who ended the check of a payment that did not fit the gateway's word, and why.
    reviewed_at = models.DateTimeField(_("decided"), null=True)
    reviewed_by = models.CharField(_("decided by"), max_length=150, default="", db_default="")
    review_reason = models.CharField(_("reason for the decision"), max_length=200, default="", db_default="")
    # When the reconciler looks next, and how often it has looked.
    check_at = models.DateTimeField(null=True)
    checks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(fields=["key_scope", "key"], name="payment_key_once"),
            models.UniqueConstraint(
                fields=["account", "gateway_ref"], condition=~Q(gateway_ref=""), name="gateway_ref_once"
            ),
            # One open attempt per phone and bill; staff (no guest) take money at once.
            models.UniqueConstraint(
                fields=["bill", "guest_id"],
                condition=Q(state__in=OPEN_STATES) & Q(guest_id__isnull=False),
                name="one_open_attempt_per_payer",
            ),
            models.CheckConstraint(condition=Q(state__in=PaymentState.values), name="payment_state_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(merchant_ref__regex=r"^[0-9a-f]{32}$"), name="reference_form"),
            models.CheckConstraint(
                condition=(Q(state="captured") & Q(captured=F("amount")) & Q(captured_at__isnull=False))
                | (~Q(state="captured") & Q(captured=0)),
                name="captured_means_booked",
            ),
            models.CheckConstraint(
                condition=Q(returned__gte=0) & Q(returned__lte=F("captured")), name="refunds_within_capture"
            ),
        ]
        indexes = [
            models.Index(fields=["check_at"], name="payment_check", condition=Q(check_at__isnull=False)),
            models.Index(fields=["store_id", "-created_at"], name="payment_store_time"),
        ]

    def __str__(self) -> str:
        amount = format_money(self.amount, self.currency, get_language() or "en")
        return f"{amount} · {self.get_state_display()}"

    @classmethod
    def of(cls, bill: Bill, account: GatewayAccount, **fields: Any) -> "Payment":
        """An attempt to pay a part of the bill by the account, not saved."""
        return cls(
            bill=bill,
            account=account,
            store_id=bill.store_id,
            tab_id=bill.tab_id,
            order_id=bill.order_id,
            gateway=account.gateway,
            mode=account.mode,
            currency=bill.currency,
            reckoning=bill.reckoning,
            **fields,
        )

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def refundable(self) -> int:
        """Minor units that may still go back."""
        return self.captured - self.returned

    @property
    def can_be_reversed(self) -> bool:
        """Whether it may have been booked by mistake: only what staff took, while something is left of it."""
        return self.gateway == COUNTER and self.state == PaymentState.CAPTURED and self.refundable > 0

    def start(self, *, next_action: dict[str, str] | None, gateway_ref: str) -> None:
        """The gateway knows the attempt. A webhook may have overtaken us: then this changes nothing."""
        if self.state != PaymentState.CREATED:
            return
        self.state = PaymentState.STARTED
        self.next_action = next_action
        self.gateway_ref = gateway_ref

    def confirm(self) -> bool:
        """Claims the one server-side confirmation; False when somebody else has it."""
        if self.state not in (PaymentState.STARTED, PaymentState.PENDING):
            return False
        self.state = PaymentState.CONFIRMING
        return True

    def wait(self) -> None:
        """The gateway is still working on it (a bank transfer, a deposit)."""
        if self.state in (PaymentState.CREATED, PaymentState.STARTED, PaymentState.CONFIRMING):
            self.state = PaymentState.PENDING

    def capture(self, *, at: datetime, gateway_ref: str, method: str) -> None:
        """Money arrived, perhaps after we had given up. Never undone. Raises WrongState when repeated."""
        if self.state == PaymentState.CAPTURED:
            raise WrongState
        # Its share was free meanwhile, as it is under review.
        self.late = self.state in (*_ENDINGS, PaymentState.REVIEW)
        self.state = PaymentState.CAPTURED
        self.captured = self.amount
        self.captured_at = at
        self.gateway_ref = gateway_ref or self.gateway_ref
        self.method = method[:60]
        self.failure = ""
        self.next_action = None
        self.check_at = None

    def end(self, *, state: PaymentState, reason: str) -> bool:
        """Closes an open attempt without money; False when it is not open any more."""
        if not self.is_open:
            return False
        self.state = state
        self.failure = reason[:200]
        self.next_action = None
        return True

    def flag(self, reason: str) -> None:
        """What the gateway says does not fit: a person must look (again). Money is never assumed."""
        if self.state == PaymentState.CAPTURED:
            return
        self.state = PaymentState.REVIEW
        self.failure = reason[:200]
        self.reviewed_at, self.reviewed_by, self.review_reason = None, "", ""

    def dismiss(self, *, at: datetime, reason: str, actor_name: str) -> None:
        """A person ends the check: no money is here. Raises WrongState for a payment that needs no look."""
        if self.state != PaymentState.REVIEW:
            raise WrongState
        self.state = PaymentState.CANCELED
        self.reviewed_at = at
        self.reviewed_by, self.review_reason = actor_name[:150], reason[:200]
        self.check_at = None
