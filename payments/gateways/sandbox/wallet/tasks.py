"""Celery's timer for webhooks that are late on purpose or were refused."""

from typing import Any

from celery import shared_task

from payments.gateways.sandbox.wallet.sender import send_due


@shared_task(name="sandbox_wallet.send_webhooks")
def send_webhooks(**kwargs: Any) -> None:
    send_due()
