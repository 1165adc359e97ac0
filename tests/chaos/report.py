"""What a run found, as JSON, as docs/reliability.md and as the table in the README. Nobody types it."""

import json
import os
import re
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.outside import first_heard
from tests.chaos.paper import printed
from tests.chaos.proof import Findings
from tests.chaos.run import Run

ROOT = Path(__file__).resolve().parents[2]
JSON, PAGE = ROOT / "docs" / "reliability.json", ROOT / "docs" / "reliability.md"
README = ROOT / "README.md"
MARKS = re.compile(r"(<!-- reliability -->\n).*?(<!-- /reliability -->)", re.DOTALL)

Runs = dict[str, dict[str, Any]]  # the last one with so many databases

INTRODUCTION = """\
# Reliability

Written by `make chaos`; do not edit. `make test` runs the short form: every kind of fault once.

The run starts the real processes (web, live, worker, outside, beat, sweeper, PostgreSQL, Redis) over the demo
store. Guests order and pay through the API without end, staff accept and serve, boards listen, a kitchen's
printer prints tickets, and a server outside is told by webhooks. Meanwhile one fault after another happens to
them. Everybody asks again as phones do; a fifth of the wishes is sent twice at the same moment under one key,
a fifth of the staff's steps by two people at once, a third of the payments has doubled and disordered
webhooks. The run as a whole has a limit, and fails when it is over. At the end the tables, the printer's
paper and the receiver are asked, not the logs:

- **lost**: an order, a payment, a kitchen ticket on the board or on paper, the ticket that calls a canceled
  order back, an alarm, a delivery, or a number on a board that should be there once and is not; a fact that
  the webhook's receiver never heard of;
- **doubled**: one that is there more than once, an effect of a handler that happened twice, or a ticket that
  came out twice without *May be a second print* on it;
- **out of order**: an event of a stream that a handler finished before an earlier one, a webhook that its
  receiver heard, or a ticket that was printed, before one that stood before it;
- **recovery**: from the end of the fault until every delivery older than that is done. A refund that lost its
  process on the way to the bank waits for its lease, a minute at most, a ticket on the way to its printer or
  a webhook half a minute; others for the pause before a retry.

Not shown: a power cut of the whole machine (PostgreSQL's own promise), networks between several machines, and
web processes whose clocks are far off.

"""


def as_data(run: Run, found: Findings, seed: int) -> dict[str, Any]:
    """Everything that was measured."""
    tables = run.tables
    recoveries = sorted(each for times in run.recoveries.values() for each in times)
    return {
        "seed": seed,
        "seconds": round(run.seconds),
        "whole_seconds": round(run.bound.taken),
        "bound_seconds": round(run.bound.seconds),
        "cores": os.cpu_count(),
        "databases": len(tables.databases),
        "orders": len(run.diary.orders),
        "events": sum(
            tables.one(name, "SELECT count(*) FROM events_event WHERE source = %s", name)
            for name in tables.urls
        ),
        "deliveries": tables.done(),
        "requests": dict(sorted(run.diary.answers.items())),
        "asked_twice": run.diary.twice,
        "steps_twice": run.diary.steps_twice,
        "webhooks": len(first_heard(run.outside)),
        "webhook_calls": len(run.outside.calls),
        "tickets": printed(tables),
        "papers": len(run.paper.tickets),
        "faults": sum(len(times) for times in run.recoveries.values()),
        "lost": len(found.lost),
        "doubled": len(found.doubled),
        "out_of_order": len(found.out_of_order),
        "wrong": len(found.wrong),
        "recovery_p50": round(median(recoveries), 1) if recoveries else None,
        "recovery_max": round(recoveries[-1], 1) if recoveries else None,
        "by_kind": {
            kind: {
                "times": len(times),
                "recovery_p50": round(median(times), 1),
                "recovery_max": round(max(times), 1),
            }
            for kind, times in sorted(run.recoveries.items())
        },
        "skipped": run.skipped,
        "findings": found.all[:100],
    }


