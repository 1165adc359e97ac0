"""A daemon thread that rings doorbells, so that no request ever waits for Redis.

Kicks and hints may be lost: the tables are the truth; the sweeper and the catch-up by sequence repair it.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Hashable

logger = logging.getLogger(__name__)

Job = tuple[Hashable, Callable[[], None]]
_OPEN_SECONDS = 2.0  # after a failure, jobs are dropped this long instead of queuing up behind timeouts

_jobs: "queue.SimpleQueue[Job] | None" = None
_pid: int | None = None
_lock = threading.Lock()


def submit(key: Hashable, call: Callable[[], None]) -> None:
    """Runs `call` soon on the thread; equal keys waiting together run once. Never blocks, never raises."""
    _queue().put((key, call))


def _queue() -> "queue.SimpleQueue[Job]":
    global _jobs, _pid
    with _lock:
        if _jobs is None or _pid != os.getpid():  # a fork has no thread of its own
            _jobs, _pid = queue.SimpleQueue(), os.getpid()
            threading.Thread(target=_run, args=(_jobs,), name="kicker", daemon=True).start()
        return _jobs


def _run(jobs: "queue.SimpleQueue[Job]") -> None:
    closed_until = 0.0
    while True:
        for call in _take(jobs):
            if time.monotonic() < closed_until:
                continue
            try:
                call()
            except Exception as error:  # noqa: BLE001  the broker is away; the sweeper is the guarantee
                closed_until = time.monotonic() + _OPEN_SECONDS
                logger.warning("doorbell failed, pausing %.0f s: %s", _OPEN_SECONDS, error)


def _take(jobs: "queue.SimpleQueue[Job]") -> list[Callable[[], None]]:
    batch = dict([jobs.get()])
    while True:
        try:
            key, call = jobs.get_nowait()
        except queue.Empty:
            return list(batch.values())
        batch[key] = call
