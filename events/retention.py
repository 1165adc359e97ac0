"""Deletes what is delivered and old, a thousand rows per statement; what somebody may still need stays.

Kept are: everything not done (waiting, running, paused, held, dead) with its events and failed attempts; the
numbers of the streams, which never start again; what people did, for a year. Old is what the database's clock
calls so: a process whose clock is wrong must not delete the month.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from events.kernel.databases import reach
from events.kernel.statements import execute
from events.models import Intervention, SnapshotRun

BATCH = 1000
SECONDS = 20.0  # of the task's minute; the next tick goes on
ACTS_DAYS = 365

# The status is written out: a partial index serves one value. SKIP LOCKED: nobody is waited for, and whoever
# comes first (a replay) keeps the row.
_DELIVERIES = """
WITH old AS MATERIALIZED (
  SELECT id FROM events_delivery WHERE status = {status} AND done_at < %(before)s
  ORDER BY done_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
), failures AS (
  DELETE FROM events_failedattempt WHERE delivery_id = ANY(ARRAY(SELECT id FROM old))
)
DELETE FROM events_delivery WHERE id = ANY(ARRAY(SELECT id FROM old))
"""
DONE, DISCARDED = (_DELIVERIES.format(status=status) for status in (2, 5))

# Walks on by time, so that events which must stay are looked at once, not in every batch.
EVENTS = """
WITH seen AS MATERIALIZED (
  SELECT id, occurred_at FROM events_event
  WHERE occurred_at >= %(at)s AND (occurred_at, id) > (%(at)s, %(id)s) AND occurred_at < %(before)s
    AND shipped_at IS NOT NULL
  ORDER BY occurred_at, id LIMIT %(batch)s
), free AS MATERIALIZED (
  SELECT id FROM events_event e
  WHERE id = ANY(ARRAY(SELECT id FROM seen))
    AND NOT EXISTS (SELECT 1 FROM events_delivery d WHERE d.event_id = e.id)
  FOR UPDATE SKIP LOCKED
), gone AS (
  DELETE FROM events_event WHERE id = ANY(ARRAY(SELECT id FROM free)) RETURNING 1
)
SELECT (SELECT count(*) FROM gone), occurred_at, id FROM seen ORDER BY occurred_at DESC, id DESC LIMIT 1
"""
_START = {"at": datetime(1970, 1, 1, tzinfo=UTC), "id": UUID(int=0)}


def purge(*, days: int, seconds: float = SECONDS, batch: int = BATCH) -> int:
    """Deletes delivered history older than `days`; returns how many deliveries and events went.

    Each statement commits by itself and deletes at most `batch` of them. Every database that answers has its
    share of the `seconds`, and at least one statement per table; another one is purged when it is back.
    """
    aliases = reach().there
    return sum(_purge(alias, days, seconds / len(aliases), batch) for alias in aliases)


def _purge(alias: str, days: int, seconds: float, batch: int) -> int:
    deadline = time.monotonic() + seconds
    before = _long_ago(alias, days)
    values = {"before": before, "batch": batch}
    count = sum(_purge_deliveries(alias, text, values, deadline) for text in (DONE, DISCARDED))
    count += _purge_events(alias, values | _START, deadline)
    SnapshotRun.objects.using(alias).filter(finished_at__lt=before).delete()
    acts_before = before - timedelta(days=max(0, ACTS_DAYS - days))
    Intervention.objects.using(alias).filter(created_at__lt=acts_before).delete()
    return count


def _long_ago(alias: str, days: int) -> datetime:
    found: datetime = execute(alias, "SELECT now() - make_interval(days => %s)", [days]).fetchall()[0][0]
    return found


def _purge_deliveries(alias: str, statement: str, values: dict[str, Any], deadline: float) -> int:
    count = 0
    while gone := execute(alias, statement, values).rowcount:
        count += gone
        if time.monotonic() >= deadline:
            break
    return count


def _purge_events(alias: str, values: dict[str, Any], deadline: float) -> int:
    count = 0
    while rows := execute(alias, EVENTS, values).fetchall():
        gone, at, event_id = rows[0]
        values = values | {"at": at, "id": event_id}
        count += gone
        if time.monotonic() >= deadline:
            break
    return count
