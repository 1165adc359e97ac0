"""The safety net: a process that needs neither Redis nor Celery and runs what nobody else did."""

import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import close_old_connections, connections

from events import relay
from events.delivery import DRAIN_SECONDS, drain
from events.kernel.databases import all_aliases
from events.kicks import kick_lane
from events.registry import context_of

logger = logging.getLogger(__name__)

EVERY_SECONDS = 0.5
LATE_SECONDS = 1.0
# Beside the contexts the workers get another ring first: they run several at once, this thread only one.
VERY_LATE_SECONDS = 5.0
HUNG = 70  # exit code


def sweep() -> int:
    """One round over every database: ship, reclaim, hold, and execute what is overdue in the contexts."""
    count = 0
    for alias in all_aliases():
        relay.ship(alias)
        relay.reclaim(alias)
        relay.hold_blocked(alias)
        for lane in relay.overdue_lanes(alias, LATE_SECONDS):
            count += 0 if _is_beside(lane) else _drain(lane)
    return count


def sweep_beside() -> int:
    """The same for the lanes beside them, whose handlers wait for strangers."""
    count = 0
    for alias in all_aliases():
        for lane in filter(_is_beside, relay.overdue_lanes(alias, LATE_SECONDS)):
            kick_lane(lane)
        for lane in filter(_is_beside, relay.overdue_lanes(alias, VERY_LATE_SECONDS)):
            count += _drain(lane)
    return count


def _is_beside(lane: str) -> bool:
    return lane != context_of(lane)


def _drain(lane: str) -> int:
    with time_limit(DRAIN_SECONDS + settings.CELERY_TASK_TIME_LIMIT, lane):
        return drain(lane)


@contextmanager
def time_limit(seconds: float, lane: str) -> Iterator[None]:
    """Ends the process when a handler hangs, as Celery does with its children: a safety net must not hang.

    Whoever supervises it starts it again; the attempt is counted, so the handler is a dead letter in the end.
    """
    timer = threading.Timer(seconds, _end, [lane])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(lane: str) -> None:
    logger.critical("a handler of %s hangs: this process ends to free its row", lane)
    os._exit(HUNG)


def run_forever(stop: threading.Event) -> None:
    """Sweeps twice a second until told to stop; a failing round is logged and the next one tries again.

    The lanes beside the contexts have a thread of their own: no alarm waits for somebody else's server.
    """
    threading.Thread(target=_repeat, args=(sweep_beside, stop), name="beside", daemon=True).start()
    _repeat(sweep, stop)


def _repeat(round_of_sweeping: Callable[[], int], stop: threading.Event) -> None:
    while not stop.wait(EVERY_SECONDS):
        try:
            close_old_connections()
            round_of_sweeping()
        except Exception:  # noqa: BLE001  the safety net outlives any database outage
            logger.exception("sweep failed")
            connections.close_all()
    connections.close_all()
