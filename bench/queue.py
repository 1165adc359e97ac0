"""`make bench-queue`: the event queue beside bare Celery tasks that write the same rows, in one run."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.report import Row, print_table
from bench.stack import PYTHON, ROOT, Stack, stack

EVENTS = int(os.environ.get("BENCH_QUEUE_EVENTS", "800"))
SAMPLES = int(os.environ.get("BENCH_QUEUE_SAMPLES", "120"))
OLD_ROWS = int(os.environ.get("BENCH_QUEUE_OLD_ROWS", "1000000"))
WORKERS = {"ours": ("bench.queue_worker", "orders"), "bare": ("bench.baseline.queue_tasks", "default")}
# The queue may not grow slower with its history: neither in rate, nor in the wait for a handler.
FLAT = 0.8
SLOWER = 1 / FLAT
# A rate takes two seconds; whatever else the machine does in one of them must not pass for the queue's.
TAKES = 3


def main() -> None:
    with stack() as bench:
        bench.manage("migrate", "-v0")
        _prepare_baseline(bench)
        statements = _measure(bench, "ours", "statements", 10)
        rows = [_rate_row(bench, 1)]
        with _worker(bench, "bare", 2):
            base_rate, base_delay = _rate(bench, "bare"), _delay(bench, "bare")
        with _worker(bench, "ours", 2):
            _measure(bench, "ours", "settle", 0)
            rate, delay = _rate(bench, "ours"), _delay(bench, "ours")
            rows += [_compare_rates(2, rate, base_rate), _delay_row(delay, base_delay)]
            filled = _measure(bench, "ours", "old", OLD_ROWS)
            rows += _history_rows(bench, rate, delay)
    rows.append(_statements_row(statements))
    print_table(rows, _notes(filled["seconds"]))
    if not all(row.holds for row in rows):
        sys.exit(1)


def _prepare_baseline(bench: Stack) -> None:
    bare = {**bench.env, "DJANGO_SETTINGS_MODULE": "bench.baseline.settings"}
    subprocess.run([PYTHON, "-m", "django", "migrate", "--run-syncdb", "-v0"], cwd=ROOT, env=bare, check=True)


@contextmanager
def _worker(bench: Stack, kind: str, processes: int) -> Iterator[None]:
    app, queues = WORKERS[kind]
    worker = bench.spawn(
        f"{kind}-{processes}", "celery", "-A", app, "worker", "-Q", queues, "-c", str(processes),
        "-n", f"{kind}{processes}@%h", "-l", "WARNING", "--without-gossip", "--without-mingle",
    )  # fmt: skip
    try:
        yield
    finally:
        Stack.end(worker)


def _measure(bench: Stack, kind: str, what: str, count: int) -> dict[str, float]:
    out = subprocess.run(
        [PYTHON, "-m", "bench.queue_driver", kind, what, str(count)],
        cwd=ROOT, env=bench.env, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    found: dict[str, float] = json.loads(out.splitlines()[-1])
    return found


def _rate(bench: Stack, kind: str) -> float:
    return statistics.median(_measure(bench, kind, "rate", EVENTS)["per_second"] for _ in range(TAKES))


def _delay(bench: Stack, kind: str) -> dict[str, float]:
    return _measure(bench, kind, "delay", SAMPLES)


def _rate_row(bench: Stack, processes: int) -> Row:
    found = {}
    for kind in ("bare", "ours"):
        with _worker(bench, kind, processes):
            found[kind] = _rate(bench, kind)
    return _compare_rates(processes, found["ours"], found["bare"])


def _compare_rates(processes: int, ours: float, base: float) -> Row:
    what = f"events/s, publish → done, {processes} worker process{'es' if processes > 1 else ''} vs bare task"
    return Row(what, f"{ours:,.0f}/s", f"{base:,.0f}/s", ours / base, "", True)


def _delay_row(ours: dict[str, float], base: dict[str, float]) -> Row:
    return Row(
        "commit → handler starts vs bare delay()", _ms(ours), _ms(base), ours["p50"] / base["p50"], "", True
    )


def _ms(found: dict[str, float]) -> str:
    return f"p50 {found['p50']:.1f} p99 {found['p99']:.1f} ms"


def _history_rows(bench: Stack, rate: float, delay: dict[str, float]) -> list[Row]:
    """The machine drifts: without history it is measured before and after."""
    late_rate, late_delay = _rate(bench, "ours"), _delay(bench, "ours")
    _measure(bench, "ours", "empty", 0)
    rate = (rate + _rate(bench, "ours")) / 2
    after = _delay(bench, "ours")
    delay = {name: (delay[name] + after[name]) / 2 for name in delay}
    return [_flat_rate(late_rate, rate), _flat_delay(late_delay, delay)]


def _flat_rate(late: float, base: float) -> Row:
    what, ratio = f"events/s, {OLD_ROWS:,} old events vs none", late / base
    return Row(what, f"{late:,.0f}/s", f"{base:,.0f}/s", ratio, f"≥ {FLAT}×", ratio >= FLAT)


def _flat_delay(late: dict[str, float], base: dict[str, float]) -> Row:
    what, ratio = f"commit → handler, {OLD_ROWS:,} old events vs none", late["p50"] / base["p50"]
    return Row(what, _ms(late), _ms(base), ratio, f"≤ {SLOWER:g}×", ratio <= SLOWER)


def _statements_row(found: dict[str, float]) -> Row:
    ours = (
        f"{found['publish']:g} to publish, {found['deliver']:g} to deliver"
        f" ({found['deliver_one']:g} when alone in its batch)"
    )
    return Row("SQL statements beside the caller's and the handler's own", ours, "0 and 0", None, "", True)


def _notes(seconds: float) -> list[str]:
    return [
        f"{os.cpu_count()} cores for all; {EVENTS} events at once, {SAMPLES} one by one; "
        f"{OLD_ROWS:,} old rows in {seconds:.0f} s.",
        "Statements include BEGIN and COMMIT of the handler's transaction.",
        "The bare task has no retry, no order and no record; what Redis loses is lost.",
    ]


if __name__ == "__main__":
    main()
