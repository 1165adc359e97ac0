"""The staff's board in real browsers: ringing, taking orders, money, lost connections, accessibility."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.stack import Stack

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
# A person of the first store with a session, straight from the database: how to sign in is tested elsewhere.
STAFF = """
import json
from django.test import Client
from django.utils.crypto import get_random_string
from stores.models import StaffMembership, Store, User
store = Store.objects.order_by("created_at").first()
user = User.objects.create_user("board-" + get_random_string(8))
StaffMembership.objects.create(store=store, user=user, role="{role}") if "{role}" else None
client = Client()
client.force_login(user)
session = client.cookies["sessionid"].value
print(json.dumps({{"slug": store.slug, "store": str(store.pk), "session": session}}))
"""


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
        dish = next(item for section in menu["sections"] for item in section["items"] if _is_plain(item))
        lines = [{"item_id": dish["id"], "quantity": quantity, "options": [], "note": "no sesame: allergy"}]
        return self._read(self.post("orders/", {"menu_version": menu["version"], "lines": lines}))

    def orders(self) -> list[dict[str, Any]]:
        return self._read(self.http.get(self.path + "orders/"))["orders"]

    @staticmethod
    def _read(response: Any) -> Any:
        assert response.ok, f"{response.status} {response.url}: {response.text()}"
        return response.json()


def _is_plain(item: dict[str, Any]) -> bool:
    return not item.get("sold_out") and not any(
        group.get("required") for group in item.get("option_groups", [])
    )


def until(check: Callable[[], Any], seconds: float = 15) -> Any:
    """Polls another process's state; returns the first true answer."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
    return found


class Board:
    """A screen of the kitchen, in the middle of a shift."""

    def __init__(self, page: Page, staff: dict[str, str]) -> None:
        self.page = page
        page.context.add_cookies([{"name": "sessionid", "value": staff["session"], "url": staff["base"]}])
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

    def collect_money(self, order: dict[str, Any]) -> None:
        """Where guests pay first, the counter takes the money so that the kitchen hears of the order."""
        if order["status"] != "awaiting_payment":
            return
        tables = self.page.context.request.get(self.api + "board/").json()["tables"]
        tabs = [table["tab"] for table in tables if table["tab"]]
        tab = next(tab for tab in tabs if order["id"] in {one["id"] for one in tab["orders"]})
        until(lambda: self.post(f"tabs/{tab['id']}/counter-payments/", {"method": "terminal"}).ok)

    def rings(self) -> int:
        return int(self.page.locator("body").get_attribute("data-rang") or 0)


@pytest.fixture(autouse=True)
def _a_quiet_board(stack: Stack) -> None:
    """What other tests ordered is served, and nothing rings for it."""
    stack.sql("UPDATE orders_order SET status = 'served', served_at = now() WHERE status = 'submitted'")
    stack.sql(
        "UPDATE notifications_notification SET acked_at = now(), escalate_at = NULL "
        "WHERE alarm AND acked_at IS NULL"
    )


@pytest.fixture
def staff(stack: Stack) -> Callable[[str], dict[str, str]]:
    """staff("manager") -> {"slug", "store", "session", "base"} of a new person; role "" works elsewhere."""

    def make(role: str) -> dict[str, str]:
        printed = stack.manage("shell", "-c", STAFF.format(role=role)).splitlines()[-1]
        return {**json.loads(printed), "base": stack.base_url}

    return make


@pytest.fixture
def new_board(
    new_screen: Callable[..., Page], staff: Callable[[str], dict[str, str]]
) -> Callable[..., Board]:
    return lambda role="manager", **extra: Board(new_screen("en-US", **extra), staff(role))


@pytest.fixture
def new_guest(new_phone: Callable[..., Page], stack: Stack) -> Callable[[int], Guest]:
    """new_guest(3) -> somebody at the fourth table."""
    return lambda table: Guest(new_phone("en-US"), stack.tokens()[table])


