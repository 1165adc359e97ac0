"""Every screen of the board: for everybody, on every device, light and dark."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.boards import Board, Guest
from tests.browser.phones import violations

pytestmark = pytest.mark.usefixtures("quiet_board")
DEVICES = {"phone": (390, 844), "tablet": (1024, 768), "screen": (1280, 800)}


@pytest.mark.parametrize(
    ("device", "scheme", "table"),
    [("phone", "light", 6), ("phone", "dark", 9), ("tablet", "dark", 10), ("screen", "light", 11)],
)
def test_no_screen_has_an_accessibility_violation(
    device: str, scheme: str, table: int, new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    width, height = DEVICES[device]
    size = {"width": width, "height": height}
    board, guest = new_board("manager", color_scheme=scheme, viewport=size), new_guest(table)
    order = guest.order()
    board.collect_money(order, "cash")
    assert guest.post("calls/", {"kind": "help"}).ok
    page, found = board.page, {}

    def look(screen: str) -> None:
        found[screen] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[screen].append("wider than the device")

    expect(page.locator(".alarm.order")).to_be_visible()
    look("kitchen")
    board.ticket(order).locator(".round").click()
    look("refusing")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="More", exact=True).click()
    look("more")
    page.locator("#sheet").get_by_role("button", name="Sold out").click()
    expect(page.locator("#sheet .switch").first).to_be_visible()
    look("sold out")
    page.keyboard.press("Escape")
    board.floor()
    look("floor")
    page.locator(".tb", has_text=guest.table_name).first.click()
    expect(page.locator(".side .due")).to_be_visible()
    look("an account")
    assert board.post(f"orders/{order['id']}/reject/", {"reason_code": "busy"}).ok
    expect(page.locator(".panel.due-back").first).to_be_visible()
    look("money back")
    page.locator('a[href="#log"]').click()
    expect(page.locator(".history ol li").first).to_be_visible()
    look("log")
    assert {screen: rules for screen, rules in found.items() if rules} == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_start_of_a_shift_is_accessible(scheme: str, new_board: Callable[..., Board]) -> None:
    board = new_board("kitchen", color_scheme=scheme)
    board.page.get_by_role("button", name="More", exact=True).click()
    board.page.get_by_role("button", name="End the shift").click()
    expect(board.page.locator(".start .btn.primary")).to_be_visible()
    assert violations(board.page) == []
