"""The guest's phone against the running product: three taps to a paid order, and what phones do meanwhile."""

import gzip
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Response, Route, WebSocketRoute, expect

from tests.stack import Stack

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
NewPhone = Callable[..., Page]
_turn = count()


@pytest.fixture
def token(stack: Stack) -> Iterator[str]:
    """A table nobody sits at."""
    tokens = stack.tokens()[:8]
    token = tokens[next(_turn) % len(tokens)]
    _clear(stack, token)
    yield token
    _clear(stack, token)


def _clear(stack: Stack, token: str) -> None:
    stack.sql(
        "UPDATE orders_tab SET status = 'closed', closed_at = now() WHERE closed_at IS NULL AND table_id = "
        "(SELECT table_id FROM orders_tabletokensnapshot WHERE token = %s)",
        token,
    )


def _open(page: Page, token: str, hash_: str = "") -> Page:
    page.goto("about:blank")
    page.goto(f"/t/{token}/{hash_}")
    expect(page.locator("body")).to_have_attribute("data-seat", "open")
    return page


def _dish(page: Page, *, with_options: bool = False) -> dict[str, Any]:
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


def _add(page: Page, dish: dict[str, Any]) -> None:
    page.locator(f".list [data-add='{dish['id']}']").tap()


def _pay(page: Page) -> None:
    """Approves in the sandbox wallet and waits for the order's page."""
    page.wait_for_url("**/sandbox/**")
    page.locator("button").first.tap()
    page.wait_for_url("**/t/**#order/**")
    expect(page.locator(".now h2")).to_be_visible()


def _orders(stack: Stack, token: str) -> list[tuple[Any, ...]]:
    return stack.sql(
        "SELECT o.id::text, o.status FROM orders_order o JOIN orders_tab t ON t.id = o.tab_id "
        "WHERE t.closed_at IS NULL AND t.table_id = "
        "(SELECT table_id FROM orders_tabletokensnapshot WHERE token = %s)",
        token,
    )


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found]


def _keep_the_old_menu(route: Route) -> None:
    """The phone does not hear of the new menu before it orders."""
    is_page = "/api/" not in route.request.url and route.request.resource_type == "fetch"
    route.abort() if is_page else route.continue_()


def _publish(stack: Stack, token: str, change: str) -> None:
    """Publishes the store's menu again after `change`, Python that may alter `document`."""
    stack.manage(
        "shell",
        "-v0",
        "-c",
        f"""
from uuid import UUID
from events.kernel.databases import atomic
from events.outbox import publish
from menus.events import ItemSoldOut, MenuPublished
from orders.models import MenuSnapshot, TableTokenSnapshot
store = TableTokenSnapshot.objects.get(token={token!r}).store_id
last = MenuSnapshot.objects.filter(store_id=store).order_by("-version_number").first()
document = last.document
items = {{item["id"]: item for section in document["sections"] for item in section["items"]}}
with atomic("menus"):
    {change}
""",
    )


