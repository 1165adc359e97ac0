"""The sandbox bank's own books. Nothing of the product reads them: it asks over HTTP like any merchant."""

import secrets

from django.db import models
from django.db.models import F, Q

from events.kernel.ids import new_id


class WalletState(models.TextChoices):
    OPEN = "open"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELED = "canceled"
    EXPIRED = "expired"


class WalletPayment(models.Model):
    """A payment a merchant asked for."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    merchant_id = models.CharField(max_length=64)
    merchant_name = models.CharField(max_length=120)
    reference = models.CharField(max_length=64)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=WalletState, default=WalletState.OPEN)
    return_url = models.CharField(max_length=600)
    notify_url = models.CharField(max_length=600)
    # What the person at the wallet page chose to act out.
    silent_answers = models.PositiveSmallIntegerField(default=0)
    refunds_fail = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    captured_at = models.DateTimeField(null=True)
    refunded = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "reference"], name="wallet_reference_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="wallet_amount_positive"),
            models.CheckConstraint(condition=Q(state__in=WalletState.values), name="wallet_state_known"),
            models.CheckConstraint(
                condition=Q(refunded__gte=0) & Q(refunded__lte=F("amount")),
                name="wallet_refund_within_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.state}"


class WalletRefund(models.Model):
    """Money the merchant gave back."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(WalletPayment, on_delete=models.CASCADE, related_name="refunds")
    reference = models.CharField(max_length=64)
    amount = models.BigIntegerField()
    succeeded = models.BooleanField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "reference"], name="wallet_refund_once"),
        ]

    def __str__(self) -> str:
        return self.reference


class IdempotentAnswer(models.Model):
    """What we answered to a key; kept for 24 hours."""

    merchant_id = models.CharField(max_length=64)
    key = models.CharField(max_length=120)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "key"], name="wallet_answer_once"),
        ]

    def __str__(self) -> str:
        return self.key


def new_message_id() -> str:
    return f"msg_{secrets.token_urlsafe(18)}"


class WebhookAttempt(models.Model):
    """A notification to a merchant, repeated until it was taken or given up."""

    id = models.CharField(primary_key=True, max_length=40, default=new_message_id)
    payment = models.ForeignKey(WalletPayment, on_delete=models.CASCADE, related_name="webhooks")
    body = models.TextField()
    copies = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_status = models.PositiveSmallIntegerField(null=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="wallet_webhook_due", condition=Q(delivered_at=None)),
        ]

    def __str__(self) -> str:
        return self.id
