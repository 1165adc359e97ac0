"""The product's real processes over a database of their own, for tests that look from outside.

Every test may ask for the fixtures `stack` and `live_server_processes`. The database holds the demo store.
Nothing of the test process is shared with it: use pages, the API, `stack.manage(…)` or `stack.sql(…)`.
"""

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from config.supervisor.fleet import (
    beat_command,
    live_command,
    outside_command,
    sweeper_command,
    web_command,
    worker_command,
)
from config.supervisor.processes import Child, stop_all
from tests.databases import all_urls, beside, databases_of, is_split_run, urls_beside
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
READY_SECONDS = 90
COMMAND_SECONDS = 300
REDIS_DATABASE = int(os.environ.get("STACK_REDIS_DATABASE", "11"))


@dataclass
class Stack:
    """All processes of the product; `links` holds the guest's and the board's path of the demo store."""

    folder: Path
    port: int
    env: dict[str, str]
    links: dict[str, Any] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *words: str) -> str:
        """Runs a management command and returns what it printed."""
        result = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=self.env, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query over the database of the context whose tables it names.

        A query over the queue's own tables is answered by every database, one after the other.
        """
        found: list[tuple[Any, ...]] = []
        for url in databases_of(query, self.env):
            with psycopg.connect(url, autocommit=True) as connection:
                cursor = connection.execute(query, values)
                found += cursor.fetchall() if cursor.description else []
        return found

    def tokens(self) -> list[str]:
        """Valid codes of the demo store's tables, in their order."""
        return [
            row[0]
            for row in self.sql(
                "SELECT k.token FROM stores_tabletoken k JOIN stores_table t ON t.id = k.table_id "
                "JOIN stores_store s ON s.id = t.store_id "
                "WHERE k.revoked_at IS NULL AND t.retired_at IS NULL "
                "ORDER BY s.created_at, t.position, t.name"
            )
        ]

    def add(self, name: str, command: Sequence[str | Path], **env: str) -> None:
        """Starts one more process of the product."""
        log = self.folder / f"{name}.log"
        self.children[name] = Child(name, command, log, env={**self.env, **env}, cwd=ROOT)
        self.start(name)

    def start(self, name: str, **env: str) -> None:
        """Starts it, from now on with this in its environment too."""
        child = self.children[name]
        child.env = {**(child.env or {}), **env}
        child.falls, child.start_again_at = 0, 0.0
        child.start()
        self.stopped.discard(name)

    def kill(self, name: str) -> None:
        """As if the machine lost it: no goodbye."""
        self.stopped.add(name)
        self.children[name].kill()
        self.children[name].wait_or_kill(5)

    def remove(self, name: str) -> None:
        """Kills it for good."""
        self.kill(name)
        del self.children[name]

    def tend(self) -> None:
        """Starts again what ended by itself, as the supervisor does. Always from the same thread."""
        for name, child in self.children.items():
            if name not in self.stopped:
                child.revive()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            for child in self.children.values():
                assert child.is_running, f"{child.name} ended:\n{child.last_words(40)}"
            assert time.monotonic() < deadline, "the processes did not become ready"
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        doors = {"web": (self.port, "/readyz"), "live": (self.port + 1, "/")}
        for port, path in (doors[name] for name in self.children if name in doors):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2).close()
            except urllib.error.HTTPError as error:
                error.close()
                if error.code >= 500:
                    return False
            except OSError:
                return False
        return True


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running processes; one for the whole session."""
    with running_stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@contextmanager
def running_stack(folder: Path, name: str = "stack", redis: int = REDIS_DATABASE) -> Iterator[Stack]:
    """Processes over a database of this name; whoever breaks them starts some of their own."""
    port = free_port()
    running = Stack(folder, port, environment(folder, port, name, redis))
    begin_with_demo(running)
    with processes_of(running):
        yield running


@contextmanager
def processes_of(stack: Stack) -> Iterator[None]:
    """All six processes over a prepared database, ready; they end with the block."""
    commands = {
        "web": web_command("127.0.0.1", stack.port),
        "live": live_command("127.0.0.1", stack.port + 1),
        "worker": worker_command(),
        "outside": outside_command(),
        "sweeper": sweeper_command(),
        "beat": beat_command(stack.folder),
    }
    try:
        for name, command in commands.items():
            stack.add(name, command)
        stack.wait_until_ready()
        yield
    finally:
        stop_all(list(stack.children.values()), 15)


@pytest.fixture(scope="session")
def live_server_processes(stack: Stack) -> str:
    """The base URL of the running product."""
    return stack.base_url


def environment(folder: Path, port: int, name: str = "stack", redis: int = REDIS_DATABASE) -> dict[str, str]:
    """What a server beside the suite's own needs: a database named after it, a Redis number of its own."""
    database = beside(os.environ["DATABASE_URL"], name)
    env = environment_over(folder, port, database, _other_redis_database(os.environ["REDIS_URL"], redis))
    return env | (urls_beside(database) if is_split_run() else {})


def environment_over(folder: Path, port: int, database_url: str, redis_url: str) -> dict[str, str]:
    """The same over these servers."""
    clean = {name: text for name, text in os.environ.items() if not name.endswith("_DATABASE_URL")}
    return {
        **clean,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(folder / "data"),
        "PORT": str(port),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "stack-" + "0" * 50,
        "THROTTLE_FACTOR": "1000",
        "LOG_LEVEL": "WARNING",
    }


def _other_redis_database(url: str, number: int) -> str:
    if url.startswith("unix:"):
        return f"{url.partition('?')[0]}?db={number}"
    return re.sub(r"^(\w+://[^/]*).*", rf"\1/{number}", url)


@cache
def _demo() -> Stack:
    """The demo store, prepared once; nothing ever runs over it."""
    folder = Path(tempfile.mkdtemp(prefix="hansang-demo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    demo = Stack(folder, 0, environment(folder, 0, "demo"))
    recreate_databases(demo.env)
    demo.links = json.loads(demo.manage("prepare").splitlines()[-1])
    return demo


def begin_with_demo(stack: Stack) -> None:
    """A copy of its databases and files takes a second, a new one half a minute."""
    demo = _demo()
    shutil.copytree(demo.folder / "data", stack.folder / "data")
    for url, source in zip(all_urls(stack.env), all_urls(demo.env), strict=True):
        recreate_database(url, source)
    redis.from_url(stack.env["REDIS_URL"]).flushdb()
    stack.links = demo.links


def recreate_databases(env: dict[str, str]) -> None:
    """Empty databases, one or one per context."""
    for url in all_urls(env):
        recreate_database(url)


def recreate_database(url: str, source: str = "") -> None:
    """An empty database, or a copy of another one on the same server."""
    template = f'TEMPLATE "{re.split(r"[/?]", source)[3]}"' if source else ""
    server, name, query = re.fullmatch(r"(\w+://[^/]*/)([^?]*)(.*)", url).groups()  # type: ignore[union-attr]
    with psycopg.connect(f"{server}postgres{query}", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]
        connection.execute(f'CREATE DATABASE "{name}" {template}')  # type: ignore[arg-type]
