"""The six processes of the product and how each is started."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from config.supervisor.processes import Child

QUEUES = "stores,menus,orders,payments,notifications,relay,default"
# What waits for strangers: lanes in a process of their own, and the timers that ask wallets.
OUTSIDE = "webhooks,wallets,printers"
# Slots for the lanes and two timers (events/slots.py), so that whoever hangs leaves threads to the others.
OUTSIDE_THREADS = 14


def web_command(host: str, port: int, *, workers: int | None = None) -> list[str]:
    """All HTTP. Workers = cores and two threads each were the fastest of all that was measured.

    The sandbox wallet answers in these processes, too: phones that pay at once must leave it a thread.
    """
    count = workers or min(os.cpu_count() or 1, 2)
    return [
        *_python("granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", str(count), "--blocking-threads", "4", "--no-ws", "--backlog", "1024"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"),
        "config.wsgi:application",
    ]


def live_command(host: str, port: int) -> list[str]:
    """The WebSockets."""
    return [
        *_python("uvicorn", "config.asgi:application", "--host", host, "--port", str(port)),
        *("--timeout-graceful-shutdown", "3", "--ws-ping-interval", "20", "--ws-max-size", "65536"),
        *("--log-level", "warning", "--no-access-log"),
    ]


def worker_command(queues: str = QUEUES, *, concurrency: int = 2) -> list[str]:
    """Runs the handlers of the named queues; Celery wants another name for each worker of a machine."""
    name = "worker" if queues == QUEUES else queues.partition(",")[0]
    return _celery_worker(name, queues, concurrency)


def outside_command() -> list[str]:
    """Sends webhooks, refunds and tickets: a stranger who hangs costs one of its threads a time limit."""
    return [*_celery_worker("outside", OUTSIDE, OUTSIDE_THREADS), "--pool", "threads"]


def _celery_worker(name: str, queues: str, concurrency: int) -> list[str]:
    return [
        *_python("celery", "-A", "config", "worker", "-Q", queues, "-c", str(concurrency)),
        *("-n", f"{name}@%h", "-l", "WARNING", "--without-gossip", "--without-mingle"),
    ]


def beat_command(data: Path) -> list[str]:
    """Starts the timers; its schedule is of no importance after a crash."""
    return [
        *_python("celery", "-A", "config", "beat", "-l", "WARNING"),
        "-s",
        f"{data}/beat.db",
        "--pidfile=",
    ]


def sweeper_command() -> list[str]:
    """The queue's safety net."""
    return [sys.executable, "manage.py", "sweep"]


def _python(*words: str) -> list[str]:
    return [sys.executable, "-m", *words]


def fleet(host: str, port: int, data: Path, env: Mapping[str, str], root: Path) -> list[Child]:
    """All six, not started yet."""
    commands = {
        "web": web_command(host, port),
        "live": live_command(host, port + 1),
        "worker": worker_command(),
        "outside": outside_command(),
        "beat": beat_command(data),
        "sweeper": sweeper_command(),
    }
    return [
        Child(name, command, data / "logs" / f"{name}.log", env=env, cwd=root)
        for name, command in commands.items()
    ]
