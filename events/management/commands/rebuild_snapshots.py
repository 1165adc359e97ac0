"""`manage.py rebuild_snapshots`: the same as `manage.py events rebuild-snapshots`."""

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from events.commands import rebuild_snapshots
from events.commands.console import Console


class Command(BaseCommand):
    help = rebuild_snapshots.HELP

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = f"examples:{rebuild_snapshots.EXAMPLES.rstrip()}".replace(
            "events rebuild-snapshots", "rebuild_snapshots"
        )
        rebuild_snapshots.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(self.stdout, sys.stderr, as_json=options["json"])
        if code := rebuild_snapshots.run(options, console):
            raise SystemExit(code)
