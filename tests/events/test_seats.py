"""A lane whose handlers wait for strangers takes its places in a process and never more."""

import subprocess
import sys
import threading
from pathlib import Path

from events.seats import HUNG, SEATS, seat

ROOT = Path(__file__).resolve().parents[2]
LONG = 60.0


def test_a_lane_takes_its_places_and_another_one_finds_its_own() -> None:
    leave, sitting = threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        with seat("hooks", seconds=LONG) as is_free:
            assert is_free
            sitting.release()
            leave.wait(LONG)

    hanging = [threading.Thread(target=hang) for _ in range(SEATS)]
    for thread in hanging:
        thread.start()
        assert sitting.acquire(timeout=LONG)
    with seat("hooks", seconds=LONG) as is_free:
        assert not is_free
    with seat("banks", seconds=LONG) as is_free:
        assert is_free
    leave.set()
    for thread in hanging:
        thread.join(LONG)
    with seat("hooks", seconds=LONG) as is_free:
        assert is_free


def test_a_place_is_free_again_after_a_failure() -> None:
    for _ in range(2):
        try:
            with seat("alone", seconds=LONG, count=1) as is_free:
                assert is_free
                raise ValueError
        except ValueError:
            pass


def test_who_sits_too_long_ends_the_process() -> None:
    hanging = """
import time
from events.seats import seat
with seat("hooks", seconds=0.2):
    time.sleep(60)
"""
    result = subprocess.run([sys.executable, "-c", hanging], cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == HUNG
    assert b"hooks hangs" in result.stderr
