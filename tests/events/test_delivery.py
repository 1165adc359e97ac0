"""Effects happen once, failures are tried again, and what cannot succeed waits for a person."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from events import operations, repair
from events.base import GiveUp
from events.delivery import BACKOFF_FIRST_SECONDS, backoff_seconds, claim, drain, run_claim
from events.kernel.databases import alias_of
from events.models import Delivery, DeliveryStatus
from tests.events.conftest import (
    LISTENER,
    OUTSIDE,
    SECOND,
    behavior,
    change,
    delivery_of,
    effects,
    mail_out,
    ring,
)
from tests.queue import deliver_all, ship_all, unfinished

PAST = timedelta(seconds=1)


def _make_due(event_id, handler: str = LISTENER) -> None:  # type: ignore[no-untyped-def]
    change(event_id, handler, due_at=timezone.now() - PAST)


@pytest.mark.django_db
def test_a_delivery_runs_once_however_often_somebody_looks() -> None:
    event_id = ring()
    assert deliver_all() == 2
    assert deliver_all() == 0
    assert effects() == [("front", 1)]
    assert delivery_of(event_id).status == DeliveryStatus.DONE


@pytest.mark.django_db
def test_a_failure_takes_its_effects_back_and_is_tried_again_later() -> None:
    behavior.fail = [ValueError("no paper")]
    event_id = ring()
    before = timezone.now()
    deliver_all()
    delivery = delivery_of(event_id)
    assert effects() == []
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.PENDING, 1)
    assert "ValueError: no paper" in delivery.last_error
    assert delivery.due_at - before > timedelta(seconds=0.6)
    _make_due(event_id)
    deliver_all()
    assert effects() == [("front", 1)]
    assert delivery_of(event_id).last_error == ""


def test_the_pause_doubles_and_ends_at_the_handlers_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("events.delivery.BACKOFF_FIRST_SECONDS", BACKOFF_FIRST_SECONDS)
    wanted = [(1, 300.0), (2, 300.0), (3, 300.0), (20, 300.0), (900, 300.0), (900, 15.0)]
    pauses = [sorted(backoff_seconds(*each) for _ in range(50)) for each in wanted]
    middles = [1.0, 2.0, 4.0, 300.0, 300.0, 15.0]
    for found, middle in zip(pauses, middles, strict=True):
        assert middle * 0.7 <= found[0] <= found[-1] <= middle * 1.3


@pytest.mark.django_db
def test_a_failure_of_one_handler_does_not_touch_another() -> None:
    behavior.fail = [ValueError("x")]
    ring()
    deliver_all()
    assert effects(LISTENER) == []
    assert effects(SECOND) == [("front", 1)]


@pytest.mark.django_db
def test_after_its_last_attempt_a_delivery_is_a_dead_letter() -> None:
    behavior.fail = [ValueError("1"), ValueError("2"), ValueError("3")]
    event_id = ring()
    ship_all()
    for _ in range(3):
        _make_due(event_id)
        deliver_all()
    delivery = delivery_of(event_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DEAD, 3)
    assert delivery.last_error.startswith("ValueError: 3")


@pytest.mark.django_db
def test_giving_up_makes_a_dead_letter_at_once_and_holds_only_its_own_stream() -> None:
    behavior.fail = [GiveUp("unknown dish")]
    first = ring("front", 1)
    second = ring("front", 2)
    ring("back", 1)
    deliver_all()
    assert delivery_of(first).status == DeliveryStatus.DEAD
    assert delivery_of(second).status == DeliveryStatus.HELD
    assert effects(LISTENER) == [("back", 1)]
    assert len(effects(SECOND)) == 3


@pytest.mark.django_db
def test_what_is_published_behind_a_dead_letter_waits_visibly() -> None:
    behavior.fail = [GiveUp("x")]
    ring("front", 1)
    deliver_all()
    late = ring("front", 2)
    ship_all()
    repair.hold_blocked(alias_of("orders"))
    assert delivery_of(late).status == DeliveryStatus.HELD
    assert deliver_all() == 1  # the other handler's share


@pytest.mark.django_db
def test_a_follower_does_not_overtake_a_failing_head() -> None:
    behavior.fail = [ValueError("later")]
    head = ring("front", 1)
    ring("front", 2)
    deliver_all()
    assert effects() == []
    _make_due(head)
    deliver_all()
    assert effects() == [("front", 1), ("front", 2)]


@pytest.mark.django_db
def test_a_lost_worker_s_delivery_comes_back_and_its_attempt_counts() -> None:
    event_id = ring()
    ship_all()
    assert len(claim("orders", 10)) == 1
    change(event_id, lease_until=timezone.now() - PAST)
    assert repair.reclaim(alias_of("orders")) == 1
    delivery = delivery_of(event_id)
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.PENDING, 1)
    assert "WorkerLost" in delivery.last_error
    _make_due(event_id)
    deliver_all()
    assert effects() == [("front", 1)]


@pytest.mark.django_db
def test_a_delivery_that_kills_its_workers_ends_as_a_dead_letter() -> None:
    event_id = ring()
    ship_all()
    for _ in range(3):
        _make_due(event_id)
        claim("orders", 10)
        change(event_id, lease_until=timezone.now() - PAST)
        repair.reclaim(alias_of("orders"))
    assert delivery_of(event_id).status == DeliveryStatus.DEAD
    assert "WorkerLost" in delivery_of(event_id).last_error


@pytest.mark.django_db
def test_a_worker_that_was_given_up_cannot_finish_late() -> None:
    event_id = ring()
    ship_all()
    (late,) = claim("orders", 10)
    change(event_id, lease_until=timezone.now() - PAST)
    repair.reclaim(alias_of("orders"))
    _make_due(event_id)
    (current,) = claim("orders", 10)
    run_claim("orders", late)
    assert effects() == []
    run_claim("orders", current)
    run_claim("orders", current)
    assert effects() == [("front", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_slow_handler_keeps_its_delivery_after_the_lease_while_it_lives() -> None:
    event_id = ring()
    ship_all()
    claim("orders", 10)
    change(event_id, lease_until=timezone.now() - PAST)
    found: list[int] = []

    def other_worker() -> None:
        found.append(repair.reclaim(alias_of("orders")))
        connections.close_all()

    with transaction.atomic(using=alias_of("orders")):
        type(delivery_of(event_id)).objects.using(alias_of("orders")).select_for_update().get(
            event_id=event_id, handler=LISTENER
        )
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join(20)
    assert found == [0]
    assert delivery_of(event_id).status == DeliveryStatus.RUNNING


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_and_double_nothing() -> None:
    for number in range(30):
        ring(f"bell-{number}")
    ship_all()
    threads = [threading.Thread(target=_drain_and_close) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    deliver_all()
    assert sorted(effects()) == sorted((f"bell-{number}", 1) for number in range(30))


def _drain_and_close() -> None:
    try:
        drain("orders")
    finally:
        connections.close_all()


@pytest.mark.django_db
def test_a_delivery_whose_handler_is_gone_waits_and_breaks_nothing() -> None:
    event_id = ring()
    ship_all()
    delivery = delivery_of(event_id)
    delivery.handler = "orders.removed_long_ago"
    delivery.save(update_fields=["handler"])
    assert deliver_all() == 1
    assert [delivery.handler for delivery in unfinished()] == ["orders.removed_long_ago"]


@pytest.mark.django_db(transaction=True)
def test_an_external_handler_runs_outside_transactions() -> None:
    mail_out()
    deliver_all()
    assert behavior.in_transaction == [False]


@pytest.mark.django_db
def test_an_external_handler_repeats_itself_under_the_same_key() -> None:
    behavior.fail = [TimeoutError("no answer")]
    event_id = mail_out()
    deliver_all()
    _make_due(event_id, OUTSIDE)
    deliver_all()
    assert behavior.calls == [f"{event_id}:{OUTSIDE}"] * 2
    assert delivery_of(event_id, OUTSIDE).status == DeliveryStatus.DONE


@pytest.mark.django_db
def test_an_external_handler_that_was_given_up_leaves_the_mark_to_its_successor() -> None:
    event_id = mail_out()
    ship_all()
    (late,) = claim("notifications", 10)
    change(event_id, OUTSIDE, lease_until=timezone.now() - PAST)
    repair.reclaim(alias_of("notifications"))
    run_claim("notifications", late)
    assert behavior.calls == []
    assert delivery_of(event_id, OUTSIDE).status == DeliveryStatus.PENDING


@pytest.mark.django_db
@pytest.mark.parametrize("handler", [OUTSIDE, LISTENER])
def test_a_worker_that_was_given_up_stays_so_when_a_person_sets_the_attempts_back(handler: str) -> None:
    event_id, context = (mail_out() if handler == OUTSIDE else ring()), handler.partition(".")[0]
    ship_all()
    (late,) = claim(context, 10)
    change(event_id, handler, lease_until=timezone.now() - PAST)
    repair.reclaim(alias_of(context))
    operations.retry(operations.Selection(event_id=event_id), actor=operations.Actor(None, "Ada"))
    (current,) = claim(context, 10)
    assert current.attempt == late.attempt == 1
    run_claim(context, late)
    assert delivery_of(event_id, handler).status == DeliveryStatus.RUNNING
    run_claim(context, current)
    assert delivery_of(event_id, handler).status == DeliveryStatus.DONE
    assert len(behavior.calls) + len(effects()) == 1


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_swallows_a_broken_transaction_has_failed() -> None:
    behavior.swallows = True
    event_id = ring()
    deliver_all()
    delivery = delivery_of(event_id)
    assert effects() == []
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.PENDING, 1)
    assert "TransactionManagementError" in delivery.last_error


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_no_text_column_takes_is_noted_all_the_same() -> None:
    behavior.fail = [GiveUp("the wallet said \x00\ud800")]
    event_id, other = ring("front"), ring("back")
    deliver_all()
    assert delivery_of(event_id).status == DeliveryStatus.DEAD
    assert delivery_of(event_id).last_error.startswith("GiveUp: the wallet said \\x00\\ud800")
    assert delivery_of(other).status == DeliveryStatus.DONE


@pytest.mark.django_db(transaction=True)
def test_a_handler_that_swallows_a_failed_statement_has_failed() -> None:
    """PostgreSQL answers its COMMIT with a rollback and no error: the mark would be gone without a reason."""
    behavior.swallows_statement = True
    event_id = ring()
    deliver_all()
    delivery = delivery_of(event_id)
    assert effects() == []
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.PENDING, 1)
    assert "the handler went on" in delivery.last_error


@pytest.mark.django_db
def test_a_handler_that_kills_its_workers_takes_no_other_with_it() -> None:
    killer = ring("killer")
    others = [ring(f"bell-{number}") for number in range(3)]
    ship_all()
    for _ in range(8):
        for event_id in (killer, *others):
            _make_due(event_id)
        _work_until_killed(by="killer")
        Delivery.objects.using(alias_of("orders")).update(lease_until=timezone.now() - PAST)
        repair.reclaim(alias_of("orders"))
    assert delivery_of(killer).status == DeliveryStatus.DEAD
    assert [delivery_of(each).status for each in others] == [DeliveryStatus.DONE] * 3
    assert sorted(effects()) == [(f"bell-{number}", 1) for number in range(3)]


def _work_until_killed(*, by: str) -> None:
    """What a worker does with a batch until the handler of this bell ends its process."""
    for item in claim("orders", 10):
        if item.stream == f"bell:{by}":
            return
        run_claim("orders", item)


@contextmanager
def _broken_notes(failures: int) -> Iterator[None]:
    """So often PostgreSQL refuses to note a failed attempt; a sequence counts on in spite of rollbacks."""
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute(
            f"""
            CREATE SEQUENCE test_refusals;
            CREATE FUNCTION test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF nextval('test_refusals') <= {failures} THEN
                RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01';
              END IF;
              RETURN NEW;
            END $$;
            CREATE TRIGGER test_refuse BEFORE INSERT ON events_failedattempt
            FOR EACH ROW EXECUTE FUNCTION test_refuse();
            """
        )
    try:
        yield
    finally:
        with connections[alias_of("orders")].cursor() as cursor:
            cursor.execute("DROP FUNCTION test_refuse CASCADE; DROP SEQUENCE test_refusals")


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_cannot_be_noted_at_once_is_noted_all_the_same() -> None:
    behavior.bells_that_fail = {"broken"}
    broken = ring("broken")
    ring("front")
    ship_all()
    with _broken_notes(1):
        drain("orders")
    assert (delivery_of(broken).status, effects()) == (DeliveryStatus.DEAD, [("front", 1)])


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_cannot_be_noted_at_all_stops_nobody_else() -> None:
    behavior.bells_that_fail = {"broken"}
    broken = ring("broken")
    ring("front")
    ship_all()
    with _broken_notes(1000):
        drain("orders")
    assert (delivery_of(broken).status, effects()) == (DeliveryStatus.RUNNING, [("front", 1)])
