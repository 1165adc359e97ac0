"""`manage.py events replay`: finished deliveries happen once more."""

import argparse
from typing import Any

from events import operations
from events.commands.acting import perform
from events.commands.arguments import add_act, add_selection, selection_of
from events.commands.console import Console
from events.operations.planning import FROM

NAME = "replay"
HELP = "Let finished deliveries happen once more: of one event, a stream, or a handler over a span of time."
EXAMPLES = """
  manage.py events replay --handler orders.save_menu_snapshot --since 2h --dry-run
  manage.py events replay --handler orders.settle_tab --since 2026-11-22T18:00+09:00 --until 30m
  manage.py events replay --stream order:0198f0c2-… --yes --reason "kitchen lost its list"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_selection(parser)
    add_act(parser)


def run(options: dict[str, Any], console: Console) -> int:
    if not selection_of(options, FROM[NAME]).has_a_beginning:
        return console.refuse("Say since when, for example --since 2h: a whole history is never meant.")
    return perform(NAME, operations.replay, options, console)
