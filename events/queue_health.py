"""What contexts may ask about the queue's health."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connections

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
GROUP BY 1, 2, 3 ORDER BY max(d.done_at) DESC LIMIT %s
"""


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


def dead_causes(aliases: Iterable[str], limit: int = 500) -> list[DeadCause]:
    """Every cause that waits for a person, the newest first; one query per database."""
    found: list[DeadCause] = []
    for alias in aliases:
        with connections[alias].cursor() as cursor:
            cursor.execute(_CAUSES, [limit])
            found += [DeadCause(*row) for row in cursor.fetchall()]
    return sorted(found, key=lambda cause: cause.newest_at, reverse=True)[:limit]
