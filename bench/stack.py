"""The processes under measurement: the product's and the bare baseline's, on the same embedded servers."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
CONTEXTS = "stores,menus,orders,payments,notifications,relay,default"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


@dataclass
class Stack:
    """Starts processes with the environment of this run and ends them all."""

    env: dict[str, str]
    folder: Path
    running: list[subprocess.Popen[bytes]]

    def manage(self, *words: str) -> None:
        subprocess.run([PYTHON, "manage.py", *words], cwd=ROOT, env=self.env, check=True)

    def spawn(self, name: str, *command: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            [PYTHON, "-m", *command], cwd=ROOT, env={**self.env, **(env or {})}, stdout=log, stderr=log
        )
        self.running.append(process)
        return process

    def wsgi(self, name: str, target: str, port: int) -> subprocess.Popen[bytes]:
        process = self.spawn(
            name, "granian", "--interface", "wsgi", "--workers", str(min(2, os.cpu_count() or 1)),
            "--blocking-threads", "4", "--no-ws", "--host", "127.0.0.1",
            "--port", str(port), "--log-level", "warning", target,
        )  # fmt: skip
        wait_for_port(port)
        return process

    def asgi(self, name: str, target: str, port: int, **env: str) -> subprocess.Popen[bytes]:
        process = self.spawn(
            name, "uvicorn", target, "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning",
            "--ws-max-size", "65536", env=env,
        )  # fmt: skip
        wait_for_port(port)
        return process

    def worker(self, name: str, app: str, queues: str) -> subprocess.Popen[bytes]:
        return self.spawn(
            name, "celery", "-A", app, "worker", "-Q", queues, "-c", "2", "-l", "WARNING",
            "-n", f"{name}@%h", "--without-gossip", "--without-mingle",
        )  # fmt: skip

    @staticmethod
    def end(*processes: subprocess.Popen[bytes]) -> None:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


@contextmanager
def stack() -> Iterator[Stack]:
    """Embedded PostgreSQL (durable settings) and Redis in a temporary folder, unless URLs are given."""
    from config.supervisor import servers

    with tempfile.TemporaryDirectory(prefix="hansang-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        started = servers.start(folder)
        env = {
            **os.environ,
            "DATABASE_URL": started.database_url,
            "REDIS_URL": started.redis_url,
            "DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": "bench-" + "0" * 50,
            "THROTTLE_FACTOR": "1000000",
            "LOG_LEVEL": "WARNING",
        }
        result = Stack(env, folder, [])
        try:
            yield result
        finally:
            Stack.end(*result.running)
            started.stop()
