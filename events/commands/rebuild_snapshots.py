"""`manage.py events rebuild-snapshots`: the copies of other contexts' state, compared or rebuilt."""

import argparse
from typing import Any
from uuid import UUID

from events.commands.console import ATTENTION, OK, Console
from events.models import SnapshotRun, SnapshotState
from events.snapshot_runs import start, work
from events.snapshots import Keeper, all_keepers, keeper_named

NAME = "rebuild-snapshots"
HELP = "Compare the copies that contexts keep with their owners, and rebuild what differs."
EXAMPLES = """
  manage.py events rebuild-snapshots --check                    what differs, everywhere; changes nothing
  manage.py events rebuild-snapshots orders.menus --reason "restored from a backup"
  manage.py events rebuild-snapshots --store 0199… --check --json
Exit code 1: --check found differences, or a run broke off.
"""
_FIELDS = ("rebuilds", "state", "total", "compared", "differing", "repaired", "found", "error")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = ", ".join(copy.name for copy in all_keepers())
    parser.add_argument("copies", nargs="*", metavar="copy", help=f"default: all of {names}")
    parser.add_argument("--store", type=UUID, help="only this store (its id)")
    parser.add_argument("--check", action="store_true", help="only look; change nothing")
    parser.add_argument("--reason", default="", help="why; a rebuild needs it, the history keeps it")
    parser.add_argument("--actor", default="command line", help="who; the history keeps it")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of words")


def run(options: dict[str, Any], console: Console) -> int:
    known = [keeper_named(name) for name in options["copies"]]
    if None in known:
        return console.refuse(f"There are only: {', '.join(copy.name for copy in all_keepers())}")
    if not options["check"] and not options["reason"].strip():
        return console.refuse("A rebuild needs --reason (or look first with --check).")
    copies = [copy for copy in known if copy] or all_keepers()
    runs = [_one(copy, options, console) for copy in copies]
    console.answer({"runs": [_as_json(row) for row in runs]})
    broken = any(row.state == SnapshotState.FAILED for row in runs)
    differing = options["check"] and any(row.differing for row in runs)
    return ATTENTION if broken or differing else OK


def _one(copy: Keeper, options: dict[str, Any], console: Console) -> SnapshotRun:
    row = start(
        copy,
        store_id=options["store"],
        rebuilds=not options["check"],
        actor_name=options["actor"],
        reason=options["reason"],
        rings=False,
    )
    alias = str(row._state.db)
    while not row.is_over and work(alias, row.pk) is not None:
        row.refresh_from_db(using=alias)
        console.progress(row.done, row.total)
    _report(row, console)
    return row


def _report(row: SnapshotRun, console: Console) -> None:
    rebuilt = f", {row.repaired} rebuilt" if row.rebuilds else ""
    broken = f"; broke off: {row.error}" if row.error else ""
    console.say(f"{row.keeper}: {row.compared} rows, {row.differing} differ{rebuilt}{broken}")
    for found in row.found:
        versions = f" (v{found['ours']} -> v{found['owners']})" if found["ours"] != found["owners"] else ""
        console.say(f"  {found['kind']:<8} {found['name']}{versions}")
        for path, ours, owners in found["fields"]:
            console.say(f"    {path}: {ours} -> {owners}")


def _as_json(row: SnapshotRun) -> dict[str, Any]:
    return {"run": str(row.pk), "copy": row.keeper, **{name: getattr(row, name) for name in _FIELDS}}
