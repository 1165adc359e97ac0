"""A lane whose handlers wait for strangers takes its slots in a process and never more."""

import subprocess
import sys
import threading
from pathlib import Path

from events.slots import HUNG, SLOTS, slot

ROOT = Path(__file__).resolve().parents[2]
LONG = 60.0


def test_a_lane_takes_its_slots_and_another_one_finds_its_own() -> None:
    leave, working = threading.Event(), threading.Semaphore(0)

    def hang() -> None:
        with slot("hooks", seconds=LONG) as is_free:
            assert is_free
            working.release()
            leave.wait(LONG)

    hanging = [threading.Thread(target=hang) for _ in range(SLOTS)]
    for thread in hanging:
        thread.start()
        assert working.acquire(timeout=LONG)
    with slot("hooks", seconds=LONG) as is_free:
        assert not is_free
    with slot("banks", seconds=LONG) as is_free:
        assert is_free
    leave.set()
    for thread in hanging:
        thread.join(LONG)
    with slot("hooks", seconds=LONG) as is_free:
        assert is_free


def test_a_slot_is_free_again_after_a_failure() -> None:
    for _ in range(2):
        try:
            with slot("alone", seconds=LONG, count=1) as is_free:
                assert is_free
                raise ValueError
        except ValueError:
            pass


def test_who_holds_one_too_long_ends_the_process() -> None:
    hanging = """
import time
from events.slots import slot
with slot("hooks", seconds=0.2):
    time.sleep(60)
"""
    result = subprocess.run([sys.executable, "-c", hanging], cwd=ROOT, capture_output=True, check=False)
    assert result.returncode == HUNG
    assert b"hooks hangs" in result.stderr
