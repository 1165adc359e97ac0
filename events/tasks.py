"""The queue's Celery tasks: three thin doors to plain functions."""

from typing import Any

from celery import shared_task
from django.conf import settings

from events import relay, retention
from events.bells import heard
from events.delivery import DRAIN_SECONDS
from events.delivery import drain as drain_lane
from events.kicks import bell_of
from events.registry import context_of
from events.slots import slot


@shared_task(name="events.drain")
def drain(*, context: str, **kwargs: Any) -> None:
    """`context` may be a lane beside a context; the name is what a release before this one sends."""
    heard(bell_of("events.drain", context))
    if context == context_of(context):
        drain_lane(context)
        return
    with slot(context, seconds=DRAIN_SECONDS + settings.CELERY_TASK_TIME_LIMIT) as is_free:
        if is_free:
            drain_lane(context)


@shared_task(name="events.ship")
def ship(*, alias: str, **kwargs: Any) -> None:
    heard(bell_of("events.ship", alias))
    relay.ship(alias)


@shared_task(name="events.purge_events")
def purge_events(**kwargs: Any) -> None:
    retention.purge(days=settings.EVENTS_RETENTION_DAYS)
