"""Timers: each finds its work in the tables, so a lost or doubled tick changes nothing."""

from typing import Any

from celery import shared_task

from events.kernel.databases import now
from notifications import retention, services


@shared_task(name="notifications.escalate_alarms")
def escalate_alarms(**kwargs: Any) -> None:
    services.escalate_due_alarms(now=now("notifications"))


@shared_task(name="notifications.purge_notifications")
def purge_notifications(**kwargs: Any) -> None:
    retention.purge_old_notifications(now=now("notifications"))
