"""`manage.py demo_reset`: forgets the embedded run's data; the next start is the first."""

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.supervisor.folder_lock import FolderLock
from config.supervisor.folders import CannotStart

# Only what the run itself made: whatever else lies in the folder stays.
MADE = ("pg", "run", "media", "static", "logs", "beat.db*", "secret_key")


class Command(BaseCommand):
    help = "Deletes the embedded run's data. A database given by DATABASE_URL is not touched."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        data = settings.DATA_DIR.resolve()
        if not data.exists():
            return
        try:
            lock = FolderLock(data)
        except CannotStart as reason:
            raise CommandError(f"{reason}. Stop it first.") from None
        for pattern in MADE:
            for path in data.glob(pattern):
                remove(path)
        lock.release()
        self.stdout.write(f"{data} is empty; the next start loads the demo again.")


def remove(path: Path) -> None:
    """Removes a file or a folder, and what it is only a link to."""
    real = path.resolve()
    if path.is_symlink():
        path.unlink()
    if real.is_dir():
        shutil.rmtree(real)
    else:
        real.unlink(missing_ok=True)
