"""One command starts everything, and its end leaves nothing."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.processes.conftest import Up

pytestmark = pytest.mark.processes


def _output(process: "subprocess.Popen[str]") -> str:
    return process.communicate(timeout=60)[0]


def test_it_starts_serves_stops_and_starts_again_on_the_same_data(up: Up) -> None:
    said = up.start()
    assert f"http://127.0.0.1:{up.port}/admin/" in said
    assert '"status": "ready"' in up.get("/readyz")
    assert "hansang_dead_letters" in up.get("/metrics")
    key = (up.data / "secret_key").read_text()
    assert (up.data / "secret_key").stat().st_mode & 0o077 == 0
    assert up.stop() == 0
    assert up.survivors() == []
    up.start()
    assert (up.data / "secret_key").read_text() == key
    assert up.stop(signal.SIGTERM) == 0
    assert up.survivors() == []


def test_nothing_survives_when_it_is_killed_and_the_next_start_recovers(up: Up) -> None:
    up.start()
    up.stop(signal.SIGKILL)
    up.start()
    assert '"status": "ready"' in up.get("/readyz")
    up.stop(signal.SIGKILL)
    assert up.survivors() == []


def test_a_second_run_on_the_same_data_is_told_so(up: Up) -> None:
    up.start()
    second = Up(up.data, up.port + 7).spawn()
    said = _output(second)
    assert up.process is not None
    assert f"Already running (pid {up.process.pid})" in said
    assert second.returncode == 1
    assert '"status": "ready"' in up.get("/readyz")


def test_a_child_that_dies_is_started_again(up: Up) -> None:
    up.start()
    web = next(line for line in up._processes() if "granian" in line)
    assert web
    for pid in _pids("granian", up):
        os.kill(pid, signal.SIGKILL)
    assert up.process is not None and up.process.stdout is not None
    said = next(line for line in up.process.stdout if line.strip())
    assert "web ended" in said
    assert _eventually_ready(up)


def _pids(word: str, up: Up) -> list[int]:
    found = []
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (OSError, ValueError):
            continue
        if word in command and f"--port {up.port} " in command:
            found.append(int(folder.name))
    return found


def _eventually_ready(up: Up) -> bool:
    import time
    import urllib.error

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            return '"status": "ready"' in up.get("/readyz")
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


@pytest.mark.parametrize("offset", [0, 1])
def test_a_taken_port_is_said_plainly_and_nothing_is_started(up: Up, offset: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", up.port + offset))
        taken.listen()
        process = up.spawn()
        said = _output(process)
    assert f"Port {up.port + offset} is taken" in said
    assert "Traceback" not in said
    assert process.returncode == 1
    assert not (up.data / "pg").exists()
    assert up.survivors() == []


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    process = Up(tmp_path / "file" / "data", 8000).spawn()
    said = _output(process)
    assert "Cannot write to" in said
    assert "DATA_DIR=" in said
    assert "Traceback" not in said
    assert process.returncode == 1


def test_a_broken_start_leaves_nothing_running(up: Up) -> None:
    process = up.spawn(DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    said = _output(process)
    assert process.returncode == 1
    assert "preparation failed" in said
    assert up.survivors() == []


def test_servers_that_files_name_are_used_and_none_is_started(up: Up, tmp_path: Path) -> None:
    urls = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere", "REDIS_URL": "redis://127.0.0.1:1/0"}
    for name, url in urls.items():
        (tmp_path / name).write_text(f"{url}\n")
    process = up.spawn(**{f"{name}_FILE": str(tmp_path / name) for name in urls})
    said = _output(process)
    assert process.returncode == 1
    assert "preparation failed" in said
    assert not (up.data / "pg").exists()
    assert not (up.data / "logs" / "valkey.log").exists()
    assert up.survivors() == []
