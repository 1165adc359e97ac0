"""The thread that rings doorbells for everybody."""

import subprocess
import sys
from functools import partial
from threading import Event

from events.kernel.kicker import submit

PATIENCE = 10  # seconds until a test gives up


def test_a_job_runs_at_once_and_off_the_callers_thread() -> None:
    ran = Event()
    submit("at-once", ran.set)
    assert ran.wait(PATIENCE)


def test_a_burst_of_one_key_runs_a_few_times_and_ends_with_the_last() -> None:
    seen: list[int] = []
    done = Event()

    def call(number: int) -> None:
        seen.append(number)
        if number == 499:
            done.set()

    for number in range(500):
        submit("burst", partial(call, number), spacing=0.05)
    assert done.wait(PATIENCE)
    assert len(seen) < 50 and seen == sorted(seen)


def test_a_spaced_key_does_not_hold_up_another() -> None:
    first, second, other = Event(), Event(), Event()
    submit("spaced", first.set, spacing=30)
    assert first.wait(PATIENCE)
    submit("spaced", second.set, spacing=30)
    submit("other", other.set)
    assert other.wait(PATIENCE) and not second.is_set()


def test_after_a_failure_jobs_are_dropped_and_later_ones_run() -> None:
    failed = Event()

    def fail() -> None:
        failed.set()
        raise ConnectionError("no Redis")

    submit("failing", fail)
    assert failed.wait(PATIENCE)
    ran, waits = Event(), 0
    submit("later", ran.set)
    while not ran.wait(0.1) and waits < PATIENCE * 10:  # two seconds of silence, then the bell rings again
        submit("later", ran.set)
        waits += 1
    assert ran.is_set() and waits > 0


def test_a_program_that_ends_rings_what_waits_and_does_not_hang() -> None:
    """Cut off in a Redis client, the thread would keep its lock, and the exit would wait for it for ever."""
    program = """
import threading
from events.kernel.kicker import submit

class Client:
    def __init__(self): self.lock = threading.Lock()
    def visit(self, text):
        with self.lock:
            threading.Event().wait(0.3)
            print(text, flush=True)
    def __del__(self):
        with self.lock: pass

client = Client()
submit("bell", lambda: client.visit("first"), spacing=60)
submit("other", lambda: client.visit("other"))
submit("bell", lambda: client.visit("last"), spacing=60)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert {"other", "last"} <= set(done.stdout.split()) and not done.stderr
