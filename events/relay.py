"""Ships events to the other databases, and brings back what a lost worker left."""

import logging
import time
from datetime import datetime
from uuid import UUID

from django.db import Error, connections, transaction
from django.utils import timezone

from events.audiences import Wanted, heard
from events.delivery import bury
from events.kernel.databases import alias_of
from events.kicks import kick_lane
from events.models import Delivery, Event
from events.registry import handlers_of, is_readable, lane_of

logger = logging.getLogger(__name__)

SHIP_BATCH = 500
# So many events may wait for a database that is away before those behind them wait, too.
WALK = 50_000
# So long a database that failed is not asked again: connecting to a machine that is gone takes a while.
AWAY_SECONDS = 2.0

Missing = dict[UUID, frozenset[str]]
# Events that are shipped in part, and who has not got them. A process that does not know writes it again.
_missing: dict[str, Missing] = {}
_failed_at: dict[str, float] = {}
_said: set[str] = set()

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
    harmless (unique event and handler). It looks again after its commit, so no wake-up is lost. A database
    that is away holds up its own share and nobody else's: such events count as shipped when it has them.
    """
    shipped = 0
    while count := _Walk(alias).run():
        shipped += count
    return shipped


class _Walk:
    """Once through an outbox, from its oldest event on.

    A database that failed gets nothing more on this walk: what comes later must not overtake.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.away = {name for name, at in _failed_at.items() if time.monotonic() - at < AWAY_SECONDS}
        self.missing: Missing = {}

    def run(self) -> int:
        ids = _unshipped(self.source)
        known = _missing.get(self.source, {})
        self.missing = _missing[self.source] = {pk: known[pk] for pk in ids if pk in known}
        todo = [pk for pk in ids if pk not in known or known[pk] - self.away]
        count = 0
        for start in range(0, len(todo), SHIP_BATCH):
            shipped = self._ship(todo[start : start + SHIP_BATCH])
            if shipped is None:
                break  # somebody else ships
            count += shipped
        return count

    def _ship(self, ids: list[UUID]) -> int | None:
        waiting = Event.objects.using(self.source).filter(pk__in=ids, shipped_at=None)
        with transaction.atomic(using=self.source):
            if not _is_shipper(self.source):
                return None
            lanes, missing = self._fan_out(list(waiting.order_by("occurred_at", "seq")))
            done = [pk for pk in ids if pk not in missing]
            count = waiting.filter(pk__in=done).update(shipped_at=timezone.now())
        # Only now: what was rolled back with us must be written again.
        self.missing |= missing
        for lane in lanes:
            kick_lane(lane)
        return count

    def _fan_out(self, events: list[Event]) -> tuple[set[str], Missing]:
        """Gives each database its share, our own the last.

        Returns the lanes where something is due, and who has not got what.
        """
        wanted = [(event, h) for event in events for h in handlers_of(event.topic, event.version)]
        lanes: set[str] = set()
        missing: Missing = {}
        targets = {alias_of(h.context) for _, h in wanted}
        for target in sorted(targets, key=lambda alias: alias == self.source):
            here = [(event, h) for event, h in wanted if alias_of(h.context) == target]
            here = [(event, h) for event, h in here if target in self.missing.get(event.pk, {target})]
            if self._reaches(target, here):
                lanes |= {h.lane for _, h in here}
                continue
            for event, _ in here:
                missing[event.pk] = missing.get(event.pk, frozenset()) | {target}
        return lanes, missing

    def _reaches(self, target: str, wanted: Wanted) -> bool:
        if target in self.away:
            return False
        try:
            _deliver(self.source, target, wanted)
        except Error as error:
            if target == self.source:
                raise
            logger.warning("%s gets no events for now: %s", target, error)
            connections[target].close_if_unusable_or_obsolete()
            _failed_at[target] = time.monotonic()
            self.away.add(target)
            return False
        return True


def _is_shipper(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('events.ship'))")
        return bool(cursor.fetchone()[0])


def forget_failures() -> None:
    """Asks every database again at once."""
    _failed_at.clear()


def _unshipped(alias: str) -> list[UUID]:
    """What waits, without what only a newer release can read: while releases change, its relay ships that.

    Nothing of the same stream goes before it.
    """
    # By time, which the stream's lock makes rise with the number; ids are given out before that lock.
    rows = Event.objects.using(alias).filter(shipped_at=None).order_by("occurred_at", "seq")
    found: list[UUID] = []
    newer: dict[str, str] = {}
    for pk, stream, topic, version in rows.values_list("pk", "stream", "topic", "version")[:WALK]:
        if stream not in newer and is_readable(topic, version):
            found.append(pk)
        else:
            newer.setdefault(stream, f"{topic} v{version}")
    if unsaid := set(newer.values()) - _said:
        _said.update(unsaid)  # once: the sweeper comes by twice a second
        logger.warning("left to a newer release: %s", ", ".join(sorted(unsaid)))
    return found


def _deliver(source: str, target: str, wanted: Wanted) -> None:
    """Writes deliveries (and copies of the events) where their handlers live."""
    with transaction.atomic(using=target):
        here = heard(wanted)
        if target != source:
            _copy_events(target, [event for event, _ in here], timezone.now())
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
