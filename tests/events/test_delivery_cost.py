"""What the queue adds to a handler's own statements, BEGIN and COMMIT counted: the README's figures."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from events.delivery import claim, drain, run_claim
from events.kernel.databases import alias_of
from tests.events.conftest import effects, ring
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
