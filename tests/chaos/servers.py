"""PostgreSQL and Redis of the chaos run's own: they may be killed, hung, emptied and filled up."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from config.supervisor import servers
from config.supervisor.processes import stop_all

DISK_MEGABYTES = 448
START_SECONDS = 60
# Little write-ahead log, so that a small disk holds it. Nothing is made faster: commits must survive a kill.
OPTIONS = ("max_wal_size=96MB", "min_wal_size=32MB", "max_connections=200")


class Servers:
    """Both servers over `folder`; `small_disk`: PostgreSQL's files have a disk that can be full."""

    def __init__(self, folder: Path, small_disk: bool) -> None:
        self.folder = folder
        self.small_disk = small_disk
        self.data = folder / "disk"
        self.ballast = self.data / "ballast"
        self.postgres, self.database_url = servers.start_postgres(self.data, folder / "postgres.log", OPTIONS)
        self.valkey, self.redis_url = servers.start_valkey(self.data, folder / "valkey.log")

    def kill_postgres(self) -> None:
        """Without goodbye; what it had confirmed must be there when it comes back."""
        assert self.postgres.process is not None
        backends = _children(self.postgres.process.pid)
        self.postgres.kill()
        for pid in backends:  # they are sessions of their own and hold its shared memory
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.postgres.wait_or_kill(5)

    def stop_postgres(self) -> None:
        """Cleanly, but at once: every connection is cut."""
        self.postgres.ask_to_stop()
        self.postgres.wait_or_kill(30)

    def start_postgres(self) -> None:
        """Starts it and waits until it takes connections again."""
        deadline = time.monotonic() + START_SECONDS
        while not self._postgres_answers():
            assert time.monotonic() < deadline, self.postgres.last_words(20)
            if not self.postgres.is_running:
                self.postgres.start()
            time.sleep(0.1)

    def _postgres_answers(self) -> bool:
        try:
            with psycopg.connect(self.database_url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def kill_redis(self) -> None:
        self.valkey.kill()
        self.valkey.wait_or_kill(5)

    def start_redis(self) -> None:
        self.valkey.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._redis_answers():
            assert time.monotonic() < deadline, self.valkey.last_words(20)
            time.sleep(0.05)

    def _redis_answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.redis_url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def flush_redis(self) -> None:
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushall()

    def hang_redis(self) -> None:
        """It stays connected and answers nothing."""
        assert self.valkey.process is not None
        os.kill(self.valkey.process.pid, signal.SIGSTOP)

    def unhang_redis(self) -> None:
        assert self.valkey.process is not None
        os.kill(self.valkey.process.pid, signal.SIGCONT)

    def fill_disk(self) -> None:
        """Leaves not one free block."""
        assert self.small_disk
        block = b"\0" * (1 << 20)
        with self.ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                with contextlib.suppress(OSError):
                    while file.write(block[:size]) == size:
                        pass

    def free_disk(self) -> None:
        self.ballast.unlink(missing_ok=True)

    def stop(self) -> None:
        if self.valkey.is_running:
            self.unhang_redis()
        stop_all([self.valkey, self.postgres], 10)


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Servers in a folder of their own, on a small disk where this machine lets us mount one.

    The folder stays, with all logs, when the block raises.
    """
    folder = Path(tempfile.mkdtemp(prefix="hansang-chaos-"))
    folder.chmod(0o711)  # PostgreSQL's own account must get through
    disk = folder / "disk"
    disk.mkdir(mode=0o711)
    small = _mount(disk)
    running, gone = None, False
    try:
        running = Servers(folder, small)
        yield running
    except BaseException as error:
        error.add_note(f"logs: {folder}")
        raise
    else:
        gone = True
    finally:
        if running:
            running.stop()
        if small:
            subprocess.run(["umount", "-l", disk], check=False)
        if gone:
            shutil.rmtree(folder, ignore_errors=True)


def _mount(disk: Path) -> bool:
    options = f"size={DISK_MEGABYTES}m,mode=711"
    command = ["mount", "-t", "tmpfs", "-o", options, "hansang-chaos", str(disk)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False
