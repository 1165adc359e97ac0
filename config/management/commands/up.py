"""`manage.py up`: the whole product on this machine, with its own database if none is given."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.supervisor import __main__ as supervisor
from config.supervisor.folders import CannotStart


class Command(BaseCommand):
    help = "Starts everything (PostgreSQL and Redis too, unless DATABASE_URL and REDIS_URL name them)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        supervisor.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            supervisor.start(no_demo=options["no_demo"])
        except CannotStart as reason:
            raise CommandError(str(reason)) from None
