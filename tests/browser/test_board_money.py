"""Money on the board: taking it, giving it back, and a store that takes no orders for a while."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import Board, Guest
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("quiet_board")


def test_the_counter_gives_change(new_board: Callable[..., Board], new_guest: Callable[[int], Guest]) -> None:
    board, guest = new_board("floor"), new_guest(5)
    order = guest.order()
    page = board.page
    board.floor()
    page.locator(".tb", has_text=guest.table_name).first.click()
    page.get_by_role("button", name="Take payment").click()
    page.get_by_role("textbox", name="Received").fill("100000")
    page.locator("#sheet").get_by_role("button", name="Take ").click()

    change = f"{100000 - order['total']:,}"
    expect(page.locator(".toast", has_text=change)).to_be_visible()
    expect(page.locator(".side .due")).to_contain_text("All paid")


def test_cash_of_a_refused_order_is_handed_back_and_booked(
    stack: Stack, new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, kitchen, guest = new_board("floor"), new_board("kitchen"), new_guest(8)
    order = guest.order()
    board.collect_money(order, "cash")
    kitchen.ticket(order).locator(".round").click()
    kitchen.page.locator("#sheet").get_by_role("button", name="Sold out").click()
    board.floor()
    table = board.page.locator(".tb", has_text=guest.table_name).first
    expect(table).to_contain_text("Money back")
    table.click()
    owed = board.page.locator(".panel.due-back")
    expect(owed).to_contain_text(f"Give ₩{order['total']:,} back in cash")

    owed.get_by_role("button", name="Handed back").click()
    assert _refunds(stack, order["id"]) == [("pending",)]  # it asks first
    board.page.locator("#sheet").get_by_role("button", name="Handed back").click()

    expect(owed).to_have_count(0)
    expect(table).not_to_contain_text("Money back")
    assert _refunds(stack, order["id"]) == [("succeeded",)]


def test_cash_owed_to_a_party_that_left_is_shown_until_it_is_handed_back(
    stack: Stack, new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, guest = new_board("manager"), new_guest(7)
    order = guest.order()
    board.collect_money(order, "cash")
    board.ticket(order).wait_for()
    [(tab,)] = stack.sql("SELECT tab_id FROM orders_order WHERE id = %s", order["id"])
    assert board.post(f"orders/{order['id']}/reject/", {"reason_code": "busy", "reason": ""}).ok
    assert board.post(f"tabs/{tab}/close/", {"reason": "left"}).ok
    board.floor()
    owed = board.page.locator(".panel.due-back")
    expect(owed).to_contain_text(f"Give ₩{order['total']:,} back in cash")
    expect(owed).to_contain_text(f"{guest.table_name}, table closed")

    board.page.locator('a[href="#log"]').click()
    owed.get_by_role("button", name="Handed back").click()
    board.page.locator("#sheet").get_by_role("button", name="Handed back").click()
    expect(owed).to_have_count(0)
    assert _refunds(stack, order["id"]) == [("succeeded",)]


def _refunds(stack: Stack, order_id: str) -> list[tuple[str]]:
    return stack.sql(
        "SELECT state FROM payments_refund WHERE bill_id = "
        "(SELECT id FROM payments_bill WHERE order_id = %s)",
        order_id,
    )


def test_a_failed_refund_is_told_to_managers(
    stack: Stack, new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    manager, waiter, guest = new_board("manager"), new_board("floor"), new_guest(9)
    order = guest.order()
    manager.collect_money(order, "cash")
    assert manager.post(f"orders/{order['id']}/reject/", {"reason_code": "busy"}).ok
    for board in (manager, waiter):
        board.floor()
        board.page.locator(".tb", has_text=guest.table_name).first.click()
        expect(board.page.locator(".panel.due-back")).to_be_visible()
    stack.sql(
        "UPDATE payments_refund SET state = 'failed' WHERE bill_id = "
        "(SELECT id FROM payments_bill WHERE order_id = %s)",
        order["id"],
    )
    expect(waiter.page.locator(".panel.due-back")).to_have_count(0)
    expect(waiter.page.locator(".side .note.late")).to_have_count(0)
    expect(manager.page.locator(".side .note.late")).to_contain_text("did not work")


def test_a_manager_pauses_orders_and_takes_them_again(
    new_board: Callable[..., Board], new_phone: Callable[..., Page], token: str
) -> None:
    manager, kitchen, phone = new_board("manager"), new_board("kitchen"), new_phone("en-US")
    phone.goto(f"/t/{token}/")
    expect(phone.locator("body")).to_have_attribute("data-ws", "open")
    manager.page.get_by_role("button", name="More", exact=True).click()
    sheet = manager.page.locator("#sheet")
    expect(sheet).to_contain_text("You are taking orders")
    expect(sheet.get_by_role("button", name="Take orders again")).to_have_count(0)
    sheet.get_by_role("button", name="Pause orders").click()
    sheet.get_by_role("button", name="Pause orders").click()

    for board in (manager, kitchen):
        expect(board.page.locator(".banner.paused")).to_contain_text("Orders are paused")
    expect(phone.locator("#alerts")).to_contain_text("The kitchen takes a short break")
    expect(kitchen.page.get_by_role("button", name="Take orders again")).to_have_count(0)

    manager.page.get_by_role("button", name="Take orders again").click()

    for board in (manager, kitchen):
        expect(board.page.locator(".banner.paused")).to_have_count(0)
    expect(phone.locator("#alerts .note")).to_have_count(0)
    manager.page.get_by_role("button", name="More", exact=True).click()
    expect(sheet.get_by_role("button", name=re.compile("Pause"))).to_be_visible()
