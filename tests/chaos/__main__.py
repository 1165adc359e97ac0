"""`make chaos MINUTES=10 SEED=7`: faults in random order until the time is over, then the report."""

import argparse
import random
import sys
import time

from tests.chaos import hints as _hints  # noqa: F401  its faults come onto the list
from tests.chaos import kitchen as _kitchen  # noqa: F401
from tests.chaos import releases as _releases  # noqa: F401
from tests.chaos import report
from tests.chaos.faults import FAULTS
from tests.chaos.proof import judge
from tests.chaos.run import WHOLE_SECONDS, Run, running_chaos


def main() -> None:
    parser = argparse.ArgumentParser(prog="chaos", description="Breaks everything while guests order.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="the same order again")
    parser.add_argument("--short", action="store_true", help="every kind once, as in the test suite")
    parser.add_argument("--split", action="store_true", help="a database for every context")
    parser.add_argument("--only", default="", help="faults whose name contains this")
    parser.add_argument("--no-report", action="store_true", help="print only")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}, {chosen.minutes:g} minutes", flush=True)
    minutes = 0.0 if chosen.short else chosen.minutes
    with running_chaos(
        chosen.seed,
        pause=0.6,
        is_long=not chosen.short,
        split=chosen.split,
        seconds=WHOLE_SECONDS + minutes * 60,
    ) as run:
        with run.open_restaurant():
            if chosen.short:
                inject_each(run, chosen.only)
            else:
                inject_until(run, time.monotonic() + chosen.minutes * 60, chosen.only)
        boards = [each.heard for each in run.listeners]
        found = judge(run.tables, run.diary, boards, run.outside, run.paper)
        data = report.as_data(run, found, chosen.seed)
    print("\n" + report.summary({"": data}) + "\n" + report.details(data))
    if not chosen.no_report:
        report.write(data)
    sys.exit(1 if found.all else 0)


def inject_each(run: Run, only: str = "") -> None:
    """Every kind once, in the order of the list."""
    run.rule_out()
    for kind in FAULTS:
        if only in kind and kind not in run.skipped:
            inject(run, kind)


def inject_until(run: Run, end: float, only: str) -> None:
    """Every kind once before any comes twice, in random order."""
    faults: list[str] = []
    run.rule_out()
    while time.monotonic() < end:
        if not faults:
            faults = [kind for kind in FAULTS if only in kind and kind not in run.skipped]
            run.dice.shuffle(faults)
        inject(run, faults.pop())


def inject(run: Run, kind: str) -> None:
    began = time.monotonic()
    recovery = run.inject(kind, FAULTS[kind])
    seconds = time.monotonic() - began
    orders = len(run.diary.orders)
    print(f"{orders:6} orders {seconds:6.1f} s  recovered in {recovery:4.1f} s  {kind}", flush=True)


if __name__ == "__main__":
    main()
