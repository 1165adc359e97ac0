"""One measurement of the queue in a process of its own: prints its numbers as JSON.

`python -m bench.queue_driver ours|bare rate|delay COUNT`, `… ours statements 10`, `… ours old ROWS`,
`… ours settle 0`, `… ours empty 0`.
"""

import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

# Slower than the doorbell's spacing: each event rings for itself, as in a restaurant, which has one a second.
EVERY_SECONDS = 0.07
PATIENCE_SECONDS = 120.0
WARM_UP = 20
STORE = UUID(int=1)

Fire = Callable[[int], float]  # writes and publishes number n; returns the moment of the commit


def main() -> None:
    kind, what, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    fire = _ours() if kind == "ours" else _bare()
    print(json.dumps(MEASURES[what](fire, count)))


def _ours() -> Fire:
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.queue_settings"
    import django

    django.setup()
    from bench.queue_handlers import Counted
    from events.outbox import publish

    return _firing(lambda number: publish(Counted(store_id=STORE, number=number)))


def _bare() -> Fire:
    from bench.baseline.queue_tasks import write

    return _firing(lambda number: _on_commit(lambda: write.delay(number)))


def _on_commit(call: Callable[[], object]) -> None:
    from django.db import transaction

    transaction.on_commit(call)


def _firing(announce: Callable[[int], object]) -> Fire:
    """A row of business and its announcement in one transaction."""
    from django.db import transaction

    from bench.baseline.models import BareOrder

    def fire(number: int) -> float:
        committed: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda: committed.append(time.monotonic()))  # before anything is rung
            BareOrder.objects.create(tab=STORE, total=number)
            announce(number)
        return committed[0]

    return fire


def rate(fire: Fire, count: int) -> dict[str, float]:
    """As fast as it goes: from the first event to the last handler's row."""
    _run(fire, range(WARM_UP), pause=0)
    started = time.monotonic()
    done = _run(fire, range(count), pause=0)[1]
    return {"per_second": count / (max(done.values()) - started)}


def delay(fire: Fire, count: int) -> dict[str, float]:
    """One after the other: from the commit to the first line of the handler, in milliseconds."""
    committed, begun = _run(fire, range(count + WARM_UP), pause=EVERY_SECONDS)
    waits = [(begun[number] - committed[number]) * 1000 for number in range(WARM_UP, count + WARM_UP)]
    cuts = statistics.quantiles(waits, n=100)
    return {"p50": cuts[49], "p99": cuts[98]}


def _run(fire: Fire, numbers: Iterable[int], *, pause: float) -> tuple[dict[int, float], dict[int, float]]:
    """Moments of the commits and of the handlers' beginnings, by number."""
    from bench.baseline.models import BareOutbox

    BareOutbox.objects.all().delete()
    committed: dict[int, float] = {}
    for number in numbers:
        committed[number] = fire(number)
        time.sleep(pause)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while BareOutbox.objects.count() < len(committed):
        if time.monotonic() > deadline:
            raise SystemExit(f"{BareOutbox.objects.count()} of {len(committed)} were done")
        time.sleep(0.02)
    rows: Iterable[dict[str, Any]] = BareOutbox.objects.values_list("payload", flat=True)
    return committed, {row["number"]: row["at"] for row in rows}


def statements(fire: Fire, batch: int) -> dict[str, float]:
    """What the queue adds to the caller's transaction, and to a handler's own single write, in a batch."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from events.delivery import drain

    fire(0)
    while drain("orders"):
        continue
    with CaptureQueriesContext(connection) as publishing:
        for number in range(batch):
            fire(number)
    with CaptureQueriesContext(connection) as handling:
        assert drain("orders", limit=batch) == batch
    # The caller's own: BEGIN, its row, COMMIT. The handler's own: its row; the last claim finds nothing.
    return {
        "publish": len(publishing) / batch - 3,
        "deliver": (len(handling) - 1) / batch - 1,
        "deliver_one": _statements_of_one(fire),
    }


def _statements_of_one(fire: Fire) -> float:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from events.delivery import claim, run_claim

    fire(0)
    with CaptureQueriesContext(connection) as handling:
        for item in claim("orders", 1):
            run_claim("orders", item)
    return len(handling) - 1


_OLD_STREAMS = (
    "INSERT INTO events_stream (name, last_seq) SELECT 'old:' || n, 1 FROM generate_series(%s, %s) n"
)
_OLD_EVENTS = """
INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers, correlation_id,
                          occurred_at, shipped_at)
SELECT uuidv7(), 'bench.counted', 1, 'bench', 'old:' || n, 1, gen_random_uuid(), '{"number": 0}', '{}',
       uuidv7(), now() - interval '20 days' + n * interval '1 second', now()
FROM generate_series(%s, %s) n
"""
_OLD_DELIVERIES = """
INSERT INTO events_delivery (event_id, handler, context, stream, seq, status, attempts, max_attempts, replays,
                             due_at, started_at, done_at, worker, last_error, note)
SELECT id, 'orders.bench_write', 'orders', stream, seq, 2, 1, 8, 0, occurred_at, occurred_at, occurred_at,
       'bench:1', '', ''
FROM events_event WHERE stream = ANY(SELECT 'old:' || n FROM generate_series(%s, %s) n)
"""


def old_rows(fire: Fire, count: int) -> dict[str, float]:
    """Fills the tables with delivered history, on two connections."""
    started = time.monotonic()
    half = count // 2
    for statement in (_OLD_STREAMS, _OLD_EVENTS, _OLD_DELIVERIES):
        spans = [(1, half), (half + 1, count)]
        threads = [threading.Thread(target=_execute, args=(statement, span)) for span in spans]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _execute("ANALYZE events_event", None)
    settle(fire, 0)
    return {"seconds": time.monotonic() - started}


def settle(fire: Fire, count: int) -> dict[str, float]:
    """As a restaurant's tables are found: vacuumed long ago, read by the planner while nothing waits.

    Else the server does both beside the measurement with whatever came in bulk, and until then the planner
    knows nothing of a young table and reads it whole.
    """
    _execute("VACUUM (ANALYZE) events_delivery, events_event, events_stream", None)
    return {}


def empty(fire: Fire, count: int) -> dict[str, float]:
    """Forgets all history; what is measured next meets no row of it."""
    _execute("TRUNCATE events_delivery, events_event, events_stream, events_failedattempt", None)
    return {}


def _execute(statement: str, values: tuple[int, int] | None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    if threading.current_thread() is not threading.main_thread():
        connection.close()


MEASURES = {
    "rate": rate,
    "delay": delay,
    "statements": statements,
    "old": old_rows,
    "settle": settle,
    "empty": empty,
}

if __name__ == "__main__":
    main()
