"""Ships events to where their handlers live."""

import logging
import threading
import time
from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import Error, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from events.audiences import Wanted, heard
from events.delivery import DRAIN_SECONDS
from events.kernel.databases import alias_of, answers, on_commit
from events.kicks import kick_lane, kick_relay
from events.models import Delivery, Event
from events.registry import handlers_of, is_readable

logger = logging.getLogger(__name__)

SHIP_BATCH = 500
SHIP_SECONDS = DRAIN_SECONDS
# So many events may wait for a database that is away before those behind them wait, too.
WALK = 50_000
# So long a database that failed is left alone.
AWAY_SECONDS = 2.0

# The contexts that have not got an event.
Missing = dict[UUID, set[str]]
_failed_at: dict[str, float] = {}
# (database, stream) whose numbers it has from other facts: looked at again as seldom.
_stuck_at: dict[tuple[str, str], float] = {}
_said: set[str] = set()


def ship(alias: str) -> int:
    """Fans out what its producers could not fan out themselves; returns how many events it shipped.

    One shipper per outbox (advisory lock) keeps the order of a stream between databases; shipping twice is
    harmless (unique event and handler). It looks again after its commit, so no wake-up is lost; when time is
    up it rings instead. A database that is away holds up its own share and nobody else's: such events count
    as shipped when it has them.
    """
    until = time.monotonic() + SHIP_SECONDS
    shipped = count = _Walk(alias, until).run()
    while count and time.monotonic() < until:
        count = _Walk(alias, until).run()
        shipped += count
    if time.monotonic() >= until:
        kick_relay(alias)
    return shipped


class _Walk:
    """Once through an outbox, from its oldest event on.

    A database that failed gets nothing more on this walk, and one that has a stream's numbers from other
    facts nothing more of that stream: what comes later must not overtake.
    """

    def __init__(self, source: str, until: float) -> None:
        lately = time.monotonic() - AWAY_SECONDS
        self.source = source
        self.until = until
        self.away = _away() - {source}
        self.stuck = {place for place, at in list(_stuck_at.items()) if at > lately}

    def run(self) -> int:
        waiting = _unshipped(self.source)
        todo = [pk for pk, contexts in waiting.items() if contexts is None or self._reaches(contexts)]
        count = 0
        for start in range(0, len(todo), SHIP_BATCH):
            shipped = self._ship(todo[start : start + SHIP_BATCH])
            if shipped is None:
                break  # somebody else ships
            count += shipped
            if time.monotonic() >= self.until:
                break
        return count

    def _reaches(self, contexts: list[str]) -> bool:
        return any(alias_of(context) not in self.away for context in contexts)

    def _ship(self, ids: list[UUID]) -> int | None:
        waiting = Event.objects.using(self.source).filter(pk__in=ids, shipped_at=None)
        with transaction.atomic(using=self.source):
            if not _is_shipper(self.source):
                return None
            events = list(waiting.order_by("occurred_at", "seq"))
            missing = self._fan_out(events)
            _note_missing(waiting, events, missing)
            done = [pk for pk in ids if pk not in missing]
            return waiting.filter(pk__in=done).update(shipped_at=timezone.now(), missed_by=None)

    def _fan_out(self, events: list[Event]) -> Missing:
        """Gives each database its share and rings there, our own the last; returns who has not got what."""
        missing: Missing = {}
        shares = _shares(events)
        for target in sorted(shares, key=lambda alias: alias == self.source):
            given = self._give(target, shares[target])
            for context, lane in {(h.context, h.lane) for _, h in given}:
                on_commit(context, partial(kick_lane, lane))
            there = {event.pk for event, _ in given}
            for event, h in shares[target]:
                if event.pk not in there:
                    missing.setdefault(event.pk, set()).add(h.context)
        return missing

    def _give(self, target: str, wanted: Wanted) -> Wanted:
        """Returns what the database has now."""
        if target in self.away:
            return []
        wanted = [(event, h) for event, h in wanted if (target, event.stream) not in self.stuck]
        try:
            refused = _deliver(self.source, target, wanted)
        except Error as error:
            if target == self.source:
                raise
            logger.warning("%s gets no events for now: %s", target, error)
            connections[target].close_if_unusable_or_obsolete()
            _failed_at[target] = time.monotonic()
            self.away.add(target)
            return []
        self._note_stuck(target, refused)
        return [(event, h) for event, h in wanted if event.stream not in refused]

    def _note_stuck(self, target: str, streams: set[str]) -> None:
        for place in {(target, stream) for stream in streams}:
            if place not in _stuck_at:  # once: the sweeper comes by twice a second
                logger.error("%s has other facts under the numbers of %s: its new ones wait", *place)
            _stuck_at[place] = time.monotonic()
            self.stuck.add(place)


