"""A clock that can be wrong: the process follows an offset in a file, which may change while it runs."""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

LOOK_SECONDS = 0.2


def follow(path: str) -> None:
    """From now on this process and its forks read "now" plus the file's seconds; no file means no error."""
    traveller = time_machine.travel(datetime.now(UTC), tick=True).start()
    offset = 0.0

    def watch() -> None:
        nonlocal offset
        while True:
            wanted = _read(Path(path))
            if wanted != offset:
                traveller.shift(timedelta(seconds=wanted - offset))
                offset = wanted
            time.sleep(LOOK_SECONDS)

    def begin() -> None:
        threading.Thread(target=watch, name="clock", daemon=True).start()

    begin()
    os.register_at_fork(after_in_child=begin)


def _read(path: Path) -> float:
    try:
        return float(path.read_text() or 0)
    except (OSError, ValueError):
        return 0.0
