"""A child process that dies with its parent, logs to a file and is started again when it ends."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 10.0
_MOST_DOUBLINGS = 6
_CALM_SECONDS = 30.0  # after this long without a fall the next restart is immediate again


def tied_to_parent(last_word: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `last_word` to the child when this process dies, however it dies."""
    parent = os.getpid()

    def before_exec() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(last_word))
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


@dataclass
class Child:
    """One supervised process. `stop_signal` is its way to end cleanly, also when the supervisor is killed."""

    name: str
    command: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    popen: dict[str, Any] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    falls: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0

    def start(self) -> None:
        # A session of its own: the terminal's Ctrl-C reaches the supervisor only, which stops all in order.
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in self.command],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=dict(self.env) if self.env is not None else None,
                cwd=self.cwd,
                start_new_session=True,
                preexec_fn=tied_to_parent(self.stop_signal),
                **self.popen,
            )
        self.started_at = time.monotonic()

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self, lines: int = 12) -> str:
        """The end of its log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def revive(self) -> str | None:
        """Starts it again after a growing pause; returns a line for the terminal when it fell just now."""
        if self.is_running or self.process is None:
            return None
        if self.start_again_at:
            return self._start_again() if time.monotonic() >= self.start_again_at else None
        self.kill()  # what it left behind would hold its port
        if time.monotonic() - self.started_at > _CALM_SECONDS:
            self.falls = 0
        return self._fall(f"{self.name} ended ({self.process.returncode})")

    def _start_again(self) -> str | None:
        try:
            self.start()
        except OSError as error:  # no memory for a fork, say: what it waits for may come back
            return self._fall(f"{self.name} cannot be started ({error})")
        self.start_again_at = 0.0
        return None

    def _fall(self, news: str) -> str:
        self.falls += 1
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(self.falls - 1, _MOST_DOUBLINGS))
        self.start_again_at = time.monotonic() + wait
        return f"{news}, again in {wait:.1f} s; see {self.log}"

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)

    def wait_or_kill(self, seconds: float) -> None:
        """Waits for it to end; then nothing of its session is left, one way or the other."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.05, seconds))
        self.kill()
        self.process.wait()

    def kill(self) -> None:
        """Ends it and everything it started, at once."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def stop_all(children: Sequence[Child], seconds: float) -> None:
    """Asks all to stop at once and waits for them together."""
    deadline = time.monotonic() + seconds
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.wait_or_kill(deadline - time.monotonic())
