"""What an order's page tells the guest while it waits, and when nothing comes of it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.phones import (
    NewPhone,
    a_dish,
    add,
    close_tab,
    open_page,
    orders_at,
    pay,
    without_sockets,
)
from tests.flows.clients import eventually
from tests.stack import Stack

# The page's clock stands still: only what arrives may set it.
STOPPED_CLOCK = (
    "{ const real = setInterval;"
    " globalThis.setInterval = (work, pause, ...rest) => (pause === 1000 ? 0 : real(work, pause, ...rest)) }"
)
KITCHEN = """
from django.utils import timezone
from orders import services
from orders.models import Order
order = Order.objects.select_related("tab").get(pk={order!r})
names = {{"store_id": order.tab.store_id, "order_id": order.pk, "actor_name": "Kim", "now": timezone.now()}}
services.{verb}(**names, **{words!r})
"""
REASONS = {
    "ko-KR": "방금 품절",
    "en-US": "just sold out",
    "zh-CN": "售罄",
    "ja-JP": "売り切れ",
}


def in_kitchen(stack: Stack, token: str, verb: str, **words: object) -> None:
    """The kitchen answers the table's only order."""
    [(order, _)] = eventually(lambda: [one for one in orders_at(stack, token) if one[1] == "submitted"])
    stack.manage("shell", "-v0", "-c", KITCHEN.format(order=order, verb=verb, words=words))


def ordered(page: Page, ws: str = "open") -> Page:
    add(page, a_dish(page))
    page.locator("#order-button").tap()
    pay(page)
    expect(page.locator("body")).to_have_attribute("data-ws", ws)
    return page


