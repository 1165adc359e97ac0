"""A restaurant as orders know it, and phones and staff that use it over HTTP."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from events.kernel.ids import new_id
from orders import services
from orders.selectors.menus import forget_pages
from orders.storefront import forget_all
from stores.models import User
from tests.factories import make_membership, make_store
from tests.orders.menus import line, menu_document

Json = dict[str, Any]


class Restaurant:
    """A store's snapshots in `orders`; methods tell orders what other contexts would."""

    def __init__(self, **settings: Any) -> None:
        self.store = make_store()
        self.store_id: UUID = self.store.pk
        self.version = 0
        self.menu_version = 0
        self.settings: Json = {
            "slug": self.store.slug,
            "name": "한상",
            "branch": "강남",
            "i18n": {"en": {"name": "Hansang", "branch": "Gangnam"}},
            "language": "ko",
            "languages": ["ko", "en", "ja"],
            "timezone": "Asia/Seoul",
            "currency": "KRW",
            "brand_color": "#0e6b4b",
            "pay_after": "tab",
            "tab_opening": "first_scan",
            "opening_hours": [],
            "closed_dates": [],
            "day_cutoff_hour": 5,
            "accepting_orders": True,
            "pause_message": "",
            "unpaid_minutes": 10,
            "auto_reject_minutes": 15,
            "warn_minutes": 5,
            "late_minutes": 8,
            "tax_rate_bp": 1000,
        }
        self.tables: dict[str, UUID] = {}
        self.change(**settings)
        self.publish()
        self.add_table("A1")

    def change(self, **settings: Any) -> None:
        self.version += 1
        self.settings = {**self.settings, **settings}
        services.save_store(store_id=self.store_id, version_number=self.version, snapshot=self.settings)
        self._pages_expire()

    def publish(self, document: Json | None = None) -> None:
        self.menu_version += 1
        services.save_menu(
            store_id=self.store_id,
            version_number=self.menu_version,
            document=document or menu_document(),
        )
        self._pages_expire()

    def sold_out(self, item_id: str, option_id: str | None = None) -> None:
        services.mark_sold_out(
            store_id=self.store_id,
            item_id=UUID(item_id),
            option_id=UUID(option_id) if option_id else None,
        )
        self._pages_expire()

    def add_table(self, name: str) -> UUID:
        table_id = self.tables[name] = new_id()
        self.save_table(name, self.token(name))
        return table_id

    def save_table(self, name: str, token: str, revoked: list[str] | None = None, version: int = 1) -> None:
        snapshot = {
            "name": name, "zone": "hall", "seats": 4, "shape": "square", "x": 1, "y": 2, "width": 10,
            "height": 10, "position": len(self.tables), "token": token, "revoked_tokens": revoked or [],
        }  # fmt: skip
        services.save_table(
            store_id=self.store_id,
            table_id=self.tables[name],
            version_number=version,
            snapshot=snapshot,
        )
        self._pages_expire()

    def token(self, name: str = "A1") -> str:
        return f"{name}-{self.tables[name].hex[-16:]}"

    def _pages_expire(self) -> None:
        # A second has passed: no test waits for it.
        forget_all()
        forget_pages()


class Phone:
    """A guest's browser: cookies, the CSRF token and the code it scanned."""

    def __init__(self, restaurant: Restaurant, table: str = "A1", language: str = "en") -> None:
        self.restaurant = restaurant
        self.token = restaurant.token(table)
        self.http = APIClient(enforce_csrf_checks=True, headers={"Accept-Language": language})

    def path(self, rest: str = "") -> str:
        return f"/api/v1/t/{self.token}/{rest}"

    def join(self, **body: Any) -> Any:
        response = self.http.post(self.path("join/"), body, format="json")
        if response.status_code == 200:
            self.http.credentials(HTTP_X_CSRFTOKEN=self.http.cookies["csrftoken"].value)
        return response

    def get(self, rest: str = "") -> Any:
        return self.http.get(self.path(rest))

    def put_cart(self, *lines: Json) -> Any:
        return self.http.put(self.path("cart/"), {"lines": list(lines)}, format="json")

    def order(
        self, *lines: Json, key: str = "", version: int | None = None, cart: list[str] | None = None
    ) -> Any:
        body: Json = {
            "menu_version": self.restaurant.menu_version if version is None else version,
            "lines": list(lines) or [line()],
        }
        if cart is not None:
            body["cart_line_ids"] = cart
        headers = {"Idempotency-Key": key or new_id().hex}
        return self.http.post(self.path("orders/"), body, format="json", headers=headers)

    def cancel(self, order_id: str) -> Any:
        return self.http.post(f"/api/v1/orders/{order_id}/cancel/", {}, format="json")

    def call(self, kind: str = "help", note: str = "") -> Any:
        return self.http.post(self.path("calls/"), {"kind": kind, "note": note}, format="json")


class Board:
    """A member of staff at the board."""

    def __init__(self, restaurant: Restaurant, user: User) -> None:
        self.restaurant = restaurant
        self.http = APIClient()
        self.http.force_login(user)

    def get(self, rest: str) -> Any:
        return self.http.get(f"/api/v1/stores/{self.restaurant.store_id}/{rest}")

    def post(self, rest: str, **body: Any) -> Any:
        return self.http.post(f"/api/v1/stores/{self.restaurant.store_id}/{rest}", body, format="json")

    def accept(self, order_id: str, minutes: int = 12) -> Any:
        return self.post(f"orders/{order_id}/accept/", minutes=minutes)


@pytest.fixture
def restaurant(db: None) -> Restaurant:
    """Eat first, pay at the end; always open."""
    return Restaurant()


@pytest.fixture
def pay_first(db: None) -> Restaurant:
    """Guests pay each order before it is cooked."""
    return Restaurant(pay_after="order")


@pytest.fixture
def phone(restaurant: Restaurant) -> Phone:
    """A phone that has joined table A1."""
    phone = Phone(restaurant)
    assert phone.join().status_code == 200
    return phone


@pytest.fixture
def board_of(restaurant: Restaurant) -> Callable[[str], Board]:
    """board_of("kitchen"): somebody of that role at the board."""
    return lambda role: Board(restaurant, make_membership(restaurant.store, role).user)


@pytest.fixture
def board(board_of: Callable[[str], Board]) -> Board:
    return board_of("manager")


@pytest.fixture
def now() -> Any:
    return timezone.now()


@pytest.fixture(autouse=True)
def _fresh_memory() -> None:
    forget_all()
    forget_pages()
