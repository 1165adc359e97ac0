"""`manage.py start web`: one of the six processes in the foreground, as a container or service runs it."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.environment import env_text
from config.supervisor.fleet import (
    QUEUES,
    beat_command,
    live_command,
    outside_command,
    sweeper_command,
    web_command,
    worker_command,
)


class Command(BaseCommand):
    help = "Becomes one process of the product; database and Redis are named by the environment."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", choices=["web", "live", "worker", "outside", "beat", "sweeper"])
        parser.add_argument("--workers", type=int, help="processes of web or worker (default: 2)")
        parser.add_argument("--queues", default=QUEUES, help="contexts a worker serves, by comma")

    def handle(self, *args: Any, role: str, workers: int | None, queues: str, **options: Any) -> None:
        # Its default is this machine in test mode, which is `make run`'s business.
        if not env_text("PUBLIC_URL"):
            raise CommandError("PUBLIC_URL must be set: the address that guests scan (docs/operations.md)")
        host = os.environ.get("HOST", "0.0.0.0")  # noqa: S104  a container's own network
        command = {
            "web": lambda: web_command(host, settings.PORT, workers=workers),
            "live": lambda: live_command(host, settings.PORT + 1),
            "worker": lambda: worker_command(queues, concurrency=workers or 2),
            "outside": outside_command,
            "beat": lambda: beat_command(settings.DATA_DIR),
            "sweeper": sweeper_command,
        }[role]()
        os.execv(command[0], command)  # noqa: S606
