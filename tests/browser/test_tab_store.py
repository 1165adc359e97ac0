"""A bar where the party pays at the end: order, eat, order again, split the bill."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phones import NewPhone, a_dish, add, open_page, violations
from tests.flows.truth import Truth
from tests.stack import Stack

ALWAYS_OPEN = """
from stores import services
from stores.models import Store
services.change_store(store_id=Store.objects.get(slug="pocha").pk, changes={}, opening_hours=[])
"""


@pytest.fixture
def bar(stack: Stack) -> Iterator[str]:
    """The code of a free table of the store where guests pay after the meal."""
    [(token, table)] = stack.sql(
        "SELECT k.token, t.id::text FROM stores_tabletoken k JOIN stores_table t ON t.id = k.table_id "
        "JOIN stores_store s ON s.id = t.store_id WHERE s.slug = 'pocha' AND k.revoked_at IS NULL "
        "ORDER BY t.position LIMIT 1"
    )
    free = (
        "UPDATE orders_tab SET status = 'closed', closed_at = now() WHERE closed_at IS NULL AND table_id = %s"
    )
    stack.sql(free, table)
    stack.manage("shell", "-v0", "-c", ALWAYS_OPEN)
    Truth(stack).settle()
    yield token
    stack.sql(free, table)


def order(page: Page, token: str) -> int:
    """Sends one dish and returns its price."""
    open_page(page, token)
    add(page, a_dish(page))
    page.locator("#order-button").tap()
    expect(page.locator(".now h2")).to_be_visible()
    return int("".join(filter(str.isdigit, page.locator(".sum .total .num").inner_text())))


def pay_share(page: Page, token: str, share: str, amount: int) -> int:
    """Pays "Mine", "Evenly" … of what is owed in the wallet, when that is this amount."""
    open_page(page, token, "#pay")
    page.locator(".seg label", has_text=share).tap()
    expect(page.locator(".sum .total .num")).to_have_text(f"₩{amount:,}")
    assert violations(page) == []
    page.locator("#pay-button").tap()
    page.wait_for_url("**/sandbox/**")
    page.locator("button").first.tap()
    page.wait_for_url("**/t/**#bill")
    return amount


def test_a_party_orders_eats_and_splits_the_bill_at_the_end(
    stack: Stack, bar: str, new_phone: NewPhone
) -> None:
    anna, bo = new_phone("en-US"), new_phone("en-US")
    first, second = order(anna, bar), order(bo, bar)
    [(table,)] = stack.sql("SELECT table_id FROM stores_tabletoken WHERE token = %s", bar)
    rounds = stack.sql(
        "SELECT o.status FROM orders_order o JOIN orders_tab t ON t.id = o.tab_id "
        "WHERE t.closed_at IS NULL AND t.table_id = %s",
        table,
    )
    assert rounds == [("submitted",), ("submitted",)]  # the kitchen cooks before anybody paid

    open_page(anna, bar, "#bill")
    expect(anna.locator("#dock a[href='#pay']")).to_contain_text(f"₩{first + second:,}")
    assert violations(anna) == []
    left = first + second - pay_share(anna, bar, "Mine", first)
    open_page(bo, bar, "#bill")
    expect(bo.locator("#dock a[href='#pay']")).to_contain_text(f"₩{left:,}")

    left += order(bo, bar)
    left -= pay_share(bo, bar, "Evenly", left // 2)
    pay_share(anna, bar, "All", left)
    for phone in (anna, bo):
        open_page(phone, bar, "#pay")
        expect(phone.locator(".blank h2")).to_have_text("Everything is paid")
