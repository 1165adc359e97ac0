"""The state of the event queue for its owner: figures, causes of dead letters, what is gone or paused."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.urls import reverse
from django.utils import timezone

from events.kernel.database_choice import in_database
from events.kernel.databases import rows_from
from events.meanings import Meaning, meaning_of, plain_error, subjects_of
from events.models import Delivery, DeliveryStatus, PausedHandler
from events.operations import DISCARD, RETRY, is_known
from events.queue_health import BEHIND, gone_among, paused_handlers

Scope = list[UUID] | None  # None: every store

# What is neither done nor discarded is little and has a partial index, however long the history is.
# What is held stands with the error of the dead letter that its stream waits for. What a person has just
# brought back, or its dead letter let go, waits since then: its count begins afresh.
_OPEN = f"""
WITH open AS MATERIALIZED (
  SELECT id, event_id, handler, status, attempts, replays, due_at, done_at, {BEHIND} AS is_behind,
         CASE status
           WHEN 3 THEN split_part(last_error, ':', 1)
           WHEN 4 THEN first_value(split_part(last_error, ':', 1))
                         OVER (PARTITION BY handler, stream ORDER BY status <> 3, seq)
           ELSE '' END AS error
  FROM events_delivery WHERE status NOT IN (2, 5)
)
SELECT d.handler, d.status, d.error, count(*), count(*) FILTER (WHERE d.status = 0 AND d.attempts > 0),
       min(CASE WHEN d.replays > 0 OR d.attempts <= 1 THEN d.due_at ELSE e.occurred_at END)
         FILTER (WHERE d.status = 1 OR (d.status = 0 AND d.due_at <= clock_timestamp() AND NOT d.is_behind)),
       max(d.done_at) FILTER (WHERE d.status = 3), max(d.id)
FROM open d JOIN events_event e ON e.id = d.event_id
WHERE %(all)s OR e.store_id = ANY(%(stores)s)
GROUP BY 1, 2, 3
"""  # noqa: S608  our own words
_UNSHIPPED = """
SELECT count(*), min(occurred_at) FROM events_event
WHERE shipped_at IS NULL AND (%(all)s OR store_id = ANY(%(stores)s))
"""


@dataclass
class Cause:
    """Dead letters of one handler with one kind of error. `text` names the newest one's order or table."""

    handler: str
    error: str
    meaning: Meaning
    problem: Any
    letters: int
    newest: datetime
    newest_id: int
    alias: str
    held: int = 0
    text: str = ""

    @property
    def retry_link(self) -> str:
        return self._act_link(RETRY)

    @property
    def discard_link(self) -> str:
        return self._act_link(DISCARD)

    def _act_link(self, action: str) -> str:
        """These letters alone: an act must not wait for a database that has none of them."""
        query = {"action": action, "handler": self.handler, "error": self.error}
        return in_database(reverse("admin:queue_act", query=query), self.alias)

    @property
    def letters_link(self) -> str:
        """The list of these dead letters, in their database."""
        query = {"status__exact": int(DeliveryStatus.DEAD), "handler": self.handler}
        return in_database(reverse("admin:events_delivery_changelist", query=query), self.alias)


class Paused(NamedTuple):
    """A handler that somebody stopped, and how many of its deliveries wait for that."""

    row: PausedHandler
    meaning: Meaning
    waiting: int


@dataclass
class State:
    """Everything that is open. `oldest_age` is in seconds, `gone` counts what waits for a lost handler."""

    oldest_age: float = 0.0
    waiting: int = 0
    retrying: int = 0
    dead: int = 0
    held: int = 0
    unshipped: int = 0
    causes: list[Cause] = field(default_factory=list)
    gone: dict[str, int] = field(default_factory=dict)
    paused: list[Paused] = field(default_factory=list)


@dataclass(frozen=True)
class _Row:
    alias: str
    handler: str
    status: int
    error: str
    count: int
    retrying: int
    oldest: datetime | None
    died_at: datetime | None
    newest_id: int


def parameters(scope: Scope) -> dict[str, Any]:
    """The scope as our statements take it."""
    return {"all": scope is None, "stores": scope or []}


def state(scope: Scope, aliases: Collection[str]) -> State:
    """Three queries per database, and up to three to name the orders of dead letters."""
    values = parameters(scope)
    rows = [_Row(alias, *row) for alias in aliases for row in rows_from([alias], _OPEN, values)]
    paused = paused_handlers(aliases)
    found = State()
    for row in rows:
        _count(found, row, is_stopped=row.handler in paused or not is_known(row.handler))
    found.causes = _causes(rows)
    found.gone = gone_among((row.handler, row.count) for row in rows)
    found.paused = [_paused(row, rows) for row in sorted(paused.values(), key=lambda row: row.handler)]
    _count_unshipped(found, scope, aliases)
    return found


def _count(found: State, row: _Row, *, is_stopped: bool) -> None:
    if row.status == DeliveryStatus.DEAD:
        found.dead += row.count
    elif row.status == DeliveryStatus.HELD or is_stopped:
        found.held += row.count
    else:
        found.waiting += row.count
        found.retrying += row.retrying
        _age(found, row.oldest)


def _age(found: State, since: datetime | None) -> None:
    if since:
        found.oldest_age = max(found.oldest_age, (timezone.now() - since).total_seconds())


def _count_unshipped(found: State, scope: Scope, aliases: Collection[str]) -> None:
    """An event that is not fanned out yet has no delivery at all."""
    for count, oldest in rows_from(aliases, _UNSHIPPED, parameters(scope)):
        found.unshipped += count
        _age(found, oldest)


def _causes(rows: list[_Row]) -> list[Cause]:
    """The newest first, each in a sentence about its newest order or table."""
    held = {
        (row.alias, row.handler, row.error): row.count for row in rows if row.status == DeliveryStatus.HELD
    }
    causes = [
        Cause(
            row.handler, row.error, meaning_of(row.handler), plain_error(row.error), row.count,
            row.died_at or timezone.now(), row.newest_id, row.alias,
            held.get((row.alias, row.handler, row.error), 0),
        )
        for row in rows
        if row.status == DeliveryStatus.DEAD and is_known(row.handler)
    ]  # fmt: skip
    _name(causes)
    return sorted(causes, key=lambda cause: cause.newest, reverse=True)


def _name(causes: list[Cause]) -> None:
    newest: dict[tuple[str, int], Delivery] = {}
    for alias in {cause.alias for cause in causes}:
        ids = [cause.newest_id for cause in causes if cause.alias == alias]
        for delivery in Delivery.objects.using(alias).filter(pk__in=ids).select_related("event"):
            newest[alias, delivery.pk] = delivery
    subjects = subjects_of(delivery.event for delivery in newest.values())
    for cause in causes:
        delivery = newest[cause.alias, cause.newest_id]
        cause.text = cause.meaning.of(subjects.get(delivery.event_id, ""))


def _paused(row: PausedHandler, rows: list[_Row]) -> Paused:
    waiting = sum(
        each.count for each in rows if each.handler == row.handler and each.status == DeliveryStatus.PENDING
    )
    return Paused(row, meaning_of(row.handler), waiting)
