"""The data folder: only one run at a time, writable, with a secret key of its own."""

import errno
import fcntl
import os
import secrets
from pathlib import Path
from typing import IO

from config.supervisor.folders import CannotStart


class FolderLock:
    """Held as long as the run lives; the kernel lets go of it however the run ends."""

    def __init__(self, data: Path) -> None:
        self._file = _opened(data)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise CannotStart(f"{data} cannot be locked: {error.strerror}") from None
            raise CannotStart(f"Already running (pid {self._file.read().strip()}) on {data}") from None
        # A clean end empties the file: a number in it tells of a run that was killed.
        self.was_killed = bool(self._file.read().strip())
        self._write(str(os.getpid()))

    def _write(self, text: str) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()

    def release(self) -> None:
        self._write("")
        self._file.close()


def _opened(data: Path) -> IO[str]:
    try:
        if not data.exists():
            data.mkdir(parents=True)
            data.chmod(0o711)  # PostgreSQL's own account must get through
        file = (data / "up.lock").open("a+", encoding="ascii")
    except OSError as error:
        raise CannotStart(
            f"Cannot write to {data}: {error.strerror}. Name another folder:  DATA_DIR=/some/folder make run"
        ) from None
    file.seek(0)
    return file


def secret_key_file(data: Path) -> Path:
    """The file with this installation's key; made on the first start, readable by its owner only."""
    path = data / "secret_key"
    if not path.exists():
        draft = path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        draft.rename(path)
    return path
