"""A database that goes away while a handler runs: what came of the run is not forgotten."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from events import delivery
from events.delivery import claim, run_claim
from events.kernel.databases import alias_of
from events.models import DeliveryStatus
from tests.events.conftest import LISTENER, OUTSIDE, behavior, delivery_of, effects, mail_out, ring
from tests.queue import away, ship_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def outage() -> Iterator[ExitStack]:
    """A database goes away during the run of `_run_one`, and is back when this is closed."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def short_outage(outage: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is back for who waits a moment."""
    monkeypatch.setattr(time, "sleep", lambda seconds: outage.close())


def _run_one(context: str, outage: ExitStack) -> None:
    ship_all()
    (item,) = claim(context, 10)
    behavior.meanwhile = lambda: outage.enter_context(away(alias_of(context)))
    run_claim(context, item)
    behavior.meanwhile = bool


@pytest.mark.usefixtures("short_outage")
def test_a_call_that_went_well_is_done_when_the_database_is_back(outage: ExitStack) -> None:
    event_id = mail_out()
    _run_one("notifications", outage)
    done = delivery_of(event_id, OUTSIDE)
    assert (done.status, done.attempts, done.lease_until) == (DeliveryStatus.DONE, 1, None)
    assert behavior.calls == [f"{event_id}:{OUTSIDE}"]


@pytest.mark.usefixtures("short_outage")
def test_a_call_that_failed_waits_for_its_next_try_and_not_for_its_lease(outage: ExitStack) -> None:
    behavior.fail = [TimeoutError("no answer")]
    event_id = mail_out()
    _run_one("notifications", outage)
    failed = delivery_of(event_id, OUTSIDE)
    assert (failed.status, failed.attempts, failed.lease_until) == (DeliveryStatus.PENDING, 1, None)
    assert failed.last_error.startswith("TimeoutError: no answer")


@pytest.mark.usefixtures("short_outage")
def test_what_broke_off_with_its_transaction_waits_for_its_next_try_too(outage: ExitStack) -> None:
    event_id = ring()
    _run_one("orders", outage)
    failed = delivery_of(event_id, LISTENER)
    assert (failed.status, failed.attempts, failed.lease_until) == (DeliveryStatus.PENDING, 1, None)
    assert effects() == []


@pytest.mark.parametrize("handler", [OUTSIDE, LISTENER])
def test_a_database_that_stays_away_leaves_the_delivery_to_its_lease(
    handler: str, outage: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(delivery, "BATCH_PATIENCE_SECONDS", 0.0)
    event_id = mail_out() if handler == OUTSIDE else ring()
    _run_one(handler.partition(".")[0], outage)
    outage.close()
    left = delivery_of(event_id, handler)
    assert left.status == DeliveryStatus.RUNNING
    assert left.lease_until
