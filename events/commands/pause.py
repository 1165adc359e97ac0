"""`manage.py events pause`: stops a handler; what is due waits."""

import argparse
from typing import Any

from events import operations
from events.commands.arguments import actor_of, add_person
from events.commands.console import OK, Console

NAME = "pause"
HELP = "Stop a handler, also over restarts: its deliveries stay due and wait. What runs now still finishes."
EXAMPLES = """
  manage.py events pause payments.send_refund --reason "the bank asked us to wait"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("handler", help="its name, as `events status` prints it")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would happen")
    add_person(parser, reason_required=True)


def run(options: dict[str, Any], console: Console) -> int:
    name, is_dry = options["handler"], options["dry_run"]
    if not operations.is_known(name):
        return console.refuse(f"No handler is called {name}.")
    is_new, waiting = not operations.paused_among([name]), operations.waiting_for(name)
    if not is_dry:
        is_new = operations.pause(name, actor=actor_of(options), reason=options["reason"])
    done = f"{'would be' if is_dry else 'is'} paused" if is_new else "was paused already"
    console.say(f"{name} {done}; deliveries that wait for it now: {waiting:,}")
    console.answer(
        {"action": NAME, "handler": name, "dry_run": is_dry, "changed": is_new, "waiting": waiting}
    )
    return OK
