"""Claims what is due, runs it, marks it: effects happen once, though delivery is at least once.

The claim is committed before the handler runs, so a handler that kills its worker is counted too. The mark
checks whose claim it is and holds the row's lock, so a worker that was given up cannot finish late.
"""

import json
import logging
import os
import random
import socket
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import Error, connections, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.db.transaction import TransactionManagementError
from psycopg.pq import TransactionStatus

from events.base import DomainEvent, Envelope, GiveUp, current_envelope
from events.kernel.databases import alias_of
from events.kernel.statements import execute
from events.kicks import kick_lane
from events.models import Delivery, DeliveryStatus, FailedAttempt
from events.registry import Handler, context_of, handler_named, handlers_on

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
# A transactional handler holds its row lock while it runs; the lease only covers the wait inside a batch.
BATCH_LEASE_SECONDS = 5
BACKOFF_FIRST_SECONDS = 1.0
# A PostgreSQL that was killed is back by then, so what became of a delivery is noted by who knows it: else it
# waits for its lease, and a ticket that was printed is printed again. In a batch others wait for it.
PATIENCE_SECONDS, BATCH_PATIENCE_SECONDS = 10.0, 2.0
PATIENCE_PAUSE_SECONDS = 0.2
_WORKER = f"{socket.gethostname()[:40]}:{os.getpid()}"

# MATERIALIZED: a plain IN (SELECT … LIMIT) may be run again by the planner and lock more than the limit.
# One statement that commits by itself and brings the fact along: claiming costs a single round trip. A quick
# one does not wait for the disk: a crash of PostgreSQL takes the claim back together with what it led to.
# What calls the outside must not be quick: the call would outlive its claim.
# Of those whose worker went away only one is taken: if it is the one that ends its workers, whatever else is
# in its batch would be counted down to a dead letter with it, without ever having run.
# Nearly all rows are done, so the planner takes the open ones for none and every way to them for cheap. It is
# left one: in the order of `delivery_due` up to the limit, with a probe by handler and stream for each.
# OFFSET 0 keeps the probe from becoming a join that reads all that is open for each row; IS TRUE keeps the
# handlers from leading over another index; and one set of handlers, not one less another, is not taken to be
# empty, for which all that is due would be probed and sorted.
_CLAIM = """
WITH seen AS MATERIALIZED (
  SELECT d.id, d.due_at, left(d.last_error, 11) = 'WorkerLost:' AS was_lost FROM events_delivery d
  WHERE d.context = %(context)s AND d.status = 0 AND d.due_at <= clock_timestamp()
    AND (d.handler = ANY(ARRAY(SELECT unnest(%(handlers)s::text[])
                               EXCEPT SELECT handler FROM events_pausedhandler))) IS TRUE
    AND NOT EXISTS (SELECT 1 FROM events_delivery before
                    WHERE before.handler = d.handler AND before.stream = d.stream
                      AND before.seq < d.seq AND before.status NOT IN (2, 5) OFFSET 0)
  ORDER BY d.due_at LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
), due AS MATERIALIZED (
  SELECT id, was_lost FROM seen WHERE NOT was_lost
  UNION ALL (SELECT id, was_lost FROM seen WHERE was_lost ORDER BY due_at LIMIT 1)
), quick AS MATERIALIZED (
  SELECT CASE WHEN %(quick)s THEN set_config('synchronous_commit', 'off', true) END
)
UPDATE events_delivery d
SET status = 1, attempts = attempts + 1, started_at = clock_timestamp(), worker = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM due, events_event e, quick WHERE d.id = due.id AND e.id = d.event_id
RETURNING d.id, d.attempts, d.handler, d.due_at, d.replays, e.id, e.topic, e.version, e.stream, e.seq,
          e.payload::text, e.headers::text, e.correlation_id, e.occurred_at, due.was_lost,
          d.started_at
"""

# Inside the transaction this comes before the handler: it locks the row, finds whether the claim still holds,
# and is undone with everything else when the handler fails.
_DONE = """
UPDATE events_delivery SET status = 2, done_at = clock_timestamp(), lease_until = NULL, last_error = ''
WHERE id = %s AND status = 1 AND attempts = %s AND started_at = %s
"""


