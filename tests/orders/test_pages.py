"""What phones and boards read, and what it costs."""

from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from events.kernel.databases import alias_of
from orders.selectors.menus import forget_pages
from orders.storefront import forget_all
from tests.orders.conftest import Board, Phone, Restaurant
from tests.orders.menus import CHEESE, COLA, GIMBAP, TTEOKBOKKI, line


def queries_of(call: Any) -> list[str]:
    with CaptureQueriesContext(connections[alias_of("orders")]) as queries:
        call()
    return [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]


@pytest.mark.parametrize("path", ["/api/v1/t/{}/", "/t/{}/"])
def test_the_menu_costs_no_query_when_kept_and_few_when_cold(restaurant: Restaurant, path: str) -> None:
    phone = Phone(restaurant)
    address = path.format(phone.token)
    cold = queries_of(lambda: phone.http.get(address))
    warm = queries_of(lambda: phone.http.get(address))
    assert len(cold) <= 3, cold
    assert warm == []


def test_a_second_later_one_cheap_query_asks_whether_anything_changed(
    restaurant: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = Phone(restaurant)
    phone.get()
    monkeypatch.setattr("orders.storefront.FRESH_SECONDS", 0)
    [query] = queries_of(phone.get)
    assert "orders_storerevision" in query


def test_a_change_is_seen_without_emptying_memory(
    restaurant: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restaurant, "_pages_expire", lambda: None)
    monkeypatch.setattr("orders.storefront.FRESH_SECONDS", 0)
    phone = Phone(restaurant)
    assert not phone.get().json()["menu"]["sections"][0]["items"][1]["sold_out"]
    restaurant.sold_out(GIMBAP)
    assert phone.get().json()["menu"]["sections"][0]["items"][1]["sold_out"]
    restaurant.change(accepting_orders=False, pause_message="soon")
    store = phone.get().json()["store"]
    assert (store["accepting"], store["paused"], store["message"]) == (False, True, "soon")
    restaurant.publish()
    assert phone.get().json()["menu"]["version"] == 2


def test_the_page_speaks_the_readers_language(restaurant: Restaurant) -> None:
    english, korean = Phone(restaurant).get().json(), Phone(restaurant, language="ko").get().json()
    assert english["store"]["name"] == "Hansang" and korean["store"]["name"] == "한상"
    assert english["store"]["languages"] == ["ko", "en", "ja"]
    item = english["menu"]["sections"][0]["items"][0]
    assert (item["name"], item["original_name"]) == ("Tteokbokki", "떡볶이")
    assert item["option_groups"][0]["options"][0]["name"] == "Mild"
    assert korean["menu"]["sections"][0]["items"][0]["name"] == "떡볶이"
    chinese = Phone(restaurant, language="zh-hans").get().json()  # not offered here
    assert chinese["store"]["name"] == "Hansang"


def test_sold_out_options_and_unpublished_menus_are_told(restaurant: Restaurant) -> None:
    restaurant.sold_out(TTEOKBOKKI, CHEESE)
    items = Phone(restaurant).get().json()["menu"]["sections"][0]["items"]
    assert not items[0]["sold_out"]
    assert [o["sold_out"] for o in items[0]["option_groups"][1]["options"]] == [True, False]
    from orders.models import MenuSnapshot

    MenuSnapshot.objects.all().delete()
    forget_all()
    forget_pages()
    phone = Phone(restaurant)
    assert phone.get().json()["menu"] is None
    assert phone.http.get(f"/t/{phone.token}/").status_code == 200


def test_kept_bytes_hold_nothing_of_a_phone(restaurant: Restaurant, phone: Phone) -> None:
    mine = phone.get().json()
    assert mine["tab"]["guests"][0]["id"] == mine["guest"]["id"]
    anonymous = Phone(restaurant).get()
    assert anonymous.json()["tab"] is None and anonymous.json()["guest"] is None
    assert {**mine, "tab": None, "guest": None} == anonymous.json()


def test_the_page_is_compressed_for_those_who_can_read_it(restaurant: Restaurant) -> None:
    import gzip

    phone = Phone(restaurant)
    for path in (f"/t/{phone.token}/", phone.path()):
        plain = phone.http.get(path)
        zipped = phone.http.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert zipped["Content-Encoding"] == "gzip"
        assert gzip.decompress(zipped.content) == plain.content
        assert "Accept-Encoding" in zipped["Vary"]


def test_choosing_a_language_is_remembered(restaurant: Restaurant) -> None:
    phone = Phone(restaurant)
    response = phone.http.get(f"/t/{phone.token}/?lang=ko")
    assert response.cookies["hs_lang"].value == "ko"
    assert "떡볶이" in response.content.decode()
    assert phone.get().json()["store"]["name"] == "한상"
    assert "hs_lang" not in phone.http.get(f"/t/{phone.token}/?lang=xx").cookies


def test_unknown_and_old_codes_get_a_friendly_page(restaurant: Restaurant) -> None:
    phone = Phone(restaurant)
    assert phone.http.get("/t/nonsense/").status_code == 404
    restaurant.save_table("A1", "new-code", revoked=[phone.token], version=2)
    assert phone.http.get(f"/t/{phone.token}/").status_code == 410
    assert phone.http.get("/t/new-code/").status_code == 200


def fill(restaurant: Restaurant, board: Board, tables: int) -> None:
    for number in range(tables):
        name = f"B{number}-{len(restaurant.tables)}"
        restaurant.add_table(name)
        phone = Phone(restaurant, name)
        phone.join()
        phone.call("help")
        first = phone.order(line(GIMBAP), line(COLA)).json()["id"]
        second = phone.order(line(COLA)).json()["id"]
        phone.order(line(COLA))
        board.accept(first)
        board.accept(second)
        board.post(f"orders/{second}/served/")


def test_the_board_costs_the_same_with_many_orders(restaurant: Restaurant, board: Board) -> None:
    fill(restaurant, board, 1)
    few = queries_of(lambda: board.get("board/"))
    fill(restaurant, board, 4)
    many = queries_of(lambda: board.get("board/"))
    assert len(few) == len(many) <= 14, "\n".join(many)
    log = queries_of(lambda: board.get("log/"))
    fill(restaurant, board, 1)
    assert len(log) == len(queries_of(lambda: board.get("log/")))


def test_the_board_shows_tickets_tables_and_counts(restaurant: Restaurant, board: Board) -> None:
    fill(restaurant, board, 1)
    body = board.get("board/").json()
    assert [ticket["status"] for ticket in body["tickets"]] == ["accepted", "submitted"]
    assert body["recent"][0]["status"] == "served"
    assert body["all_day"] == [{"name": "콜라", "quantity": 2}, {"name": "김밥", "quantity": 1}]
    states = {table["name"]: table["state"] for table in body["tables"]}
    assert states["A1"] == "free" and "call" in states.values()
    tab = next(table["tab"] for table in body["tables"] if table["tab"])
    assert tab["total"] == 4500 + 3 * 2000 and len(tab["orders"]) == 3
    assert body["store"]["late_minutes"] == 8


def test_the_log_lists_a_day(restaurant: Restaurant, board: Board, phone: Phone) -> None:
    phone.order()
    today = board.get("log/").json()
    assert len(today["orders"]) == 1
    assert board.get(f"log/?day={today['day']}").json() == today
    assert board.get("log/?day=2020-01-01").json()["orders"] == []
    assert board.get("log/?day=yesterday").status_code == 400
