"""What the queue adds to a handler's own statements, BEGIN and COMMIT counted: the README's figures."""

import re

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from events.delivery import _CLAIM, claim, drain, run_claim
from events.kernel.databases import alias_of
from events.repair import _HOLD, _RELEASE
from tests.events.conftest import LISTENER, effects, ring
from tests.queue import ship_all

pytestmark = pytest.mark.django_db(transaction=True)

BATCH = 10


def _rung(count: int) -> CaptureQueriesContext:
    """So many deliveries are due; counts what their database is asked from here on."""
    for number in range(count):
        ring(f"bell {number}", number)
    ship_all()
    return CaptureQueriesContext(connections[alias_of("orders")])


def test_a_delivery_alone_costs_a_claim_a_mark_and_its_transaction() -> None:
    with _rung(1) as asked:
        [item] = claim("orders", 1)
        run_claim("orders", item)
    kinds = [query["sql"].split()[0] for query in asked]
    assert kinds == ["WITH", "BEGIN", "UPDATE", "INSERT", "COMMIT"]  # the INSERT is the handler's own
    assert effects() == [("bell 0", 0)]


def test_in_a_batch_the_claim_is_shared() -> None:
    with _rung(BATCH) as asked:
        assert drain("orders", limit=BATCH) == BATCH
    # A claim for all, one that finds nothing more, and four for each, of which one is the handler's own.
    assert len(asked) == 2 + 4 * BATCH
    assert len(effects()) == BATCH


_PAST = """
WITH told AS (
  INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers,
                            correlation_id, occurred_at, shipped_at)
  SELECT gen_random_uuid(), 'test.rang', 1, 'tests', 'old:' || n, 1, gen_random_uuid(), '{}', '{}',
         gen_random_uuid(), now() - n * interval '1 minute', now()
  FROM generate_series(1, 20000) n
  RETURNING id, stream, seq, occurred_at
)
INSERT INTO events_delivery (event_id, handler, context, stream, seq, status, attempts, max_attempts, replays,
                             due_at, done_at, worker, last_error, note)
SELECT id, %s, 'orders', stream, seq, 2, 1, 8, 0, occurred_at, occurred_at, '', '', '' FROM told
"""
_NAMES = ("context", "handlers", "limit", "lease", "worker", "quick")


def _plans() -> list[str]:
    """Made for these values, and for any: the server keeps the one that looks cheaper to it."""
    values = {
        "context": "orders",
        "handlers": [LISTENER],
        "limit": BATCH,
        "lease": 5,
        "worker": "",
        "quick": True,
    }
    kept = _CLAIM % {name: f"${number}" for number, name in enumerate(_NAMES, start=1)}
    plans = []
    with connections[alias_of("orders")].cursor() as cursor:
        for asked in ((f"EXPLAIN {_CLAIM}", values), (f"EXPLAIN (GENERIC_PLAN) {kept}", None)):
            cursor.execute(*asked)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
    return plans


@pytest.mark.parametrize("open_ones", [0, 200])
def test_a_claim_reads_its_own_rows_however_long_the_past_is(open_ones: int) -> None:
    """Whatever was open when the planner last looked: it may take the open ones for none at all."""
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute(_PAST, [LISTENER])
        _rung(open_ones)
        cursor.execute("ANALYZE events_event, events_delivery")
    for plan in _plans():
        probe, due = plan.index("events_delivery before"), plan.index("events_delivery d_1")
        assert re.search(r"^ +Index Cond: .*handler.*stream.*seq", plan[probe:].split("->")[0], re.M), plan
        assert re.search(r"Scan using delivery_due on $", plan[:due]), plan
        assert "Sort Key: d_1.due_at" not in plan and "Seq Scan on events_delivery" not in plan


@pytest.mark.parametrize("statement", [_HOLD, _RELEASE])
@pytest.mark.parametrize("open_ones", [0, 200])
def test_what_the_sweeper_holds_and_lets_go_is_found_by_probes(statement: str, open_ones: int) -> None:
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute(_PAST, [LISTENER])
        _rung(open_ones)
        cursor.execute("ANALYZE events_event, events_delivery")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert re.search(r"Index Cond: .*handler.*stream.*seq", plan), plan
    assert "Seq Scan on events_delivery" not in plan and "Join Filter" not in plan, plan
