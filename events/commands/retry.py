"""`manage.py events retry`: dead letters are tried again."""

import argparse
from typing import Any

from events import operations
from events.commands.acting import perform
from events.commands.arguments import add_act, add_selection
from events.commands.console import Console

NAME = "retry"
HELP = "Try dead letters again now, with a fresh count of attempts; what waited behind them follows."
EXAMPLES = """
  manage.py events retry --handler payments.send_refund --dry-run
  manage.py events retry --handler payments.send_refund --error ConnectTimeout --yes --reason "bank is back"
  manage.py events retry --all --yes --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    parser.add_argument("--all", action="store_true", help="every dead letter there is")
    add_act(parser)


def run(options: dict[str, Any], console: Console) -> int:
    return perform(NAME, operations.retry, options, console, everything=options["all"])
