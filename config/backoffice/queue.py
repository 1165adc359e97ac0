"""The health of the event queue as its owner reads it: a few figures, bars, dead letters in plain words."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncMinute
from django.utils import timezone

from events.kernel.databases import all_aliases
from events.meanings import Meaning, meaning_of, plain_error
from events.models import Delivery, DeliveryStatus

MINUTES = 60


class Health(NamedTuple):
    """Of some stores: age (seconds) of the most belated step, and how many wait, died, or are held."""

    oldest_age: float
    waiting: int
    retrying: int
    dead: int
    held: int


class DeadGroup(NamedTuple):
    """Dead letters of one handler."""

    handler: str
    meaning: Meaning
    problem: Any
    letters: int
    held: int
    newest: datetime


def _of(alias: str, store_ids: list[UUID]) -> QuerySet[Delivery]:
    return Delivery.objects.using(alias).filter(event__store_id__in=store_ids)


def health(store_ids: list[UUID]) -> Health:
    """One query per database."""
    now = timezone.now()
    total = Health(0.0, 0, 0, 0, 0)
    for alias in all_aliases():
        found = _of(alias, store_ids).aggregate(
            due=Min("due_at", filter=Q(status=DeliveryStatus.PENDING, due_at__lte=now)),
            waiting=Count("pk", filter=Q(status__in=(DeliveryStatus.PENDING, DeliveryStatus.RUNNING))),
            retrying=Count("pk", filter=Q(status=DeliveryStatus.PENDING, attempts__gt=0)),
            dead=Count("pk", filter=Q(status=DeliveryStatus.DEAD)),
            held=Count("pk", filter=Q(status=DeliveryStatus.HELD)),
        )
        age = (now - found["due"]).total_seconds() if found["due"] else 0.0
        total = Health(
            max(total.oldest_age, age),
            total.waiting + found["waiting"],
            total.retrying + found["retrying"],
            total.dead + found["dead"],
            total.held + found["held"],
        )
    return total


def per_minute(store_ids: list[UUID]) -> list[tuple[datetime, int]]:
    """(minute, finished steps) of the last hour, the oldest first, no minute left out."""
    now = timezone.now().replace(second=0, microsecond=0)
    since = now - timedelta(minutes=MINUTES - 1)
    counts = {since + timedelta(minutes=offset): 0 for offset in range(MINUTES)}
    for alias in all_aliases():
        rows = (
            _of(alias, store_ids)
            .filter(status=DeliveryStatus.DONE, done_at__gte=since)
            .annotate(minute=TruncMinute("done_at"))
            .values("minute")
            .annotate(count=Count("pk"))
            .order_by()
        )
        for row in rows:
            counts[row["minute"]] = counts.get(row["minute"], 0) + row["count"]
    return sorted(counts.items())


def dead_groups(store_ids: list[UUID]) -> list[DeadGroup]:
    """Dead letters by handler, the newest first."""
    groups = [group for alias in all_aliases() for group in _dead_in(alias, store_ids)]
    return sorted(groups, key=lambda group: group.newest, reverse=True)


def _dead_in(alias: str, store_ids: list[UUID]) -> list[DeadGroup]:
    stuck = _of(alias, store_ids).filter(status__in=(DeliveryStatus.DEAD, DeliveryStatus.HELD))
    rows = stuck.values("handler").annotate(
        count=Count("pk", filter=Q(status=DeliveryStatus.DEAD)),
        held=Count("pk", filter=Q(status=DeliveryStatus.HELD)),
        newest=Max("done_at", filter=Q(status=DeliveryStatus.DEAD)),
        problem=Max("last_error", filter=Q(status=DeliveryStatus.DEAD)),
    )
    return [
        DeadGroup(
            row["handler"],
            meaning_of(row["handler"]),
            plain_error(row["problem"]),
            row["count"],
            row["held"],
            row["newest"],
        )
        for row in rows.order_by()
        if row["count"]
    ]
