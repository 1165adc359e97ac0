"""The staff's screens, and guests who speak to the API: what the board's tests are written in."""

from typing import Any
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from tests.flows.clients import eventually

# A person of the first store with a session, straight from the database: how to sign in is tested elsewhere.
STAFF = """
import json
from django.test import Client
from django.utils.crypto import get_random_string
from stores.models import StaffMembership, Store, User
store = Store.objects.order_by("created_at").first()
decides = "{role}" in ("owner", "manager")
user = User.objects.create_user("board-" + get_random_string(8), is_staff=decides)
StaffMembership.objects.create(store=store, user=user, role="{role}") if "{role}" else None
client = Client()
client.force_login(user)
session = client.cookies["sessionid"].value
print(json.dumps({{"slug": store.slug, "store": str(store.pk), "name": user.username, "session": session}}))
"""


def is_plain(item: dict[str, Any]) -> bool:
    """A dish that is ordered with one tap."""
    return not item.get("sold_out") and not any(
        group.get("required") for group in item.get("option_groups", [])
    )


class Guest:
    """A phone at a table that speaks to the API."""

    def __init__(self, page: Page, token: str) -> None:
        self.http, self.path = page.context.request, f"/api/v1/t/{token}/"
        self.page_data = self._read(self.http.get(self.path))
        self._read(self.post("join/", {}))
        self.table_name: str = self.page_data["table"]["name"]

    def post(self, rest: str, data: Any) -> Any:
        cookies = {cookie["name"]: cookie["value"] for cookie in self.http.storage_state()["cookies"]}
        headers = {"X-CSRFToken": cookies.get("csrftoken", ""), "Idempotency-Key": uuid4().hex}
        return self.http.post(self.path + rest, data=data, headers=headers)

    def order(self, quantity: int = 1) -> dict[str, Any]:
        menu = self.page_data["menu"]
        dish = next(item for section in menu["sections"] for item in section["items"] if is_plain(item))
        lines = [{"item_id": dish["id"], "quantity": quantity, "options": [], "note": "no sesame: allergy"}]
        return self._read(self.post("orders/", {"menu_version": menu["version"], "lines": lines}))

    def orders(self) -> list[dict[str, Any]]:
        return self._read(self.http.get(self.path + "orders/"))["orders"]

    @staticmethod
    def _read(response: Any) -> Any:
        assert response.ok, f"{response.status} {response.url}: {response.text()}"
        return response.json()


def sign_in(page: Page, staff: dict[str, str]) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": staff["session"], "url": staff["base"]}])


class Board:
    """A screen of the kitchen, in the middle of a shift."""

    def __init__(self, page: Page, staff: dict[str, str]) -> None:
        self.page = page
        sign_in(page, staff)
        self.api = f"/api/v1/stores/{staff['store']}/"
        page.goto(f"/staff/{staff['slug']}/")
        page.locator(".start .btn.primary").click()
        expect(page.locator("body")).to_have_attribute("data-ws", "open")

    def ticket(self, order: dict[str, Any]) -> Any:
        return self.page.locator(f'[data-order="{order["id"]}"]')

    def post(self, rest: str, data: Any) -> Any:
        token = self.page.evaluate("document.cookie.match(/csrftoken=(\\w+)/)[1]")
        headers = {"X-CSRFToken": token, "Idempotency-Key": uuid4().hex}
        return self.page.context.request.post(self.api + rest, data=data, headers=headers)

    def collect_money(self, order: dict[str, Any], method: str = "terminal") -> None:
        """Where guests pay first, the counter takes the money so that the kitchen hears of the order."""
        if order["status"] != "awaiting_payment":
            return
        tab = self._orders()[order["id"]]["tab"]
        eventually(lambda: self._owes(tab))
        answer = self.post(f"tabs/{tab}/counter-payments/", {"method": method})
        assert answer.ok, answer.text()
        # The order learns of its money by an event, too.
        eventually(lambda: self._orders()[order["id"]]["status"] != "awaiting_payment")

    def _orders(self) -> dict[str, dict[str, str]]:
        """Order id -> {"tab", "status"} of everything at a table."""
        tables = self.page.context.request.get(self.api + "board/").json()["tables"]
        tabs = [table["tab"] for table in tables if table["tab"]]
        return {
            one["id"]: {"tab": tab["id"], "status": one["status"]} for tab in tabs for one in tab["orders"]
        }

    def _owes(self, tab_id: str) -> bool:
        """The bill is written by an event: with a database of its own a moment later."""
        bills = self.page.context.request.get(f"{self.api}tabs/{tab_id}/bill/").json().get("bills", [])
        return any(bill["due"] > 0 for bill in bills)

    @property
    def body(self) -> Locator:
        """Says how many alarms ring (data-ringing) and how often it rang (data-rang)."""
        return self.page.locator("body")

    def floor(self) -> None:
        self.page.locator('a[href="#floor"]').click()
        expect(self.page.locator(".tb").first).to_be_visible()
