"""Markup in everything that people can type: it is shown as typed and never runs."""

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import Board
from tests.browser.phones import NewPhone, a_dish, open_page, orders_at, pay, publish
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("quiet_board")
IMAGE = "<img src=x onerror=window.hacked=1>"
SCRIPT = "\"'><script>window.hacked=1</script>"
SHORT = "<b onclick=alert(1)>"  # names of guests and tables have twenty letters
# What a document of menus would hold if somebody typed it there.
PLANT = f"""
    from html import escape
    for section in document["sections"]:
        section["name"] = {IMAGE!r}
        section["i18n"] = {{}}
    for item in items.values():
        item["name"] = {SCRIPT!r} + item["name"]
        item["description"] = {IMAGE!r}
        item["allergens"] = [{IMAGE!r}]
        item["diet"] = [{SCRIPT!r}]
        item["i18n"] = {{}}
        for group in item.get("option_groups", []):
            group["name"], group["i18n"] = {IMAGE!r}, {{}}
            for option in group["options"]:
                option["name"], option["i18n"] = {SCRIPT!r}, {{}}
    publish(MenuPublished(store_id=store, version_number=last.version_number + 1, document=document))
"""
RESTORE = """
    old = MenuSnapshot.objects.filter(store_id=store, version_number=last.version_number - 1).get()
    publish(MenuPublished(store_id=store, version_number=last.version_number + 1, document=old.document))
"""
REJECT = """
from django.utils import timezone
from orders import services
from orders.models import Order
order = Order.objects.select_related("tab").get(pk={order!r})
services.reject_order(store_id=order.tab.store_id, order_id=order.pk, reason_code="other",
    reason={reason!r}, actor_name={reason!r}, now=timezone.now())
"""


@pytest.fixture
def planted(stack: Stack, token: str) -> Iterator[str]:
    """A table with such a name, and such a menu."""
    [(table, name)] = stack.sql(
        "SELECT t.table_id::text, t.data->>'name' FROM orders_tablesnapshot t "
        "JOIN orders_tabletokensnapshot k ON k.table_id = t.table_id WHERE k.token = %s",
        token,
    )
    rename = (
        "UPDATE orders_tablesnapshot SET data = jsonb_set(data, '{name}', to_jsonb(%s::text)) "
        "WHERE table_id = %s"
    )
    stack.sql(rename, SHORT, table)
    publish(stack, token, PLANT)
    yield token
    stack.sql(rename, name, table)
    publish(stack, token, RESTORE)


def until_new(page: Page) -> None:
    """Loads the page again until it shows the new menu: readers may be a second late."""
    give_up = time.monotonic() + 15
    while "<script>" not in (page.locator("#menu .list h3").first.text_content() or ""):
        assert time.monotonic() < give_up, "the new menu did not come"
        page.reload()


def nothing_ran(page: Page) -> bool:
    """Neither a script nor an element of what was typed is in the page."""
    ran = page.evaluate("Boolean(window.hacked)")
    made = page.locator("img[onerror], b[onclick], [onerror], [onclick]").count()
    return not ran and made == 0


def test_what_people_type_is_text_on_phone_and_board(
    stack: Stack, planted: str, new_phone: NewPhone, new_board: Callable[..., Board]
) -> None:
    board, page = new_board("manager"), new_phone("en-US")
    page.goto(f"/t/{planted}/")
    until_new(page)
    open_page(page, planted)
    stack.sql("UPDATE orders_guest SET nickname = %s WHERE token = %s", SHORT, planted)
    dish = a_dish(page)
    assert dish["name"].startswith(SCRIPT)
    page.locator(f"[id='item/{dish['id']}'] > a").tap()
    expect(page.locator("#sheet .about")).to_have_text(IMAGE)
    page.locator("#sheet textarea").fill(IMAGE)
    page.locator("button[form=item-form]").tap()
    assert nothing_ran(page)
    page.locator("#dock a.cart").tap()
    expect(page.locator("li.line small").first).to_contain_text(IMAGE)
    expect(page.locator("#view-title")).to_contain_text(SHORT)
    page.locator("#order-button").tap()
    pay(page)
    assert nothing_ran(page)

    [(order, _)] = orders_at(stack, planted)
    ticket = board.ticket({"id": order})
    expect(ticket.locator("header b")).to_have_text(SHORT)
    expect(ticket.locator("li em")).to_have_text(IMAGE)
    expect(ticket.locator("li")).to_contain_text(SCRIPT)
    board.floor()
    board.page.locator(".tb", has_text="onclick").first.click()
    expect(board.page.locator(".table-name")).to_have_text(SHORT)
    expect(board.page.locator(".side .due")).to_be_visible()
    assert nothing_ran(board.page)

    stack.manage("shell", "-v0", "-c", REJECT.format(order=order, reason=IMAGE + SCRIPT))
    expect(page.locator(".now p")).to_contain_text(IMAGE + SCRIPT)
    expect(page.locator(".group header .face")).to_be_visible()
    page.locator("#dock a[href='#bill']").tap()
    expect(page.locator("main .group")).to_contain_text(SCRIPT)
    board.page.locator('a[href="#log"]').click()
    expect(board.page.locator(".history li").first).to_contain_text(IMAGE + SCRIPT)
    for shown in (page, board.page):
        assert nothing_ran(shown)


def test_a_menu_of_markup_is_text_without_javascript_too(planted: str, new_phone: NewPhone) -> None:
    page = new_phone("en-US", java_script_enabled=False)
    page.goto(f"/t/{planted}/")
    until_new(page)
    expect(page.locator("#menu .sec > h2").last).to_have_text(IMAGE)
    assert page.locator("[onerror]").count() == 0
