"""Retry, discard, replay, assign: in batches, each with its history in one transaction."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Now

from events.kicks import kick_lane
from events.models import Delivery, DeliveryStatus, Event
from events.operations.history import Actor, History
from events.operations.planning import (
    ASSIGN,
    DISCARD,
    REPLAY,
    RETRY,
    HasChanged,
    Outcome,
    ReasonMissing,
    Target,
    TooMany,
    UnknownHandler,
    digest_of,
    eligible,
    ids_of,
    tables,
    waiting_behind,
)
from events.operations.selection import Selection
from events.registry import Handler, handler_named, lane_of

BATCH = 500
Progress = Callable[[int, int], None]  # (done, of how many)


class Bounds(TypedDict, total=False):
    """`limit` refuses more than so many, `expected` (a plan's digest) others than a person was shown.

    `progress` hears batches. Raises TooMany, HasChanged, before anything changes.
    """

    limit: int | None
    expected: str | None
    progress: Progress | None


class _Act:
    """One act over one or more databases."""

    def __init__(
        self,
        action: str,
        target: Target,
        actor: Actor,
        reason: str,
        bounds: Bounds,
        to: Handler | None = None,
    ) -> None:
        self.action, self.target, self.actor, self.reason, self.to = action, target, actor, reason.strip(), to
        self.limit, self.expected = bounds.get("limit"), bounds.get("expected")
        self.progress = bounds.get("progress")
        self.count = self.released = 0

    def run(self) -> Outcome:
        found = [(rows.db, ids_of(self.action, rows, self.to)) for rows in tables(self.action, self.target)]
        total = sum(len(ids) for _alias, ids in found)
        if self.limit is not None and total > self.limit:
            raise TooMany(str(total))
        if self.expected is not None and digest_of(found) != self.expected:
            raise HasChanged
        for alias, ids in found:
            self._run_in(alias, ids, total)
        return Outcome(self.count, self.released)

    def _run_in(self, alias: str, ids: list[int], total: int) -> None:
        selection = self.target.as_json() if isinstance(self.target, Selection) else {}
        if self.to:
            selection["to"] = self.to.name
        history = History(self.action, alias, self.actor, self.reason, selection)
        for start in range(0, len(ids), BATCH):
            with transaction.atomic(using=alias):
                self._batch(alias, ids[start : start + BATCH], history)
            if self.progress:
                self.progress(min(start + BATCH, len(ids)), total)

    def _batch(self, alias: str, ids: list[int], history: History) -> None:
        # A row that somebody holds is running or just being decided by another person. Asked again under the
        # lock, because another person's act may have come first.
        locked = list(
            eligible(self.action, Delivery.objects.using(alias).filter(pk__in=ids), self.to)
            .select_related("event")
            .defer("event__payload", "event__headers", "last_error")
            .order_by("pk")
            .select_for_update(of=("self",), skip_locked=True)
        )
        if not locked:
            return
        batch = Delivery.objects.using(alias).filter(pk__in=[row.pk for row in locked])
        self._change(batch)
        released = self._release(batch)
        history.note(locked, Counter(released))
        self.count += len(locked)
        self.released += len(released)
        self._ring(alias, locked)

    def _change(self, rows: QuerySet[Delivery]) -> None:
        now = Now()  # by the database's clock, which the claim reads
        note = {"note": self.reason} if self.reason else {}
        if self.action == DISCARD:
            rows.update(status=DeliveryStatus.DISCARDED, done_at=now, lease_until=None, **note)
            return
        again: dict[str, Any] = {
            "status": DeliveryStatus.PENDING,
            "attempts": 0,
            "due_at": now,
            "done_at": None,
        }
        if self.action == REPLAY:
            again["replays"] = F("replays") + 1
        if self.to:
            again |= _as_handler(self.to)
        rows.update(lease_until=None, **again, **note)

    def _release(self, acted: QuerySet[Delivery]) -> list[UUID]:
        """Lets go what waited behind; returns the store of each. The claim keeps their order."""
        behind = dict(waiting_behind(acted).values_list("pk", "event__store_id"))
        rows = Delivery.objects.using(acted.db).filter(pk__in=behind, status=DeliveryStatus.HELD)
        rows.update(status=DeliveryStatus.PENDING, due_at=Now())
        return list(behind.values())

    def _ring(self, alias: str, rows: list[Delivery]) -> None:
        lanes = {self.to.lane} if self.to else {lane_of(row.handler) for row in rows}
        for lane in lanes:
            transaction.on_commit(lambda name=lane: kick_lane(name), using=alias, robust=True)  # type: ignore[misc]


def _as_handler(handler: Handler) -> dict[str, object]:
    """What a delivery copies of its handler."""
    stream = Subquery(Event.objects.filter(pk=OuterRef("event_id")).values("stream")[:1])
    return {
        "handler": handler.name,
        "context": handler.context,
        "max_attempts": handler.max_attempts,
        "stream": stream if handler.ordered else None,
    }


def retry(target: Target, *, actor: Actor, reason: str = "", **bounds: Unpack[Bounds]) -> Outcome:
    """Dead letters become due again with a fresh count of attempts; what waited behind them follows."""
    return _Act(RETRY, target, actor, reason, bounds).run()


def discard(target: Target, *, actor: Actor, reason: str, **bounds: Unpack[Bounds]) -> Outcome:
    """Gives deliveries up for good, so that what waited behind them goes on. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    return _Act(DISCARD, target, actor, reason, bounds).run()


def replay(target: Target, *, actor: Actor, reason: str = "", **bounds: Unpack[Bounds]) -> Outcome:
    """Runs finished deliveries once more, each stream in its order; handlers see `envelope.replay`."""
    return _Act(REPLAY, target, actor, reason, bounds).run()


def assign(target: Target, *, to: str, actor: Actor, reason: str = "", **bounds: Unpack[Bounds]) -> Outcome:
    """Gives open deliveries of a handler that is gone to the handler `to`. Raises UnknownHandler."""
    handler = handler_named(to)
    if handler is None:
        raise UnknownHandler(to)
    return _Act(ASSIGN, target, actor, reason, bounds, handler).run()
