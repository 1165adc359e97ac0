"""Celery's timer for webhooks that are late on purpose or were refused."""

from typing import Any

from celery import shared_task

from events.slots import slot
from payments.gateways.sandbox.wallet.sender import LIMIT_SECONDS, send_due


@shared_task(name="sandbox_wallet.send_webhooks")
def send_webhooks(**kwargs: Any) -> None:
    with slot("sandbox_wallet.send", count=1, seconds=LIMIT_SECONDS) as is_free:
        if is_free:
            send_due()
