"""`manage.py up`: the whole product on this machine, with its own database if none is given."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.supervisor.folders import CannotStart
from config.supervisor.run import Run


class Command(BaseCommand):
    help = "Starts everything (PostgreSQL and Redis too, unless DATABASE_URL and REDIS_URL name them)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start with an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        run = Run(
            root=settings.BASE_DIR,
            data=settings.DATA_DIR.resolve(),
            host=os.environ.get("HOST", "127.0.0.1"),
            port=settings.PORT,
            say=self._say,
            with_demo=not options["no_demo"],
        )
        try:
            run.run()
        except CannotStart as reason:
            raise CommandError(str(reason)) from None

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
