"""Every screen of the guest: for everybody, on every phone, in every language, and light."""

import gzip

import pytest
from playwright.sync_api import Response, expect

from tests.browser.phones import NewPhone, a_dish, add, open_page, pay, violations


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_screen_has_an_accessibility_violation(token: str, new_phone: NewPhone, scheme: str) -> None:
    page = open_page(new_phone("en-US", color_scheme=scheme), token)
    found = {"menu": violations(page)}
    for screen in ("#cart", "#bill", "#pay", "#language", "#call"):
        found[f"empty {screen}"] = violations(open_page(page, token, screen))
    open_page(page, token)
    add(page, a_dish(page))
    found["menu with a dish"] = violations(page)
    page.locator("#dock a.cart").tap()
    found["cart"] = violations(page)
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")
    page.go_back()
    expect(page.locator("#dock a[href^='#pay/']")).to_be_visible()
    found["unpaid"] = violations(page)
    page.locator("#dock a[href^='#pay/']").tap()
    expect(page.locator("#pay-button")).to_be_visible()
    found["pay"] = violations(page)
    page.locator("#pay-button").tap()
    pay(page)
    found["status"] = violations(page)
    page.locator("#dock a[href='#bill']").tap()
    expect(page.locator("main .group")).to_have_count(1)
    found["bill"] = violations(page)
    assert {screen: rules for screen, rules in found.items() if rules} == {}


@pytest.mark.parametrize("width", [320, 360, 430, 1280])
def test_no_screen_is_wider_than_the_phone(token: str, new_phone: NewPhone, width: int) -> None:
    page = open_page(new_phone("en-US", viewport={"width": width, "height": 700}), token)
    add(page, a_dish(page))
    for screen in ("", "#cart", "#bill", "#call", "#language"):
        open_page(page, token, screen)
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
    assert violations(page) == []


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
