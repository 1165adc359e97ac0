"""What staff do with orders, and what guests may still do."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from orders import services
from orders.models import LineStatus, Order, OrderLine
from tests.orders.conftest import Board, Phone, Restaurant
from tests.orders.menus import COLA, GIMBAP, line
from tests.queue import published


def code(response: Any) -> str:
    return response.json()["type"].rpartition(":")[2]


@pytest.fixture
def order(phone: Phone) -> dict[str, Any]:
    """Two lines, in the kitchen's inbox."""
    return phone.order(line(GIMBAP), line(COLA, 2)).json()


def test_accepting_promises_a_time_and_starts_cooking(board: Board, order) -> None:
    ticket = board.accept(order["id"], 12).json()
    assert ticket["status"] == "accepted" and ticket["minutes"] == 12
    assert [row["status"] for row in ticket["lines"]] == ["cooking", "cooking"]
    [event] = published("order.accepted")
    assert event.minutes == 12 and event.actor_name
    assert code(board.accept(order["id"])) == "wrong-state"
    assert len(published("order.accepted")) == 1


@pytest.mark.parametrize("minutes", [0, -1, 241, "soon", 10**30, None])
def test_accepting_needs_sensible_minutes(board: Board, order, minutes) -> None:
    assert board.post(f"orders/{order['id']}/accept/", minutes=minutes).status_code == 400
    assert not published("order.accepted")


def test_accept_all_passes_over_what_was_answered(board: Board, phone: Phone, order) -> None:
    other = phone.order().json()["id"]
    board.post(f"orders/{order['id']}/reject/", reason_code="busy", reason="")
    ids = [order["id"], other]
    tickets = board.post("orders/accept/", order_ids=ids, minutes=10).json()["tickets"]
    assert [ticket["id"] for ticket in tickets] == [other]
    assert len(published("order.accepted")) == 1


def test_status_follows_the_lines(board: Board, phone: Phone, order) -> None:
    board.accept(order["id"])
    first, second = (row["id"] for row in order["lines"])
    assert board.post(f"lines/{first}/ready/").json()["status"] == "in_progress"
    assert board.post(f"lines/{second}/ready/").json()["status"] == "ready"
    assert len(published("line.ready")) == 2 and len(published("order.ready")) == 1
    assert code(board.post(f"lines/{second}/ready/")) == "wrong-state"
    assert board.post(f"orders/{order['id']}/served/").json()["status"] == "served"
    assert len(published("order.served")) == 1
    assert code(board.post(f"orders/{order['id']}/served/")) == "wrong-state"
    [shown] = phone.get("orders/").json()["orders"]
    assert shown["status"] == "served" and shown["served_at"] and not shown["can_cancel"]


def test_ready_needs_an_accepted_order(board: Board, order) -> None:
    for step in ("ready", "served", "recall"):
        assert code(board.post(f"orders/{order['id']}/{step}/")) == "wrong-state"
    assert not published("order.ready") and not published("order.served")
    assert {row.status for row in OrderLine.objects.all()} == {LineStatus.QUEUED}


def test_a_step_is_undone_within_a_minute_and_not_later(
    board: Board, restaurant: Restaurant, order, now
) -> None:
    board.accept(order["id"])
    order_id = Order.objects.get().pk
    store_id = restaurant.store_id
    board.post(f"orders/{order_id}/ready/")
    assert board.post(f"orders/{order_id}/recall/").json()["status"] == "accepted"
    [event] = published("order.recalled")
    assert event.status == "accepted"
    assert code(board.post(f"orders/{order_id}/recall/")) == "wrong-state"
    services.mark_served(store_id=store_id, order_id=order_id, now=now)
    with pytest.raises(Exception, match="no longer possible"):
        services.recall_order(store_id=store_id, order_id=order_id, now=now + timedelta(seconds=61))
    assert Order.objects.get().status == "served" and len(published("order.recalled")) == 1


def test_one_line_is_taken_back_alone(board: Board, order) -> None:
    board.accept(order["id"])
    first, second = (row["id"] for row in order["lines"])
    board.post(f"lines/{first}/ready/")
    board.post(f"lines/{second}/ready/")
    ticket = board.post(f"lines/{first}/undo/").json()
    assert ticket["status"] == "in_progress"
    assert [row["status"] for row in ticket["lines"]] == ["cooking", "ready"]
    assert code(board.post(f"lines/{first}/undo/")) == "wrong-state"


def test_rejecting_gives_a_reason_and_ends_it(board: Board, phone: Phone, order) -> None:
    url = f"orders/{order['id']}/reject/"
    assert board.post(url, reason_code="nonsense").status_code == 400
    ticket = board.post(url, reason_code="sold_out", reason="No rice").json()
    assert ticket["status"] == "rejected"
    [event] = published("order.rejected")
    assert (event.reason_code, event.reason, event.total) == ("sold_out", "No rice", order["total"])
    [shown] = phone.get("orders/").json()["orders"]
    assert shown["reason"] == "No rice" and {row["status"] for row in shown["lines"]} == {"canceled"}
    assert code(board.accept(order["id"])) == "wrong-state"


