"""What a guest does on the phone, and what the product's database then knows."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.flows.truth import Truth
from tests.stack import Stack

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
NewPhone = Callable[..., Page]


def open_page(page: Page, token: str, hash_: str = "") -> Page:
    page.goto("about:blank")
    page.goto(f"/t/{token}/{hash_}")
    expect(page.locator("body")).to_have_attribute("data-seat", "open")
    return page


def a_dish(page: Page, *, with_options: bool = False) -> dict[str, Any]:
    """The first dish that can be had, without options unless asked for."""
    dish: dict[str, Any] = page.evaluate(
        """(wanted) => [...document.querySelectorAll("#menu .list .item")]
          .map((row) => ({id: row.id.slice(5), name: row.querySelector("h3").textContent,
             options: Boolean(row.querySelector("[data-options]")),
             had: Boolean(row.querySelector("[data-add]"))}))
          .find((dish) => dish.had && dish.options === wanted)""",
        with_options,
    )
    return dish


def add(page: Page, dish: dict[str, Any]) -> None:
    page.locator(f".list [data-add='{dish['id']}']").tap()


def add_for_all(page: Page, dish: dict[str, Any]) -> None:
    """Adds it and waits until the server keeps it for the table."""
    kept = page.expect_response(lambda one: one.request.method == "PUT" and one.url.endswith("/cart/"))
    with kept:
        add(page, dish)


def pay(page: Page) -> None:
    """Approves in the sandbox wallet and waits for the order's page."""
    page.wait_for_url("**/sandbox/**")
    page.locator("button").first.tap()
    page.wait_for_url("**/t/**#order/**")
    expect(page.locator(".now h2")).to_be_visible()


def orders_at(stack: Stack, token: str) -> list[tuple[Any, ...]]:
    return stack.sql(
        "SELECT o.id::text, o.status FROM orders_order o JOIN orders_tab t ON t.id = o.tab_id "
        "WHERE t.closed_at IS NULL AND t.table_id = "
        "(SELECT table_id FROM orders_tabletokensnapshot WHERE token = %s)",
        token,
    )


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]


def sockets_of(page: Page) -> list[WebSocketRoute]:
    """The page's sockets from now on, the newest last, for a test to cut."""
    sockets: list[WebSocketRoute] = []

    def pass_through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile("/ws/"), pass_through)
    return sockets


def without_sockets(page: Page) -> None:
    """Every socket that the page opens from now on is closed at once."""
    page.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())


def close_tab(stack: Stack, token: str) -> None:
    """Staff see that the party has left."""
    stack.manage(
        "shell", "-v0", "-c",
        "from django.utils import timezone; from orders import services; from orders.models import Tab, "
        f"TableTokenSnapshot as K; k = K.objects.get(token={token!r}); "
        "t = Tab.objects.get(table_id=k.table_id, closed_at=None); services.close_tab(store_id=t.store_id, "
        "tab_id=t.pk, reason='left', actor_name='Kim', may_write_off=True, now=timezone.now())",
    )  # fmt: skip


def keep_the_old_menu(route: Route) -> None:
    """The phone does not hear of the new menu before it orders."""
    is_page = "/api/" not in route.request.url and route.request.resource_type == "fetch"
    route.abort() if is_page else route.continue_()


def publish(stack: Stack, token: str, change: str) -> None:
    """Publishes the store's menu again after `change`, Python that may alter `document`."""
    stack.manage(
        "shell",
        "-v0",
        "-c",
        f"""
from uuid import UUID
from events.kernel.databases import atomic
from events.outbox import publish
from menus.events import ItemRestocked, ItemSoldOut, MenuPublished
from orders.models import MenuSnapshot, TableTokenSnapshot
store = TableTokenSnapshot.objects.get(token={token!r}).store_id
last = MenuSnapshot.objects.filter(store_id=store).order_by("-version_number").first()
document = last.document
items = {{item["id"]: item for section in document["sections"] for item in section["items"]}}
with atomic("menus"):
    {change}
""",
    )
    Truth(stack).settle()
