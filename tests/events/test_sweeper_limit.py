"""The safety net must not hang with the handler that it runs, nor with a database."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from events import relay
from events.rounds import rounds
from events.slots import HUNG, time_limit
from events.sweeper import run_forever
from tests.events.conftest import change, effects, ring
from tests.queue import ship_all

PATIENCE = 30.0

HANG = """
import time, django
django.setup()
from events.slots import time_limit
with time_limit(0.2, "orders"):
    time.sleep(60)
"""


def test_a_handler_that_hangs_ends_the_process_so_that_it_is_started_again() -> None:
    result = subprocess.run(
        [sys.executable, "-c", HANG], capture_output=True, text=True, timeout=50, check=False
    )
    assert result.returncode == HUNG
    assert "a handler of orders hangs" in result.stderr


HANG_AT_A_DATABASE = """
import time, django
django.setup()
from django.conf import settings
from events import relay, sweeper
relay.ship = lambda alias: time.sleep(60)
sweeper.DRAIN_SECONDS = settings.CELERY_TASK_TIME_LIMIT = 0.1
sweeper.sweep()
"""


def test_so_does_a_database_that_neither_answers_nor_goes_away() -> None:
    result = subprocess.run(
        [sys.executable, "-c", HANG_AT_A_DATABASE], capture_output=True, text=True, timeout=50, check=False
    )
    assert result.returncode == HUNG
    assert "the relay of default hangs" in result.stderr


@contextmanager
def _sweeping_while_every_relay_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    stop, waits, let_go = threading.Event(), threading.Event(), threading.Event()

    def hang(alias: str) -> int:
        waits.set()
        let_go.wait(PATIENCE)
        return 0

    monkeypatch.setattr(relay, "ship", hang)
    threading.Thread(target=run_forever, args=(stop,), name="sweep all").start()
    try:
        assert waits.wait(PATIENCE)
        yield
    finally:
        stop.set()
        let_go.set()
        _join_sweepers()


def _join_sweepers() -> None:
    names = ("ship ", "sweep ", *(each.name for each in rounds()))
    for thread in [one for one in threading.enumerate() if one.name.startswith(names)]:
        thread.join(PATIENCE)


@pytest.mark.django_db(transaction=True)
def test_what_is_late_runs_while_the_relay_waits_for_a_database_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    late = ring()
    ship_all()
    change(late, due_at=timezone.now() - timedelta(seconds=5))
    with _sweeping_while_every_relay_waits(monkeypatch):
        deadline = time.monotonic() + PATIENCE / 2
        while not effects() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert effects() == [("front", 1)]


def test_who_is_in_time_goes_on() -> None:
    with time_limit(30, "orders"):
        pass
