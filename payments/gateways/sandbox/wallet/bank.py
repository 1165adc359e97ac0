"""What the sandbox bank does: take payments, answer merchants, send webhooks. State first, then the call."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.transaction import Atomic
from django.utils import timezone

from events.kernel.databases import alias_of, atomic, on_commit
from payments.gateways.sandbox.wallet.models import (
    WalletPayment,
    WalletRefund,
    WalletState,
    WebhookAttempt,
)

LATE = timedelta(seconds=20)


def bank_transaction() -> Atomic:
    """The bank's own books stand in the database of payments."""
    return atomic("payments")


class BankError(Exception):
    """A request the bank refuses: HTTP `status`, `error` code."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


def payment_json(payment: WalletPayment) -> dict[str, Any]:
    """A payment as merchants see it, in answers and in webhooks."""
    return {
        "id": payment.id.hex,
        "reference": payment.reference,
        "merchant_id": payment.merchant_id,
        "amount": payment.amount,
        "currency": payment.currency,
        "state": payment.state,
        "paid_at": payment.captured_at.isoformat() if payment.captured_at else None,
        "refunded": payment.refunded,
        "live": False,
        "pay_url": f"{settings.SANDBOX_WALLET_URL}/sandbox/pay/{payment.id}/",
    }


def refund_json(refund: WalletRefund) -> dict[str, Any]:
    return {
        "id": refund.id.hex,
        "reference": refund.reference,
        "amount": refund.amount,
        "currency": refund.payment.currency,
        "state": "succeeded" if refund.succeeded else "failed",
        "failure": "" if refund.succeeded else "account_closed",
    }


def create_payment(merchant_id: str, data: dict[str, Any]) -> WalletPayment:
    """Raises BankError for a request that makes no sense; the same reference gives the same payment."""
    amount, currency = data.get("amount"), data.get("currency")
    if type(amount) is not int or not 0 < amount < 10**13 or not isinstance(currency, str):
        raise BankError(422, "bad_amount")
    try:
        expires_at = datetime.fromisoformat(str(data.get("expires_at")))
    except ValueError:
        raise BankError(422, "bad_expiry") from None
    payment, _ = WalletPayment.objects.get_or_create(
        merchant_id=merchant_id,
        reference=str(data.get("reference"))[:64],
        defaults={
            "merchant_name": str(data.get("merchant_name", ""))[:120],
            "amount": amount,
            "currency": currency[:3],
            "description": str(data.get("description", ""))[:200],
            "return_url": str(data.get("return_url", ""))[:600],
            "notify_url": str(data.get("notify_url", ""))[:600],
            "expires_at": expires_at,
        },
    )
    if (payment.amount, payment.currency) != (amount, currency):
        raise BankError(409, "reference_reused")
    return payment


def find(merchant_id: str, reference: str, *, lock: bool = False) -> WalletPayment:
    """Raises BankError 404 for an unknown reference of this merchant."""
    rows = WalletPayment.objects.select_for_update() if lock else WalletPayment.objects.all()
    payment = rows.filter(merchant_id=merchant_id, reference=reference).first()
    if payment is None:
        raise BankError(404, "unknown_payment")
    return payment


def close(merchant_id: str, reference: str) -> WalletPayment:
    """Stops an open payment; one that is paid stays paid and says so."""
    with bank_transaction():
        payment = find(merchant_id, reference, lock=True)
        if payment.state == WalletState.OPEN:
            payment.state = WalletState.CANCELED
            payment.save(update_fields=["state"])
        return payment


def refund(merchant_id: str, reference: str, data: dict[str, Any]) -> WalletRefund:
    """Gives money back once per refund reference; never more than was paid."""
    with bank_transaction():
        payment = find(merchant_id, reference, lock=True)
        number, amount = str(data.get("reference"))[:64], data.get("amount")
        known = payment.refunds.filter(reference=number).select_related("payment").first()
        if known:
            return known
        if payment.state != WalletState.CAPTURED or type(amount) is not int or amount <= 0:
            raise BankError(422, "not_refundable")
        if payment.refunded + amount > payment.amount:
            raise BankError(409, "too_much")
        row = payment.refunds.create(reference=number, amount=amount, succeeded=not payment.refunds_fail)
        if row.succeeded:
            payment.refunded += amount
            payment.save(update_fields=["refunded"])
        announce(payment, "refund.succeeded" if row.succeeded else "refund.failed", refund=row)
        return row


# What the buttons of the wallet page act out.
SCENARIOS = (
    "approve",
    "decline",
    "cancel",
    "stay",
    "late_webhook",
    "noisy_webhooks",
    "timeout",
    "refund_fails",
)


def decide(payment_id: Any, scenario: str) -> WalletPayment:
    """The customer presses a button. A second press finds the payment decided and changes nothing."""
    with bank_transaction():
        payment = WalletPayment.objects.select_for_update().get(pk=payment_id)
        if payment.state != WalletState.OPEN:
            return payment
        if payment.expires_at <= timezone.now():
            _end(payment, WalletState.EXPIRED)
        elif scenario in ("decline", "cancel"):
            _end(payment, WalletState.DECLINED if scenario == "decline" else WalletState.CANCELED)
        else:
            _capture(payment, scenario)
        return payment


def _end(payment: WalletPayment, state: WalletState) -> None:
    payment.state = state
    payment.save(update_fields=["state"])
    announce(payment, f"payment.{state.value}")


def _capture(payment: WalletPayment, scenario: str) -> None:
    before = payment_json(payment)
    payment.state = WalletState.CAPTURED
    payment.captured_at = timezone.now()
    payment.refunds_fail = scenario == "refund_fails"
    payment.silent_answers = 3 if scenario == "timeout" else 0
    payment.save()
    slow = LATE if scenario in ("late_webhook", "timeout") else timedelta(0)
    noisy = scenario == "noisy_webhooks"
    announce(payment, "payment.captured", delay=slow, copies=3 if noisy else 1)
    if noisy:  # what happened first is told last
        announce(payment, "payment.opened", snapshot=before, delay=timedelta(seconds=1))


def announce(
    payment: WalletPayment,
    kind: str,
    *,
    refund: WalletRefund | None = None,
    snapshot: dict[str, Any] | None = None,
    delay: timedelta = timedelta(0),
    copies: int = 1,
) -> None:
    """Queues a webhook in the open transaction; the sender is woken when it commits."""
    from payments.gateways.sandbox.wallet.sender import wake

    now = timezone.now()
    data: dict[str, Any] = {"payment": snapshot or payment_json(payment)}
    if refund:
        data["refund"] = refund_json(refund)
    body = json.dumps({"type": kind, "timestamp": now.isoformat(), "data": data})
    WebhookAttempt.objects.create(payment=payment, body=body, due_at=now + delay, copies=copies)
    if not delay:
        on_commit("payments", wake)


def swallow_answer(payment: WalletPayment) -> bool:
    """Whether the bank plays dead this time (scenario "timeout")."""
    with connections[alias_of("payments")].cursor() as cursor:
        cursor.execute(
            "UPDATE sandbox_wallet_walletpayment SET silent_answers = silent_answers - 1 "
            "WHERE id = %s AND silent_answers > 0",
            [payment.id],
        )
        return bool(cursor.rowcount)
