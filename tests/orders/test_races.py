"""Two thumbs, two phones, two screens at the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from time import monotonic
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from events.kernel.databases import alias_of, atomic
from orders import services, storefront
from orders.models import Call, CartLine, DayCounter, Guest, Order, Tab
from tests.orders.conftest import Board, Phone, Restaurant
from tests.orders.menus import GIMBAP, line
from tests.queue import published

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls in threads that start together; each has connections of its own."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait(10)
        return alone(call)

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(run, call) for call in calls]]


def alone(call: Callable[[], Any]) -> Any:
    """Runs the call in this thread and closes the thread's connections."""
    try:
        return call()
    finally:
        connections.close_all()


def test_a_double_tap_is_one_order(phone: Phone) -> None:
    answers = at_once(*[lambda: phone.order(line(GIMBAP), key="double-tap")] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Order.objects.count() == 1 and len(published("order.placed")) == 1
    assert DayCounter.objects.get().last_number == 1


def test_two_phones_ordering_one_cart_make_one_order(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    other.join()
    ids = [row["id"] for row in phone.put_cart(line(GIMBAP), line(GIMBAP)).json()["lines"]]
    wishes = [line(GIMBAP), line(GIMBAP)]
    answers = at_once(
        lambda: phone.order(*wishes, cart=ids, key="phone-one"),
        lambda: other.order(*wishes, cart=ids, key="phone-two"),
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Order.objects.count() == 1 and not CartLine.objects.exists()
    assert len(published("order.placed")) == 1


def test_numbers_are_never_given_twice(restaurant: Restaurant) -> None:
    phones = []
    for number in range(4):
        restaurant.add_table(f"N{number}")
        phones.append(Phone(restaurant, f"N{number}"))
        phones[-1].join()
    answers = at_once(*[phone.order for phone in phones])
    assert sorted(answer.json()["number"] for answer in answers) == [1, 2, 3, 4]


def test_phones_that_scan_together_sit_together(restaurant: Restaurant) -> None:
    answers = at_once(*[Phone(restaurant).join for _ in range(4)])
    assert {answer.status_code for answer in answers} == {200}
    assert Tab.objects.count() == 1 and Guest.objects.count() == 4
    assert Tab.objects.get().guest_count == 4 and len(published("tab.opened")) == 1


def test_accepting_and_canceling_together_has_one_winner(phone: Phone, board: Board) -> None:
    order_id = phone.order().json()["id"]
    answers = at_once(lambda: phone.cancel(order_id), lambda: board.accept(order_id))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(published("order.canceled")) + len(published("order.accepted")) == 1


def test_two_screens_accept_once(phone: Phone, board_of: Callable[[str], Board]) -> None:
    order_id = phone.order().json()["id"]
    one, two = board_of("kitchen"), board_of("floor")
    answers = at_once(lambda: one.accept(order_id), lambda: two.accept(order_id))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert len(published("order.accepted")) == 1


def test_two_phones_calling_make_one_call(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    other.join()
    answers = at_once(lambda: phone.call("water"), lambda: other.call("water"))
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    assert Call.objects.count() == 1 and len(published("call.raised")) == 1


def test_closing_and_ordering_together_leaves_no_order_behind(phone: Phone, board: Board) -> None:
    tab_id = Tab.objects.get().pk
    closed, ordered = at_once(
        lambda: board.post(f"tabs/{tab_id}/close/", reason="left"), lambda: phone.order(line(GIMBAP))
    )
    assert closed.status_code == 200 and ordered.status_code in (201, 410)
    assert Order.objects.count() == (1 if ordered.status_code == 201 else 0)


def test_phones_that_order_together_at_one_table_are_all_served(restaurant: Restaurant) -> None:
    phones = [Phone(restaurant) for _ in range(6)]
    for phone in phones:
        phone.join()
    answers = at_once(*[phone.order for phone in phones])
    assert {answer.status_code for answer in answers} == {201}
    assert sorted(Order.objects.values_list("round", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert sorted(answer.json()["number"] for answer in answers) == [1, 2, 3, 4, 5, 6]
    assert len(published("order.placed")) == 6


def test_a_key_whose_order_and_closing_came_first_still_gives_that_order(
    restaurant: Restaurant, phone: Phone, now: datetime
) -> None:
    """Outrun twice, the second sending of an order looks under the lock; by then the table is closed."""
    tab = Tab.objects.get()

    def order_and_close() -> str:
        with atomic("orders"):
            Tab.objects.select_for_update().get(pk=tab.pk)  # next in line behind the one who is outrun
            ordered: str = phone.order(line(GIMBAP), key="sent-twice").json()["id"]
            services.close_tab(
                store_id=restaurant.store_id, tab_id=tab.pk, reason="left", actor_name="",
                may_write_off=True, now=now,
            )  # fmt: skip
            _until(lambda: waiting() == 1 or again.done())
        return ordered

    with ThreadPoolExecutor(2) as pool:
        with atomic("orders"):
            Tab.objects.filter(pk=tab.pk).update(cart_version=7)
            again = pool.submit(alone, lambda: phone.order(line(GIMBAP), key="sent-twice"))
            _until(lambda: waiting() == 1)
            first = pool.submit(alone, order_and_close)
            _until(lambda: waiting() == 2)
        answer = again.result(20)
        assert answer.json().get("id") == first.result(20) and Order.objects.count() == 1


def test_serving_and_closing_wait_for_the_table_before_the_order(
    phone: Phone, board_of: Callable[[str], Board]
) -> None:
    order_id, tab_id = phone.order().json()["id"], Tab.objects.get().pk
    waiter, manager = board_of("floor"), board_of("manager")
    waiter.accept(order_id)
    with ThreadPoolExecutor(2) as pool:
        with atomic("orders"):
            Order.objects.select_for_update().get(pk=order_id)
            served = pool.submit(alone, lambda: waiter.post(f"orders/{order_id}/served/"))
            _until(lambda: waiting() == 1)
            closed = pool.submit(alone, lambda: manager.post(f"tabs/{tab_id}/close/", reason="left"))
            _until(lambda: waiting() == 2)
        assert [each.result(20).status_code for each in (served, closed)] == [200, 200]
    assert Order.objects.get().status == "served" and not Tab.objects.get().is_open


def test_a_meal_is_served_though_its_party_joins_another_meanwhile(
    restaurant: Restaurant, phone: Phone, board_of: Callable[[str], Board]
) -> None:
    order_id, source = phone.order().json()["id"], Tab.objects.get().pk
    restaurant.add_table("A2")
    target = Phone(restaurant, "A2").join().json()["tab"]["id"]
    waiter, manager = board_of("floor"), board_of("manager")
    waiter.accept(order_id)
    with ThreadPoolExecutor(2) as pool:
        with atomic("orders"):
            Tab.objects.select_for_update().get(pk=source)
            joined = pool.submit(alone, lambda: manager.post(f"tabs/{source}/merge/", into_tab_id=target))
            _until(lambda: waiting() == 1)
            served = pool.submit(alone, lambda: waiter.post(f"orders/{order_id}/served/"))
            _until(lambda: waiting() == 2)
        assert [each.result(20).status_code for each in (joined, served)] == [200, 200]
    assert Order.objects.get().status == "served" and str(Order.objects.get().tab_id) == target
    assert Tab.objects.get(pk=target).active_at == Order.objects.get().served_at


@pytest.mark.parametrize("step", ["close", "move", "merge"])
def test_whoever_takes_all_orders_of_a_table_locks_them_in_the_order_of_accept_all(
    restaurant: Restaurant, phone: Phone, board: Board, now: datetime, step: str
) -> None:
    first, second = (phone.order().json()["id"] for _ in range(2))
    Order.objects.filter(pk=first).update(round=9)  # a lock that goes by rows or rounds meets it last
    tab_id = Tab.objects.get().pk
    body = wish(step, restaurant)
    names: dict[str, Any] = {"store_id": restaurant.store_id, "order_ids": [UUID(first), UUID(second)]}
    with ThreadPoolExecutor(2) as pool:
        with atomic("orders"):
            Order.objects.select_for_update().get(pk=first)
            names |= {"minutes": 5, "actor_name": "Kim", "now": now}
            accepted = pool.submit(alone, lambda: services.accept_orders(**names))
            _until(lambda: waiting() == 1)
            done = pool.submit(alone, lambda: board.post(f"tabs/{tab_id}/{step}/", **body))
            _until(lambda: waiting() == 2)
        assert len(accepted.result(20)) == 2 and done.result(20).status_code == 200


def wish(step: str, restaurant: Restaurant) -> dict[str, str]:
    """What the board sends with a step that takes a whole table."""
    table_id = str(restaurant.add_table("A2"))
    if step == "move":
        return {"table_id": table_id}
    if step == "merge":
        return {"into_tab_id": Phone(restaurant, "A2").join().json()["tab"]["id"]}
    return {"reason": "left"}


def waiting() -> int:
    """How many statements wait for somebody's lock."""
    with connections[alias_of("orders")].cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one state of its neighbors
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _until(is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + 10
    while not is_so():
        assert monotonic() < deadline


def test_while_one_reader_looks_for_changes_the_others_do_not_wait(restaurant: Restaurant) -> None:
    token = restaurant.token()
    known = storefront.table_code(token)
    storefront._codes[token] = (float("-inf"), known)
    with ThreadPoolExecutor(1) as pool:
        with atomic("orders"), connections[alias_of("orders")].cursor() as cursor:
            cursor.execute("LOCK TABLE orders_storerevision")
            first = pool.submit(alone, lambda: storefront.table_code(token))
            while storefront._codes[token][0] == float("-inf"):
                assert not first.done()
            assert storefront.table_code(token) is known and not first.done()
        assert first.result(10) == known
