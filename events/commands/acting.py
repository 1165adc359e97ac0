"""What retry, discard, replay and assign have in common: show the plan, ask, act, tell."""

from collections.abc import Callable
from typing import Any

from events import operations
from events.commands.arguments import actor_of, selection_of
from events.commands.console import ATTENTION, OK, Console
from events.kernel.errors import DomainError
from events.operations.planning import FROM

Act = Callable[..., operations.Outcome]


def perform(
    action: str,
    act: Act,
    options: dict[str, Any],
    console: Console,
    *,
    everything: bool = False,
    to: str = "",
) -> int:
    """Exit code 0 done, 1 nothing matched, 2 refused. `everything` admits a selection that says nothing."""
    selection = selection_of(options, FROM[action])
    if selection.is_everything and not everything:
        return console.refuse("Say which deliveries are meant, for example --handler or --stream.")
    for word, at in (("since", selection.since), ("until", selection.until)):
        if at:
            console.say(f"{word} {at.isoformat(timespec='seconds')}")
    try:
        agenda = operations.plan(action, selection, to=to)
        if options["dry_run"] or not agenda.count:
            _show(agenda, console, is_dry=True)
            return OK if agenda.count else ATTENTION
        if not options["yes"]:
            _show(agenda, console, is_dry=True)
            if not console.confirms("Go on?"):
                return console.refuse("Nothing was changed. Say --yes to go on without a question.")
        arguments = {"to": to} if to else {}
        done = act(
            selection,
            actor=actor_of(options),
            reason=options["reason"],
            progress=console.progress,
            # --yes means whatever matches; an answer means what was shown.
            expected=None if options["yes"] else agenda.digest,
            **arguments,
        )
    except DomainError as error:
        return console.refuse(str(error))
    console.say(f"{action}: {done.count:,} deliveries, {done.released:,} more go on behind them")
    console.answer({"action": action, "dry_run": False, "count": done.count, "released": done.released})
    return OK


def _show(agenda: operations.Plan, console: Console, *, is_dry: bool) -> None:
    console.say(f"{agenda.action} would change {agenda.count:,} deliveries in {agenda.streams:,} streams")
    if agenda.handlers:
        console.table(
            [("handler", "deliveries"), *((share.handler, share.count) for share in agenda.handlers)]
        )
    for name in agenda.stream_names[:5]:
        console.say(f"  {name}")
    if agenda.released:
        console.say(f"{agenda.released:,} deliveries that wait behind them would go on")
    for handler in agenda.paused:
        console.say(f"{handler} is paused: its deliveries would wait until somebody resumes it")
    for skip in agenda.skipped:
        console.say(f"left alone: {skip.count:,} of {skip.handler}: {skip.why}")
    if is_dry and console.as_json:
        console.answer(_as_json(agenda))


def _as_json(agenda: operations.Plan) -> dict[str, Any]:
    return {
        "action": agenda.action,
        "dry_run": True,
        "count": agenda.count,
        "handlers": {share.handler: share.count for share in agenda.handlers},
        "streams": agenda.streams,
        "stream_names": agenda.stream_names,
        "released": agenda.released,
        "paused": agenda.paused,
        "skipped": [
            {"handler": skip.handler, "count": skip.count, "why": str(skip.why)} for skip in agenda.skipped
        ],
    }
