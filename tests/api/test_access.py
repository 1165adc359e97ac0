"""Whoever has nothing to do with a store or a table gets nothing at any address."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.urls import URLResolver, get_resolver
from rest_framework.test import APIClient

from orders.models import Tab
from stores.models import User
from tests.factories import make_membership, new_uuid
from tests.orders.conftest import Phone, Restaurant

METHODS = ("get", "post", "put", "patch", "delete")


def _routes(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """("api/v1/t/<slug:token>/cart/", its view class) for every address of the API."""
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry, address)
        elif address.startswith("api/v1/"):
            view = getattr(entry.callback, "cls", None)
            if hasattr(view, "access"):
                yield address, view


ROUTES = list(_routes())
GUESTS = [(route, view) for route, view in ROUTES if view.access == "guest"]
STAFF = [(route, view) for route, view in ROUTES if view.access == "staff"]


def calls(route: str, view: Any, **ids: Any) -> list[tuple[str, str]]:
    """(method, path) of everything the view answers; ids that are not given are nobody's."""
    parts = [_value(part, ids) if part.startswith("<") else part for part in route.split("/")]
    return [(method, "/" + "/".join(parts)) for method in METHODS if hasattr(view, method)]


def _value(part: str, ids: dict[str, Any]) -> str:
    kind, name = part.strip("<>").split(":")
    return str(ids.get(name) or (7 if kind == "int" else new_uuid()))


def named(rows: list[tuple[str, Any]]) -> Any:
    return pytest.mark.parametrize(("route", "view"), rows, ids=[route for route, _ in rows])


def assert_refused(http: APIClient, asked: list[tuple[str, str]], statuses: set[int]) -> None:
    assert asked
    for method, path in asked:
        answer = getattr(http, method)(path, {}, format="json", headers={"Idempotency-Key": "k" * 16})
        assert answer.status_code in statuses, (method, path, answer.content)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


@pytest.fixture
def ids(restaurant: Restaurant, phone: Phone) -> dict[str, Any]:
    """Things of the restaurant that exist."""
    order = phone.order().json()
    call = phone.call().json()
    return {
        "store_id": restaurant.store_id,
        "token": phone.token,
        "table_id": restaurant.tables["A1"],
        "tab_id": Tab.objects.get().pk,
        "order_id": order["id"],
        "line_id": order["lines"][0]["id"],
        "call_id": call["id"],
    }


def test_there_are_addresses_to_look_at() -> None:
    assert len(GUESTS) > 5
    assert len(STAFF) > 20


@named(GUESTS + STAFF)
def test_nobody_gets_in_without_signing_in(route: str, view: Any, ids: dict[str, Any]) -> None:
    assert_refused(APIClient(), calls(route, view, **ids), {401, 403})


@named(STAFF)
def test_the_owner_of_another_store_gets_nothing(
    route: str, view: Any, ids: dict[str, Any], stranger: User
) -> None:
    http = APIClient()
    http.force_login(stranger)
    assert_refused(http, calls(route, view, **ids), {403, 404})


@named([row for row in STAFF if row[0].count("<") > 1])
def test_things_of_another_store_are_unknown_in_the_own_one(
    route: str, view: Any, ids: dict[str, Any]
) -> None:
    """A foreign id under the own store's address: 404, or 400 when the empty body is looked at first."""
    other = Restaurant()
    http = APIClient()
    http.force_login(make_membership(other.store).user)
    asked = calls(route, view, **{**ids, "store_id": other.store_id})
    for method, path in asked:
        answer = getattr(http, method)(path, BODY, format="json", headers={"Idempotency-Key": "k" * 16})
        if view.__name__ in NOTHING_TO_HIDE:
            assert not answer.json() or _shows_nothing(answer.json(), ids), (method, path, answer.content)
        else:
            assert answer.status_code == 404, (method, path, answer.content)


# A bill of a tab that this store does not know is an empty one.
NOTHING_TO_HIDE = {"StaffBillApi", "CounterPaymentApi", "AcknowledgeApi"}
BODY = {
    "minutes": 10, "reason_code": "busy", "reason": "why", "sold_out": True, "amount": 100, "method": "cash",
    "table_id": str(UUID(int=1)), "into_tab_id": str(UUID(int=1)), "device": "d",
}  # fmt: skip


def _shows_nothing(answer: Any, ids: dict[str, Any]) -> bool:
    text = str(answer)
    return all(str(ids[name]) not in text for name in ("order_id", "line_id", "tab_id"))


@named(STAFF)
def test_a_guest_is_no_staff(route: str, view: Any, ids: dict[str, Any], phone: Phone) -> None:
    assert_refused(phone.http, calls(route, view, **ids), {401, 403})


@named(GUESTS)
def test_a_guest_of_another_table_gets_nothing(
    route: str, view: Any, ids: dict[str, Any], restaurant: Restaurant
) -> None:
    restaurant.add_table("B2")
    other = Phone(restaurant, "B2")
    assert other.join().status_code == 200
    assert_refused(other.http, calls(route, view, **ids), {403, 404, 410})


@named([row for row in STAFF if hasattr(row[1], "roles")])
def test_a_role_that_is_not_named_is_refused(
    route: str, view: Any, ids: dict[str, Any], restaurant: Restaurant
) -> None:
    http = APIClient()
    http.force_login(make_membership(restaurant.store, "kitchen").user)
    assert "kitchen" not in view.roles
    assert_refused(http, calls(route, view, **ids), {403})


def test_a_write_needs_the_token_of_its_page(phone: Phone, restaurant: Restaurant) -> None:
    phone.http.credentials()
    answer = phone.call()
    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:hansang:problem:permission-denied"
    assert phone.put_cart().status_code == 403


def test_a_seat_ends_with_its_cookies_age(phone: Phone, settings: Any) -> None:
    assert phone.get("cart/").status_code == 200  # known from here on
    settings.GUEST_COOKIE_AGE = -1
    assert phone.get("cart/").status_code == 401


def test_a_phone_with_a_staff_session_is_still_only_a_guest(
    restaurant: Restaurant, django_assert_num_queries: Any
) -> None:
    """The menu is read without looking at the session at all."""
    http = APIClient()
    http.force_login(make_membership(restaurant.store).user)
    address = f"/api/v1/t/{restaurant.token()}/"
    http.get(address)
    with django_assert_num_queries(0):
        assert http.get(address).status_code == 200
