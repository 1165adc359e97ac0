"""`manage.py events status`: how the queue is doing, for people and for monitors."""

import argparse
import dataclasses
from typing import Any

from events.commands.console import ATTENTION, OK, Console
from events.kernel.databases import reach
from events.meanings import meaning_of, plain_error, subject_text
from events.queue_health import (
    Backlog,
    DeadCause,
    backlog,
    dead_causes,
    gone_handlers,
    oldest_age,
    paused_handlers,
)

NAME = "status"
HELP = "Show what waits, what died and why, what is paused. Exit code 1 when a person should look."
EXAMPLES = """
  manage.py events status
  manage.py events status --late 30 --json
"""
_COLUMNS = ("due", "oldest_due_age", "behind", "paused", "held", "dead", "unshipped", "done")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--late", type=float, default=60.0, metavar="SECONDS", help="the age at which an event is late (60)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(options: dict[str, Any], console: Console) -> int:
    there, away = reach()
    readings, causes, gone = backlog(there), dead_causes(there), gone_handlers(there)
    paused = paused_handlers(there)
    age = oldest_age(readings)
    needs_a_person = bool(away or causes or gone or paused) or age > options["late"]
    console.answer(
        {
            "healthy": not needs_a_person,
            "oldest_age": round(age, 3),
            "contexts": {name: dataclasses.asdict(entry) for name, entry in sorted(readings.items())},
            "dead": [_cause_json(cause) for cause in causes],
            "gone": gone,
            "paused": {name: _paused_json(row) for name, row in paused.items()},
            "databases_away": away,
        }
    )
    _contexts(readings, console)
    for alias in away:
        console.say(f"away    the database {alias} does not answer: its figures are missing here")
    _troubles(causes, gone, paused, console)
    console.say("A person should look." if needs_a_person else "Everything is on time.")
    return ATTENTION if needs_a_person else OK


def _cause_json(cause: DeadCause) -> dict[str, Any]:
    return {**cause._asdict(), "means": _means(cause), "why": str(plain_error(cause.error))}


def _paused_json(row: Any) -> dict[str, Any]:
    return {"by": row.actor_name, "at": row.paused_at, "reason": row.reason}


def _means(cause: DeadCause) -> str:
    return meaning_of(cause.handler).of(subject_text(cause.number, cause.table_name))


def _contexts(readings: dict[str, Backlog], console: Console) -> None:
    rows: list[tuple[Any, ...]] = [("context", *_COLUMNS)]
    for name, entry in sorted(readings.items()):
        rows.append((name, *(_cell(getattr(entry, column)) for column in _COLUMNS)))
    console.table(rows)


def _cell(value: float) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"


def _troubles(
    causes: list[DeadCause], gone: dict[str, int], paused: dict[str, Any], console: Console
) -> None:
    for cause in causes:
        console.say(f"dead    {cause.handler} ({cause.letters:,}, {cause.error}): {_means(cause)}")
    for handler, count in gone.items():
        console.say(
            f"gone    {handler} ({count:,}): nobody listens under this name; `events assign` or `discard`"
        )
    for row in paused.values():
        console.say(
            f"paused  {row.handler} by {row.actor_name} since {row.paused_at:%Y-%m-%d %H:%M%z}: {row.reason}"
        )
