"""A daemon thread that rings doorbells, so that no request ever waits for Redis.

Kicks and hints may be lost: the tables are the truth; the sweeper and the catch-up by sequence repair it.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

logger = logging.getLogger(__name__)

Call = Callable[[], None]
_OPEN_SECONDS = 2.0  # after a failure, jobs are dropped this long instead of queuing up behind timeouts


class Job(NamedTuple):
    key: Hashable
    call: Call
    spacing: float


_jobs: "queue.SimpleQueue[Job] | None" = None
_pid: int | None = None
_lock = threading.Lock()


def submit(key: Hashable, call: Call, *, spacing: float = 0.0) -> None:
    """Runs `call` soon on the thread; equal keys waiting together run once. Never blocks, never raises.

    With `spacing` the key runs at most once in so many seconds, the first time at once: under load a bell
    that rings a thousand times a second costs more than what it announces.
    """
    _queue().put(Job(key, call, spacing))


def _queue() -> "queue.SimpleQueue[Job]":
    global _jobs, _pid
    with _lock:
        if _jobs is None or _pid != os.getpid():  # a fork has no thread of its own
            _jobs, _pid = queue.SimpleQueue(), os.getpid()
            threading.Thread(target=_run, args=(_jobs,), name="kicker", daemon=True).start()
        return _jobs


def _run(jobs: "queue.SimpleQueue[Job]") -> None:
    closed_until = 0.0
    waiting: dict[Hashable, Job] = {}
    not_before: dict[Hashable, float] = {}  # only keys with a spacing: a handful
    while True:
        _collect(jobs, waiting, not_before)
        for job in _due(waiting, not_before):
            if time.monotonic() < closed_until:
                continue
            try:
                job.call()
            except Exception as error:  # noqa: BLE001  the broker is away; the sweeper is the guarantee
                closed_until = time.monotonic() + _OPEN_SECONDS
                logger.warning("doorbell failed, pausing %.0f s: %s", _OPEN_SECONDS, error)


def _collect(
    jobs: "queue.SimpleQueue[Job]", waiting: dict[Hashable, Job], not_before: dict[Hashable, float]
) -> None:
    """Waits for a job, or until a spaced one may run; then takes all there are."""
    pause: float | None = None
    if waiting:
        pause = max(0.0, min(not_before.get(key, 0.0) for key in waiting) - time.monotonic())
    while True:
        try:
            job = jobs.get(timeout=pause)
        except queue.Empty:
            return
        waiting[job.key] = job
        pause = 0.0


def _due(waiting: dict[Hashable, Job], not_before: dict[Hashable, float]) -> list[Job]:
    now = time.monotonic()
    due = [job for key, job in waiting.items() if not_before.get(key, 0.0) <= now]
    for job in due:
        del waiting[job.key]
        if job.spacing:
            not_before[job.key] = now + job.spacing
    return due
