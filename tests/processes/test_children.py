"""A child that cannot be started now is started later."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.supervisor.processes import Child


@pytest.fixture
def fallen(tmp_path: Path) -> Iterator[Child]:
    """A child that has ended, and whose program is there again only when the test puts it back."""
    program = tmp_path / "program"
    program.symlink_to("/bin/sh")
    child = Child("web", [program], tmp_path / "web.log")
    child.start()
    assert child.process is not None
    child.process.wait()
    program.unlink()
    assert "web ended (0), again in 0.2 s" in str(child.revive())
    yield child
    child.wait_or_kill(5)


def its_time_comes(child: Child) -> str | None:
    child.start_again_at = time.monotonic()
    return child.revive()


def test_a_child_that_cannot_be_started_is_tried_again_after_a_longer_pause(fallen: Child) -> None:
    assert re.search(r"web cannot be started .*again in 0\.4 s", its_time_comes(fallen) or "")
    assert re.search(r"again in 0\.8 s", its_time_comes(fallen) or "")
    before = fallen.process
    Path(fallen.command[0]).symlink_to("/bin/sh")

    assert its_time_comes(fallen) is None

    assert fallen.process is not before
    assert fallen.start_again_at == 0.0


def test_a_child_that_falls_for_hours_is_still_tried_again(fallen: Child) -> None:
    fallen.falls = 2000

    assert "again in 10.0 s" in str(its_time_comes(fallen))
