"""`make bench`: each figure beside its baseline, in one run, on the production processes."""

import gzip
import http.client
import itertools
import json
import os
import re
import subprocess
import sys
import time
from urllib.parse import urljoin
from uuid import uuid4

from bench.guests import join
from bench.load import Result, in_turns, read_load, request_bytes
from bench.report import Row, print_table
from bench.stack import CONTEXTS, PYTHON, ROOT, Stack, free_port, stack

SECONDS = int(os.environ.get("BENCH_SECONDS", "6"))
PAGE_BUDGET = 50_000


def main() -> None:
    rows: list[Row] = []
    with stack() as bench:
        prepare(bench)
        web, bare = free_port(), free_port()
        bench.wsgi("web", "config.wsgi:application", web)
        bench.wsgi("bare", "bench.baseline.wsgi:application", bare)
        tokens = table_tokens(bench)
        rows += menu_rows(web, bare, tokens[0])
        rows.append(order_row(web, bare, tokens))
        rows.append(alarm_row(bench, web))
        rows.append(weight_row(web, tokens[0]))
    print_table(
        rows, [f"{os.cpu_count()} cores, client and servers together, {SECONDS} s each, 8 connections"]
    )
    if not all(row.holds for row in rows):
        sys.exit(1)


def prepare(bench: Stack) -> None:
    bench.manage("migrate", "-v0")
    bench.manage("collectstatic", "--noinput", "-v0")
    bench.manage("load_demo")
    bare = {**bench.env, "DJANGO_SETTINGS_MODULE": "bench.baseline.settings"}
    subprocess.run([PYTHON, "-m", "django", "migrate", "--run-syncdb", "-v0"], cwd=ROOT, env=bare, check=True)


def table_tokens(bench: Stack) -> list[str]:
    """Codes of the demo store's tables."""
    code = (
        "from stores.models import TableToken as T; "
        "print(' '.join(T.objects.filter(revoked_at=None, table__store__slug='hansang')"
        ".order_by('table__position').values_list('token', flat=True)))"
    )
    out = subprocess.run(
        [PYTHON, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT, env=bench.env, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return out.split()[-12:]


def menu_rows(web: int, bare: int, token: str) -> list[Row]:
    path = f"/api/v1/t/{token}/"
    read_load(web, path, seconds=1)
    best = read_load(bare, "/constant/", seconds=SECONDS)
    data = read_load(web, path, seconds=SECONDS)
    page = read_load(web, f"/t/{token}/", seconds=SECONDS)
    return [
        compare_rate("menu read, JSON vs constant 30 kB", data, best, 0.5),
        compare_rate("menu read, page vs constant 30 kB", page, best, None),
    ]


def order_row(web: int, bare: int, tokens: list[str]) -> Row:
    guests = [join(web, token) for token in tokens]
    turn = itertools.cycle(guests)
    item_ids = guests[0].item_ids

    def bare_request(_: int) -> bytes:
        lines = [{"item_id": item, "quantity": 1, "options": [], "note": ""} for item in item_ids[:3]]
        body = json.dumps({"menu_version": 1, "lines": lines}).encode()
        return request_bytes("POST", f"/orders/{uuid4()}/", body=body)

    full, base = in_turns((web, lambda _: next(turn).order_request()), (bare, bare_request), seconds=SECONDS)
    return compare_rate("order placed vs bare DRF + ORM", full, base, 0.8)


def compare_rate(what: str, ours: Result, base: Result, floor: float | None) -> Row:
    ratio = ours.per_second / base.per_second
    holds = ours.errors == 0 and base.errors == 0 and (floor is None or ratio >= floor)
    return Row(what, _rate(ours), _rate(base), ratio, "" if floor is None else f"≥ {floor}×", holds)


def _rate(result: Result) -> str:
    failed = f", {result.errors} errors" if result.errors else ""
    return f"{result.per_second:,.0f}/s, p50 {result.p50:.1f} p99 {result.p99:.1f} ms{failed}"


def alarm_row(bench: Stack, web: int) -> Row:
    live, bare_live = free_port(), free_port()
    worker = bench.worker("worker", "config", CONTEXTS)
    wait_until_quiet(bench)
    processes = [worker, bench.asgi("live", "config.asgi:application", live)]
    ours = _alarms(bench, "ours", live)
    Stack.end(*processes)
    processes = [
        bench.asgi("bare-live", "bench.baseline.chain:application", bare_live),
        bench.worker("bare-worker", "bench.baseline.chain", "default,celery"),
    ]
    base = _alarms(bench, "bare", bare_live)
    Stack.end(*processes)
    ratio = ours["p50"] / base["p50"]
    shown = [f"p50 {one['p50']:.1f} p99 {one['p99']:.1f} ms" for one in (ours, base)]
    return Row("alarm, commit → frame vs bare Celery → Channels", *shown, ratio, "≤ 1.5×", ratio <= 1.5)


def wait_until_quiet(bench: Stack) -> None:
    """The orders of the row before have left a backlog; an alarm behind it would measure the backlog."""
    import psycopg

    kick = "from events.kicks import _send; [_send('events.drain', {'context': c}, c) for c in %s]"
    code = kick % repr([name for name in CONTEXTS.split(",") if name not in {"relay", "default"}])
    with psycopg.connect(bench.env["DATABASE_URL"], autocommit=True) as connection:
        for _ in range(120):
            left = connection.execute(
                "SELECT count(*) FROM events_delivery WHERE status IN (0, 1)"
            ).fetchone()
            if left == (0,):
                return
            bench.manage("shell", "--no-imports", "-c", code)
            time.sleep(1)
    raise SystemExit("the queue did not run empty")


def _alarms(bench: Stack, kind: str, port: int) -> dict[str, float]:
    out = subprocess.run(
        [PYTHON, "-m", "bench.alarms", kind, str(port)],
        cwd=ROOT,
        env=bench.env,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return json.loads(out.splitlines()[-1])


def weight_row(web: int, token: str) -> Row:
    """HTML + every stylesheet and module that opening the page loads, gzipped one by one, before photos.

    Modules behind `import()` come later, with the first order.
    """
    page = _body(web, f"/t/{token}/")
    todo = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page.decode())
    seen: dict[str, int] = {}
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        body = _body(web, path)
        seen[path] = len(gzip.compress(body, 9))
        names = re.findall(r'(?:from|import)\s*"(\.[^"]+)"', body.decode())
        todo += [urljoin(path, name) for name in names]
    total = len(gzip.compress(page, 9)) + sum(seen.values())
    shown = f"{total / 1000:.1f} kB in {len(seen) + 1} files"
    ratio = total / PAGE_BUDGET
    return Row("guest page, gzipped, before photos", shown, "50 kB budget", ratio, "≤ 1×", ratio <= 1)


def _body(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return body


if __name__ == "__main__":
    main()
