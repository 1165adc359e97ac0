"""How the queue is doing: what waits, what died and why, what is gone or paused, in the databases asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from events.kernel.databases import rows_from
from events.models import PausedHandler
from events.registry import handler_named

# Whether a delivery waits for one of its stream that is between two tries: due, but not late. By a window and
# not by a probe for each, as a backlog may be long.
BEHIND = """
  stream IS NOT NULL AND bool_or(status = 0 AND due_at > clock_timestamp()) OVER (
    PARTITION BY handler, stream ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ) IS TRUE
"""
_BACKLOG = f"""
WITH pending AS MATERIALIZED (
  SELECT context, handler, due_at, due_at <= clock_timestamp() AS is_due, {BEHIND} AS is_behind
  FROM events_delivery WHERE status = 0
)
SELECT context, CASE WHEN handler = ANY(ARRAY(SELECT handler FROM events_pausedhandler)) THEN 'paused'
                     WHEN is_behind THEN 'behind' ELSE 'due' END, count(*),
       extract(epoch FROM clock_timestamp() - min(due_at))
FROM pending WHERE is_due GROUP BY 1, 2
UNION ALL
SELECT context, CASE status WHEN 3 THEN 'dead' ELSE 'held' END, count(*), NULL
FROM events_delivery WHERE status IN (3, 4) GROUP BY context, status
UNION ALL
SELECT context, 'done', count(*), NULL
FROM events_delivery WHERE status = 2 AND done_at > clock_timestamp() - interval '1 minute' GROUP BY context
UNION ALL
SELECT source, 'unshipped', count(*), extract(epoch FROM clock_timestamp() - min(occurred_at))
FROM events_event WHERE shipped_at IS NULL GROUP BY source
"""  # noqa: S608  our own words
# By the partial index of what is stuck; `last_error` starts with the kind of the error and a colon.
_CAUSES = """
SELECT e.store_id, d.handler, split_part(d.last_error, ':', 1) AS error, count(*),
       min(d.done_at), max(d.done_at),
       (array_agg(d.event_id ORDER BY d.done_at DESC))[1], (array_agg(e.topic ORDER BY d.done_at DESC))[1],
       (array_agg(left(split_part(d.last_error, E'\\n', 1), 200) ORDER BY d.done_at DESC))[1],
       (array_agg(e.payload ->> 'number' ORDER BY d.done_at DESC))[1],
       (array_agg(e.payload ->> 'table_name' ORDER BY d.done_at DESC))[1]
FROM events_delivery d JOIN events_event e ON e.id = d.event_id
WHERE d.status = 3 AND d.done_at IS NOT NULL
GROUP BY 1, 2, 3
"""
_OPEN = "SELECT handler, count(*) FROM events_delivery WHERE status NOT IN (2, 5) GROUP BY 1"


@dataclass
class Backlog:
    """One context's queue. Ages are seconds; `done` counts the last minute.

    `paused` are due too, but somebody paused their handler: they are not late, they wait for a person. So do
    those `behind` one of their stream that is between two tries wait for that one.
    """

    due: int = 0
    oldest_due_age: float = 0.0
    dead: int = 0
    held: int = 0
    done: int = 0
    paused: int = 0
    behind: int = 0
    unshipped: int = 0
    oldest_unshipped_age: float = 0.0


class DeadCause(NamedTuple):
    """Dead letters of one store with one handler and one kind of error: one thing for a person to mend.

    `number` and `table_name` are those of the newest one's order, if it has any.
    """

    store_id: UUID
    handler: str
    error: str
    letters: int
    first_at: datetime
    newest_at: datetime
    event_id: UUID
    topic: str
    reason: str
    number: str | None
    table_name: str | None


def backlog(aliases: Iterable[str]) -> dict[str, Backlog]:
    """context -> its backlog, for contexts that have any; one query per database."""
    found: dict[str, Backlog] = {}
    for context, kind, count, age in rows_from(aliases, _BACKLOG):
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


def dead_causes(aliases: Iterable[str]) -> list[DeadCause]:
    """Every cause that waits for a person, the newest first; one query per database."""
    found = [DeadCause(*row) for row in rows_from(aliases, _CAUSES)]
    return sorted(found, key=lambda cause: cause.newest_at, reverse=True)


def gone_handlers(aliases: Iterable[str]) -> dict[str, int]:
    """handler -> open deliveries that wait for a handler that is no more; one query per database."""
    return gone_among(rows_from(aliases, _OPEN))


def gone_among(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The same of open deliveries that were counted already, by handler."""
    found: dict[str, int] = {}
    for handler, count in counted:
        if handler_named(handler) is None:
            found[handler] = found.get(handler, 0) + count
    return dict(sorted(found.items()))


def paused_handlers(aliases: Iterable[str]) -> dict[str, PausedHandler]:
    """name -> who paused it, when and why; one small query per database."""
    return {row.handler: row for alias in aliases for row in PausedHandler.objects.using(alias).all()}