class Claim(NamedTuple):
    """A delivery that this worker may run once, and the fact it delivers."""

    delivery_id: int
    attempt: int
    handler: str
    due_at: datetime
    replays: int
    event_id: UUID
    topic: str
    version: int
    stream: str
    seq: int
    payload: str
    headers: str
    correlation_id: UUID
    occurred_at: datetime
    was_lost: bool
    # Tells two claims apart when a person has set the attempts back to zero between them.
    started_at: datetime

    def event(self) -> DomainEvent:
        return DomainEvent.read(self.topic, self.version, self.payload)

    def envelope(self) -> Envelope:
        return Envelope(
            event_id=self.event_id,
            occurred_at=self.occurred_at,
            stream=self.stream,
            seq=self.seq,
            correlation_id=self.correlation_id,
            attempt=self.attempt,
            replay=self.replays > 0,
            headers=json.loads(self.headers),
        )


def drain(lane: str, *, limit: int | None = None, seconds: float = DRAIN_SECONDS) -> int:
    """Runs what is due on a lane until nothing is left or time is up; returns how many it ran.

    When time is up it rings again, so that one busy lane never keeps a worker from a shutdown.
    """
    started = time.monotonic()
    context = context_of(lane)
    count = 0
    while time.monotonic() - started < seconds:
        claims = claim(lane, limit or settings.EVENTS_BATCH)
        if not claims:
            return count
        count += run_claims(context, claims)
    kick_lane(lane)
    return count


def run_claims(context: str, claims: list[Claim]) -> int:
    """Runs a batch; returns how many. What has waited in it for half its lease goes back as if never taken:

    in a slow batch the last ones would be counted down to dead letters without ever having run. One that was
    lost comes last and stays: it would never have its turn, and once it has begun it needs no lease.
    """
    started = time.monotonic()
    count = 0
    for item in claims:
        waited = time.monotonic() - started
        if count and waited > _lease_of(item) / 2 and not item.was_lost:
            _give_back(alias_of(context), item)
            continue
        run_claim(context, item)
        count += 1
    return count


def _lease_of(item: Claim) -> int:
    handler = handler_named(item.handler)
    return handler.lease_seconds if handler and handler.external else BATCH_LEASE_SECONDS


def _give_back(alias: str, item: Claim) -> None:
    _mine(alias, item).update(
        status=DeliveryStatus.PENDING, attempts=F("attempts") - 1, lease_until=None, worker=""
    )


def claim(lane: str, limit: int) -> list[Claim]:
    """Takes up to `limit` due deliveries, the oldest of each stream first, in a transaction of its own."""
    handlers = handlers_on(lane)
    context = context_of(lane)
    inside = [handler.name for handler in handlers if not handler.external]
    outside = [handler for handler in handlers if handler.external]
    claims = _claim(context, inside, limit, BATCH_LEASE_SECONDS, quick=True)
    for handler in outside:  # one at a time: each has its own lease
        claims += _claim(context, [handler.name], 1, handler.lease_seconds)
    return claims


def _claim(context: str, handlers: list[str], limit: int, lease: int, *, quick: bool = False) -> list[Claim]:
    if not handlers:
        return []
    values = {
        "context": context,
        "handlers": handlers,
        "limit": limit,
        "lease": lease,
        "worker": _WORKER,
        "quick": quick,
    }
    rows = execute(alias_of(context), _CLAIM, values).fetchall()
    # The one whose worker was lost comes last: what it may do to this worker then hits nobody else.
    return sorted(map(Claim._make, rows), key=lambda item: (item.was_lost, item.due_at, item.delivery_id))


def run_claim(context: str, item: Claim) -> None:
    """Runs one claimed delivery; a failure is recorded on its row, never raised."""
    handler = handler_named(item.handler)
    assert handler is not None  # the claim only takes known names
    alias = alias_of(context)
    try:
        if handler.external:
            _run_outside(alias, handler, item)
        else:
            _run_inside(alias, handler, item)
    except Exception as error:  # noqa: BLE001  every failure of a handler belongs on its row
        logger.warning("%s failed (attempt %s): %s", item.handler, item.attempt, _storable(str(error)))
        _note_failure(alias, handler, item, error)


def _run_inside(alias: str, handler: Handler, item: Claim) -> None:
    with transaction.atomic(using=alias):
        if not _mark_done(alias, item):
            return  # taken over by somebody else
        _call(handler, item)
        _require_whole(alias)


def _require_whole(alias: str) -> None:
    """A handler that swallowed a database error would be rolled back by the commit, without a word."""
    connection = connections[alias]
    connection.validate_no_broken_transaction()
    if connection.connection.info.transaction_status == TransactionStatus.INERROR:
        raise TransactionManagementError("a statement failed, and the handler went on")


