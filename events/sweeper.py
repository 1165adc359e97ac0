"""The safety net: a process that needs neither Redis nor Celery and runs what nobody else did."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import close_old_connections, connections

from events import relay
from events.delivery import DRAIN_SECONDS, drain
from events.kernel.databases import all_aliases

logger = logging.getLogger(__name__)

EVERY_SECONDS = 0.5
LATE_SECONDS = 1.0
HUNG = 70  # exit code


def sweep() -> int:
    """One round over every database: ship, reclaim, hold, and execute what is overdue."""
    count = 0
    for alias in all_aliases():
        relay.ship(alias)
        relay.reclaim(alias)
        relay.hold_blocked(alias)
        for context in relay.overdue_contexts(alias, LATE_SECONDS):
            with time_limit(DRAIN_SECONDS + settings.CELERY_TASK_TIME_LIMIT, context):
                count += drain(context)
    return count


@contextmanager
def time_limit(seconds: float, context: str) -> Iterator[None]:
    """Ends the process when a handler hangs, as Celery does with its children: a safety net must not hang.

    Whoever supervises it starts it again; the attempt is counted, so the handler is a dead letter in the end.
    """
    timer = threading.Timer(seconds, _end, [context])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(context: str) -> None:
    logger.critical("a handler of %s hangs: this process ends to free its row", context)
    os._exit(HUNG)


def run_forever(stop: threading.Event) -> None:
    """Sweeps twice a second until told to stop; a failing round is logged and the next one tries again."""
    while not stop.wait(EVERY_SECONDS):
        try:
            close_old_connections()
            sweep()
        except Exception:  # noqa: BLE001  the safety net outlives any database outage
            logger.exception("sweep failed")
            connections.close_all()
