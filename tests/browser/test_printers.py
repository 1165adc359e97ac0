"""A printer from its first form to the ticket in its hands, and what everybody hears when it stands still."""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.boards import Board, Guest, sign_in
from tests.browser.conftest import PHONE, SCREEN
from tests.browser.phones import violations
from tests.browser.test_back_office import NewScreen, Staff, order_at, tab_of
from tests.flows.clients import eventually
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("quiet_board")
LATE = "UPDATE notifications_printjob SET queued_at = queued_at - interval '1 minute' RETURNING 1"


@pytest.fixture
def no_printers_left(stack: Stack) -> Iterator[None]:
    yield
    for table in ("printjob", "printersubscription", "printer"):
        stack.sql(f"DELETE FROM notifications_{table}")


def add_printer(page: Page, name: str) -> str:
    """Fills in the form as an owner would; returns the address that the printer is to ask at."""
    page.goto("/admin/notifications/printer/add/")
    page.locator("[name=name]").fill(name)
    page.locator("[name=way]").select_option("cloud")
    page.locator("select[name=language]").select_option("ja")
    page.locator("[name=_continue]").click()
    press(page, "New address", "Make an address")
    return page.locator("code").first.inner_text()


def press(page: Page, action: str, button: str) -> None:
    """An action of a row's page and the dialog that asks first; on a phone they are behind a menu."""
    link = page.locator("a, button").filter(has_text=action).first
    link.wait_for(state="attached")
    if not link.is_visible():
        menu = page.get_by_text("more_horiz", exact=True).locator("visible=true")
        menu.first.click()
    link.click()
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()


def poll(address: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.post(address, json={"statusCode": "200%20OK"}).raise_for_status().json()
    return answer


def fetch(address: str, offer: dict[str, Any]) -> Image.Image:
    token = offer["jobToken"]
    answer = httpx.get(address, params={"type": "image/png", "token": token}).raise_for_status()
    httpx.delete(address, params={"code": "200 OK", "token": token}).raise_for_status()
    return Image.open(BytesIO(answer.content))


@pytest.mark.parametrize("size", [PHONE, SCREEN])
def test_an_owner_sets_up_a_printer_and_finds_every_ticket_again(
    size: dict[str, int],
    stack: Stack,
    new_screen: NewScreen,
    staff: Staff,
    new_board: Callable[..., Board],
    new_guest: Callable[[int], Guest],
    no_printers_left: None,
) -> None:
    page, found = new_screen("en-US", viewport=size), {}
    sign_in(page, staff("owner"))

    def look(screen: str) -> None:
        page.wait_for_load_state("networkidle")
        found[screen] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[screen].append("wider than the device")

    page.goto("/admin/notifications/printer/add/")
    look("form")
    address = add_printer(page, "Grill")
    look("printer")
    assert poll(address) == {"jobReady": False}

    order = order_at(new_board("manager"), new_guest(0))
    eventually(lambda: poll(address)["jobReady"])
    assert fetch(address, poll(address)).width == 576

    page.goto("/admin/notifications/printjob/")
    page.locator("a[href*='/printjob/'][href*='/change/']").first.click()
    expect(page.locator("img[src^='data:image/png']")).to_be_visible()
    look("ticket")
    page.goto(f"/admin/story/{tab_of(stack, order)}/?order={order['id']}")
    expect(page.locator("ol.story")).to_contain_text(f"Grill: order {order['number']}")
    assert {screen: rules for screen, rules in found.items() if rules} == {}


def test_every_board_hears_of_a_printer_that_stands_still_until_it_prints(
    stack: Stack,
    new_screen: NewScreen,
    staff: Staff,
    new_board: Callable[..., Board],
    new_guest: Callable[[int], Guest],
    no_printers_left: None,
) -> None:
    page = new_screen("en-US", viewport=PHONE)
    sign_in(page, staff("owner"))
    address = add_printer(page, "Wok")
    kitchen, manager = new_board("kitchen"), new_board("manager")
    order = order_at(manager, new_guest(1))
    eventually(lambda: stack.sql(LATE))

    alarm = kitchen.page.locator(".alarm.bad", has_text="Wok")
    expect(alarm).to_contain_text(str(order["number"]), timeout=30_000)

    fetch(address, poll(address))
    expect(alarm).to_have_count(0, timeout=30_000)
