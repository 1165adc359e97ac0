"""A child that cannot be started now is started later, and the supervisor asks it without a detour."""

import re
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from config.supervisor.processes import Child
from config.supervisor.run import Run
from tests.ports import free_port


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


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with HTTPServer(("127.0.0.1", free_port()), _Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        run = Run(tmp_path, tmp_path, "127.0.0.1", server.server_port)

        answers = run._answers(server.server_port, "/readyz")

        server.shutdown()
    assert answers
