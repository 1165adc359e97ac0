"""Celery's door to the reconciler; the rows it reads are the truth, a lost tick costs ten seconds."""

from typing import Any

from celery import shared_task

from payments.services.reconcile import reconcile_payments as reconcile


@shared_task(name="payments.reconcile_payments")
def reconcile_payments(**kwargs: Any) -> None:
    reconcile()
