"""The queue's Celery tasks: three thin doors to plain functions."""

from typing import Any

from celery import shared_task
from django.conf import settings

from events import relay, retention
from events.delivery import drain as drain_lane


@shared_task(name="events.drain")
def drain(*, context: str, **kwargs: Any) -> None:
    """`context` may be a lane beside a context; the name is what a release before this one sends."""
    drain_lane(context)


@shared_task(name="events.ship")
def ship(*, alias: str, **kwargs: Any) -> None:
    relay.ship(alias)


@shared_task(name="events.purge_events")
def purge_events(**kwargs: Any) -> None:
    retention.purge(days=settings.EVENTS_RETENTION_DAYS)
