"""The safety net: a process that needs neither Redis nor Celery and runs what nobody else did."""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from django.conf import settings
from django.db import Error, close_old_connections, connections

from events import relay, repair
from events.delivery import DRAIN_SECONDS, drain
from events.kernel.databases import alias_of, all_aliases
from events.kicks import kick_lane
from events.registry import context_of, contexts_with_handlers, lanes_beside
from events.rounds import rounds
from events.slots import time_limit

logger = logging.getLogger(__name__)
Work = Callable[[], object]

EVERY_SECONDS = 0.5
LATE_SECONDS = 1.0
# Beside the contexts the workers get another ring first: they run several at once, this thread only one.
VERY_LATE_SECONDS = 5.0


def sweep() -> int:
    """One round over every database: ship, reclaim, hold, and execute what is overdue in the contexts.

    One that is away does not keep the others waiting.
    """
    for alias in all_aliases():
        _try(_ship, alias)
    return sum(_try(_look_after, alias) for alias in all_aliases())


def _try(work: Callable[[str], int], alias: str) -> int:
    try:
        return work(alias)
    except Error as error:
        logger.warning("cannot sweep %s: %s", alias, error)
        connections[alias].close_if_unusable_or_obsolete()
        return 0


def _ship(alias: str) -> int:
    with _limit(alias, "the relay"):
        return relay.ship(alias)


def _look_after(alias: str) -> int:
    with _limit(alias, "the sweep"):
        repair.reclaim(alias)
        repair.hold_blocked(alias)
        late = repair.overdue_lanes(alias, LATE_SECONDS)
    beside = lanes_beside()
    return sum(_drain(lane) for lane in late if lane not in beside)


def deliver_backlog() -> None:
    """Runs what is due in every context, until the facts of the facts are handled too."""
    while True:
        shipped = sum(relay.ship(alias) for alias in all_aliases())
        if not shipped + sum(drain(context) for context in contexts_with_handlers()):
            return


def sweep_beside(lane: str) -> int:
    """The same for a lane beside them, whose handlers wait for strangers."""
    alias = alias_of(context_of(lane))
    if lane not in repair.overdue_lanes(alias, LATE_SECONDS):
        return 0
    kick_lane(lane)
    return _drain(lane) if lane in repair.overdue_lanes(alias, VERY_LATE_SECONDS) else 0


def _drain(lane: str) -> int:
    with _limit(lane, "a handler"):
        return drain(lane)


def _limit(name: str, what: str) -> AbstractContextManager[None]:
    """As long as a worker has for a task: a connection that hangs for ever must not hang this process."""
    return time_limit(DRAIN_SECONDS + settings.CELERY_TASK_TIME_LIMIT, name, what)


def run_forever(stop: threading.Event) -> None:
    """Sweeps twice a second until told to stop; a failing round is logged and the next one tries again.

    Each database has two threads: what is late there does not wait for another database that its relay waits
    for. Each lane beside the contexts has one: no alarm waits for somebody else's server, and no refund for
    somebody's webhook address. So has whatever the contexts have it look after.
    """
    for lane in lanes_beside():
        _start(f"sweep {lane}", partial(sweep_beside, lane), stop)
    for each in rounds():
        _start(each.name, each.look, stop, each.every)
    databases = [
        _start(f"{name} {alias}", partial(_try, work, alias), stop)
        for alias in all_aliases()
        for name, work in (("ship", _ship), ("sweep", _look_after))
    ]
    stop.wait()
    for thread in databases:  # what they have begun counts as an attempt
        thread.join()


def _start(name: str, work: Work, stop: threading.Event, every: float = EVERY_SECONDS) -> threading.Thread:
    thread = threading.Thread(target=_repeat, args=(work, stop, every), name=name, daemon=True)
    thread.start()
    return thread


def _repeat(work: Work, stop: threading.Event, every: float = EVERY_SECONDS) -> None:
    while not stop.wait(every):
        try:
            close_old_connections()
            work()
        except Exception:  # noqa: BLE001  the safety net outlives any database outage
            logger.exception("sweep failed (%s)", threading.current_thread().name)
            connections.close_all()
    connections.close_all()
