"""The safety net: a process that needs neither Redis nor Celery and runs what nobody else did."""

import logging
import threading

from django.db import close_old_connections, connections

from events import relay
from events.delivery import drain
from events.kernel.databases import all_aliases

logger = logging.getLogger(__name__)

EVERY_SECONDS = 0.5
LATE_SECONDS = 1.0


def sweep() -> int:
    """One round over every database: ship, reclaim, hold, and execute what is overdue."""
    count = 0
    for alias in all_aliases():
        relay.ship(alias)
        relay.reclaim(alias)
        relay.hold_blocked(alias)
        for context in relay.overdue_contexts(alias, LATE_SECONDS):
            count += drain(context)
    return count


def run_forever(stop: threading.Event) -> None:
    """Sweeps twice a second until told to stop; a failing round is logged and the next one tries again."""
    while not stop.wait(EVERY_SECONDS):
        try:
            close_old_connections()
            sweep()
        except Exception:  # noqa: BLE001  the safety net outlives any database outage
            logger.exception("sweep failed")
            connections.close_all()