def _run_outside(alias: str, handler: Handler, item: Claim) -> None:
    if _mine(alias, item).exists():
        _call(handler, item)
        _patiently(alias, partial(_mark_done, alias, item), PATIENCE_SECONDS)


def _patiently(alias: str, work: Callable[[], object], seconds: float) -> None:
    """Again while the database is away, for so long, and twice at least: a deadlock, or a connection that
    broke under the handler, is over by then. Raises the last error of the database.
    """
    deadline = time.monotonic() + seconds
    is_last = False
    while True:
        try:
            work()
            return
        except Error:
            connections[alias].close_if_unusable_or_obsolete()
            if is_last:
                raise
            is_last = time.monotonic() >= deadline
        if not is_last:
            time.sleep(PATIENCE_PAUSE_SECONDS)


def _mark_done(alias: str, item: Claim) -> bool:
    """False when the delivery is no longer this claim's."""
    return execute(alias, _DONE, [item.delivery_id, item.attempt, item.started_at]).rowcount == 1


def _mine(alias: str, item: Claim) -> QuerySet[Delivery]:
    return Delivery.objects.using(alias).filter(
        pk=item.delivery_id,
        status=DeliveryStatus.RUNNING,
        attempts=item.attempt,
        started_at=item.started_at,
    )


def _call(handler: Handler, item: Claim) -> None:
    envelope = item.envelope()
    token = current_envelope.set(envelope)
    try:
        handler.run(item.event(), envelope)
    finally:
        current_envelope.reset(token)


def backoff_seconds(attempt: int, cap: float) -> float:
    """A second, doubled per attempt up to `cap`, ±30 % so that failures do not march in step."""
    pause = min(cap, BACKOFF_FIRST_SECONDS * 2 ** min(attempt - 1, 20))
    return pause * random.uniform(0.7, 1.3)  # noqa: S311


def _trace_of(error: Exception) -> str:
    return "".join(traceback.format_exception(error))[-4000:]


def _storable(text: str) -> str:
    """PostgreSQL stores no NUL and no half characters; a stranger's answer may hold both."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def _note_failure(alias: str, handler: Handler, item: Claim, error: Exception) -> None:
    """If it cannot, the lease runs out, and the delivery comes back as if its worker were lost."""
    seconds = PATIENCE_SECONDS if handler.external else BATCH_PATIENCE_SECONDS
    try:
        _patiently(alias, partial(_record_failure, alias, item, error), seconds)
    except Error:
        logger.exception("the failure of %s could not be noted", item.handler)


def _record_failure(alias: str, item: Claim, error: Exception) -> None:
    text = _storable(f"{type(error).__name__}: {error}\n\n{_trace_of(error)}")
    with transaction.atomic(using=alias):
        delivery = _mine(alias, item).select_for_update().first()
        if delivery is None:
            return
        delivery.last_error = text
        delivery.lease_until = None
        problem = text.split("\n", 1)[0][:300]
        FailedAttempt.objects.using(alias).create(delivery=delivery, attempt=item.attempt, error=problem)
        if isinstance(error, GiveUp) or delivery.attempts >= delivery.max_attempts:
            bury(alias, delivery)
        else:
            delivery.status = DeliveryStatus.PENDING
            # By the database's clock, which the claim reads: this process's own may be wrong.
            delivery.due_at = Now() + timedelta(seconds=_pause_of(item))
            delivery.save(using=alias, update_fields=["status", "due_at", "last_error", "lease_until"])


def _pause_of(item: Claim) -> float:
    handler = handler_named(item.handler)
    assert handler is not None  # it has just run
    return backoff_seconds(item.attempt, handler.backoff_cap_seconds)


def bury(alias: str, delivery: Delivery) -> None:
    """Moves a delivery to the dead letters and holds what follows it. Call inside a transaction."""
    delivery.status = DeliveryStatus.DEAD
    delivery.done_at = delivery.died_at = Now()
    delivery.save(using=alias, update_fields=["status", "done_at", "died_at", "last_error", "lease_until"])
    hold_followers(alias, delivery)
    logger.error("%s is a dead letter: %s", delivery.handler, delivery.last_error.split("\n", 1)[0])


def hold_followers(alias: str, delivery: Delivery) -> None:
    """A dead letter blocks only its own stream for its own handler, and visibly."""
    if delivery.stream is None:
        return
    Delivery.objects.using(alias).filter(
        handler=delivery.handler,
        stream=delivery.stream,
        seq__gt=delivery.seq,
        status=DeliveryStatus.PENDING,
    ).update(status=DeliveryStatus.HELD)