def test_minutes_count_from_the_moment_the_promise_arrives(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = new_phone("en-US")
    page.add_init_script(STOPPED_CLOCK)
    ordered(open_page(page, token))

    in_kitchen(stack, token, "accept_order", minutes=10)

    expect(page.locator(".ring b")).to_have_text("10 min")


@pytest.mark.parametrize(("locale", "letters"), [("ko-KR", 1), ("zh-CN", 1), ("ja-JP", 1), ("en-US", 2)])
def test_a_face_shows_as_many_letters_as_fit(
    token: str, new_phone: NewPhone, locale: str, letters: int
) -> None:
    mine, other = open_page(new_phone(locale), token), open_page(new_phone(locale), token)
    add(other, a_dish(other))
    mine.locator("#dock a").first.tap()
    face = mine.locator(".group header .face text")
    expect(face).to_have_text(re.compile(rf"^.{{{letters}}}$"))
    circle = mine.locator(".group header .face").bounding_box()
    text = face.bounding_box()
    assert circle and text
    assert text["width"] <= circle["width"], "the letters are cut off"


@pytest.mark.parametrize("locale", REASONS)
def test_a_refusal_without_a_word_has_a_reason_in_the_guests_language(
    stack: Stack, token: str, new_phone: NewPhone, locale: str
) -> None:
    page = ordered(open_page(new_phone(locale), token))

    in_kitchen(stack, token, "reject_order", reason_code="sold_out", reason="")

    expect(page.locator(".now p")).to_contain_text(REASONS[locale])
    expect(page.locator(".toast", has_text=REASONS[locale])).to_be_visible()


def test_a_refusal_and_its_money_are_told_in_one_message(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = new_phone("en-US")
    page.clock.install()
    ordered(open_page(page, token))
    expect(page.locator("body")).to_have_attribute("data-ws", "open")
    # However long the refund takes here, the first message is still there.
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + 1)

    in_kitchen(stack, token, "reject_order", reason_code="sold_out", reason="")

    expect(page.locator(".toast", has_text="was paid back")).to_contain_text("Sorry, the kitchen")
    expect(page.locator(".toast")).to_have_count(1)


def test_a_message_that_lies_over_a_button_goes_at_a_tap(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    page = ordered(open_page(new_phone("en-US"), token))
    in_kitchen(stack, token, "reject_order", reason_code="sold_out", reason="")
    message = page.locator(".toast", has_text="Sorry").first
    text = message.text_content() or ""

    message.tap()

    # By itself it would stay for seven seconds.
    expect(page.locator(".toast", has_text=text)).to_have_count(0, timeout=2000)


def test_a_phone_that_hears_of_nothing_looks_for_itself_after_a_minute(
    token: str, new_phone: NewPhone
) -> None:
    page = new_phone("en-US")
    page.clock.install()
    open_page(page, token)
    expect(page.locator("body")).to_have_attribute("data-ws", "open")

    with page.expect_response(re.compile("/cart/$")), page.expect_response(re.compile("/bill/$")):
        page.clock.set_system_time(page.evaluate("Date.now() / 1000") + 61)


def test_what_staff_typed_follows_the_reason(stack: Stack, token: str, new_phone: NewPhone) -> None:
    page = ordered(open_page(new_phone("en-US"), token))
    in_kitchen(stack, token, "reject_order", reason_code="busy", reason="Back at nine!")
    expect(page.locator(".now p")).to_have_text("The kitchen is too busy right now. Back at nine!")


def test_the_time_to_pay_ticks_every_second(token: str, new_phone: NewPhone) -> None:
    page = open_page(new_phone("en-US"), token)
    add(page, a_dish(page))
    page.locator("#order-button").tap()
    page.wait_for_url("**/sandbox/**")
    page.go_back()
    left = page.locator(".now p")
    expect(left).to_contain_text(re.compile(r"\d:\d\d"))
    page.evaluate(
        """() => {
          window.seen = [];
          const left = document.querySelector(".now p");
          const note = () => {
            const [minutes, seconds] = left.textContent.match(/[0-9]+:[0-9]+/)[0].split(":").map(Number);
            window.seen.push(minutes * 60 + seconds);
          };
          new MutationObserver(note).observe(left, {characterData: true, childList: true, subtree: true});
        }"""
    )
    page.wait_for_function("() => seen.length >= 4")
    seen = page.evaluate("seen")
    steps = [before - after for before, after in zip(seen, seen[1:], strict=False)]
    assert min(steps) <= 1, seen
    expect(left.locator("..")).to_have_attribute("aria-live", "off")


def test_the_favorites_end_with_their_price(new_phone: NewPhone, token: str) -> None:
    """No empty strip below: the price stands at the height of the button beside it."""
    for locale in ("ko-KR", "en-US"):
        page = open_page(new_phone(locale), token)
        for card in page.locator(".rail .card").all():
            price, button = card.locator(".price").bounding_box(), card.locator(".add").bounding_box()
            assert price and button
            assert button["y"] <= price["y"] + price["height"] / 2 <= button["y"] + button["height"]


def test_who_has_paid_is_not_asked_again_while_the_kitchen_does_not_know(
    stack: Stack, token: str, new_phone: NewPhone
) -> None:
    step = "orders.submit_paid_order"
    stack.manage("events", "pause", step, "--reason", "a test")
    try:
        page = ordered(open_page(new_phone("en-US"), token))

        expect(page.locator(".now h2")).to_have_text("Your payment is in")
        expect(page.locator("#dock a[href^='#pay']")).to_have_count(0)
        page.locator("#dock a").last.tap()
        expect(page.locator(".group header .tag")).to_have_text("Paid")
    finally:
        stack.manage("events", "resume", step)
    page.go_back()
    expect(page.locator(".now h2")).to_have_text("The kitchen has your order")


@pytest.mark.parametrize("ws", ["open", "polling"])
def test_the_next_party_on_the_same_phone_hears_of_its_order(
    stack: Stack, token: str, new_phone: NewPhone, ws: str
) -> None:
    """Numbers begin anew with every party: the highest that the phone remembers is of the last one."""
    page = ordered(open_page(new_phone("en-US"), token))
    in_kitchen(stack, token, "accept_order", minutes=9)
    expect(page.locator(".ring")).to_contain_text("9")
    close_tab(stack, token)
    again = page.locator(".farewell button")
    expect(again).to_be_visible()
    if ws == "polling":
        without_sockets(page)
    again.tap()
    expect(page.locator("body")).to_have_attribute("data-seat", "open")
    ordered(page, ws)

    in_kitchen(stack, token, "accept_order", minutes=12)

    expect(page.locator(".toast", has_text="ready in about 12 min")).to_be_visible()
