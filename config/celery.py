"""The Celery app: a queue per context; beat only starts timers, the tables hold the truth."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun

from events.bells import bell_of_timer, heard

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("hansang")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes every database connection around every task unless told otherwise, and connecting costs more
# than most tasks; `check_connections` drops only the broken ones.
app.conf.CELERY_DB_REUSE_MAX = 10_000
app.autodiscover_tasks()


@task_prerun.connect
def check_connections(**kwargs: object) -> None:
    from django.db import close_old_connections

    close_old_connections()


@task_prerun.connect
def hear_tick(task: Any, **kwargs: object) -> None:
    if task.name in TIMERS:
        heard(bell_of_timer(task.name))


def _every(task: str, seconds: float, queue: str) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": queue}}


SCHEDULE = {
    "expire-unpaid-orders": _every("orders.expire_unpaid_orders", 15, "orders"),
    "close-idle-tabs": _every("orders.close_idle_tabs", 60, "orders"),
    "reconcile-payments": _every("payments.reconcile_payments", 10, "wallets"),
    "send-sandbox-webhooks": _every("sandbox_wallet.send_webhooks", 5, "wallets"),
    "escalate-alarms": _every("notifications.escalate_alarms", 5, "notifications"),
    "purge-notifications": _every("notifications.purge_notifications", 3600, "notifications"),
    "resume-snapshot-runs": _every("events.resume_snapshot_runs", 20, "default"),
    "purge-events": _every("events.purge_events", 3600, "default"),
}
TIMERS = frozenset(entry["task"] for entry in SCHEDULE.values())
app.conf.beat_schedule = SCHEDULE
app.conf.beat_scheduler = "config.timers:TimerScheduler"
