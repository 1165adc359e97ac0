"""`manage.py rebuild_snapshots`: the copies of other contexts' state, compared or rebuilt."""

import sys
from argparse import ArgumentParser
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError

from events import snapshot_command


class Command(BaseCommand):
    help = snapshot_command.HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        snapshot_command.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if snapshot_command.run(options, self.stdout._out, _fail):
            sys.exit(1)


def _fail(text: str) -> NoReturn:
    raise CommandError(text)
