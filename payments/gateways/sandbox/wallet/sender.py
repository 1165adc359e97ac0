"""Sends the bank's webhooks: claim → commit → POST → record; repeated until taken, or given up."""

import os
import threading
import time
from datetime import timedelta

import httpx
from django.conf import settings
from django.db import connections
from django.utils import timezone
from standardwebhooks import Webhook

from payments.gateways.sandbox import keys
from payments.gateways.sandbox.wallet.bank import bank_transaction
from payments.gateways.sandbox.wallet.models import WebhookAttempt

RETRIES = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300, 900, 3600))

SECONDS, LIMIT_SECONDS = 20.0, 60.0  # a shop that hangs costs five a call


def wake() -> None:
    """Sends what is due on a short-lived thread; without one (tests), the timer does it."""
    if settings.SANDBOX_WEBHOOK_THREAD:
        threading.Thread(target=_run, name="sandbox-webhooks", daemon=True).start()


def _run() -> None:
    try:
        send_due()
    finally:
        connections.close_all()


def send_due(*, seconds: float = SECONDS) -> int:
    """Sends what is due until time is up; returns how many calls were made."""
    started, count = time.monotonic(), 0
    while time.monotonic() - started < seconds and (row := _claim()):
        for _ in range(row.copies):
            _record(row, _post(row))
            count += 1
    return count


def _claim() -> WebhookAttempt | None:
    now = timezone.now()
    with bank_transaction():
        due = WebhookAttempt.objects.filter(delivered_at=None, due_at__lte=now, attempts__lt=len(RETRIES))
        row = (
            due.select_for_update(skip_locked=True, of=("self",))
            .select_related("payment")
            .order_by("due_at")
            .first()
        )
        if row:
            row.due_at = now + RETRIES[row.attempts]
            row.attempts += 1
            row.save(update_fields=["due_at", "attempts"])
        return row


def signed_headers(message_id: str, merchant_id: str, body: str) -> dict[str, str]:
    """The Standard Webhooks headers of one call."""
    now = timezone.now()
    signature = Webhook(keys.webhook_secret(merchant_id)).sign(message_id, now, body)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signature,
        "content-type": "application/json",
        "user-agent": f"sandbox-wallet/{os.environ.get('HOSTNAME', '1')[:20]}",
    }


def _post(row: WebhookAttempt) -> int:
    headers = signed_headers(row.id, row.payment.merchant_id, row.body)
    try:
        response = httpx.post(row.payment.notify_url, content=row.body.encode(), headers=headers, timeout=5)
    except httpx.HTTPError:
        return 0
    return response.status_code


def _record(row: WebhookAttempt, status: int) -> None:
    row.last_status = status
    row.delivered_at = timezone.now() if 200 <= status < 300 else None
    row.save(update_fields=["last_status", "delivered_at"])
