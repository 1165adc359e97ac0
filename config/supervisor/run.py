"""One machine, one command: servers, preparation, six processes, and nothing left when it ends."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.environment import env_text
from config.supervisor import servers
from config.supervisor.banner import banner
from config.supervisor.fleet import fleet
from config.supervisor.folder_lock import FolderLock, secret_key_file
from config.supervisor.folders import CannotStart
from config.supervisor.ports import address_of_this_machine, ensure_free, own_url
from config.supervisor.processes import Child, stop_all, tied_to_parent
from config.supervisor.servers import Servers

READY_SECONDS = 60.0
# The pages come first; the queue keeps what happens in the second until its workers run too.
FIRST = ("web", "live")
_WATCH_SECONDS = 0.2
_FALLS_BEFORE_READY = 3
# A proxy of the environment is for other machines.
_here = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def say(text: str) -> None:
    print(text, flush=True)


@dataclass
class Run:
    """One `manage.py up`, from its lock to the last process gone."""

    root: Path
    data: Path
    host: str
    port: int
    with_demo: bool = True
    children: list[Child] = field(default_factory=list)
    running: Servers = field(default_factory=lambda: Servers("", "", []))
    stopping: bool = False
    started_at: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Returns when a signal ended it. Raises CannotStart with the reason; nothing runs then."""
        lock = FolderLock(self.data)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._on_signal)
        try:
            self._start(patience=10.0 if lock.was_killed else 0.0)
            self._watch()
        except KeyboardInterrupt:
            say("stopping")
        finally:
            self.stopping = True
            self._stop()
            lock.release()

    def _on_signal(self, *_: Any) -> None:
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt
        for child in [*self.children, *self.running.children]:  # asked twice: no more waiting
            child.kill()

    def _start(self, *, patience: float) -> None:
        for port in (self.port, self.port + 1):
            ensure_free(self.host, port, patience=patience)
        self.running = servers.start(
            self.data, database_url=env_text("DATABASE_URL"), redis_url=env_text("REDIS_URL")
        )
        env = self._environment()
        links = self._prepare(env)
        self.children = fleet(self.host, self.port, self.data, env, self.root)
        self._start_children(first=True)
        self._wait_until_ready()
        self._start_children(first=False)
        notes = [f"Data and logs: {self.data}"]
        if self.host == "127.0.0.1":
            notes.append("For phones in this Wi-Fi:  HOST=0.0.0.0 make run")
        say(banner(links, env["PUBLIC_URL"], time.monotonic() - self.started_at, notes))

    def _start_children(self, *, first: bool) -> None:
        for child in self.children:
            if (child.name in FIRST) == first:
                child.start()

    def _environment(self) -> dict[str, str]:
        env = {
            **os.environ,
            **self._servers_in_use(),
            "DATA_DIR": str(self.data),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONUNBUFFERED": "1",
        }
        if not (env.get("SECRET_KEY") or env.get("SECRET_KEY_FILE")):
            env["SECRET_KEY_FILE"] = str(secret_key_file(self.data))
        name = address_of_this_machine() if self.host == "0.0.0.0" else self.host  # noqa: S104
        if not (env.get("PUBLIC_URL") or env.get("PUBLIC_URL_FILE")):
            env["PUBLIC_URL"] = own_url(name, self.port)
        return env

    def _servers_in_use(self) -> dict[str, str]:
        """Both URLs; one that a file names stays there, where no list of processes shows its password."""
        urls = {"DATABASE_URL": self.running.database_url, "REDIS_URL": self.running.redis_url}
        return {name: url for name, url in urls.items() if not os.environ.get(f"{name}_FILE")}

    def _prepare(self, env: dict[str, str]) -> dict[str, Any]:
        """Migrations, translations, static files, demo; returns the links for the banner."""
        result = subprocess.run(
            [sys.executable, "manage.py", "prepare", *([] if self.with_demo else ["--no-demo"])],
            cwd=self.root,
            env=env,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            start_new_session=True,
            preexec_fn=tied_to_parent(signal.SIGKILL),
        )
        if result.returncode:
            raise CannotStart("The preparation failed; the reason stands above.")
        return dict(json.loads(result.stdout.splitlines()[-1]))

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not (self._answers(self.port, "/readyz") and self._answers(self.port + 1, "/")):
            for child in self.children:
                child.revive()
                if child.falls >= _FALLS_BEFORE_READY:
                    raise CannotStart(f"{child.name} does not start:\n{child.last_words()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"Not ready after {READY_SECONDS:.0f} s; see {self.data / 'logs'}")
            time.sleep(0.05)

    def _answers(self, port: int, path: str) -> bool:
        """Whether something speaks HTTP there; a refusal is an answer too, a failure is not."""
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104
        try:
            _here.open(f"http://{host}:{port}{path}", timeout=2).close()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code < 500
        except OSError:
            return False
        return True

    def _watch(self) -> None:
        while True:
            for child in [*self.running.children, *self.children]:
                if news := child.revive():
                    say(news)
            time.sleep(_WATCH_SECONDS)

    def _stop(self) -> None:
        """What takes requests first, then what works them off, then the servers."""
        by_name = {child.name: child for child in self.children}
        for names, seconds in ((("web", "live", "beat"), 8.0), (("worker", "outside", "sweeper"), 15.0)):
            stop_all([by_name[name] for name in names if name in by_name], seconds)
        self.running.stop()
