"""What no page of ours sends is refused as a problem, and nothing changes."""

from typing import Any

import pytest
from django.test import Client, RequestFactory
from rest_framework.test import APIClient

from config.errors import bad_request, csrf_failure, permission_denied, server_error
from orders.models import Call, CartLine, Order
from tests.factories import make_membership
from tests.orders.conftest import Phone, Restaurant
from tests.orders.menus import GIMBAP

DEEP = b'{"lines":' + b"[" * 100_000
BODIES = [
    b"", b"{", b"null", b"[]", b"7", b'"text"', b"\xff\xfe", b"NaN", b'{"lines": NaN}', DEEP,
    b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"menu_version": 1' + b"0" * 5000 + b', "lines": 1}',
    b'{"kind": "help", "note": "\\u0000"}', b'{"kind": "help", "note": "\\ud800"}',
    b'{"kind": 1e400}', b'{"minutes": 1e400}', b'{"minutes": 99999999999999999999999}',
]  # fmt: skip
WRITES = ["join/", "cart/", "orders/", "calls/", "payments/"]
STAFF_WRITES = [
    "orders/accept/",
    "notifications/ack/",
    "devices/heartbeat/",
    f"items/{GIMBAP}/sold-out/",
    f"tabs/{GIMBAP}/move/",
    f"tabs/{GIMBAP}/counter-payments/",
]


def assert_problem(answer: Any, *statuses: int) -> None:
    assert answer.status_code in (statuses or range(400, 500)), answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code


def send(http: APIClient, path: str, body: bytes, kind: str = "application/json") -> Any:
    method = "PUT" if path.endswith("cart/") else "POST"
    headers = {"Idempotency-Key": "k" * 16}
    return http.generic(method, path, body, content_type=kind, headers=headers)  # type: ignore[arg-type]


@pytest.mark.parametrize("rest", WRITES)
def test_a_phone_may_send_any_body(phone: Phone, rest: str) -> None:
    for body in BODIES:
        answer = send(phone.http, phone.path(rest), body)
        if rest != "join/" or not answer.status_code == 200:
            assert_problem(answer)
    assert not Order.objects.exists()
    assert not CartLine.objects.exists()
    assert not Call.objects.exists()


@pytest.mark.parametrize("rest", STAFF_WRITES)
def test_a_board_may_send_any_body(restaurant: Restaurant, rest: str) -> None:
    http = APIClient()
    http.force_login(make_membership(restaurant.store).user)
    for body in BODIES:
        assert_problem(send(http, f"/api/v1/stores/{restaurant.store_id}/{rest}", body))


@pytest.mark.parametrize("rest", WRITES)
@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", "nonsense", "\x7f/;="]
)
def test_only_json_is_read(phone: Phone, rest: str, kind: str) -> None:
    assert_problem(send(phone.http, phone.path(rest), b"a=1&b=%00", kind), 400, 415)


@pytest.mark.parametrize("rest", WRITES)
def test_a_body_of_megabytes_is_too_much(phone: Phone, rest: str) -> None:
    body = b'{"note": "' + b"x" * 2_000_000 + b'"}'
    assert_problem(send(phone.http, phone.path(rest), body), 413)


@pytest.mark.parametrize("charset", ["base64", "rot13", "utf-16", "unknown", "idna"])
def test_a_strange_charset_changes_nothing(phone: Phone, charset: str) -> None:
    kind = f"application/json; charset={charset}"
    assert send(phone.http, phone.path("calls/"), b'{"kind": "help"}', kind).status_code in (200, 201)


@pytest.mark.parametrize("day", ["0000-00-00", "10000-01-01", "\x00", "9999-12-31", "0001-01-01", "１"])
def test_the_log_of_any_day_is_answered(restaurant: Restaurant, day: str) -> None:
    http = APIClient()
    http.force_login(make_membership(restaurant.store).user)
    answer = http.get(f"/api/v1/stores/{restaurant.store_id}/log/", {"day": day})
    if answer.status_code != 200:
        assert_problem(answer, 400)


@pytest.mark.parametrize(
    "path", ["", "nowhere/", "stores/not-an-id/board/", "orders/%00/", "t/%00/", "t/%FF/"]
)
def test_an_unknown_address_is_a_problem(db: None, path: str) -> None:
    assert_problem(Client().get(f"/api/v1/{path}"), 404)


def test_a_person_who_reads_korean_is_refused_in_korean(db: None) -> None:
    answer = Client().get(
        "/api/v1/payments/00000000-0000-0000-0000-000000000000/", headers={"Accept-Language": "ko"}
    )
    assert_problem(answer, 401)
    assert not answer.json()["detail"].isascii()


def test_django_s_own_refusals_are_problems_below_the_api_only() -> None:
    api, page = RequestFactory().get("/api/v1/x/"), RequestFactory().get("/x/")
    assert_plain(bad_request(api, ValueError()), 400)
    assert_plain(permission_denied(api, PermissionError()), 403)
    assert_plain(csrf_failure(api), 403)
    assert_plain(server_error(api), 500)
    assert server_error(page).headers["Content-Type"].startswith("text/html")


def assert_plain(answer: Any, status: int) -> None:
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
