"""Claims what is due, runs it, marks it: effects happen once, though delivery is at least once.

The claim is committed before the handler runs, so a handler that kills its worker is counted too. The run
locks the row and checks the attempt number, so a worker that was given up cannot finish late.
"""

import logging
import os
import random
import socket
import time
import traceback
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from events.base import DomainEvent, Envelope, GiveUp, current_envelope
from events.kernel.databases import alias_of
from events.kicks import kick_context
from events.models import Delivery, DeliveryStatus
from events.registry import Handler, handler_named, handlers_in

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
# A transactional handler holds its row lock while it runs; the lease only covers the wait inside a batch.
BATCH_LEASE_SECONDS = 15
BACKOFF_CAP_SECONDS = 300.0
_WORKER = f"{socket.gethostname()[:40]}:{os.getpid()}"

# MATERIALIZED: a plain IN (SELECT … LIMIT) may be run again by the planner and lock more than the limit.
_CLAIM = """
WITH due AS MATERIALIZED (
  SELECT d.id FROM events_delivery d
  WHERE d.context = %(context)s AND d.status = 0 AND d.due_at <= clock_timestamp()
    AND d.handler = ANY(%(handlers)s)
    AND NOT EXISTS (SELECT 1 FROM events_delivery before
                    WHERE before.handler = d.handler AND before.stream = d.stream
                      AND before.seq < d.seq AND before.status NOT IN (2, 5))
  ORDER BY d.due_at LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
)
UPDATE events_delivery d
SET status = 1, attempts = attempts + 1, started_at = clock_timestamp(), worker = %(worker)s,
    lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM due WHERE d.id = due.id
RETURNING d.id, d.attempts, d.handler, d.due_at
"""


class Claim(NamedTuple):
    delivery_id: int
    attempt: int
    handler: str


def drain(context: str, *, limit: int | None = None, seconds: float = DRAIN_SECONDS) -> int:
    """Runs what is due for a context until nothing is left or time is up; returns how many it ran.

    When time is up it rings again, so that one busy context never keeps a worker from a shutdown.
    """
    started = time.monotonic()
    count = 0
    while time.monotonic() - started < seconds:
        claims = claim(context, limit or settings.EVENTS_BATCH)
        if not claims:
            return count
        for item in claims:
            run_claim(context, item)
        count += len(claims)
    kick_context(context)
    return count


def claim(context: str, limit: int) -> list[Claim]:
    """Takes up to `limit` due deliveries, the oldest of each stream first, in a transaction of its own."""
    handlers = handlers_in(context)
    inside = [handler.name for handler in handlers if not handler.external]
    outside = [handler for handler in handlers if handler.external]
    claims = _claim(context, inside, limit, BATCH_LEASE_SECONDS)
    for handler in outside:  # one at a time: each has its own lease
        claims += _claim(context, [handler.name], 1, handler.lease_seconds)
    return claims


def _claim(context: str, handlers: list[str], limit: int, lease: int) -> list[Claim]:
    if not handlers:
        return []
    alias = alias_of(context)
    values = {
        "context": context,
        "handlers": handlers,
        "limit": limit,
        "lease": lease,
        "worker": _WORKER,
    }
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        # Losing a claim in a crash is harmless, so it does not wait for the disk.
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(_CLAIM, values)
        rows = sorted(cursor.fetchall(), key=lambda row: (row[3], row[0]))
    return [Claim(*row[:3]) for row in rows]


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
        logger.warning("%s failed (attempt %s): %s", item.handler, item.attempt, error)
        _record_failure(alias, item, error)


def _run_inside(alias: str, handler: Handler, item: Claim) -> None:
    with transaction.atomic(using=alias):
        delivery = _locked(alias, item)
        if delivery is None:
            return  # taken over by somebody else
        _call(handler, delivery)
        _mark_done(alias, item)


def _run_outside(alias: str, handler: Handler, item: Claim) -> None:
    delivery = _mine(alias, item).select_related("event").first()
    if delivery is None:
        return
    _call(handler, delivery)
    _mark_done(alias, item)


def _locked(alias: str, item: Claim) -> Delivery | None:
    return _mine(alias, item).select_related("event").select_for_update(of=("self",)).first()


def _mine(alias: str, item: Claim):  # type: ignore[no-untyped-def]
    return Delivery.objects.using(alias).filter(
        pk=item.delivery_id, status=DeliveryStatus.RUNNING, attempts=item.attempt
    )


def _call(handler: Handler, delivery: Delivery) -> None:
    fact = delivery.event
    event_type = DomainEvent.types[(fact.topic, fact.version)]
    envelope = Envelope(
        event_id=fact.id,
        occurred_at=fact.occurred_at,
        stream=fact.stream,
        seq=fact.seq,
        correlation_id=fact.correlation_id,
        attempt=delivery.attempts,
        replay=delivery.replays > 0,
        headers=fact.headers,
    )
    token = current_envelope.set(envelope)
    try:
        handler.run(event_type.from_payload(fact.payload), envelope)
    finally:
        current_envelope.reset(token)


def _mark_done(alias: str, item: Claim) -> None:
    _mine(alias, item).update(
        status=DeliveryStatus.DONE, done_at=timezone.now(), last_error="", lease_until=None
    )


def backoff_seconds(attempt: int) -> float:
    """0.5 s doubled per attempt up to five minutes, ±30 % so that failures do not march in step."""
    return min(BACKOFF_CAP_SECONDS, 0.5 * 2**attempt) * random.uniform(0.7, 1.3)  # noqa: S311


def _record_failure(alias: str, item: Claim, error: Exception) -> None:
    trace = "".join(traceback.format_exception(error))[-4000:]
    text = f"{type(error).__name__}: {error}\n\n{trace}"
    with transaction.atomic(using=alias):
        delivery = _mine(alias, item).select_for_update().first()
        if delivery is None:
            return
        delivery.last_error = text
        delivery.lease_until = None
        if isinstance(error, GiveUp) or delivery.attempts >= delivery.max_attempts:
            bury(alias, delivery)
        else:
            delivery.status = DeliveryStatus.PENDING
            delivery.due_at = timezone.now() + timedelta(seconds=backoff_seconds(item.attempt))
            delivery.save(using=alias, update_fields=["status", "due_at", "last_error", "lease_until"])


def bury(alias: str, delivery: Delivery) -> None:
    """Moves a delivery to the dead letters and holds what follows it in its stream. Call inside a transaction."""
    delivery.status = DeliveryStatus.DEAD
    delivery.done_at = timezone.now()
    delivery.save(using=alias, update_fields=["status", "done_at", "last_error", "lease_until"])
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
