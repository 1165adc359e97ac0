"""Retry, discard and replay: what they change, what they leave, and what the history says."""

from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.test import Client

from events import operations
from events.models import Delivery, DeliveryStatus, Intervention
from events.operations import Actor, ReasonMissing
from stores.models import Store
from tests.admin.conftest import at, everywhere, make_delivery
from tests.factories import make_store

ME = Actor(None, "Kim")
LIST = "/admin/events/delivery/"


def one(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.using(row._state.db).filter(pk=row.pk)


def status_of(row: Delivery) -> int:
    row.refresh_from_db()
    return row.status


def test_retry_makes_a_dead_letter_due_and_frees_its_followers(store: Store) -> None:
    dead = make_delivery(store)
    held = make_delivery(store, DeliveryStatus.HELD, seq=2)
    other = make_delivery(store, DeliveryStatus.HELD, stream="order:9", seq=2)
    done = operations.retry(one(dead), actor=ME, reason="printer is back")
    assert (status_of(dead), status_of(held), status_of(other)) == (0, 0, 4)
    assert dead.attempts == 0 and (done.count, done.released) == (1, 1)


def test_a_follower_of_two_dead_letters_waits_for_both(store: Store) -> None:
    first, second = make_delivery(store), make_delivery(store, seq=2)
    held = make_delivery(store, DeliveryStatus.HELD, seq=3)
    operations.retry(one(first), actor=ME)
    assert status_of(held) == DeliveryStatus.HELD
    operations.discard(one(second), actor=ME, reason="twice")
    assert status_of(held) == DeliveryStatus.PENDING


def test_discard_wants_a_reason_and_changes_nothing_without(store: Store) -> None:
    dead = make_delivery(store)
    with pytest.raises(ReasonMissing):
        operations.discard(one(dead), actor=ME, reason="  ")
    assert status_of(dead) == DeliveryStatus.DEAD
    assert not everywhere(Intervention)


def test_discard_keeps_the_reason(store: Store) -> None:
    dead = make_delivery(store)
    operations.discard(one(dead), actor=ME, reason="told the guest")
    assert status_of(dead) == DeliveryStatus.DISCARDED and dead.note == "told the guest"


def test_replay_repeats_what_is_done_and_counts_it(store: Store) -> None:
    done, waiting = make_delivery(store, DeliveryStatus.DONE), make_delivery(store, 0, stream="order:2")
    both = Delivery.objects.using(done._state.db).filter(pk__in=[done.pk, waiting.pk])
    plan = operations.plan("replay", both)
    assert [row.pk for row in plan.examples] == [done.pk] and [skip.count for skip in plan.skipped] == [1]
    assert operations.replay(both, actor=ME).count == 1
    assert status_of(done) == DeliveryStatus.PENDING and done.replays == 1
    assert status_of(waiting) == 0 and waiting.attempts == 8


def test_a_handler_that_is_gone_cannot_be_retried_but_discarded(store: Store) -> None:
    gone = make_delivery(store, handler="notifications.renamed_long_ago")
    assert operations.plan("retry", one(gone)).count == 0
    assert operations.plan("discard", one(gone)).count == 1


def test_the_dry_run_says_what_the_act_does_and_changes_nothing(store: Store) -> None:
    dead = make_delivery(store)
    make_delivery(store, DeliveryStatus.HELD, seq=2)
    plan = operations.plan("retry", one(dead))
    assert ([row.pk for row in plan.examples], plan.count, plan.released) == ([dead.pk], 1, 1)
    assert status_of(dead) == DeliveryStatus.DEAD


def test_each_store_has_its_own_history(store: Store) -> None:
    row, _other = make_delivery(store), make_delivery(make_store(), stream="order:2")
    dead = Delivery.objects.using(row._state.db).filter(status=DeliveryStatus.DEAD)
    operations.retry(dead, actor=ME, reason="all")
    history = everywhere(Intervention)
    assert len(history) == 2
    [told] = [each for each in history if each.store_id == store.pk]
    assert (told.action, told.actor_name, told.reason, len(told.deliveries)) == ("retry", "Kim", "all", 1)


def test_the_page_asks_first_and_the_button_acts(boss: Client, store: Store) -> None:
    dead = make_delivery(store)
    url = at(f"{LIST}{dead.pk}/retry_one/")
    page = boss.get(url)
    assert page.status_code == 200 and status_of(dead) == DeliveryStatus.DEAD
    answer = boss.post(url, {"confirmed": "yes", "reason": "again"})
    assert answer.status_code == 302 and status_of(dead) == DeliveryStatus.PENDING
    history = boss.get(at("/admin/events/intervention/"))
    assert b"again" in history.content


def test_a_selection_is_confirmed_on_its_own_page(boss: Client, store: Store) -> None:
    dead = make_delivery(store)
    form = {"action": "discard_selected", "_selected_action": [dead.pk]}
    page = boss.post(at(LIST), form)
    assert page.status_code == 200 and status_of(dead) == DeliveryStatus.DEAD
    page = boss.post(at(LIST), {**form, "confirmed": "yes", "reason": ""})
    assert page.status_code == 200 and status_of(dead) == DeliveryStatus.DEAD
    boss.post(at(LIST), {**form, "confirmed": "yes", "reason": "no use"})
    assert status_of(dead) == DeliveryStatus.DISCARDED


def test_the_replay_button_of_a_step_acts_once_it_is_confirmed(boss: Client, store: Store) -> None:
    done = make_delivery(store, DeliveryStatus.DONE)
    url = at(f"{LIST}{done.pk}/replay_one/")
    page = boss.get(url)
    assert page.status_code == 200 and (status_of(done), done.replays) == (DeliveryStatus.DONE, 0)
    answer = boss.post(url, {"confirmed": "yes", "reason": "the bell was off"})
    assert answer.status_code == 302 and (status_of(done), done.replays) == (DeliveryStatus.PENDING, 1)
    [told] = everywhere(Intervention)
    assert (told.action, told.reason) == ("replay", "the bell was off")
    assert [each["id"] for each in told.deliveries] == [done.pk]


def test_a_selection_is_replayed_and_what_is_not_finished_is_left(boss: Client, store: Store) -> None:
    done, dead = make_delivery(store, DeliveryStatus.DONE), make_delivery(store, stream="order:2")
    form = {"action": "replay_selected", "_selected_action": [done.pk, dead.pk]}
    page = boss.post(at(LIST), form)
    assert page.status_code == 200 and (status_of(done), done.replays) == (DeliveryStatus.DONE, 0)
    boss.post(at(LIST), {**form, "confirmed": "yes", "reason": "again"})
    assert (status_of(done), done.replays) == (DeliveryStatus.PENDING, 1)
    assert (status_of(dead), dead.replays) == (DeliveryStatus.DEAD, 0)


def test_the_history_of_another_store_is_not_shown(foreign_boss: Client, store: Store) -> None:
    operations.discard(one(make_delivery(store)), actor=ME, reason="secret reason")
    [row] = everywhere(Intervention)
    assert b"secret reason" not in foreign_boss.get(at("/admin/events/intervention/")).content
    assert foreign_boss.get(at(f"/admin/events/intervention/{row.pk}/change/")).status_code == 302


def test_the_history_says_in_words_what_was_asked_for(boss: Client, store: Store) -> None:
    dead = make_delivery(store)
    since = dead.event.occurred_at - timedelta(days=1)
    wish = operations.Selection(handler=dead.handler, error="ConnectionError", since=since, statuses=(3,))
    assert operations.retry(wish, actor=ME).count == 1
    [told] = everywhere(Intervention)
    text = boss.get(at(f"/admin/events/intervention/{told.pk}/change/")).content.decode()
    assert "The other side could not be reached." in text and str(DeliveryStatus.DEAD.label) in text
    assert f"{told.created_at:%Y-%m-%d}" not in text  # its time is a person's, too
    assert "ConnectionError" not in text and since.isoformat() not in text
