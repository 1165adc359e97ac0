"""How the queue is doing: one cheap reading per database, by partial indexes only."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import Count

from events.models import FINISHED, Delivery
from events.registry import all_handlers

_BACKLOG = """
SELECT context, CASE WHEN handler = ANY(ARRAY(SELECT handler FROM events_pausedhandler))
                     THEN 'paused' ELSE 'due' END, count(*),
       extract(epoch FROM clock_timestamp() - min(due_at))
FROM events_delivery WHERE status = 0 AND due_at <= clock_timestamp() GROUP BY 1, 2
UNION ALL
SELECT context, CASE status WHEN 3 THEN 'dead' ELSE 'held' END, count(*), NULL
FROM events_delivery WHERE status IN (3, 4) GROUP BY context, status
UNION ALL
SELECT context, 'done', count(*), NULL
FROM events_delivery WHERE status = 2 AND done_at > clock_timestamp() - interval '1 minute' GROUP BY context
UNION ALL
SELECT source, 'unshipped', count(*), extract(epoch FROM clock_timestamp() - min(occurred_at))
FROM events_event WHERE shipped_at IS NULL GROUP BY source
"""


@dataclass
class Backlog:
    """One context's queue. Ages are seconds; `done` counts the last minute.

    `paused` are due too, but somebody paused their handler: they are not late, they wait for a person.
    """

    due: int = 0
    oldest_due_age: float = 0.0
    dead: int = 0
    held: int = 0
    done: int = 0
    paused: int = 0
    unshipped: int = 0
    oldest_unshipped_age: float = 0.0


def backlog(aliases: Iterable[str]) -> dict[str, Backlog]:
    """context -> its backlog, for contexts that have any; one query per database."""
    found: dict[str, Backlog] = {}
    for alias in aliases:
        with connections[alias].cursor() as cursor:
            cursor.execute(_BACKLOG)
            for context, kind, count, age in cursor.fetchall():
                _note(found.setdefault(context, Backlog()), kind, count, float(age or 0))
    return found


def _note(entry: Backlog, kind: str, count: int, age: float) -> None:
    setattr(entry, kind, getattr(entry, kind) + count)
    if kind in {"due", "unshipped"}:
        field = f"oldest_{kind}_age"
        setattr(entry, field, max(getattr(entry, field), age))


def oldest_age(readings: dict[str, Backlog]) -> float:
    """Seconds that the most belated event has been waiting for a handler."""
    ages = [max(entry.oldest_due_age, entry.oldest_unshipped_age) for entry in readings.values()]
    return max(ages, default=0.0)


def orphans(aliases: Iterable[str]) -> dict[str, int]:
    """handler -> open deliveries that wait for a handler that is no more."""
    known = {handler.name for handler in all_handlers()}
    found: dict[str, int] = {}
    for alias in aliases:
        rows = Delivery.objects.using(alias).exclude(status__in=FINISHED).order_by()
        counted: Any = rows.values_list("handler").annotate(number=Count("pk"))
        for handler, number in counted:
            if handler not in known:
                found[handler] = found.get(handler, 0) + number
    return found
