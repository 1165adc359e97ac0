"""The command line of snapshot checks and rebuilds: `rebuild_snapshots` and `events rebuild-snapshots`."""

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from typing import Any, NoReturn, TextIO
from uuid import UUID

from events.models import SnapshotRun, SnapshotState
from events.snapshot_runs import finish, start, work
from events.snapshots import Keeper, all_keepers, keeper_named

HELP = "Compares the copies that contexts keep with their owners, and rebuilds what differs."
EXAMPLES = """examples:
  manage.py rebuild_snapshots --check                       what differs, everywhere; changes nothing
  manage.py rebuild_snapshots orders.menus --reason "restored from backup"
  manage.py rebuild_snapshots --store 0199… --check --json  for a program
Exit code 1: --check found differences, or a run broke off."""
BAR = 24


def add_arguments(parser: ArgumentParser) -> None:
    """The options of both commands."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    names = [copy.name for copy in all_keepers()]
    parser.add_argument("copies", nargs="*", metavar="COPY", help=f"default: all of {', '.join(names)}")
    parser.add_argument("--store", type=UUID, help="only this store (its id)")
    parser.add_argument("--check", action="store_true", help="only look; change nothing")
    parser.add_argument("--reason", default="", help="why; kept in the history (a rebuild needs one)")
    parser.add_argument("--actor", default="command line", help="who; kept in the history")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of lines")


def run(
    options: dict[str, Any], out: TextIO | None = None, fail: Callable[[str], NoReturn] = sys.exit
) -> int:
    """Does it and prints it; 0 when nothing is (still) wrong, else 1. `fail(text)` ends on wrong options."""
    copies = _chosen(options["copies"], fail)
    if not options["check"] and not options["reason"].strip():
        fail("A rebuild needs --reason (or look first with --check).")
    stream = out or sys.stdout
    runs = [_one(copy, options, stream) for copy in copies]
    if options["json"]:
        stream.write(json.dumps([_as_json(row) for row in runs], ensure_ascii=False, indent=2) + "\n")
    broken = any(row.state == SnapshotState.FAILED for row in runs)
    return int(broken or (options["check"] and any(row.differing for row in runs)))


def _chosen(names: list[str], fail: Callable[[str], NoReturn]) -> list[Keeper]:
    found = [keeper_named(name) for name in names]
    unknown = [name for name, copy in zip(names, found, strict=True) if copy is None]
    if unknown:
        known = ", ".join(copy.name for copy in all_keepers())
        fail(f"Unknown: {', '.join(unknown)}. There are: {known}")
    return [copy for copy in found if copy] or all_keepers()


def _one(copy: Keeper, options: dict[str, Any], stream: TextIO) -> SnapshotRun:
    row = start(
        copy,
        store_id=options["store"],
        rebuilds=not options["check"],
        actor_name=options["actor"],
        reason=options["reason"],
        rings=False,
    )
    if options["json"]:
        return finish(row)
    alias = str(row._state.db)
    while not row.is_over and work(alias, row.pk) is not None:
        row.refresh_from_db(using=alias)
        if stream.isatty():
            stream.write(f"\r{_bar(row)}")
    _report(row, stream)
    return row


def _bar(row: SnapshotRun) -> str:
    filled = BAR * row.done // (row.total or 1)
    return f"{row.keeper:<22} [{'#' * filled}{'.' * (BAR - filled)}] {row.done}/{row.total}"


def _report(row: SnapshotRun, stream: TextIO) -> None:
    start_of_line = "\r" if stream.isatty() else ""
    outcome = f"{row.compared} rows, {row.differing} differ"
    if row.rebuilds:
        outcome += f", {row.repaired} rebuilt"
    if row.error:
        outcome += f"; broke off: {row.error}"
    stream.write(f"{start_of_line}{_bar(row)}  {outcome}\n")
    for found in row.found:
        stream.write(f"    {found['kind']:<8} {found['name']} {_versions(found)}\n")
        for path, ours, owners in found["fields"]:
            stream.write(f"        {path}: {ours} -> {owners}\n")


def _versions(found: dict[str, Any]) -> str:
    return f"(v{found['ours']} -> v{found['owners']})" if found["ours"] != found["owners"] else ""


def _as_json(row: SnapshotRun) -> dict[str, Any]:
    names = ("keeper", "rebuilds", "state", "total", "compared", "differing", "repaired", "found", "error")
    return {"run": str(row.pk), "copy": row.keeper, **{name: getattr(row, name) for name in names[1:]}}
