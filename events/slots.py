"""Slots in a process for work that waits for strangers: few, so that one lane never takes them all."""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

SLOTS = 4
HUNG = 70  # exit code

_lock = threading.Lock()
_taken: dict[str, int] = {}


@contextmanager
def slot(name: str, *, seconds: float, count: int = SLOTS) -> Iterator[bool]:
    """True: one of the `count` slots of this name is ours during the block. False: all are taken.

    Who finds no slot leaves the work to those who hold them: they look again before they go. The block has
    `seconds`; then the process ends (`time_limit`).
    """
    with _lock:
        is_free = _taken.get(name, 0) < count
        _taken[name] = _taken.get(name, 0) + is_free
    if not is_free:
        yield False
        return
    try:
        with time_limit(seconds, name):
            yield True
    finally:
        with _lock:
            _taken[name] -= 1


@contextmanager
def time_limit(seconds: float, name: str, what: str = "a handler") -> Iterator[None]:
    """Ends the process when the block hangs, as Celery does with its children; threads have no such limit.

    Whoever supervises it starts it again; the attempt is counted, so the handler is a dead letter in the end.
    """
    timer = threading.Timer(seconds, _end, [name, what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(name: str, what: str) -> None:
    logger.critical("%s of %s hangs: this process ends to free its rows", what, name)
    os._exit(HUNG)
