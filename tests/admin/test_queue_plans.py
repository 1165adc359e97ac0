"""The queue page reads what is open and what is new, however long the past is."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from config.backoffice import plots, queue, reports
from stores.models import Store

# Ten days of done work, a failed attempt now and then, hardly anything open.
_PAST = """
WITH told AS (
    INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers,
                              correlation_id, occurred_at, shipped_at)
    SELECT gen_random_uuid(), 'order.submitted', 1, 'orders', 'order:' || n, 1, gen_random_uuid(), '{}', '{}',
           gen_random_uuid(), now() - n * interval '5 minutes', now()
    FROM generate_series(1, 3000) n
    RETURNING id, stream, seq, occurred_at
), done AS (
    INSERT INTO events_delivery (event_id, handler, context, stream, seq, status, attempts, max_attempts,
                                 replays, due_at, done_at, died_at, worker, last_error, note)
    SELECT id, 'notifications.ring_for_order', 'notifications', stream, seq,
           CASE WHEN stream LIKE '%%99' THEN 3 ELSE 2 END, 1, 8, 0, occurred_at, occurred_at,
           CASE WHEN stream LIKE '%%9' THEN occurred_at END, '', '', ''
    FROM told
    RETURNING id, done_at, died_at
)
INSERT INTO events_failedattempt (delivery_id, attempt, error, at)
SELECT id, 1, 'x', done_at FROM done WHERE died_at IS NOT NULL
"""


@pytest.fixture(autouse=True)
def past(db: None) -> None:
    """A long one, and what the planner knows of it."""
    with connection.cursor() as cursor:
        cursor.execute(_PAST, [])
        cursor.execute("ANALYZE events_event, events_delivery, events_failedattempt")


def plan_of(statement: str) -> str:
    """As if these tables were too big to read whole."""
    values = {
        **queue.parameters(None),
        "width": timedelta(minutes=10),
        "lately": timedelta(minutes=5),
        "since": timezone.now() - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", values)
        return "\n".join(line for (line,) in cursor.fetchall())


def test_the_figures_read_only_what_is_open() -> None:
    plan = plan_of(queue._OPEN)
    assert "Seq Scan" not in plan and ("delivery_open_stream" in plan or "delivery_stuck" in plan)


def test_the_badge_reads_only_what_is_stuck() -> None:
    store = Store()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_event SET store_id = %s", [store.pk])
        cursor.execute("ANALYZE events_event")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = reports._dead_in("default", store).explain()
    assert "Seq Scan" not in plan and "delivery_stuck" in plan


@pytest.mark.parametrize("shape", [plots._WIDE, plots._NARROW])
def test_the_pictures_read_only_their_day(shape: dict[str, str]) -> None:
    plan = plan_of(plots._DAY.format(**shape))
    assert "Seq Scan" not in plan
    for index in ("delivery_done", "delivery_died", "failed_attempt_time"):
        assert index in plan
