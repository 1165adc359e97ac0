"""The menu changes while phones hold carts."""

from collections.abc import Iterator

import pytest

from tests.flows.clients import Board, Json, Phone, eventually, ok, problem
from tests.flows.truth import Truth

_PUBLISH = (
    "from menus.models import Item, Menu; from menus.services import publish_menu; "
    "item = Item.objects.get(pk='{item}'); item.price += {more}; item.save(); "
    "publish_menu(menu_id=Menu.objects.get(sections__items=item).pk)"
)


def _make_dearer(truth: Truth, dish: Json, more: int) -> None:
    truth.stack.manage("shell", "-c", _PUBLISH.format(item=dish["id"], more=more))
    truth.settle()


@pytest.fixture
def dearer(phone: Phone, truth: Truth) -> Iterator[Json]:
    """The first dish, 500 dearer than the phone shows."""
    dish = phone.dishes[0]
    socket = phone.listen()
    _make_dearer(truth, dish, 500)
    socket.until(lambda frame: frame["type"] == "hint" and frame["data"].get("topic") == "menu")
    yield dish
    _make_dearer(truth, dish, -500)


def test_an_order_by_an_old_menu_names_what_changed(phone: Phone, dearer: Json, truth: Truth) -> None:
    refused = problem(phone.send(phone.line(0), phone.line(1)), 409, "menu-changed")
    change = refused["changes"][0]
    assert len(refused["changes"]) == 1 and change["item_id"] == dearer["id"]
    assert (change["kind"], change["old"], change["new"]) == ("price", dearer["price"], dearer["price"] + 500)
    assert refused["menu_version"] > phone.page["menu"]["version"]
    assert truth.events("order.placed", tab_id=phone.tab_id) == 0
    other = phone.order(phone.line(1))  # untouched by the change: no reason to stop the guest
    assert other["total"] == phone.dishes[1]["price"]
    phone.look()
    assert phone.order(phone.line(0))["total"] == dearer["price"] + 500


def test_the_cart_shows_todays_price(phone: Phone, dearer: Json) -> None:
    body = {"lines": [{"item_id": dearer["id"], "quantity": 2, "options": [], "note": ""}]}
    cart = ok(phone.call("PUT", f"{phone.path}cart/", body))
    assert cart["total"] == 2 * (dearer["price"] + 500)


def test_what_is_sold_out_cannot_be_ordered_until_it_is_back(
    phone: Phone, board: Board, truth: Truth
) -> None:
    dish, old = phone.dishes[2], phone.line(2)
    path = f"{board.path}items/{dish['id']}/sold-out/"
    ok(board.post(path, {"sold_out": True}))
    try:
        eventually(lambda: all(d["id"] != dish["id"] for d in phone.look().dishes))
        refused = problem(phone.send(old), 409, "sold-out")
        assert [change["item_id"] for change in refused["changes"]] == [dish["id"]]
        assert truth.events("order.placed", tab_id=phone.tab_id) == 0
    finally:
        ok(board.post(path, {"sold_out": False}))
    eventually(lambda: any(d["id"] == dish["id"] for d in phone.look().dishes))
    assert phone.order(old)["total"] == dish["price"]


def test_a_cart_is_ordered_by_one_phone_only(phone: Phone, phone_at: type[Phone], truth: Truth) -> None:
    other = phone_at(phone.token)  # type: ignore[call-arg]
    line = phone.line(0)
    cart = ok(phone.call("PUT", f"{phone.path}cart/", {"lines": [line]}))
    ids = [row["id"] for row in cart["lines"]]
    order = other.order(line, cart_line_ids=ids)
    assert order["lines"][0]["guest"]["id"] == phone.guest["id"]
    problem(phone.send(line, cart_line_ids=ids), 409, "cart-changed")
    assert ok(phone.get(f"{phone.path}cart/"))["lines"] == []
    assert truth.events("order.placed", tab_id=phone.tab_id) == 1
