"""Puts right what a lost worker or an unlucky moment left in the queue, and sees what nobody runs."""

import json

from django.db import connections, transaction

from events.delivery import bury
from events.kernel.databases import rows_from
from events.models import Delivery
from events.registry import all_handlers, lane_of

_RECLAIM = """
WITH lost AS MATERIALIZED (
  SELECT id FROM events_delivery WHERE status = 1 AND lease_until < clock_timestamp()
  ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE events_delivery d
  SET status = 0, lease_until = NULL,
      due_at = clock_timestamp() + interval '1 second'
        * least(coalesce((%s::jsonb ->> d.handler)::float, 300), 0.5 * 2 ^ least(attempts, 20)),
      last_error = 'WorkerLost: the worker went away while it ran this (crash, kill or time limit)'
  FROM lost WHERE d.id = lost.id
  RETURNING d.id, d.attempts, d.max_attempts, d.last_error
), noted AS (
  INSERT INTO events_failedattempt (delivery_id, attempt, error, at)
  SELECT id, attempts, last_error, clock_timestamp() FROM taken
)
SELECT id, attempts >= max_attempts FROM taken
"""

# A delivery published after its stream's head died waits visibly, not as if it were late.
# OFFSET 0, here and below: for each row a probe by handler and stream, and never a join that reads all that
# is open for each of the dead. The planner takes both for none (`_CLAIM`).
_HOLD = """
WITH blocked AS MATERIALIZED (
  SELECT late.id FROM events_delivery dead CROSS JOIN LATERAL (
    SELECT d.id FROM events_delivery d
    WHERE d.handler = dead.handler AND d.stream = dead.stream AND d.seq > dead.seq
      AND d.status NOT IN (2, 5) AND d.status = 0
    OFFSET 0 FOR UPDATE SKIP LOCKED
  ) late
  WHERE dead.status = 3
)
UPDATE events_delivery d SET status = 4 FROM blocked WHERE d.id = blocked.id
"""

# Somebody brought the dead letter back while it was being held for it: nobody else would let it go.
_RELEASE = """
WITH free AS MATERIALIZED (
  SELECT d.id FROM events_delivery d
  WHERE d.status = 4 AND NOT EXISTS (SELECT 1 FROM events_delivery dead
                                     WHERE dead.handler = d.handler AND dead.stream = d.stream
                                       AND dead.seq < d.seq
                                       AND dead.status NOT IN (2, 5) AND (dead.status = 3) IS TRUE OFFSET 0)
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE events_delivery d SET status = 0, due_at = clock_timestamp() FROM free WHERE d.id = free.id
"""

_OVERDUE = """
SELECT DISTINCT handler FROM events_delivery
WHERE status = 0 AND due_at < clock_timestamp() - make_interval(secs => %s)
"""


def reclaim(alias: str) -> int:
    """Takes back deliveries whose worker is gone: their lease is over and nobody holds their row."""
    with transaction.atomic(using=alias):
        rows = rows_from([alias], _RECLAIM, [_longest_pauses()])
        spent = [pk for pk, is_spent in rows if is_spent]
        for delivery in Delivery.objects.using(alias).filter(pk__in=spent):
            bury(alias, delivery)
    return len(rows)


def _longest_pauses() -> str:
    """Of the handlers that people wait for, as JSON."""
    return json.dumps({handler.name: handler.backoff_cap_seconds for handler in all_handlers()})


def hold_blocked(alias: str) -> None:
    """Marks deliveries that wait behind a dead letter of their stream, and no others."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_HOLD)
        cursor.execute(_RELEASE)


def overdue_lanes(alias: str, seconds: float) -> list[str]:
    """Lanes of this database with something due for longer than `seconds`."""
    return sorted({lane_of(handler) for (handler,) in rows_from([alias], _OVERDUE, [seconds])})
