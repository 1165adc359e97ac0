"""The options that say which deliveries are meant, who acts and why."""

import argparse
import getpass
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from events.operations import Actor, Selection

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """An ISO time, UTC unless it says its offset, or how long ago: 30m, 2h, 1d."""
    try:
        if found := re.fullmatch(r"(\d{1,6})([smhd])", text):
            return timezone.now() - timedelta(**{_UNITS[found[2]]: int(found[1])})
        at = parse_datetime(text)
    except (ValueError, OverflowError):
        at = None
    if at is None:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; say 2026-11-22T18:00+09:00 or how long ago: 30m, 2h, 1d"
        )
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def add_selection(parser: argparse.ArgumentParser) -> None:
    """--handler, --error, --stream, …"""
    group = parser.add_argument_group("which deliveries")
    group.add_argument("--handler", default="", metavar="NAME", help="of this handler (payments.open_bill)")
    group.add_argument("--context", default="", metavar="NAME", help="of the handlers of this context")
    group.add_argument(
        "--error", default="", metavar="KIND", help="with this kind of error (ConnectionError)"
    )
    group.add_argument("--stream", default="", metavar="NAME", help="of a whole stream (order:<uuid>)")
    group.add_argument("--event", type=UUID, metavar="UUID", help="of one event")
    group.add_argument(
        "--timeline", "--story", dest="story", type=UUID, metavar="UUID",
        help="of everything with this correlation id",
    )  # fmt: skip
    group.add_argument(
        "--store", type=UUID, action="append", metavar="UUID", help="of this store (repeatable)"
    )
    group.add_argument(
        "--since",
        type=moment,
        metavar="TIME",
        help="of events since then: ISO time (UTC unless it ends in +09:00), 30m, 2h, 1d",
    )
    group.add_argument("--until", type=moment, metavar="TIME", help="of events before then")


def add_act(parser: argparse.ArgumentParser, *, reason_required: bool = False) -> None:
    """--dry-run, --yes, --reason, --as, --json."""
    parser.add_argument("--dry-run", action="store_true", help="only tell what would happen")
    parser.add_argument("--yes", action="store_true", help="do not ask (needed without a terminal)")
    add_person(parser, reason_required=reason_required)


def add_person(parser: argparse.ArgumentParser, *, reason_required: bool = False) -> None:
    """--reason, --as, --json."""
    parser.add_argument(
        "--reason", default="", required=reason_required, metavar="TEXT", help="for the history"
    )
    parser.add_argument("--as", dest="actor", default="", metavar="NAME", help="who you are, for the history")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def selection_of(options: dict[str, Any], statuses: tuple[int, ...]) -> Selection:
    """What the options mean."""
    return Selection(
        handler=options["handler"],
        context=options["context"],
        error=options["error"],
        stream=options["stream"],
        event_id=options["event"],
        correlation_id=options["story"],
        since=options["since"],
        until=options["until"],
        statuses=statuses,
        store_ids=tuple(options["store"]) if options["store"] else None,
    )


def actor_of(options: dict[str, Any]) -> Actor:
    """The person at the console."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        account = "?"
    return Actor(None, options["actor"] or f"console: {account}")