def test_one_dish_is_ordered_and_paid_in_three_taps_and_no_typing(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = new_phone()
    page.add_init_script(
        "addEventListener('click', () => sessionStorage.taps = Number(sessionStorage.taps || 0) + 1, true);"
        "addEventListener('keydown', () => sessionStorage.keys = Number(sessionStorage.keys || 0) + 1, true)"
    )
    _open(page, token)
    _add(page, _dish(page))
    page.locator("#order-button").tap()
    _pay(page)
    assert page.evaluate("[Number(sessionStorage.taps), Number(sessionStorage.keys || 0)]") == [3, 0]
    expect(page.locator(".steps .on, .steps .done").first).to_be_visible()
    assert [status for _, status in _orders(stack, token)] == ["submitted"]


def test_two_phones_share_a_cart_and_see_each_others_orders(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    anna, bo = _open(new_phone("en-US"), token), _open(new_phone("ja-JP"), token)
    dish = _dish(anna)
    _add(anna, dish)
    expect(bo.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    bo.locator("#dock a").first.tap()
    expect(bo.locator(".group header .face")).to_have_count(1)
    bo.go_back()
    _add(bo, dish)
    expect(anna.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "2")
    bo.locator("#dock a").first.tap()
    bo.locator(".seg label").nth(1).tap()
    bo.locator("#order-button").tap()
    _pay(bo)
    expect(anna.locator("#together a[href^='#order/']")).to_have_count(1)
    expect(anna.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    anna.locator("#order-button").tap()
    _pay(anna)
    assert sorted(status for _, status in _orders(stack, token)) == ["submitted", "submitted"]


def test_a_double_tap_makes_one_order(stack: Stack, token: str, new_phone: NewPhone) -> None:
    page = _open(new_phone(), token)
    _add(page, _dish(page))
    page.locator("#order-button").dblclick()
    page.wait_for_url("**/sandbox/**")
    assert len(_orders(stack, token)) == 1


def test_the_cart_and_the_order_survive_reload_and_back(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = _open(new_phone(), token)
    dish = _dish(page)
    _add(page, dish)
    page.reload()
    expect(page.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")
    page.go_back()
    expect(page.locator("#dock a[href^='#pay/']")).to_be_visible()
    assert [status for _, status in _orders(stack, token)] == ["awaiting_payment"]
    page.locator("#dock a[href^='#pay/']").tap()
    page.locator("#pay-button").tap()
    _pay(page)
    page.reload()
    expect(page.locator(".steps")).to_be_visible()


def test_the_back_button_closes_sheets_and_screens(token: str, new_phone: NewPhone) -> None:
    page = _open(new_phone(), token)
    page.locator("#menu .list .item > a").first.tap()
    expect(page.locator("#sheet")).to_have_attribute("open", "")
    page.go_back()
    expect(page.locator("#sheet")).not_to_have_attribute("open", "")
    _add(page, _dish(page))
    page.locator("#dock a.cart").tap()
    expect(page.locator("#view-title")).to_be_focused()
    page.go_back()
    expect(page.locator("#menu")).to_be_visible()


def test_an_order_without_network_is_sent_again_with_the_same_key(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = _open(new_phone(), token)
    _add(page, _dish(page))
    expect(page.locator("#order-button")).to_be_visible()
    page.wait_for_timeout(400)
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
    assert len(_orders(stack, token)) == 1


def test_offline_is_said_and_the_cart_is_kept(token: str, new_phone: NewPhone) -> None:
    page = _open(new_phone(), token)
    page.context.set_offline(True)
    expect(page.locator("#alerts .alert")).to_be_visible()
    _add(page, _dish(page))
    page.locator("#order-button").tap()
    expect(page.locator(".toast, .alert.late").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("#alerts .alert")).to_have_count(0)
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")


def test_a_menu_published_meanwhile_is_shown_and_the_cart_kept(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = _open(new_phone("en-US"), token)
    dish = _dish(page)
    _add(page, dish)
    expect(page.locator("#order-button")).to_be_enabled()
    page.route(re.compile(r".*/t/[^/]+/$"), _keep_the_old_menu)
    _publish(
        stack,
        token,
        f"items[{dish['id']!r}]['price'] += 500; publish(MenuPublished(store_id=store, "
        "version_number=last.version_number + 1, document=document))",
    )
    page.wait_for_timeout(1500)
    page.unroute_all()
    page.locator("#order-button").tap()
    expect(page.locator(".changed")).to_contain_text(dish["name"])
    expect(page.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    assert _orders(stack, token) == []
    assert _violations(page) == []
    page.locator(".changed button").tap()
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")


def test_a_dish_sold_out_meanwhile_is_said_and_not_ordered(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = _open(new_phone("en-US"), token)
    dish = _dish(page)
    _add(page, dish)
    expect(page.locator("#order-button")).to_be_enabled()
    _publish(stack, token, f"publish(ItemSoldOut(store_id=store, item_id=UUID({dish['id']!r})))")
    expect(page.locator(f".list [id='item/{dish['id']}']")).to_have_class(re.compile(r"\bout\b"))
    page.locator("#dock a").first.tap()
    expect(page.locator(".line.out")).to_be_visible()
    expect(page.locator("#order-button")).to_be_disabled()
    assert _orders(stack, token) == []
    assert _violations(page) == []
    stack.sql("DELETE FROM orders_soldout WHERE item_id = %s", dish["id"])


def test_the_language_changes_and_the_cart_stays(token: str, new_phone: NewPhone) -> None:
    page = _open(new_phone("en-US"), token)
    dish = _dish(page)
    _add(page, dish)
    page.wait_for_timeout(400)
    page.locator("a[href='#language']").tap()
    page.locator("#sheet button[lang='ja']").tap()
    expect(page.locator("html")).to_have_attribute("lang", "ja")
    expect(page.locator(f".list [data-add='{dish['id']}']")).to_have_attribute("data-count", "1")
    page.goto(f"/t/{token}/")
    expect(page.locator("html")).to_have_attribute("lang", "ja")


def test_a_choice_of_options_follows_its_rules(token: str, new_phone: NewPhone) -> None:
    page = _open(new_phone(), token)
    dish = _dish(page, with_options=True)
    _add(page, dish)
    expect(page.locator("#sheet .opt").first).to_be_visible()
    assert _violations(page) == []
    page.locator("button[form=item-form]").tap()
    expect(page.locator("#dock .count").first).to_have_text("1")
    expect(page.locator("#sheet")).not_to_have_attribute("open", "")


def test_a_call_reaches_the_staff(stack: Stack, token: str, new_phone: NewPhone) -> None:
    page = _open(new_phone(), token)
    page.locator("a[href='#call']").first.tap()
    assert _violations(page) == []
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
    sockets: list[WebSocketRoute] = []

    def pass_through(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket(re.compile(r".*/ws/t/.*"), pass_through)
    _open(page, token)
    _add(page, _dish(page))
    page.locator("#order-button").tap()
    _pay(page)
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    order_id = _orders(stack, token)[0][0]
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
    assert _violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_has_an_accessibility_violation(token: str, new_phone: NewPhone, scheme: str) -> None:
    page = _open(new_phone("en-US", color_scheme=scheme), token)
    found = {"menu": _violations(page)}
    for screen in ("#cart", "#bill", "#pay", "#language", "#call"):
        found[f"empty {screen}"] = _violations(_open(page, token, screen))
    _open(page, token)
    _add(page, _dish(page))
    found["menu with a dish"] = _violations(page)
    page.locator("#dock a.cart").tap()
    found["cart"] = _violations(page)
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")
    page.go_back()
    expect(page.locator("#dock a[href^='#pay/']")).to_be_visible()
    found["unpaid"] = _violations(page)
    page.locator("#dock a[href^='#pay/']").tap()
    expect(page.locator("#pay-button")).to_be_visible()
    found["pay"] = _violations(page)
    page.locator("#pay-button").tap()
    _pay(page)
    found["status"] = _violations(page)
    page.locator("#dock a[href='#bill']").tap()
    expect(page.locator("main .group")).to_have_count(1)
    found["bill"] = _violations(page)
    assert {screen: rules for screen, rules in found.items() if rules} == {}


@pytest.mark.parametrize("width", [320, 360, 430, 1280])
def test_no_screen_is_wider_than_the_phone(token: str, new_phone: NewPhone, width: int) -> None:
    page = _open(new_phone("en-US", viewport={"width": width, "height": 700}), token)
    _add(page, _dish(page))
    for screen in ("", "#cart", "#bill", "#call", "#language"):
        _open(page, token, screen)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, screen


def test_the_menu_is_readable_without_javascript(token: str, new_phone: NewPhone) -> None:
    page = new_phone("ko-KR", java_script_enabled=False)
    page.goto(f"/t/{token}/")
    expect(page.locator("h1")).to_be_visible()
    assert page.locator("#menu .list .item h3").count() >= 3
    assert page.locator("#menu .list .item .price").first.is_visible()
    assert page.locator("noscript a[href='?lang=ja']").is_visible()


@pytest.mark.parametrize("locale", ["ko-KR", "en-US", "zh-CN", "ja-JP"])
def test_an_unknown_code_is_explained_in_the_guests_language(new_phone: NewPhone, locale: str) -> None:
    page = new_phone(locale)
    answer = page.goto("/t/nobodysitshere000/")
    assert answer is not None
    assert answer.status == 404
    expect(page.locator("main h1")).to_be_visible()
    assert page.locator("html").get_attribute("lang")[:2] == locale[:2]  # type: ignore[index]
    assert _violations(page) == []


def test_a_closed_tab_says_thank_you_and_a_reload_does_not_open_it_again(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = _open(new_phone("en-US"), token)
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    stack.manage(
        "shell", "-v0", "-c",
        "from django.utils import timezone; from orders import services; from orders.models import Tab, "
        f"TableTokenSnapshot as K; k = K.objects.get(token={token!r}); "
        "t = Tab.objects.get(table_id=k.table_id, closed_at=None); services.close_tab(store_id=t.store_id, "
        "tab_id=t.pk, reason='left', actor_name='Kim', may_write_off=True, now=timezone.now())",
    )  # fmt: skip
    expect(page.locator(".farewell")).to_be_visible()
    assert _violations(page) == []
    page.reload()
    expect(page.locator(".farewell")).to_be_visible()
    assert _orders(stack, token) == []
    page.locator(".farewell button").tap()
    expect(page.locator("body")).to_have_attribute("data-seat", "open")
    expect(page.locator("#dock a")).to_have_count(0)


def test_the_page_weighs_at_most_50_kb_before_photos(token: str, new_phone: NewPhone) -> None:
    page = new_phone()
    weights: dict[str, int] = {}

    def weigh(answer: Response) -> None:
        if answer.request.resource_type in {"document", "stylesheet", "script"}:
            weights[answer.url] = len(gzip.compress(answer.body(), 6))

    page.on("response", weigh)
    page.goto(f"/t/{token}/")
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    page.wait_for_load_state("networkidle")
    heaviest = sorted(weights.items(), key=lambda pair: -pair[1])[:5]
    assert sum(weights.values()) <= 50_000, heaviest
