"""`manage.py events discard`: gives deliveries up."""

import argparse
from typing import Any

from events import operations
from events.commands.acting import perform
from events.commands.arguments import add_act, add_selection
from events.commands.console import Console

NAME = "discard"
HELP = "Give deliveries up for good, with a reason; what waited behind them goes on."
EXAMPLES = """
  manage.py events discard --handler notifications.tell_line_ready --until 1d --reason "too late" --dry-run
  manage.py events discard --event 0198f0c2-… --reason "told the guest by hand" --yes
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    add_act(parser, reason_required=True)


def run(options: dict[str, Any], console: Console) -> int:
    return perform(NAME, operations.discard, options, console)
