"""Celery's door to the reconciler; the rows it reads are the truth, a lost tick costs ten seconds."""

from typing import Any

from celery import shared_task

from events.kernel.databases import now
from events.slots import slot
from payments.services.reconcile import LIMIT_SECONDS
from payments.services.reconcile import reconcile_payments as reconcile


@shared_task(name="payments.reconcile_payments")
def reconcile_payments(**kwargs: Any) -> None:
    with slot("payments.reconcile", count=1, seconds=LIMIT_SECONDS) as is_free:
        if is_free:
            reconcile(now=now("payments"))
