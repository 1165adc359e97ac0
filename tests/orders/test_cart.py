"""The table's shared cart."""

import pytest

from events.kernel.ids import new_id
from orders import services
from orders.models import CartLine, Tab
from tests.orders.conftest import Phone, Restaurant
from tests.orders.menus import CHEESE, COLA, GIMBAP, HOT, MILD, TTEOKBOKKI, line, menu_document, without


def test_both_phones_see_who_picked_what(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    name = other.join().json()["guest"]["name"]
    other.put_cart(line(GIMBAP))
    cart = phone.put_cart(line(TTEOKBOKKI, 2, MILD, CHEESE, note="less sweet")).json()
    assert cart["total"] == 4500 + 2 * 8000 and cart["version"] == 2
    theirs, mine = cart["lines"]
    assert theirs["guest"]["name"] == name and not theirs["mine"]
    assert mine["mine"] and mine["note"] == "less sweet" and mine["available"]
    assert mine["name"] == "Tteokbokki" and mine["original_name"] == "떡볶이"
    assert [option["name"] for option in mine["options"]] == ["Mild", "Cheese"]


def test_put_replaces_only_the_callers_lines(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    other.join()
    other.put_cart(line(GIMBAP))
    phone.put_cart(line(COLA), line(GIMBAP))
    lines = phone.put_cart(line(COLA, 3)).json()["lines"]
    assert [(row["item_id"], row["quantity"], row["mine"]) for row in lines] == [
        (GIMBAP, 1, False),
        (COLA, 3, True),
    ]


def test_a_line_keeps_its_id_and_a_gone_line_does_not_come_back(phone: Phone) -> None:
    first, second = phone.put_cart(line(GIMBAP), line(COLA)).json()["lines"]
    CartLine.objects.filter(pk=second["id"]).delete()  # ordered by another phone
    entries = [{**line(GIMBAP, 2), "id": first["id"]}, {**line(COLA), "id": second["id"]}]
    [kept] = phone.put_cart(*entries).json()["lines"]
    assert kept["id"] == first["id"] and kept["quantity"] == 2


def test_nobody_writes_another_phones_line(restaurant: Restaurant, phone: Phone) -> None:
    other = Phone(restaurant)
    other.join()
    [theirs] = other.put_cart(line(GIMBAP)).json()["lines"]
    phone.put_cart({**line(GIMBAP, 99), "id": theirs["id"]})
    assert CartLine.objects.get().quantity == 1


@pytest.mark.parametrize(
    "bad",
    [
        {**line(), "quantity": 0},
        {**line(), "quantity": 100},
        {**line(), "quantity": "2"},
        {**line(), "note": "x" * 201},
        {**line(), "note": "a\x00b"},
        {**line(), "item_id": "gimbap"},
        {**line(), "options": ["x"]},
        line(str(new_id())),
        "text",
    ],
)
def test_refuses_lines_no_page_could_send(phone: Phone, bad) -> None:
    assert phone.put_cart(bad).status_code == 400
    assert not CartLine.objects.exists() and Tab.objects.get().cart_version == 0


def test_lone_surrogates_and_broken_json_are_400(phone: Phone) -> None:
    surrogate = '{"lines":[{"item_id":"' + GIMBAP + '","quantity":1,"note":"\\ud800"}]}'
    for body in (surrogate, "{", "[]", "\xff"):
        response = phone.http.put(phone.path("cart/"), body, content_type="application/json")
        assert response.status_code == 400, body
    assert phone.http.put(phone.path("cart/"), "x", content_type="text/plain").status_code == 415


def test_refuses_more_than_fifty_lines(phone: Phone) -> None:
    assert phone.put_cart(*[line()] * 51).status_code == 400
    assert phone.put_cart(*[line()] * 50).status_code == 200


def test_what_cannot_be_had_is_shown_so_and_not_counted(restaurant: Restaurant, phone: Phone) -> None:
    phone.put_cart(line(GIMBAP), line(TTEOKBOKKI, 1, HOT), line(COLA))
    restaurant.sold_out(GIMBAP)
    restaurant.publish(without(menu_document(), COLA))
    cart = phone.get("cart/").json()
    assert [row["available"] for row in cart["lines"]] == [False, True, False]
    assert cart["total"] == 7000


def test_writing_needs_the_csrf_token_and_the_cookie(restaurant: Restaurant, phone: Phone) -> None:
    phone.http.credentials()
    assert phone.put_cart(line()).status_code == 403
    assert Phone(restaurant).put_cart(line()).status_code in (401, 403)
    assert not CartLine.objects.exists()


def test_a_code_of_another_table_opens_nothing(restaurant: Restaurant, phone: Phone) -> None:
    restaurant.add_table("A2")
    phone.token = restaurant.token("A2")
    assert phone.get("cart/").status_code == 403
    assert phone.get("orders/").status_code == 403
    assert phone.get("").json()["tab"] is None


def test_a_closed_tab_takes_nothing_and_still_reads(restaurant: Restaurant, phone: Phone, now) -> None:
    services.close_tab(
        store_id=restaurant.store_id,
        tab_id=Tab.objects.get().pk,
        reason="",
        actor_name="",
        may_write_off=False,
        now=now,
    )
    response = phone.put_cart(line())
    assert response.status_code == 410
    assert response.json()["type"] == "urn:hansang:problem:tab-closed"
    assert phone.get("orders/").json() == {"orders": [], "tab": {"status": "closed"}}
    assert phone.get("").json()["tab"] is None
    assert phone.call().status_code == 410
