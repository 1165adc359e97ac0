"""The queue's Celery tasks: three thin doors to plain functions."""

from typing import Any

from celery import shared_task
from django.conf import settings

from events import relay
from events.delivery import drain as drain_context


@shared_task(name="events.drain")
def drain(*, context: str, **kwargs: Any) -> None:
    drain_context(context)


@shared_task(name="events.ship")
def ship(*, alias: str, **kwargs: Any) -> None:
    relay.ship(alias)


@shared_task(name="events.purge_events")
def purge_events(**kwargs: Any) -> None:
    relay.purge(days=settings.EVENTS_RETENTION_DAYS)
