"""A daemon thread that rings doorbells, so that no request ever waits for Redis.

Kicks and hints may be lost: the tables are the truth; the sweeper and the catch-up by sequence repair it.
"""

import atexit
import logging
import os
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


class _Kicker(threading.Thread):
    """Runs jobs when they are due; is woken only for one that is due before it would look by itself."""

    def __init__(self) -> None:
        super().__init__(name="kicker", daemon=True)
        self.pid = os.getpid()
        self._changed = threading.Condition(threading.Lock())
        self._waiting: dict[Hashable, Job] = {}
        self._not_before: dict[Hashable, float] = {}  # only keys with a spacing: a handful
        self._looks_at = 0.0
        self._closed_until = 0.0
        self._is_ending = False

    def add(self, job: Job) -> None:
        with self._changed:
            self._waiting[job.key] = job
            if self._not_before.get(job.key, 0.0) < self._looks_at:
                self._looks_at = 0.0
                self._changed.notify()

    def end(self, seconds: float) -> None:
        """Runs what waits, at once, and stops; waits so long for it."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self.join(seconds)

    def run(self) -> None:
        while due := self._take_due():
            for job in due:
                self._run(job)

    def _take_due(self) -> list[Job]:
        """The jobs that may run now; waits for one, and returns none at the end."""
        with self._changed:
            while True:
                now = float("inf") if self._is_ending else time.monotonic()
                due = [job for key, job in self._waiting.items() if self._not_before.get(key, 0.0) <= now]
                if due or self._is_ending:
                    break
                self._wait(now)
            for job in due:
                del self._waiting[job.key]
                if job.spacing:
                    self._not_before[job.key] = now + job.spacing
            return due

    def _wait(self, now: float) -> None:
        self._looks_at = min((self._not_before[key] for key in self._waiting), default=float("inf"))
        self._changed.wait(self._looks_at - now if self._waiting else None)
        self._looks_at = 0.0

    def _run(self, job: Job) -> None:
        if time.monotonic() < self._closed_until:
            return
        try:
            job.call()
        except Exception as error:  # noqa: BLE001  the broker is away; the sweeper is the guarantee
            self._closed_until = time.monotonic() + _OPEN_SECONDS
            logger.warning("doorbell failed, pausing %.0f s: %s", _OPEN_SECONDS, error)


_END_SECONDS = 3.0  # longer than one failing visit to Redis

_kicker: _Kicker | None = None
_lock = threading.Lock()


def submit(key: Hashable, call: Call, *, spacing: float = 0.0) -> None:
    """Runs `call` soon on the thread; equal keys waiting together run once. Never blocks, never raises.

    With `spacing` the key runs at most once in so many seconds, the first time at once: under load a bell
    that rings a thousand times a second costs more than what it announces.
    """
    _thread().add(Job(key, call, spacing))


def _thread() -> _Kicker:
    global _kicker
    with _lock:
        if _kicker is None or _kicker.pid != os.getpid():  # a fork has no thread of its own
            _kicker = _Kicker()
            _kicker.start()
        return _kicker


@atexit.register
def _end() -> None:
    """No bell is lost by a command that ends, and no thread is cut off holding the lock of a Redis client."""
    if _kicker is not None and _kicker.pid == os.getpid():
        _kicker.end(_END_SECONDS)
