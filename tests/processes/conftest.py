"""`manage.py up` as a child, watched from outside."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90


@dataclass
class Up:
    """One run; `data` is its folder."""

    data: Path
    port: int
    process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Starts it and returns what it said when it was ready."""
        self.process = self.spawn()
        assert self.process.stdout is not None
        said = []
        for line in self.process.stdout:
            said.append(line)
            if re.search(r"\bready in \d", line):
                return "".join(said)
        raise AssertionError("".join(said) + self.logs())

    def spawn(self, **extra: str) -> subprocess.Popen[str]:
        env = {name: text for name, text in os.environ.items() if not name.endswith("DATABASE_URL")}
        for name in ("REDIS_URL", "DJANGO_SETTINGS_MODULE", "SECRET_KEY"):
            env.pop(name, None)
        env |= {"DATA_DIR": str(self.data), "PORT": str(self.port), **extra}
        return subprocess.Popen(
            [sys.executable, "manage.py", "up", "--no-demo"],
            cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(40)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return answer.read().decode()

    def survivors(self, seconds: float = 20) -> list[str]:
        """Processes of this run that are still there after a moment."""
        deadline = time.monotonic() + seconds
        while (found := self._processes()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found

    def _processes(self) -> list[str]:
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                env = (folder / "environ").read_bytes()
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            marker = f"DATA_DIR={self.data}\0".encode()
            if command and (marker in env or str(self.data) in command) and int(folder.name) != os.getpid():
                found.append(command)
        return found

    def logs(self) -> str:
        return "\n".join(f"== {log}\n{log.read_text()[-1500:]}" for log in (self.data / "logs").glob("*.log"))


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    run = Up(tmp_path / "data of a run", free_port())
    yield run
    if run.process is not None and run.process.poll() is None:
        run.process.kill()
        run.process.wait()
        run.survivors()
    for name in ("pg", "run"):  # root's PostgreSQL may have had to live elsewhere
        if (run.data / name).is_symlink():
            shutil.rmtree((run.data / name).resolve(), ignore_errors=True)