def summary(runs: Runs) -> str:
    """The small table, a row per run, and how long each took."""
    head = (
        "| | Orders | Events | Deliveries | Webhooks | Faults | Kinds | Lost | Doubled | Out of order "
        "| Recovery p50 | Recovery max |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    rows = [
        f"| {_place(data)} | {data['orders']:,} | {data['events']:,} | {data['deliveries']:,} "
        f"| {data['webhooks']:,} | {data['faults']} | {len(data['by_kind'])} | {data['lost']} "
        f"| {data['doubled']} | {data['out_of_order']} | {data['recovery_p50']} s "
        f"| {data['recovery_max']} s |\n"
        for data in runs.values()
    ]
    times = [
        f"{_place(data)}: {data['seconds'] / 60:.0f} minutes on {data['cores']} cores, seed {data['seed']}"
        for data in runs.values()
    ]
    return head + "".join(rows) + "\n" + "; ".join(times) + ".\n"


def _place(data: dict[str, Any]) -> str:
    return "one database" if data["databases"] == 1 else f"{data['databases']} databases"


def details(data: dict[str, Any]) -> str:
    """One run: every kind of fault, every status, and whatever was found."""
    rows = [
        f"| {kind} | {each['times']} | {each['recovery_p50']} s | {each['recovery_max']} s |"
        for kind, each in data["by_kind"].items()
    ]
    rows += [f"| {kind} | skipped | {why} | |" for kind, why in data["skipped"].items()]
    answers = ", ".join(f"{status}: {count:,}" for status, count in data["requests"].items())
    parts = [
        f"## With {_place(data)}\n",
        "| Fault | Times | Recovery p50 | Recovery max |\n|---|---|---|---|\n" + "\n".join(rows) + "\n",
        f"Answers by status: {answers}. Asked twice at once: {_doubled(data)}. "
        f"Webhooks: {data['webhooks']:,} facts, heard in {data['webhook_calls']:,} calls.{_paper(data)}"
        f"{_whole(data)}\n",
    ]
    if data["findings"]:
        parts.append("Found:\n\n" + "\n".join(f"- {text}" for text in data["findings"]) + "\n")
    return "\n".join(parts)


def _doubled(data: dict[str, Any]) -> str:
    """Of earlier runs only the guests' part was counted."""
    steps = data.get("steps_twice")
    return f"{data['asked_twice']:,}" + ("" if steps is None else f" by guests, {steps:,} by staff")


def _paper(data: dict[str, Any]) -> str:
    """What came out more than once says so, as the proof has seen; earlier runs had no printer."""
    if "papers" not in data:
        return ""
    return f" Tickets: {data['tickets']:,}, on {data['papers']:,} papers."


def _whole(data: dict[str, Any]) -> str:
    """With the start of the servers and the last guests; of earlier runs nobody wrote it down."""
    if "whole_seconds" not in data:
        return ""
    return f" All of it took {data['whole_seconds']:,} s of {data['bound_seconds']:,} s at most."


def page(runs: Runs) -> str:
    """docs/reliability.md"""
    return "\n".join([INTRODUCTION + summary(runs), *(details(data) for data in runs.values())])


def write(data: dict[str, Any]) -> None:
    """The page, its numbers, and the table of the README; the last run of another kind stays beside it."""
    runs = {**_kept(), str(data["databases"]): data}
    runs = {kind: runs[kind] for kind in sorted(runs, key=int)}
    JSON.write_text(json.dumps(runs, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(runs), encoding="utf-8")
    paste(runs)


def _kept() -> Runs:
    found = json.loads(JSON.read_text(encoding="utf-8")) if JSON.exists() else {}
    return {kind: data for kind, data in found.items() if kind.isdigit()}


def paste(runs: Runs) -> None:
    """The small table, between the marks of the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(MARKS.sub(lambda mark: mark[1] + summary(runs) + mark[2], text), encoding="utf-8")


if __name__ == "__main__":  # the tables of the last runs again
    PAGE.write_text(page(_kept()), encoding="utf-8")
    paste(_kept())
