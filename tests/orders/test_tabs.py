"""Parties move, join and leave."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from notifications.models import Notification
from orders import services
from orders.models import Call, CartLine, Order, Tab
from tests.orders.conftest import Board, Phone, Restaurant
from tests.orders.menus import COLA, line, menu_document
from tests.queue import deliver_all, published


def code(response: Any) -> str:
    return response.json()["type"].rpartition(":")[2]


def tab_of(phone: Phone) -> str:
    return phone.join().json()["tab"]["id"]


@pytest.fixture
def other(restaurant: Restaurant) -> Phone:
    """A phone that has joined table A2."""
    restaurant.add_table("A2")
    phone = Phone(restaurant, "A2")
    phone.join()
    return phone


def test_a_moved_party_keeps_all_and_the_old_table_is_free(
    restaurant: Restaurant, phone: Phone, board: Board
) -> None:
    tab_id = tab_of(phone)
    order_id = phone.order().json()["id"]
    restaurant.add_table("A2")
    body = board.post(f"tabs/{tab_id}/move/", table_id=str(restaurant.tables["A2"])).json()
    assert body["table_name"] == "A2" and body["orders"][0]["id"] == order_id
    [event] = published("tab.moved")
    assert (event.from_table_name, event.table_name) == ("A1", "A2")
    assert event.table_token == restaurant.token("A2")
    assert Order.objects.get().table_name == "A2"
    assert phone.get("").json()["tab"]["table"]["name"] == "A2"
    assert phone.order().status_code == 201
    newcomer = Phone(restaurant, "A1")
    assert tab_of(newcomer) != tab_id
    phone.token = restaurant.token("A2")  # the same phone scans its new table
    assert phone.get("").json()["tab"]["id"] == tab_id
    assert phone.put_cart(line()).status_code == 200


def test_nobody_is_moved_onto_others(
    restaurant: Restaurant, phone: Phone, other: Phone, board: Board
) -> None:
    tab_id = tab_of(phone)
    response = board.post(f"tabs/{tab_id}/move/", table_id=str(restaurant.tables["A2"]))
    assert code(response) == "table-taken" and not published("tab.moved")
    elsewhere = Restaurant()
    response = board.post(f"tabs/{tab_id}/move/", table_id=str(elsewhere.tables["A1"]))
    assert response.status_code == 404


def test_merged_parties_share_everything(
    restaurant: Restaurant, phone: Phone, other: Phone, board: Board
) -> None:
    source, target = tab_of(other), tab_of(phone)
    order_id = other.order().json()["id"]
    phone.order()
    other.put_cart(line(COLA))
    other.call("water")
    phone.call("water")
    body = board.post(f"tabs/{source}/merge/", into_tab_id=target).json()
    assert body["id"] == target and body["guest_count"] == 2 and len(body["orders"]) == 2
    [event] = published("tab.merged")
    assert str(event.into_tab_id) == target and [str(i) for i in event.order_ids] == [order_id]
    there = Tab.objects.get(pk=target)
    place = event.into_table_id, event.into_table_name, event.into_table_token
    assert place == (there.table_id, there.table_name, there.table_token)
    assert str(CartLine.objects.get().tab_id) == target
    closed = Tab.objects.get(pk=source)
    assert closed.status == "closed" and str(closed.merged_into_id) == target
    assert other.get("").json()["tab"]["id"] == target
    assert other.order().status_code == 201
    assert {str(row.tab_id) for row in Order.objects.all()} == {target}
    assert code(board.post(f"tabs/{source}/merge/", into_tab_id=target)) == "tab-closed"
    assert code(board.post(f"tabs/{target}/merge/", into_tab_id=target)) == "wrong-state"
    assert len(published("tab.merged")) == 1


@pytest.mark.parametrize(("cola", "status"), [(0, "closing"), (2000, "open")])
def test_a_party_that_joins_a_paid_one_makes_it_owe_only_what_it_ordered(
    restaurant: Restaurant, phone: Phone, other: Phone, board: Board, now, cola: int, status: str
) -> None:
    restaurant.publish(menu_document(cola=cola))
    source, target = tab_of(other), tab_of(phone)
    total = phone.order().json()["total"]
    services.settle_tab(tab_id=UUID(target), total=total, now=now)
    other.order(line(COLA))
    assert board.post(f"tabs/{source}/merge/", into_tab_id=target).status_code == 200
    assert Tab.objects.get(pk=target).status == status


def test_no_phone_takes_the_common_cart_for_an_old_one(
    restaurant: Restaurant, phone: Phone, other: Phone, board: Board
) -> None:
    source, target = tab_of(other), tab_of(phone)
    for quantity in (1, 2, 3):
        known = other.put_cart(line(COLA, quantity)).json()["version"]
    board.post(f"tabs/{source}/merge/", into_tab_id=target)
    assert other.get("cart/").json()["version"] > known


def test_merging_ends_the_alarm_of_a_call_that_both_parties_made(
    restaurant: Restaurant, phone: Phone, other: Phone, board: Board
) -> None:
    source, target = tab_of(other), tab_of(phone)
    for caller in (other, phone):
        caller.call("water")
    other.call("bill")
    deliver_all()
    assert Notification.objects.filter(alarm=True, acked_at=None).count() == 3
    assert board.post(f"tabs/{source}/merge/", into_tab_id=target).status_code == 200
    deliver_all()
    [event] = published("call.answered")
    assert str(event.tab_id) == source and Call.objects.get(pk=event.call_id).answered_at is not None
    open_calls = set(Call.objects.filter(answered_at=None).values_list("pk", flat=True))
    ringing = Notification.objects.filter(alarm=True, acked_at=None).values_list("subject_id", flat=True)
    assert len(open_calls) == 2 and set(ringing) == open_calls


def test_closing_with_something_owed_needs_a_manager_and_a_reason(board_of, phone: Phone) -> None:
    tab_id = tab_of(phone)
    phone.order()
    floor, manager = board_of("floor"), board_of("manager")
    assert code(floor.post(f"tabs/{tab_id}/close/", reason="bye")) == "money-owed"
    assert code(manager.post(f"tabs/{tab_id}/close/", reason=" ")) == "reason-needed"
    assert not published("tab.closed") and Tab.objects.get().is_open
    assert manager.post(f"tabs/{tab_id}/close/", reason="walked out").json()["status"] == "closed"
    [event] = published("tab.closed")
    assert event.reason == "walked out" and event.actor_name
    assert code(manager.post(f"tabs/{tab_id}/close/", reason="again")) == "tab-closed"


def test_a_settled_and_served_tab_closes_for_anybody_on_the_floor(board_of, phone: Phone, now) -> None:
    tab_id = tab_of(phone)
    order = phone.order().json()
    floor = board_of("floor")
    floor.accept(order["id"])
    floor.post(f"orders/{order['id']}/served/")
    assert code(floor.post(f"tabs/{tab_id}/close/")) == "money-owed"
    services.settle_tab(tab_id=Tab.objects.get().pk, total=order["total"], now=now)
    phone.call("help")
    assert floor.post(f"tabs/{tab_id}/close/").status_code == 200
    assert len(published("call.answered")) == 1
    assert phone.join().json()["tab"]["id"] != tab_id


def test_closing_expires_what_was_never_paid(pay_first: Restaurant, now) -> None:
    phone = Phone(pay_first)
    tab_id = tab_of(phone)
    phone.order()
    services.close_tab(
        store_id=pay_first.store_id,
        tab_id=UUID(tab_id),
        reason="left",
        actor_name="x",
        may_write_off=True,
        now=now,
    )
    assert Order.objects.get().status == "expired" and len(published("order.expired")) == 1


def test_idle_tabs_end_but_never_one_that_owes(
    restaurant: Restaurant, phone: Phone, other: Phone, now
) -> None:
    phone.order()
    later = now + timedelta(minutes=46)
    assert services.close_idle_tabs(now=now + timedelta(minutes=30)) == 0
    assert services.close_idle_tabs(now=later) == 1
    assert services.close_idle_tabs(now=now + timedelta(days=1)) == 0
    [event] = published("tab.closed")
    assert event.table_name == "A2"
    assert Tab.objects.get(closed_at=None).table_name == "A1"


def test_the_next_party_does_not_inherit_a_tab_that_was_left(
    restaurant: Restaurant, phone: Phone, now
) -> None:
    first = tab_of(phone)
    Tab.objects.update(active_at=now - timedelta(hours=3))
    newcomer = Phone(restaurant)
    assert tab_of(newcomer) != first
    assert len(published("tab.closed")) == 1


def test_staff_open_a_table_once(restaurant: Restaurant, board: Board) -> None:
    url = f"tables/{restaurant.tables['A1']}/open/"
    first, again = board.post(url).json(), board.post(url).json()
    assert first["id"] == again["id"] and first["guest_count"] == 0
    assert len(published("tab.opened")) == 1
    assert board.post(f"tables/{Restaurant().tables['A1']}/open/").status_code == 404
