"""`manage.py events assign`: another handler takes over what one that is gone left behind."""

import argparse
from typing import Any

from events import operations
from events.commands.acting import perform
from events.commands.arguments import add_act, add_selection
from events.commands.console import Console

NAME = "assign"
HELP = "Give the open deliveries of a handler that was renamed or removed to another one."
EXAMPLES = """
  manage.py events assign --handler payments.make_bill --to payments.open_bill --dry-run
  manage.py events assign --handler payments.make_bill --to payments.open_bill --yes --reason "renamed"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    parser.add_argument("--to", required=True, metavar="NAME", help="the handler that takes over")
    add_act(parser)


def run(options: dict[str, Any], console: Console) -> int:
    return perform(NAME, operations.assign, options, console, to=options["to"])
