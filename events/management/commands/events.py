"""`manage.py events …`: what the queue page of the back office does, for consoles and scripts."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter

from events.commands import subcommands
from events.commands.console import Console


class _Formatter(DjangoHelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the examples."""


class Command(BaseCommand):
    help = "Looks after the event queue. `manage.py events <command> --help` shows examples."

    def add_arguments(self, parser: CommandParser) -> None:
        commands = parser.add_subparsers(dest="subcommand", required=True, metavar="command")
        for module in subcommands():
            each = commands.add_parser(
                module.NAME,
                help=module.HELP,
                description=module.HELP,
                epilog=f"examples:{module.EXAMPLES.rstrip()}",
                formatter_class=_Formatter,
            )
            module.add_arguments(each)

    def handle(self, *args: Any, **options: Any) -> None:
        modules = {module.NAME: module for module in subcommands()}
        console = Console(self.stdout, sys.stderr, as_json=options.get("json", False))
        code = modules[options["subcommand"]].run(options, console)
        if code:
            raise SystemExit(code)
