"""The guest's phone against the running product: three taps to a paid order, and what phones do meanwhile."""

import json
import re

from playwright.sync_api import Route, expect

from tests.browser.phones import (
    NewPhone,
    a_dish,
    add,
    add_for_all,
    close_tab,
    keep_the_old_menu,
    open_page,
    orders_at,
    pay,
    publish,
    sockets_of,
    violations,
)
from tests.flows.clients import eventually
from tests.stack import Stack


def test_one_dish_is_ordered_and_paid_in_three_taps_and_no_typing(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = new_phone()
    page.add_init_script(
        "addEventListener('click', () => sessionStorage.taps = Number(sessionStorage.taps || 0) + 1, true);"
        "addEventListener('keydown', () => sessionStorage.keys = Number(sessionStorage.keys || 0) + 1, true)"
    )
    open_page(page, token)
    add(page, a_dish(page))
    page.locator("#order-button").tap()
    pay(page)
    assert page.evaluate("[Number(sessionStorage.taps), Number(sessionStorage.keys || 0)]") == [3, 0]
    expect(page.locator(".steps .on, .steps .done").first).to_be_visible()
    assert [status for _, status in orders_at(stack, token)] == ["submitted"]


def test_two_phones_share_a_cart_and_see_each_others_orders(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    anna, bo = open_page(new_phone("en-US"), token), open_page(new_phone("ja-JP"), token)
    dish = a_dish(anna)
    add(anna, dish)
    expect(bo.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    bo.locator("#dock a").first.tap()
    expect(bo.locator(".group header .face")).to_have_count(1)
    bo.go_back()
    add(bo, dish)
    expect(anna.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "2")
    bo.locator("#dock a").first.tap()
    bo.locator(".seg label").nth(1).tap()
    bo.locator("#order-button").tap()
    pay(bo)
    expect(anna.locator("#together a[href^='#order/']")).to_have_count(1)
    expect(anna.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    anna.locator("#order-button").tap()
    pay(anna)
    eventually(lambda: [status for _, status in orders_at(stack, token)] == ["submitted"] * 2)


def test_a_double_tap_makes_one_order(stack: Stack, token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone(), token)
    add(page, a_dish(page))
    page.locator("#order-button").dblclick()
    page.wait_for_url("**/sandbox/**")
    assert len(orders_at(stack, token)) == 1


def test_the_cart_and_the_order_survive_reload_and_back(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = open_page(new_phone(), token)
    dish = a_dish(page)
    add(page, dish)
    page.reload()
    expect(page.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")
    page.go_back()
    expect(page.locator("#dock a[href^='#pay/']")).to_be_visible()
    assert [status for _, status in orders_at(stack, token)] == ["awaiting_payment"]
    page.locator("#dock a[href^='#pay/']").tap()
    page.locator("#pay-button").tap()
    pay(page)
    page.reload()
    expect(page.locator(".steps")).to_be_visible()


def test_the_back_button_closes_sheets_and_screens(token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone(), token)
    page.locator("#menu .list .item > a").first.tap()
    expect(page.locator("#sheet")).to_have_attribute("open", "")
    page.go_back()
    expect(page.locator("#sheet")).not_to_have_attribute("open", "")
    add(page, a_dish(page))
    page.locator("#dock a.cart").tap()
    expect(page.locator("#view-title")).to_be_focused()
    page.go_back()
    expect(page.locator("#menu")).to_be_visible()


def test_an_order_without_network_is_sent_again_with_the_same_key(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = open_page(new_phone(), token)
    add_for_all(page, a_dish(page))
    keys: list[str] = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) <= 2:
                route.fetch()  # it arrives, the answer does not
                route.abort("connectionreset")
                return
        route.continue_()

    page.route(re.compile(r".*/api/v1/t/[^/]+/orders/$"), lose_the_answer)
    page.locator("#order-button").tap()
    expect(page.locator(".alert.late")).to_be_visible()
    page.reload()
    page.locator(".alert.late button").last.tap()
    page.wait_for_url("**/sandbox/**")
    assert len(set(keys)) == 1
    assert len(orders_at(stack, token)) == 1


def test_offline_is_said_and_the_cart_is_kept(token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone(), token)
    page.context.set_offline(True)
    expect(page.locator("#alerts .alert")).to_be_visible()
    add(page, a_dish(page))
    page.locator("#order-button").tap()
    expect(page.locator(".toast, .alert.late").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#alerts .alert")).to_have_count(0)
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")


def test_a_menu_published_meanwhile_is_shown_and_the_cart_kept(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = open_page(new_phone("en-US"), token)
    dish = a_dish(page)
    add(page, dish)
    expect(page.locator("#order-button")).to_be_enabled()
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    page.route(re.compile(r".*/t/[^/]+/$"), keep_the_old_menu)
    with page.expect_event("requestfailed", lambda one: one.url.endswith(f"/t/{token}/")):
        publish(
            stack,
            token,
            f"items[{dish['id']!r}]['price'] += 500; publish(MenuPublished(store_id=store, "
            "version_number=last.version_number + 1, document=document))",
        )
    page.unroute_all()
    page.locator("#order-button").tap()
    expect(page.locator(".changed")).to_contain_text(dish["name"])
    expect(page.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    assert orders_at(stack, token) == []
    assert violations(page) == []
    page.locator(".changed button").tap()
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")


def test_a_dish_sold_out_meanwhile_is_said_and_not_ordered(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = open_page(new_phone("en-US"), token)
    dish = a_dish(page)
    add(page, dish)
    expect(page.locator("#order-button")).to_be_enabled()
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    publish(stack, token, f"publish(ItemSoldOut(store_id=store, item_id=UUID({dish['id']!r})))")
    expect(page.locator(f".list [id='item/{dish['id']}']")).to_have_class(re.compile(r"\bout\b"))
    page.locator("#dock a").first.tap()
    expect(page.locator(".line.out")).to_be_visible()
    expect(page.locator("#order-button")).to_be_disabled()
    assert orders_at(stack, token) == []
    assert violations(page) == []
    publish(stack, token, f"publish(ItemRestocked(store_id=store, item_id=UUID({dish['id']!r})))")
    expect(page.locator(".line.out")).to_have_count(0)


def test_the_language_changes_and_the_cart_stays(token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone("en-US"), token)
    dish = a_dish(page)
    add_for_all(page, dish)
    page.locator("a[href='#language']").tap()
    page.locator("#sheet button[lang='ja']").tap()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    page.goto(f"/t/{token}/")
    expect(page.locator("html")).to_have_attribute("lang", "ja")


def test_a_choice_of_options_follows_its_rules(token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone(), token)
    dish = a_dish(page, with_options=True)
    add(page, dish)
    expect(page.locator("#sheet .opt").first).to_be_visible()
    assert violations(page) == []
    page.locator("button[form=item-form]").tap()
    expect(page.locator("#dock .count").first).to_have_text("1")
    expect(page.locator("#sheet")).not_to_have_attribute("open", "")


def test_a_call_reaches_the_staff(stack: Stack, token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone(), token)
    page.locator("a[href='#call']").first.tap()
    assert violations(page) == []
    page.locator("#sheet .choices button").nth(1).tap()
    expect(page.locator(".toast")).to_be_visible()
    rows = stack.sql(
        "SELECT kind FROM orders_call c JOIN orders_tab t ON t.id = c.tab_id WHERE t.closed_at IS NULL "
        "AND t.table_id = (SELECT table_id FROM orders_tabletokensnapshot WHERE token = %s)",
        token,
    )
    assert rows == [("water",)]


def test_the_phone_catches_up_after_the_socket_was_lost(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = new_phone("en-US")
    sockets = sockets_of(page)
    open_page(page, token)
    add(page, a_dish(page))
    page.locator("#order-button").tap()
    pay(page)
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    expect(page.locator(".steps")).to_be_visible()
    order_id = orders_at(stack, token)[0][0]
    sockets[-1].close()
    stack.manage(
        "shell", "-v0", "-c",
        "from django.utils import timezone; from orders import services; from orders.models import Order; "
        f"o = Order.objects.select_related('tab').get(pk={order_id!r}); "
        "services.accept_order(store_id=o.tab.store_id, order_id=o.pk, minutes=9, actor_name='Kim', "
        "now=timezone.now())",
    )  # fmt: skip
    expect(page.locator(".ring")).to_contain_text("9")
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    assert violations(page) == []


def test_a_phone_that_was_away_shows_what_sold_out_meanwhile(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = new_phone("en-US")
    sockets = sockets_of(page)
    open_page(page, token)
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    dish = a_dish(page)
    page.context.set_offline(True)
    sockets[-1].close()
    publish(stack, token, f"publish(ItemSoldOut(store_id=store, item_id=UUID({dish['id']!r})))")
    page.context.set_offline(False)

    expect(page.locator(f".list [id='item/{dish['id']}']")).to_have_class(re.compile(r"\bout\b"))
    publish(stack, token, f"publish(ItemRestocked(store_id=store, item_id=UUID({dish['id']!r})))")


def test_a_closed_tab_says_thank_you_and_a_reload_does_not_open_it_again(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = open_page(new_phone("en-US"), token)
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    close_tab(stack, token)
    expect(page.locator(".farewell")).to_be_visible()
    assert violations(page) == []
    page.reload()
    expect(page.locator(".farewell")).to_be_visible()
    assert orders_at(stack, token) == []
    page.locator(".farewell button").tap()
    expect(page.locator("body")).to_have_attribute("data-seat", "open")
    expect(page.locator("#dock a")).to_have_count(0)


JOIN = """
from django.utils import timezone
from orders import services
from orders.models import Tab, TableTokenSnapshot
one, other = (
    Tab.objects.get(table_id=TableTokenSnapshot.objects.get(token=token).table_id, closed_at=None)
    for token in {tokens!r}
)
services.merge_tab(store_id=one.store_id, tab_id=one.pk, into_tab_id=other.pk, now=timezone.now())
"""
ACCEPT = """
from django.utils import timezone
from orders import services
from orders.models import Order
order = Order.objects.get(pk={order!r})
services.accept_order(
    store_id=order.store_id, order_id=order.pk, minutes=9, actor_name="Kim", now=timezone.now()
)
"""


def test_guests_whose_table_is_joined_with_another_stay_and_share_everything(
    stack: Stack, token: str, other_token: str, new_phone: NewPhone
) -> None:
    anna, bo = open_page(new_phone("en-US"), token), open_page(new_phone("en-US"), other_token)
    dish = a_dish(anna)
    add_for_all(anna, dish)
    add(bo, dish)
    bo.locator("#order-button").tap()
    pay(bo)
    expect(anna.locator("body")).to_have_attribute("data-ws", "open")

    stack.manage("shell", "-v0", "-c", JOIN.format(tokens=[token, other_token]))

    expect(anna.locator("#together a[href^='#order/']")).to_have_count(1)
    expect(anna.locator(".toast")).to_contain_text("You sit at table")
    expect(anna.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    [(order, _)] = eventually(lambda: [one for one in orders_at(stack, other_token) if one[1] == "submitted"])
    expect(anna.locator("body")).to_have_attribute("data-ws", "open")
    stack.manage("shell", "-v0", "-c", ACCEPT.format(order=order))
    expect(anna.locator(".toast", has_text="ready in about 9 min")).to_be_visible()
    expect(anna.locator(".farewell")).to_have_count(0)
    anna.reload()
    expect(anna.locator("#together a[href^='#order/']")).to_have_count(1)


def test_what_costs_nothing_is_ordered_without_paying(stack: Stack, token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone("en-US"), token)
    dish = a_dish(page)
    data = page.locator(f".list [id='item/{dish['id']}']").get_attribute("data-item")
    price = json.loads(data or "")["price"]
    _price(stack, token, dish["id"], 0)
    add(open_page(page, token), dish)
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.url.endswith("/payments/") else None)
    page.locator("#order-button").tap()
    expect(page.locator(".now h2")).to_be_visible()
    eventually(lambda: [status for _, status in orders_at(stack, token)] == ["submitted"])
    assert asked == []
    _price(stack, token, dish["id"], price)


def _price(stack: Stack, token: str, item_id: str, price: int) -> None:
    """Publishes the menu with another price of one dish."""
    publish(
        stack,
        token,
        f"items[{item_id!r}]['price'] = {price}; publish(MenuPublished(store_id=store, "
        "version_number=last.version_number + 1, document=document))",
    )
