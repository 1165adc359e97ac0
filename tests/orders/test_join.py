"""Taking a seat at a table."""

import pytest
import time_machine
from django.utils import timezone

from config.identity import read_guest_cookie
from orders import services
from orders.models import Guest, Tab
from tests.orders.conftest import Phone, Restaurant
from tests.queue import published


def test_first_scan_opens_a_tab_and_names_the_phone(restaurant: Restaurant) -> None:
    body = Phone(restaurant).join().json()
    assert body["tab"]["guests"] == [body["guest"]]
    assert body["guest"]["name"] and body["guest"]["color"].startswith("#")
    assert body["cart"] == {"version": 0, "lines": [], "total": 0, "currency": "KRW"}
    [event] = published("tab.opened")
    assert event.table_name == "A1" and event.table_token == restaurant.token()


def test_second_phone_joins_the_same_tab(restaurant: Restaurant) -> None:
    one, two = Phone(restaurant).join().json(), Phone(restaurant).join().json()
    assert one["tab"]["id"] == two["tab"]["id"]
    assert len(two["tab"]["guests"]) == 2
    assert one["guest"]["color"] != two["guest"]["color"]
    assert one["guest"]["name"] != two["guest"]["name"]
    assert len(published("tab.opened")) == 1


def test_joining_again_is_the_same_guest(phone: Phone) -> None:
    again = phone.join().json()
    assert Guest.objects.count() == 1
    assert again["guest"]["id"] == str(Guest.objects.get().pk)


def test_cookie_is_the_one_the_access_rules_read(phone: Phone, settings) -> None:
    cookie = phone.http.cookies[settings.GUEST_COOKIE_NAME]
    identity = read_guest_cookie(cookie.value)
    assert identity is not None
    assert identity.tab_id == Tab.objects.get().pk and identity.token == phone.token
    assert cookie["httponly"] and cookie["samesite"] == "Lax"


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}],
)
def test_a_foreign_page_takes_no_seat(restaurant: Restaurant, headers: dict[str, str]) -> None:
    phone = Phone(restaurant)
    response = phone.http.post(phone.path("join/"), {}, format="json", headers=headers)
    assert response.status_code == 403
    assert not Tab.objects.exists() and not published("tab.opened")


def test_own_page_takes_a_seat(restaurant: Restaurant) -> None:
    phone = Phone(restaurant)
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    response = phone.http.post(phone.path("join/"), {}, format="json", headers=headers)
    assert response.status_code == 200


def test_unknown_code_is_404_and_guessing_is_counted(restaurant: Restaurant) -> None:
    phone = Phone(restaurant)
    phone.token = "no-such-code"
    # The limit counts by the minutes of the clock: none may end meanwhile.
    with time_machine.travel(timezone.now().replace(second=0), tick=True):
        answers = [phone.get().status_code for _ in range(31)]
    assert answers[:30] == [404] * 30 and answers[30] == 429
    assert phone.join().json()["type"] == "urn:hansang:problem:unknown-table"


def test_revoked_code_is_410_but_serves_the_party_that_sits_there(
    restaurant: Restaurant, phone: Phone
) -> None:
    old = restaurant.token()
    restaurant.save_table("A1", "new-code", revoked=[old], version=2)
    stranger = Phone(restaurant)
    assert stranger.get().status_code == 410
    assert stranger.join().json()["type"] == "urn:hansang:problem:old-code"
    assert phone.get().json()["tab"] is not None
    assert phone.http.get(f"/t/{old}/").status_code != 410


def test_staff_open_tables_where_the_store_says_so(restaurant: Restaurant, now) -> None:
    restaurant.change(tab_opening="staff")
    phone = Phone(restaurant)
    assert phone.join().json()["type"] == "urn:hansang:problem:table-not-open"
    assert not Tab.objects.exists() and not published("tab.opened")
    services.open_tab(store_id=restaurant.store_id, table_id=restaurant.tables["A1"], now=now)
    assert phone.join().status_code == 200


def test_retired_table_takes_nobody(restaurant: Restaurant) -> None:
    services.retire_table(
        store_id=restaurant.store_id,
        table_id=restaurant.tables["A1"],
        version_number=2,
        tokens=[restaurant.token()],
    )
    assert Phone(restaurant).join().status_code == 410


def test_join_works_while_the_store_is_closed(restaurant: Restaurant) -> None:
    restaurant.change(accepting_orders=False)
    assert Phone(restaurant).join().status_code == 200