def _shares(events: list[Event]) -> dict[str, Wanted]:
    """database -> what its handlers have not got yet."""
    shares: dict[str, Wanted] = {}
    for event in events:
        for h in handlers_of(event.topic, event.version):
            if event.missed_by is None or h.context in event.missed_by:
                shares.setdefault(alias_of(h.context), []).append((event, h))
    return shares


def _note_missing(waiting: QuerySet[Event], events: list[Event], missing: Missing) -> None:
    """On the rows, for whoever goes on: what proves a delivery may be purged, and nobody must repeat it."""
    news: dict[tuple[str, ...], list[UUID]] = {}
    for event in events:
        contexts = sorted(missing.get(event.pk, ()))
        if contexts and contexts != event.missed_by:
            news.setdefault(tuple(contexts), []).append(event.pk)
    for who, ids in news.items():
        waiting.filter(pk__in=ids).update(missed_by=list(who))


def _away() -> set[str]:
    """The databases that failed and have not answered since.

    A thread asks them, and nobody's share waits for it: connecting to a machine that is gone takes a while.
    """
    lately = time.monotonic() - AWAY_SECONDS
    asking = {thread.name for thread in threading.enumerate()}
    for alias, at in list(_failed_at.items()):
        if at <= lately and (name := f"ask {alias}") not in asking:
            threading.Thread(target=_ask, args=(alias,), name=name, daemon=True).start()
    return set(_failed_at)


def _ask(alias: str) -> None:
    is_back = answers(alias)
    connections[alias].close()
    if is_back:
        _failed_at.pop(alias, None)
    elif alias in _failed_at:
        _failed_at[alias] = time.monotonic()


def _is_shipper(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('events.ship'))")
        return bool(cursor.fetchone()[0])


def forget_failures() -> None:
    """Asks every database again at once."""
    _failed_at.clear()
    _stuck_at.clear()


def _unshipped(alias: str) -> dict[UUID, list[str] | None]:
    """What waits, and for whom (None: for all that listen), from the oldest on.

    Without what only a newer release can read: while releases change, its relay ships that. Nothing of the
    same stream goes before it.
    """
    # By time, which the stream's lock makes rise with the number; ids are given out before that lock.
    rows = Event.objects.using(alias).filter(shipped_at=None).order_by("occurred_at", "seq")
    found: dict[UUID, list[str] | None] = {}
    newer: dict[str, str] = {}
    columns = ("pk", "missed_by", "stream", "topic", "version")
    for pk, missed_by, stream, topic, version in rows.values_list(*columns)[:WALK]:
        if stream not in newer and is_readable(topic, version):
            found[pk] = missed_by
        else:
            newer.setdefault(stream, f"{topic} v{version}")
    if unsaid := set(newer.values()) - _said:
        _said.update(unsaid)  # once: the sweeper comes by twice a second
        logger.warning("left to a newer release: %s", ", ".join(sorted(unsaid)))
    return found


def _deliver(source: str, target: str, wanted: Wanted) -> set[str]:
    """Writes deliveries (and copies of the events) where their handlers live.

    Returns the streams left out, because other facts have their numbers there.
    """
    with transaction.atomic(using=target):
        here = heard(wanted)
        refused: set[str] = set()
        if target != source:
            refused = _copy_events(target, [event for event, _ in here], timezone.now())
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
            if event.stream not in refused
        ]
        Delivery.objects.using(target).bulk_create(rows, ignore_conflicts=True)
    return refused


def _copy_events(target: str, events: list[Event], now: datetime) -> set[str]:
    """Copies those that are not there yet; returns the streams of those that cannot be.

    Where databases were restored from different moments, a number may belong to another fact.
    """
    ours = {"shipped_at", "missed_by"}
    fields = [field.attname for field in Event._meta.concrete_fields if field.name not in ours]
    copies = {
        event.pk: Event(**{name: getattr(event, name) for name in fields}, shipped_at=now) for event in events
    }
    there = Event.objects.using(target)
    there.bulk_create(copies.values(), ignore_conflicts=True)
    found = set(there.filter(pk__in=copies).values_list("pk", flat=True))
    return {event.stream for event in events if event.pk not in found}
