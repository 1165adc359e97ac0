"""Ships events to the other databases, and brings back what a lost worker left."""

from datetime import datetime

from django.db import connections, transaction
from django.utils import timezone

from events.audiences import heard
from events.delivery import bury
from events.kernel.databases import alias_of
from events.kicks import kick_lane
from events.models import Delivery, Event
from events.registry import handlers_of, lane_of

SHIP_BATCH = 500

_RECLAIM = """
WITH lost AS MATERIALIZED (
  SELECT id FROM events_delivery WHERE status = 1 AND lease_until < clock_timestamp()
  ORDER BY lease_until LIMIT 500 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE events_delivery d
  SET status = 0, lease_until = NULL,
      due_at = clock_timestamp() + least(300, 0.5 * 2 ^ attempts) * interval '1 second',
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
_HOLD = """
UPDATE events_delivery d SET status = 4 FROM events_delivery dead
WHERE dead.status = 3 AND d.handler = dead.handler AND d.stream = dead.stream AND d.seq > dead.seq
  AND d.status = 0
"""

# Somebody brought the dead letter back while it was being held for it: nobody else would let it go.
_RELEASE = """
WITH free AS MATERIALIZED (
  SELECT d.id FROM events_delivery d
  WHERE d.status = 4 AND NOT EXISTS (SELECT 1 FROM events_delivery dead
                                     WHERE dead.status = 3 AND dead.handler = d.handler
                                       AND dead.stream = d.stream AND dead.seq < d.seq)
  FOR UPDATE OF d SKIP LOCKED
)
UPDATE events_delivery d SET status = 0, due_at = clock_timestamp() FROM free WHERE d.id = free.id
"""

_OVERDUE = """
SELECT DISTINCT handler FROM events_delivery
WHERE status = 0 AND due_at < clock_timestamp() - make_interval(secs => %s)
"""


def ship(alias: str) -> int:
    """Fans out what its producers could not fan out themselves; returns how many events it shipped.

    One shipper per outbox (advisory lock) keeps the order of a stream between databases; shipping twice is
    harmless (unique event and handler). It looks again after its commit, so no wake-up is lost.
    """
    shipped = 0
    while Event.objects.using(alias).filter(shipped_at=None).exists():
        count = _ship_batch(alias)
        if count is None:
            return shipped
        shipped += count
    return shipped


def _ship_batch(alias: str) -> int | None:
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('events.ship'))")
            if not cursor.fetchone()[0]:
                return None
        # By time, which the stream's lock makes rise with the number; ids are given out before that lock.
        events = list(
            Event.objects.using(alias).filter(shipped_at=None).order_by("occurred_at", "seq")[:SHIP_BATCH]
        )
        lanes = _fan_out(alias, events)
        Event.objects.using(alias).filter(pk__in=[event.pk for event in events]).update(
            shipped_at=timezone.now()
        )
    for lane in lanes:
        kick_lane(lane)
    return len(events)


def _fan_out(source: str, events: list[Event]) -> set[str]:
    """Writes deliveries (and copies of the events) where their handlers live, foreign databases first."""
    wanted = heard([(event, h) for event in events for h in handlers_of(event.topic, event.version)])
    targets = sorted({alias_of(h.context) for _, h in wanted}, key=lambda alias: alias == source)
    now = timezone.now()
    for target in targets:
        here = [(event, h) for event, h in wanted if alias_of(h.context) == target]
        with transaction.atomic(using=target):
            if target != source:
                _copy_events(target, [event for event, _ in here], now)
            rows = [
                Delivery(
                    event_id=event.id,
                    handler=h.name,
                    context=h.context,
                    stream=event.stream if h.ordered else None,
                    seq=event.seq,
                    max_attempts=h.max_attempts,
                )
                for event, h in here
            ]
            Delivery.objects.using(target).bulk_create(rows, ignore_conflicts=True)
    return {h.lane for _, h in wanted}


def _copy_events(target: str, events: list[Event], now: datetime) -> None:
    fields = [field.attname for field in Event._meta.concrete_fields if field.name != "shipped_at"]
    copies = {
        event.pk: Event(**{name: getattr(event, name) for name in fields}, shipped_at=now) for event in events
    }
    Event.objects.using(target).bulk_create(copies.values(), ignore_conflicts=True)


def reclaim(alias: str) -> int:
    """Takes back deliveries whose worker is gone: their lease is over and nobody holds their row."""
    with transaction.atomic(using=alias):
        with connections[alias].cursor() as cursor:
            cursor.execute(_RECLAIM)
            rows = cursor.fetchall()
        spent = [pk for pk, is_spent in rows if is_spent]
        for delivery in Delivery.objects.using(alias).filter(pk__in=spent):
            bury(alias, delivery)
    return len(rows)


def hold_blocked(alias: str) -> None:
    """Marks deliveries that wait behind a dead letter of their stream, and no others."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_HOLD)
        cursor.execute(_RELEASE)


def overdue_lanes(alias: str, seconds: float) -> list[str]:
    """Lanes of this database with something due for longer than `seconds`."""
    with connections[alias].cursor() as cursor:
        cursor.execute(_OVERDUE, [seconds])
        return sorted({lane_of(row[0]) for row in cursor.fetchall()})
