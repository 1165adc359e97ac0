"""Sending a round."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from events.kernel.databases import alias_of
from events.kernel.ids import new_id
from orders import services
from orders.models import CartLine, DayCounter, Order, OrderLine, OrderStatus, Tab
from orders.services.payment import expire_unpaid_orders, submit_paid_order
from tests.orders.conftest import Phone, Restaurant
from tests.orders.menus import (
    CHEESE,
    COLA,
    EGG,
    GIMBAP,
    HOT,
    MILD,
    TTEOKBOKKI,
    line,
    menu_document,
    uid,
    without,
)
from tests.queue import deliver_all, published


def code(response: Any) -> str:
    return response.json()["type"].rpartition(":")[2]


def assert_nothing_happened() -> None:
    assert not Order.objects.exists() and not DayCounter.objects.exists()
    assert not published("order.placed") and not published("order.submitted")


def test_the_server_prices_and_keeps_what_was_sold(restaurant: Restaurant, phone: Phone) -> None:
    response = phone.order(line(TTEOKBOKKI, 2, MILD, CHEESE, note="no onion"), line(GIMBAP))
    assert response.status_code == 201
    body = response.json()
    assert body["total"] == 2 * 8000 + 4500 and body["currency"] == "KRW" and body["number"] == 1
    assert body["status"] == "submitted" and body["can_cancel"] and body["mine"]
    first = body["lines"][0]
    assert (first["name"], first["original_name"]) == ("Tteokbokki", "떡볶이")
    assert first["options"] == [{"name": "Mild", "price": 0}, {"name": "Cheese", "price": 1000}]
    restaurant.publish(menu_document(gimbap=9900))
    row = OrderLine.objects.get(item_id=GIMBAP)
    assert (row.name, row.unit_price, row.tax_rate_bp) == ("김밥", 4500, 1000)
    assert (row.station, row.allergens, row.language) == ("hot", ["sesame"], "ko")


def test_eat_first_tells_placed_and_submitted(phone: Phone) -> None:
    body = phone.order(line(TTEOKBOKKI, 1, HOT, EGG)).json()
    [placed], [submitted] = published("order.placed"), published("order.submitted")
    assert str(placed.order_id) == body["id"] and placed.total == 7500 and placed.expires_at is None
    assert placed.guest_language == "en" and placed.pay_after == "tab"
    assert placed.lines[0]["options"][1]["price"] == 500
    assert submitted.lines == placed.lines
    assert placed.lines[0]["name"] == "떡볶이" and placed.lines[0]["i18n"] == {"en": {"name": "Tteokbokki"}}


def test_pay_first_waits_for_money(pay_first: Restaurant) -> None:
    phone = Phone(pay_first)
    phone.join()
    body = phone.order().json()
    assert body["status"] == "awaiting_payment" and body["expires_at"]
    assert len(published("order.placed")) == 1 and not published("order.submitted")


def test_the_same_key_is_the_same_order(phone: Phone) -> None:
    first = phone.order(line(GIMBAP), key="same-key-1")
    again = phone.order(line(GIMBAP), key="same-key-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Order.objects.count() == 1 and len(published("order.placed")) == 1
    assert DayCounter.objects.get().last_number == 1


def test_the_same_key_answers_even_when_things_moved_on(restaurant: Restaurant, phone: Phone, now) -> None:
    first = phone.order(line(GIMBAP), key="same-key-1").json()
    restaurant.sold_out(GIMBAP)
    assert phone.order(line(GIMBAP), key="same-key-1").json()["id"] == first["id"]
    services.close_tab(
        store_id=restaurant.store_id, tab_id=Tab.objects.get().pk, reason="left", actor_name="",
        may_write_off=True, now=now,
    )  # fmt: skip
    assert phone.order(line(GIMBAP), key="same-key-1").json()["id"] == first["id"]
    assert phone.order(line(GIMBAP), key="other-key-1").status_code == 410


def test_the_same_key_with_another_wish_is_refused(phone: Phone) -> None:
    phone.order(line(GIMBAP), key="same-key-1")
    response = phone.order(line(GIMBAP, 2), key="same-key-1")
    assert response.status_code == 422 and code(response) == "key-reused"
    assert Order.objects.count() == 1


@pytest.mark.parametrize("key", ["short", "x" * 65, "mit ümlaut 1", "with a blank", " "])
def test_a_usable_key_is_needed(phone: Phone, key: str) -> None:
    headers = {"Idempotency-Key": key}
    body = {"menu_version": 1, "lines": [line()]}
    response = phone.http.post(phone.path("orders/"), body, format="json", headers=headers)
    assert response.status_code == 400 and code(response) == "key-missing"
    assert_nothing_happened()


@pytest.mark.parametrize(
    "bad",
    [
        line(TTEOKBOKKI),  # spiciness is required
        line(TTEOKBOKKI, 1, MILD, HOT),  # one spiciness only
        line(TTEOKBOKKI, 1, MILD, CHEESE, CHEESE),  # the same option twice
        line(GIMBAP, 1, CHEESE),  # an option of another item
        line(uid("nothing")),
    ],
)
def test_refuses_choices_that_do_not_fit_the_menu(phone: Phone, bad: dict[str, Any]) -> None:
    response = phone.order(bad)
    assert response.status_code == 400 and code(response) == "invalid-lines"
    assert_nothing_happened()


@pytest.mark.parametrize(
    "body", [{}, {"menu_version": 1, "lines": []}, {"menu_version": 2**70, "lines": [line()]}, []]
)
def test_refuses_bodies_that_are_no_order(phone: Phone, body: Any) -> None:
    headers = {"Idempotency-Key": "key-123456"}
    response = phone.http.post(phone.path("orders/"), body, format="json", headers=headers)
    assert response.status_code == 400
    assert_nothing_happened()


def test_a_new_menu_that_changes_nothing_here_is_no_obstacle(restaurant: Restaurant, phone: Phone) -> None:
    restaurant.publish(menu_document(cola=2500))
    response = phone.order(line(GIMBAP), version=1)
    assert response.status_code == 201
    assert Order.objects.get().menu_version == 2


def test_a_changed_price_is_shown_before_it_is_charged(restaurant: Restaurant, phone: Phone) -> None:
    restaurant.publish(menu_document(gimbap=5000, cheese=1500))
    response = phone.order(line(GIMBAP), line(TTEOKBOKKI, 1, MILD, CHEESE), line(COLA), version=1)
    assert response.status_code == 409 and code(response) == "menu-changed"
    body = response.json()
    assert body["menu_version"] == 2
    assert body["changes"] == [
        {"item_id": GIMBAP, "name": "Gimbap", "kind": "price", "old": 4500, "new": 5000},
        {"item_id": TTEOKBOKKI, "name": "Tteokbokki", "kind": "price", "old": 8000, "new": 8500},
    ]
    assert_nothing_happened()


def test_an_item_or_option_that_is_gone_is_named(restaurant: Restaurant, phone: Phone) -> None:
    document = without(menu_document(), COLA)
    document["sections"][0]["items"][0]["option_groups"].pop()
    restaurant.publish(document)
    body = phone.order(line(COLA), line(TTEOKBOKKI, 1, MILD, CHEESE), version=1).json()
    assert [(change["name"], change["kind"]) for change in body["changes"]] == [
        ("Cola", "gone"),
        ("Tteokbokki", "options"),
    ]
    assert_nothing_happened()


def test_a_menu_this_store_never_had_is_refused(phone: Phone) -> None:
    response = phone.order(line(), version=77)
    assert response.status_code == 409 and response.json()["changes"] == []


@pytest.mark.parametrize("sold", [(GIMBAP, None), (TTEOKBOKKI, CHEESE)])
def test_sold_out_meanwhile_is_refused_by_name(restaurant: Restaurant, phone: Phone, sold) -> None:
    restaurant.sold_out(*sold)
    response = phone.order(line(GIMBAP), line(TTEOKBOKKI, 1, MILD, CHEESE))
    assert response.status_code == 409 and code(response) == "sold-out"
    [change] = response.json()["changes"]
    assert change["item_id"] == sold[0] and change["kind"] == "sold_out"
    assert_nothing_happened()
    services.mark_restocked(store_id=restaurant.store_id, item_id=sold[0], option_id=sold[1])
    assert phone.order(line(GIMBAP)).status_code == 201


def test_a_paused_store_takes_no_order_and_says_why(restaurant: Restaurant, phone: Phone) -> None:
    restaurant.change(accepting_orders=False, pause_message="Back at 7")
    response = phone.order()
    assert code(response) == "store-paused" and response.json()["detail"] == "Back at 7"
    assert_nothing_happened()


def test_a_closed_store_takes_no_order(restaurant: Restaurant, phone: Phone, now) -> None:
    day = now.astimezone().date()
    closed = [(day + timedelta(days=offset)).isoformat() for offset in range(-2, 3)]
    hours = [{"weekday": d, "opens": "00:00", "closes": "24:00", "last_order": "24:00"} for d in range(7)]
    restaurant.change(opening_hours=hours, closed_dates=closed)
    assert code(phone.order()) == "store-closed"
    assert_nothing_happened()


def test_the_cart_lines_that_were_ordered_leave_the_cart(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    name = other.join().json()["guest"]["name"]
    other.put_cart(line(TTEOKBOKKI, 1, HOT, CHEESE))
    rows = phone.put_cart(line(GIMBAP, 2)).json()["lines"]
    wishes = [line(TTEOKBOKKI, 1, CHEESE, HOT), line(GIMBAP, 2)]
    body = phone.order(*wishes, cart=[row["id"] for row in rows]).json()
    assert [row["guest"]["name"] for row in body["lines"]][0] == name
    assert not CartLine.objects.exists()
    assert phone.get("cart/").json()["version"] == 3


def test_cart_lines_that_another_phone_ordered_are_refused(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    other.join()
    [row] = phone.put_cart(line(GIMBAP)).json()["lines"]
    assert other.order(line(GIMBAP), cart=[row["id"]]).status_code == 201
    response = phone.order(line(GIMBAP), cart=[row["id"]])
    assert response.status_code == 409 and code(response) == "cart-changed"
    assert Order.objects.count() == 1 and len(published("order.placed")) == 1
    assert DayCounter.objects.get().last_number == 1


def test_a_cart_line_changed_meanwhile_is_refused_and_stays(restaurant: Restaurant, phone: Phone) -> None:
    [row] = phone.put_cart(line(GIMBAP)).json()["lines"]
    phone.put_cart({**line(GIMBAP, 5), "id": row["id"]})
    assert code(phone.order(line(GIMBAP), cart=[row["id"]])) == "cart-changed"
    assert CartLine.objects.get().quantity == 5
    assert_nothing_happened()


def test_another_tables_cart_lines_cannot_be_taken(restaurant: Restaurant, phone: Phone) -> None:
    restaurant.add_table("A2")
    other = Phone(restaurant, "A2")
    other.join()
    [row] = other.put_cart(line(GIMBAP)).json()["lines"]
    assert code(phone.order(line(GIMBAP), cart=[row["id"]])) == "cart-changed"
    assert CartLine.objects.count() == 1


def test_numbers_count_per_store_and_business_day(restaurant: Restaurant, phone: Phone) -> None:
    numbers = [phone.order().json()["number"] for _ in range(3)]
    assert numbers == [1, 2, 3]
    assert [order["round"] for order in phone.get("orders/").json()["orders"]] == [3, 2, 1]
    elsewhere = Restaurant()
    other = Phone(elsewhere)
    other.join()
    assert other.order().json()["number"] == 1


def test_ordering_after_paying_opens_the_bill_again(restaurant: Restaurant, phone: Phone, now) -> None:
    total = phone.order().json()["total"]
    tab = Tab.objects.get()
    services.settle_tab(tab_id=tab.pk, total=total, now=now)
    assert Tab.objects.get().settled_at is not None
    phone.order()
    tab.refresh_from_db()
    assert (tab.status, tab.settled_at) == ("open", None)
    services.settle_tab(tab_id=tab.pk, total=total, now=now)  # the earlier payment's news, late
    assert Tab.objects.get().settled_at is None


def test_an_unpaid_order_expires_and_late_money_does_not_revive_it(pay_first: Restaurant, now) -> None:
    phone = Phone(pay_first)
    phone.join()
    order_id = phone.order().json()["id"]
    assert expire_unpaid_orders(now=now + timedelta(minutes=9)) == 0
    assert expire_unpaid_orders(now=now + timedelta(minutes=11)) == 1
    assert expire_unpaid_orders(now=now + timedelta(minutes=12)) == 0
    submit_paid_order(order_id=order_id, now=now)
    assert phone.get("orders/").json()["orders"][0]["status"] == "expired"
    assert len(published("order.expired")) == 1 and not published("order.submitted")


def test_a_paid_order_is_submitted_once(pay_first: Restaurant, now) -> None:
    phone = Phone(pay_first)
    phone.join()
    order_id = phone.order().json()["id"]
    for _ in range(2):
        submit_paid_order(order_id=order_id, now=now)
    assert Order.objects.get().status == OrderStatus.SUBMITTED
    assert len(published("order.submitted")) == 1
    assert expire_unpaid_orders(now=now + timedelta(hours=1)) == 0


def test_where_guests_pay_first_what_costs_nothing_is_cooked_without_a_payment(
    pay_first: Restaurant,
) -> None:
    pay_first.publish(menu_document(cola=0))
    phone = Phone(pay_first)
    phone.join()
    phone.order(line(COLA))
    deliver_all()
    assert Order.objects.get().status == OrderStatus.SUBMITTED and len(published("order.submitted")) == 1
    assert not published("payment.captured")


def test_a_stranger_sees_no_order(restaurant: Restaurant, phone: Phone) -> None:
    order_id = phone.order().json()["id"]
    restaurant.add_table("A2")
    other = Phone(restaurant, "A2")
    other.join()
    assert other.http.get(f"/api/v1/orders/{order_id}/").status_code == 404
    assert other.cancel(order_id).status_code == 404
    assert phone.http.get(f"/api/v1/orders/{order_id}/").json()["id"] == order_id
    assert other.http.get(f"/api/v1/orders/{new_id()}/").status_code == 404
    assert not published("order.canceled")


@pytest.mark.parametrize("pay_after", ["order", "tab"])
def test_a_round_takes_six_round_trips_at_most(restaurant: Restaurant, pay_after: str) -> None:
    restaurant.change(pay_after=pay_after)
    phone = Phone(restaurant)
    phone.join()
    [row] = phone.put_cart(line(GIMBAP)).json()["lines"]
    phone.order()  # the menu is in the process's memory from now on
    with CaptureQueriesContext(connections[alias_of("orders")]) as queries:
        assert phone.order(line(GIMBAP), line(COLA), cart=[row["id"]]).status_code == 201
    statements = [query["sql"] for query in queries]
    work = [sql for sql in statements if "SAVEPOINT" not in sql]
    assert len(work) <= 6 and len(statements) <= 8, "\n".join(statements)