def test_nobody_answered_is_a_rejection_and_an_answer_stands(phone: Phone, board: Board, order, now) -> None:
    accepted = phone.order().json()["id"]
    board.accept(accepted)
    for order_id in (order["id"], accepted):
        services.reject_unanswered_order(order_id=order_id, now=now)
    [event] = published("order.rejected")
    assert str(event.order_id) == order["id"] and event.reason_code == "no_answer"


def test_only_the_phone_that_sent_an_order_cancels_it(restaurant: Restaurant, phone: Phone, order) -> None:
    """Whoever else sits at the table, or came in by an old code, may read it and no more."""
    other = Phone(restaurant)
    other.join()
    refused = other.cancel(order["id"])
    assert refused.status_code == 403 and code(refused) == "not-the-sender"
    assert Order.objects.get().status == "submitted" and not published("order.canceled")
    [seen] = other.get("orders/").json()["orders"]
    [own] = phone.get("orders/").json()["orders"]
    assert (seen["can_cancel"], own["can_cancel"]) == (False, True)
    assert phone.cancel(order["id"]).json()["status"] == "canceled"


def test_the_guest_cancels_until_it_is_accepted(board: Board, phone: Phone, order) -> None:
    assert phone.cancel(order["id"]).json()["status"] == "canceled"
    [event] = published("order.canceled")
    assert event.actor_kind == "guest" and event.total == order["total"]
    second = phone.order().json()["id"]
    board.accept(second)
    assert code(phone.cancel(second)) == "wrong-state"
    assert len(published("order.canceled")) == 1
    assert Order.objects.get(pk=second).status == "accepted"


@pytest.mark.parametrize(("role", "allowed"), [("manager", True), ("owner", True), ("floor", False)])
def test_only_deciders_cancel_what_cooks(board_of: Callable[[str], Board], order, role, allowed) -> None:
    board = board_of(role)
    board.accept(order["id"])
    response = board.post(f"orders/{order['id']}/cancel/", reason="guest left")
    assert response.status_code == (200 if allowed else 409)
    assert len(published("order.canceled")) == int(allowed)


def test_the_kitchen_voids_and_cancels_nothing(board_of: Callable[[str], Board], order) -> None:
    kitchen = board_of("kitchen")
    assert kitchen.post(f"orders/{order['id']}/cancel/").status_code == 403
    assert kitchen.post(f"lines/{order['lines'][0]['id']}/void/", reason="x").status_code == 403
    assert kitchen.accept(order["id"]).status_code == 200


def test_voiding_takes_the_price_off(board: Board, order) -> None:
    board.accept(order["id"])
    gimbap, cola = (row["id"] for row in order["lines"])
    assert code(board.post(f"lines/{cola}/void/", reason=" ")) == "reason-needed"
    ticket = board.post(f"lines/{cola}/void/", reason="dropped").json()
    assert ticket["total"] == 4500 and ticket["lines"][1]["status"] == "voided"
    [event] = published("line.voided")
    assert (event.amount, event.line_name) == (4000, "콜라")
    assert code(board.post(f"lines/{cola}/void/", reason="again")) == "wrong-state"
    assert board.post(f"lines/{gimbap}/ready/").json()["status"] == "ready"


def test_voiding_the_last_line_cancels_the_order(board: Board, order) -> None:
    gimbap, cola = (row["id"] for row in order["lines"])
    board.post(f"lines/{cola}/void/", reason="none left")
    assert board.post(f"lines/{gimbap}/void/", reason="none left").json()["status"] == "canceled"
    assert [event.amount for event in published("line.voided")] == [4000]
    assert [event.total for event in published("order.canceled")] == [4500]


def test_floor_voids_only_before_cooking(board_of: Callable[[str], Board], order) -> None:
    floor = board_of("floor")
    gimbap, cola = (row["id"] for row in order["lines"])
    assert floor.post(f"lines/{cola}/void/", reason="wrong").json()["lines"][1]["status"] == "canceled"
    floor.accept(order["id"])
    assert code(floor.post(f"lines/{gimbap}/void/", reason="wrong")) == "wrong-state"
    assert len(published("line.voided")) == 1


def test_other_stores_staff_and_strangers_are_refused(order) -> None:
    elsewhere = Restaurant()
    from tests.factories import make_membership

    stranger = Board(elsewhere, make_membership(elsewhere.store).user)
    assert stranger.accept(order["id"]).status_code == 404
    assert stranger.post(f"lines/{order['lines'][0]['id']}/ready/").status_code == 404
    stranger.restaurant = Restaurant()
    assert stranger.get("board/").status_code == 403
    stranger.http.logout()
    assert stranger.accept(order["id"]).status_code in (401, 403)
    assert Order.objects.get().status == "submitted" and not published("order.accepted")


def test_a_call_is_raised_once_and_answered_once(board: Board, phone: Phone) -> None:
    first, again = phone.call("water"), phone.call("water", "quick")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["id"] == again.json()["id"]
    assert phone.call("bill").status_code == 201
    assert phone.call("dance").status_code == 400
    assert [event.kind for event in published("call.raised")] == ["water", "bill"]
    [call, _] = board.get("board/").json()["calls"]
    assert call["table_name"] == "A1"
    assert board.post(f"calls/{call['id']}/answer/").json()["answered_at"]
    assert code(board.post(f"calls/{call['id']}/answer/")) == "wrong-state"
    assert len(published("call.answered")) == 1
    assert phone.call("water").status_code == 201