def test_an_order_rings_everywhere_until_somebody_accepts_it(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    kitchen, counter, guest = new_board("kitchen"), new_board("floor"), new_guest(0)
    order = guest.order()
    counter.collect_money(order)
    for board in (kitchen, counter):
        expect(board.ticket(order)).to_have_attribute("data-state", "new")
        expect(board.page.locator(".alarm.order")).to_be_visible()
    before = counter.rings()
    until(lambda: counter.rings() > before)  # again after five seconds
    expect(kitchen.ticket(order).locator(".flag")).to_contain_text("allergy")

    kitchen.ticket(order).get_by_role("button", name="15 min").click()
    kitchen.ticket(order).get_by_role("button", name="Accept").click()

    expect(counter.ticket(order)).to_have_attribute("data-state", "cook")
    expect(counter.page.locator(".alarm.order")).to_have_count(0)
    accepted = next(one for one in guest.orders() if one["id"] == order["id"])
    assert (accepted["status"], accepted["minutes"]) == ("accepted", 15)


def test_a_ticket_goes_from_the_stove_to_the_table_and_back(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, guest = new_board("manager"), new_guest(1)
    order = guest.order(2)
    board.collect_money(order)
    ticket = board.ticket(order)
    ticket.get_by_role("button", name="Accept").click()
    ticket.locator("li button").first.click()
    expect(ticket).to_have_attribute("data-state", "ready")
    ticket.get_by_role("button", name="Served").click()
    expect(ticket).to_have_count(0)

    board.page.get_by_role("button", name=re.compile(rf"Take order {order['number']} back")).click()

    expect(ticket).to_have_attribute("data-state", "ready")


def test_two_taps_send_one_request(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, guest = new_board("manager"), new_guest(2)
    order = guest.order()
    board.collect_money(order)
    sent: list[str] = []
    board.page.on("request", lambda request: sent.append(request.url) if "/accept/" in request.url else None)

    board.ticket(order).get_by_role("button", name="Accept").dblclick()

    expect(board.ticket(order)).to_have_attribute("data-state", "cook")
    assert len(sent) == 1


def test_a_call_shows_until_somebody_goes(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, other, guest = new_board("floor"), new_board("kitchen"), new_guest(3)
    assert guest.post("calls/", {"kind": "water"}).ok
    call = board.page.locator(".alarm.call", has_text=guest.table_name)
    expect(call).to_contain_text("Water, please")
    expect(other.page.locator(".alarm.call", has_text=guest.table_name)).to_be_visible()

    call.get_by_role("button", name="On my way").click()

    expect(other.page.locator(".alarm.call", has_text=guest.table_name)).to_have_count(0)


def test_a_lost_connection_is_said_and_caught_up(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
) -> None:
    page, sockets = new_screen("en-US"), []

    def relay(route: WebSocketRoute) -> None:
        sockets.append(route)
        route.connect_to_server()

    page.route_web_socket(re.compile("/ws/"), relay)
    board, guest = Board(page, staff("manager")), new_guest(4)
    page.context.set_offline(True)
    sockets[-1].close()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("No connection – showing", timeout=15000)
    page.context.set_offline(False)
    order = guest.order()
    board.collect_money(order)

    expect(board.ticket(order)).to_have_attribute("data-state", "new", timeout=20000)
    expect(banner).to_have_count(0)
    expect(page.locator(".alarm.order")).to_be_visible()


def test_the_counter_gives_change(new_board: Callable[..., Board], new_guest: Callable[[int], Guest]) -> None:
    board, guest = new_board("floor"), new_guest(5)
    order = guest.order()
    page = board.page
    page.goto(page.url.split("#")[0] + "#floor")
    page.locator(".tb", has_text=guest.table_name).first.click()
    page.get_by_role("button", name="Take payment").click()
    page.get_by_role("textbox", name="Received").fill("100000")
    page.locator("#sheet").get_by_role("button", name="Take ").click()

    change = f"{100000 - order['total']:,}"
    expect(page.locator(".toast", has_text=change)).to_be_visible()
    expect(page.locator(".side .due")).to_contain_text("All paid")


def test_strangers_do_not_see_a_board(
    new_screen: Callable[..., Page], staff: Callable[[str], dict[str, str]], stack: Stack
) -> None:
    page, foreign = new_screen(), staff("")
    page.goto(f"/staff/{foreign['slug']}/")
    expect(page).to_have_url(re.compile("/staff/login/"))
    page.context.add_cookies([{"name": "sessionid", "value": foreign["session"], "url": stack.base_url}])

    answer = page.goto(f"/staff/{foreign['slug']}/")

    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_board_is_accessible(
    scheme: str, new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, guest = new_board("manager", color_scheme=scheme), new_guest(6)
    board.collect_money(guest.order())
    assert guest.post("calls/", {"kind": "help"}).ok
    page = board.page
    expect(page.locator(".alarm.order")).to_be_visible()
    _assert_accessible(page)
    page.locator(".tk.new footer .round").first.click()
    _assert_accessible(page)
    page.keyboard.press("Escape")
    for screen, landmark in (("floor", ".tb"), ("log", ".history ol li")):
        page.locator(f'a[href="#{screen}"]').click()
        expect(page.locator(landmark).first).to_be_visible()
        _assert_accessible(page)


def _assert_accessible(page: Page) -> None:
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then((r) => r.violations.map((v) => [v.id, v.nodes[0].html]))")
    assert found == []
