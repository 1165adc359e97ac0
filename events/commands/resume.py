"""`manage.py events resume`: lets a paused handler go on."""

import argparse
from typing import Any

from events import operations
from events.commands.arguments import actor_of, add_person
from events.commands.console import ATTENTION, OK, Console

NAME = "resume"
HELP = "Let a paused handler go on with all that waited, in the right order."
EXAMPLES = """
  manage.py events resume payments.send_refund
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("handler", help="its name, as `events status` prints it")
    parser.add_argument("--dry-run", action="store_true", help="only tell what would happen")
    add_person(parser)


def run(options: dict[str, Any], console: Console) -> int:
    name, is_dry = options["handler"], options["dry_run"]
    changed, waiting = bool(operations.paused_among([name])), operations.waiting_for(name)
    if not is_dry:
        changed = operations.resume(name, actor=actor_of(options), reason=options["reason"])
    done = f"{'would go' if is_dry else 'goes'} on" if changed else "was not paused"
    console.say(f"{name} {done}; deliveries that wait for it now: {waiting:,}")
    console.answer(
        {"action": NAME, "handler": name, "dry_run": is_dry, "changed": changed, "waiting": waiting}
    )
    return OK if changed else ATTENTION
