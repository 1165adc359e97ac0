"""The queue page and its acts: plain words, the own stores only, a question before every change."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.html import escape

from events import operations
from events.models import Delivery, DeliveryStatus, Intervention
from events.operations import Actor
from orders.models import Order
from stores.models import Store
from tests.admin.conftest import admitted, at, everywhere, make_delivery, signed_in
from tests.admin.test_dashboard import make_order
from tests.factories import make_store

ME = Actor(None, "Kim")
PAGE, ACT, SWITCH = "/admin/queue/", "/admin/queue/act/", "/admin/queue/switch/"
RING = "notifications.ring_for_order"
QUERY_LIMIT = 24


def text_of(client: Client, path: str = PAGE, **query: Any) -> str:
    answer = client.get(path, query or None)
    assert answer.status_code == 200
    return answer.content.decode()


def status_of(row: Delivery) -> int:
    row.refresh_from_db()
    return row.status


def pressed(client: Client, path: str, query: dict[str, Any], **more: Any) -> Any:
    """What the button of a confirmation page sends."""
    plan = getattr(client.get(path, query), "context", None) or {}
    expected = plan["plan"].digest if "plan" in plan else ""
    return client.post(path, {**query, "confirmed": "yes", "reason": "", "expected": expected, **more})


# --- What it says ----------------------------------------------------------------------------------


def test_a_dead_letter_is_a_sentence_about_its_order(boss: Client, store: Store) -> None:
    row = make_delivery(store)
    row.event.payload = {"number": 128, "table_name": "C2"}
    row.event.save()
    page = text_of(boss)
    assert "The kitchen&#x27;s board was not told of order 128 (table C2)." in page
    assert "The other side could not be reached." in page


def test_a_fact_about_money_is_named_by_its_order(boss: Client, store: Store) -> None:
    order = make_order(store)
    Order.objects.filter(pk=order.pk).update(number=128)
    row = make_delivery(store, handler="payments.send_refund", context="payments")
    row.event.payload = {"order_id": str(order.pk), "tab_id": str(order.tab_id)}
    row.event.save()
    assert "The money for order 128 (table C2) has not been given back yet." in text_of(boss)


@pytest.mark.parametrize("language", ["ko", "zh-hans", "ja"])
def test_the_sentence_speaks_the_owners_language(boss: Client, store: Store, language: str) -> None:
    make_delivery(store)
    boss.cookies["hs_lang"] = language
    with translation.override(language):
        expected = translation.gettext("What did not happen")
        sentence = translation.gettext("The kitchen's board was not told of %(subject)s.")
    page = text_of(boss)
    assert expected in page and "was not told of" not in page
    assert re.search(re.escape(escape(sentence)).replace(r"%\(subject\)s", "[^<]*7[^<]*"), page)


def test_letters_of_one_cause_are_one_entry(boss: Client, store: Store) -> None:
    make_delivery(store)
    make_delivery(store, stream="order:2")
    make_delivery(store, stream="order:3", last_error="ValidationError: odd\n\ntrace")
    make_delivery(make_store(), stream="order:4")
    causes = boss.get(PAGE).context["state"].causes
    assert sorted((cause.error, cause.letters) for cause in causes) == [
        ("ConnectionError", 2),
        ("ValidationError", 1),
    ]


def test_what_is_held_stands_with_the_letter_that_holds_it(boss: Client, store: Store) -> None:
    make_delivery(store)
    make_delivery(store, stream="order:2", last_error="ValidationError: odd\n\ntrace")
    for number in (2, 3):
        make_delivery(store, DeliveryStatus.HELD, seq=number, last_error="")
    make_delivery(make_store(), stream="order:4", last_error="ValidationError: odd\n\ntrace")
    causes = boss.get(PAGE).context["state"].causes
    assert {cause.error: cause.held for cause in causes} == {"ConnectionError": 2, "ValidationError": 0}


@pytest.mark.parametrize(
    "path",
    [
        "/admin/events/delivery/?handler=%00",
        "/admin/events/delivery/?context=%00",
        "/admin/events/event/?topic=%00",
        "/admin/queue/switch/?action=pause&handler=%00",
        "/admin/queue/switch/?action=resume&handler=nobody",
        "/admin/queue/gone/?handler=%00",
        "/admin/queue/replay/?stream=%00",
        "/admin/queue/act/?action=retry&stream=%00",
    ],
)
def test_nonsense_in_an_address_is_no_failure_of_ours(platform: Client, path: str) -> None:
    assert platform.get(path, follow=True).status_code in {200, 404}


def test_chosen_rows_that_are_no_keys_are_refused(boss: Client, store: Store) -> None:
    dead = make_delivery(store)
    wish = {"action": "retry_selected", "_selected_action": ["x", str(dead.pk)]}
    assert boss.post(at("/admin/events/delivery/"), wish).status_code == 400
    assert status_of(dead) == DeliveryStatus.DEAD and not everywhere(Intervention)


def test_a_quiet_queue_says_so(boss: Client) -> None:
    page = text_of(boss)
    assert "There is nothing to decide." in page and "None in the last 24 hours." in page


# --- Who sees what ---------------------------------------------------------------------------------


def test_an_owner_sees_nothing_of_other_stores(foreign_boss: Client, store: Store) -> None:
    make_delivery(store)
    make_delivery(store, DeliveryStatus.PENDING, stream="2", handler="orders.gone", context="orders")
    state = foreign_boss.get(PAGE).context["state"]
    assert (state.dead, state.waiting, state.causes, state.gone) == (0, 0, [], {})


def test_a_platform_admin_sees_all(platform: Client, store: Store) -> None:
    make_delivery(store)
    make_delivery(make_store(), stream="2")
    assert platform.get(PAGE).context["state"].dead == 2


def test_an_act_reaches_the_own_stores_only(boss: Client, store: Store) -> None:
    mine, foreign = make_delivery(store), make_delivery(make_store(), stream="2")
    wish = {"action": "retry", "handler": RING, "error": "ConnectionError"}
    assert boss.get(ACT, wish).context["plan"].count == 1
    pressed(boss, ACT, wish)
    assert (status_of(mine), status_of(foreign)) == (DeliveryStatus.PENDING, DeliveryStatus.DEAD)


@pytest.mark.parametrize("path", [PAGE, ACT, "/admin/queue/replay/", "/admin/queue/steps/", SWITCH])
def test_strangers_stay_outside(client: Client, store: Store, path: str) -> None:
    make_delivery(store)
    assert client.get(path, {"action": "retry", "handler": RING}).status_code == 302
    kitchen = signed_in(admitted(store, "kitchen"))
    assert kitchen.get(path, {"action": "retry", "handler": RING}).status_code == 302


# --- Acts --------------------------------------------------------------------------------------------


def test_looking_changes_nothing_and_the_button_retries(boss: Client, store: Store) -> None:
    dead, held = make_delivery(store), make_delivery(store, DeliveryStatus.HELD, seq=2)
    wish = {"action": "retry", "handler": RING, "error": "ConnectionError"}
    page = text_of(boss, ACT, **wish)
    assert "What would happen" in page and "1 step that waits behind goes on." in page
    boss.post(ACT, wish)  # without the page's own button
    assert status_of(dead) == DeliveryStatus.DEAD and not everywhere(Intervention)
    assert pressed(boss, ACT, wish, reason="printer is back").status_code == 302
    assert (status_of(dead), status_of(held)) == (DeliveryStatus.PENDING, DeliveryStatus.PENDING)
    [row] = everywhere(Intervention)
    assert (row.action, row.store_id, row.affected, row.released) == ("retry", store.pk, 1, 1)
    assert row.reason == "printer is back" and row.selection["handler"] == RING


def test_discarding_wants_a_reason(boss: Client, store: Store) -> None:
    dead = make_delivery(store)
    wish = {"action": "discard", "handler": RING, "error": "ConnectionError"}
    assert pressed(boss, ACT, wish).status_code == 200
    assert status_of(dead) == DeliveryStatus.DEAD and not everywhere(Intervention)
    pressed(boss, ACT, wish, reason="told the guest by hand")
    assert status_of(dead) == DeliveryStatus.DISCARDED and dead.note == "told the guest by hand"


def test_what_is_other_than_it_was_shown_is_asked_again(boss: Client, store: Store) -> None:
    shown = make_delivery(store)
    wish = {"action": "discard", "handler": RING, "error": "ConnectionError"}
    seen = boss.get(ACT, wish).context["plan"].digest
    Delivery.objects.using(shown._state.db).filter(pk=shown.pk).update(status=DeliveryStatus.PENDING)
    make_delivery(store, stream="order:2")  # just as many, and another one
    answer = pressed(boss, ACT, wish, reason="no use", expected=seen)
    assert answer.status_code == 200 and answer.context["plan"].count == 1
    assert [row.status for row in everywhere(Delivery)] == [DeliveryStatus.PENDING, DeliveryStatus.DEAD]
    assert not everywhere(Intervention)
    assert (
        "Other steps match in the meantime"
        in str([str(each) for each in get_messages(answer.wsgi_request)]) + answer.content.decode()
    )


@pytest.mark.parametrize("more", [{}, {"error": "ConnectionError"}, {"until": "2026-11-22T18:00"}])
def test_a_whole_history_cannot_be_replayed(boss: Client, store: Store, more: dict[str, str]) -> None:
    make_delivery(store, DeliveryStatus.DONE)
    wish = {"action": "replay", "handler": RING, **more}
    assert boss.get(ACT, wish).status_code == 404
    assert pressed(boss, ACT, wish).status_code == 404
    assert [row.status for row in everywhere(Delivery)] == [DeliveryStatus.DONE]
    assert not everywhere(Intervention)


def test_giving_steps_to_nobody_is_refused(boss: Client, store: Store) -> None:
    row = make_delivery(store, DeliveryStatus.PENDING, handler="notifications.old_name")
    wish = {"action": "assign", "handler": "notifications.old_name"}
    assert pressed(boss, ACT, wish).status_code == 404
    assert status_of(row) == DeliveryStatus.PENDING and not everywhere(Intervention)


def test_a_whole_stream_can_be_replayed(boss: Client, store: Store) -> None:
    rows = [make_delivery(store, DeliveryStatus.DONE, seq=number) for number in (1, 2, 3)]
    other = make_delivery(store, DeliveryStatus.DONE, stream="order:2")
    wish = {"action": "replay", "stream": "order:1"}
    plan = boss.get(ACT, wish).context["plan"]
    assert (plan.count, plan.streams) == (3, 1)
    pressed(boss, ACT, wish)
    assert [status_of(row) for row in rows] == [0, 0, 0] and status_of(other) == DeliveryStatus.DONE
    assert [row.replays for row in rows] == [1, 1, 1]


def test_a_step_can_be_replayed_over_a_span_of_time(boss: Client, store: Store) -> None:
    now = timezone.now()
    old, new = (
        make_delivery(store, DeliveryStatus.DONE),
        make_delivery(store, DeliveryStatus.DONE, stream="2"),
    )
    type(old.event).objects.using(old._state.db).filter(pk=old.event_id).update(
        occurred_at=now - timedelta(hours=5)
    )
    form = {"handler": RING, "since": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}", "until": ""}
    answer = boss.get("/admin/queue/replay/", form)
    assert answer.status_code == 302 and answer["Location"].startswith(ACT)
    wish = {"action": "replay", "handler": RING, "since": (now - timedelta(hours=1)).isoformat()}
    pressed(boss, ACT, wish)
    assert (status_of(old), status_of(new)) == (DeliveryStatus.DONE, DeliveryStatus.PENDING)


def test_the_replay_form_says_what_is_missing(boss: Client) -> None:
    assert "Choose a step and a time" in text_of(boss, "/admin/queue/replay/", handler=RING)


def test_one_event_can_be_replayed_from_its_page(boss: Client, store: Store) -> None:
    row = make_delivery(store, DeliveryStatus.DONE)
    page = text_of(boss, at(f"/admin/events/event/{row.event_id}/change/"))
    assert f"{ACT}?action=replay&amp;event={row.event_id}" in page
    pressed(boss, ACT, {"action": "replay", "event": row.event_id})
    assert status_of(row) == DeliveryStatus.PENDING


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"action": "retry"},
        {"action": "explode", "handler": RING},
        {"action": "retry", "event": "x"},
        {"action": "assign", "handler": "orders.gone", "to": "orders.nobody"},
    ],
)
def test_a_wish_that_says_nothing_is_refused(boss: Client, store: Store, wish: dict[str, str]) -> None:
    dead = make_delivery(store)
    assert boss.get(ACT, wish).status_code == 404
    assert pressed(boss, ACT, wish).status_code == 404
    assert status_of(dead) == DeliveryStatus.DEAD


def test_too_much_for_one_click_is_refused(
    boss: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "WEB_LIMIT", 1)
    rows = [make_delivery(store, stream=f"order:{number}") for number in range(2)]
    wish = {"action": "retry", "handler": RING, "error": "ConnectionError"}
    assert "manage.py events" in text_of(boss, ACT, **wish)
    assert pressed(boss, ACT, wish).status_code == 200
    assert [status_of(row) for row in rows] == [3, 3] and not everywhere(Intervention)


# --- Steps that are gone -------------------------------------------------------------------------------


def test_deliveries_of_a_step_that_is_gone_are_shown_and_given_to_another(boss: Client, store: Store) -> None:
    row = make_delivery(store, DeliveryStatus.PENDING, handler="notifications.old_name", attempts=0)
    page = text_of(boss)
    assert boss.get(PAGE).context["state"].waiting == 0
    assert "No such step any more" in page and "notifications.old_name" in page
    assert "It has another name now" in text_of(boss, "/admin/queue/gone/", handler="notifications.old_name")
    wish = {"action": "assign", "handler": "notifications.old_name", "to": RING}
    assert boss.get(ACT, wish).context["plan"].count == 1
    pressed(boss, ACT, wish)
    row.refresh_from_db()
    assert (row.handler, row.status) == (RING, DeliveryStatus.PENDING)
    assert [row.selection["to"] for row in everywhere(Intervention)] == [RING]


def test_a_step_that_listens_to_something_else_cannot_take_over(boss: Client, store: Store) -> None:
    row = make_delivery(store, DeliveryStatus.PENDING, handler="notifications.old_name")
    wish = {"action": "assign", "handler": "notifications.old_name", "to": "notifications.ring_for_call"}
    assert boss.get(ACT, wish).context["plan"].count == 0
    pressed(boss, ACT, wish)
    row.refresh_from_db()
    assert row.handler == "notifications.old_name"


def test_what_nobody_needs_any_more_is_discarded(boss: Client, store: Store) -> None:
    row = make_delivery(store, DeliveryStatus.PENDING, handler="notifications.old_name")
    pressed(boss, ACT, {"action": "discard", "handler": "notifications.old_name"}, reason="removed")
    assert status_of(row) == DeliveryStatus.DISCARDED


# --- Speed ---------------------------------------------------------------------------------------------


def test_the_page_needs_few_queries_however_much_died(boss: Client, store: Store) -> None:
    boss.get(PAGE)
    counts = []
    for kind in ("ValidationError", "OperationalError"):
        for number in range(3):
            make_delivery(store, stream=f"{kind}{number}", last_error=f"{kind}: no\n\ntrace")
        with CaptureQueriesContext(connection) as queries:
            boss.get(PAGE)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= QUERY_LIMIT
