"""A slow batch costs time and nothing else."""

import pytest

from events import delivery as queue
from events import repair
from events.delivery import claim, run_claims
from events.kernel.databases import alias_of
from events.models import DeliveryStatus
from tests.events.conftest import change, delivery_of, effects, ring
from tests.queue import deliver_all, ship_all

pytestmark = pytest.mark.django_db


def test_what_waited_too_long_in_its_batch_goes_back_as_if_never_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bells = [ring(f"bell {number}") for number in range(3)]
    ship_all()
    claims = claim("orders", 10)
    monkeypatch.setattr(queue, "BATCH_LEASE_SECONDS", 0)
    assert run_claims("orders", claims) == 1
    assert effects() == [("bell 0", 1)]
    for event_id in bells[1:]:
        row = delivery_of(event_id)
        assert (row.status, row.attempts, row.lease_until) == (DeliveryStatus.PENDING, 0, None)
    assert repair.reclaim(alias_of("orders")) == 0
    deliver_all()
    assert len(effects()) == 3 and {delivery_of(event_id).attempts for event_id in bells} == {1}


def test_one_that_was_lost_has_its_turn_in_a_slow_batch_too(monkeypatch: pytest.MonkeyPatch) -> None:
    ring("first")
    lost = ring("lost")
    ship_all()
    change(lost, last_error="WorkerLost: the worker went away", attempts=1)
    claims = claim("orders", 10)
    monkeypatch.setattr(queue, "BATCH_LEASE_SECONDS", 0)
    assert run_claims("orders", claims) == 2
    assert effects() == [("first", 1), ("lost", 1)]
