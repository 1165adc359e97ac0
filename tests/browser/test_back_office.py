"""The owner's pages in a real browser: on a phone and on a screen, and the way of a dead letter."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import Board, Guest, sign_in
from tests.browser.conftest import PHONE, SCREEN
from tests.browser.phones import violations
from tests.flows.clients import eventually
from tests.flows.truth import Truth
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("quiet_board")
RING = "notifications.ring_for_order"
# The alarm for a new order cannot be written, whichever process tries: the kitchen hears of none.
BREAKING = """
CREATE OR REPLACE FUNCTION notifications_broken() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'broken on purpose'; END $$
"""
BREAK = """
CREATE OR REPLACE TRIGGER notifications_broken BEFORE INSERT ON notifications_notification FOR EACH ROW
WHEN (NEW.kind = 'order_submitted' AND starts_with(NEW.channel, 'store:'))
EXECUTE FUNCTION notifications_broken()
"""
MEND = "DROP TRIGGER IF EXISTS notifications_broken ON notifications_notification"
OF_ORDER = (
    "FROM events_delivery d JOIN events_event e ON e.id = d.event_id "
    f"WHERE d.handler = '{RING}' AND e.payload->>'order_id' = %s"
)
PENDING, DONE, DEAD = 0, 2, 3  # DeliveryStatus
NewScreen = Callable[..., Page]
Staff = Callable[[str], dict[str, str]]


@pytest.fixture
def broken_alarm(stack: Stack) -> Iterator[Callable[[], None]]:
    """The handler that rings for orders is broken; the value mends it."""

    def mend() -> None:
        stack.sql(MEND)

    stack.sql(BREAKING)
    stack.sql(BREAK)
    yield mend
    mend()
    stack.sql(f"UPDATE events_delivery SET status = {PENDING}, due_at = now() WHERE status = {DEAD}")
    Truth(stack).settle()


def order_at(board: Board, guest: Guest) -> dict[str, Any]:
    """An order that the kitchen should hear of."""
    order = guest.order()
    board.collect_money(order)
    return order


def bury_alarm(stack: Stack, order: dict[str, Any]) -> None:
    """The handler's last attempt at the order fails, too; nobody waits for the minutes between them."""
    failed = f"status = {PENDING} AND attempts BETWEEN 1 AND 6 AND id IN (SELECT d.id {OF_ORDER})"
    hurry = f"UPDATE events_delivery SET attempts = 7, due_at = now() WHERE {failed} RETURNING 1"
    eventually(lambda: stack.sql(hurry, order["id"]))
    eventually(lambda: _status(stack, order) == DEAD)


def _status(stack: Stack, order: dict[str, Any]) -> int:
    """The state of the order's delivery to the broken handler."""
    return int(stack.sql(f"SELECT d.status {OF_ORDER}", order["id"])[0][0])


def test_a_dead_letter_rings_for_owners_and_managers_and_for_nobody_else(
    stack: Stack,
    new_board: Callable[..., Board],
    new_guest: Callable[[int], Guest],
    broken_alarm: Callable[[], None],
) -> None:
    owner, manager, kitchen = new_board("owner"), new_board("manager"), new_board("kitchen")
    guest = new_guest(0)
    bury_alarm(stack, order_at(manager, guest))
    for board in (owner, manager):
        expect(said(board)).to_be_visible(timeout=30_000)
        expect(board.body).to_have_attribute("data-ringing", "1")
    rang = owner.body.get_attribute("data-rang") or ""
    expect(owner.body).not_to_have_attribute("data-rang", rang)

    said(manager).get_by_role("button", name="Got it").click()

    expect(said(manager)).to_have_count(0)
    # Whoever hears of this has been told everything before it.
    assert guest.post("calls/", {"kind": "help"}).ok
    expect(owner.body).to_have_attribute("data-ringing", "2")
    for board in (manager, kitchen):
        expect(board.body).to_have_attribute("data-ringing", "1")
        expect(said(board)).to_have_count(0)

    said(owner).get_by_role("button", name="Got it").click()

    expect(owner.body).to_have_attribute("data-ringing", "1")
    expect(said(owner)).to_have_count(0)


def said(board: Board) -> Any:
    return board.page.locator(".alarm.bad", has_text="The kitchen's board was not told of order")


@pytest.mark.parametrize(
    ("size", "scheme", "locale"),
    [(PHONE, "light", "ko-KR"), (PHONE, "dark", "en-US"), (SCREEN, "light", "ja-JP")],
)
def test_the_owners_pages_fit_and_everybody_can_use_them(
    size: dict[str, int],
    scheme: str,
    locale: str,
    stack: Stack,
    new_screen: NewScreen,
    staff: Staff,
    new_board: Callable[..., Board],
    new_guest: Callable[[int], Guest],
    broken_alarm: Callable[[], None],
) -> None:
    order = order_at(new_board("manager"), new_guest(1))
    bury_alarm(stack, order)
    page, found = new_screen(locale, viewport=size, color_scheme=scheme), {}
    sign_in(page, staff("owner"))
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)

    def look(screen: str) -> None:
        page.wait_for_load_state("networkidle")
        found[screen] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[screen].append("wider than the device")

    page.goto("/admin/")
    look("today")
    page.goto("/admin/queue/")
    look("queue")
    assert page.locator("#tabs-wrapper").evaluate("row => row.offsetHeight") < 60, "the tabs take two lines"
    page.locator(".hs-do .btn.primary").first.click()
    look("confirmation")
    page.goto(f"/admin/story/{tab_of(stack, order)}/")
    look("timeline")
    page.goto("/admin/snapshots/")
    look("snapshots")
    assert {screen: rules for screen, rules in found.items() if rules} == {}
    assert errors == []


def tab_of(stack: Stack, order: dict[str, Any]) -> str:
    return str(stack.sql("SELECT tab_id FROM orders_order WHERE id = %s", order["id"])[0][0])


def test_an_owner_brings_a_dead_letter_back_and_the_timeline_tells_it(
    stack: Stack,
    new_screen: NewScreen,
    staff: Staff,
    new_board: Callable[..., Board],
    new_guest: Callable[[int], Guest],
    broken_alarm: Callable[[], None],
) -> None:
    order = order_at(new_board("manager"), new_guest(2))
    bury_alarm(stack, order)
    page, person = new_screen("en-US", viewport=PHONE), staff("owner")
    sign_in(page, person)
    page.goto("/admin/")
    letter = page.locator(".hs-look li", has_text="did not happen")
    look, figure = letter.bounding_box(), page.locator(".kpi").first.bounding_box()
    assert look and figure and look["y"] < figure["y"]  # on a phone, too, it is seen at once
    letter.get_by_role("link", name="Look").click()
    page.wait_for_url("**/admin/queue/")
    sentence = f"The kitchen's board was not told of order {order['number']}"
    cause = page.locator(".hs-causes li", has_text=sentence)
    expect(cause).to_be_visible()
    broken_alarm()  # mends it

    cause.get_by_role("link", name="Try again").click()
    expect(page.get_by_text("What would happen")).to_be_visible()
    assert _status(stack, order) == DEAD  # looking changes nothing
    page.locator("[name=reason]").fill("the printer is back")
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_role("button", name="Retry").click()
    eventually(lambda: _status(stack, order) == DONE)
    page.goto("/admin/queue/")
    expect(cause).to_have_count(0)

    page.goto(f"/admin/story/{tab_of(stack, order)}/?order={order['id']}")
    story = page.locator("ol.story")
    for told in ("attempt 8 failed", f"Tried again by {person['name']}", "the printer is back"):
        expect(story).to_contain_text(told)
