"""The safety net must not hang with the handler that it runs."""

import subprocess
import sys

from events.slots import HUNG, time_limit

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


def test_who_is_in_time_goes_on() -> None:
    with time_limit(30, "orders"):
        pass
