"""The staff's board in real browsers: ringing, taking orders, lost connections."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boards import Board, Guest
from tests.browser.phones import sockets_of, violations
from tests.flows.truth import Truth
from tests.stack import Stack

pytestmark = pytest.mark.usefixtures("quiet_board")


def test_an_order_rings_everywhere_until_somebody_accepts_it(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    kitchen, counter, guest = new_board("kitchen"), new_board("floor"), new_guest(0)
    order = guest.order()
    counter.collect_money(order)
    for board in (kitchen, counter):
        expect(board.ticket(order)).to_have_attribute("data-state", "new")
        expect(board.page.locator(".alarm.order")).to_be_visible()
    before = counter.body.get_attribute("data-rang") or ""
    expect(counter.body).not_to_have_attribute("data-rang", before)  # again after five seconds
    expect(kitchen.ticket(order).locator(".flag")).to_contain_text("allergy")

    kitchen.ticket(order).get_by_role("button", name="15 min").click()
    kitchen.ticket(order).get_by_role("button", name="Accept").click()

    expect(counter.ticket(order)).to_have_attribute("data-state", "cook")
    expect(counter.page.locator(".alarm.order")).to_have_count(0)
    accepted = next(one for one in guest.orders() if one["id"] == order["id"])
    assert (accepted["status"], accepted["minutes"]) == ("accepted", 15)


# Remembers when this device fell silent, and which of its sounds still reach the loudspeaker.
LISTEN = """
window.sounding = new Set();
const {connect, disconnect} = AudioNode.prototype;
AudioNode.prototype.connect = function (to) {
  if (to === this.context.destination) window.sounding.add(this);
  return connect.apply(this, arguments);
};
AudioNode.prototype.disconnect = function () {
  window.sounding.delete(this);
  return disconnect.apply(this, arguments);
};
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  window.silentAt = document.body.dataset.ringing ? null : Date.now();
}).observe(document.body, {attributes: true, attributeFilter: ["data-ringing"]}));
"""
PROMISE, HEARTBEAT = 1.0, 5.0
# Long enough for the board to be called old, too short for the watchdog of the socket.
QUIET = 6.0


def test_other_devices_fall_silent_within_a_second_of_the_acknowledgement(
    new_screen: Callable[..., Page],
    new_board: Callable[..., Board],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
) -> None:
    """Only the socket may tell this device, and no heartbeat: the news over HTTP is cut off.

    Both clocks are this machine's. It may be busy, so one of three acknowledgements must keep the promise,
    and two may not wait for half a heartbeat.
    """
    kitchen, guest, page = new_board("kitchen"), new_guest(7), new_screen("en-US")
    page.add_init_script(LISTEN)
    acked: list[dict[str, Any]] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda text: _keep_acked(acked, text)))
    counter = Board(page, staff("floor"))
    page.route(re.compile(r"/notifications/(\?.*)?$"), lambda route: route.abort())
    took = []
    for kind in ("water", "cutlery", "help"):
        assert guest.post("calls/", {"kind": kind}).ok
        expect(counter.body).to_have_attribute("data-ringing", "1")
        page.wait_for_function("sounding.size === 1")

        call = kitchen.page.locator(".alarm.call", has_text=guest.table_name)
        call.get_by_role("button", name="On my way").click()

        expect(counter.body).not_to_have_attribute("data-ringing", re.compile("."))
        assert page.evaluate("sounding.size") == 0
        at_server = datetime.fromisoformat(acked.pop()["data"]["at"]).timestamp()
        took.append(page.evaluate("silentAt") / 1000 - at_server)
        expect(call).to_have_count(0)
    assert min(took) <= PROMISE, took
    assert sorted(took)[1] <= HEARTBEAT / 2, took


def _keep_acked(acked: list[dict[str, Any]], text: str | bytes) -> None:
    frame = json.loads(text)
    if frame["type"] == "acked":
        acked.append(frame)


def test_a_ticket_goes_from_the_stove_to_the_table_and_back(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, guest = new_board("manager"), new_guest(1)
    order = guest.order(2)
    board.collect_money(order)
    ticket = board.ticket(order)
    ticket.get_by_role("button", name="Accept").click()
    ticket.locator("li button").first.click()
    expect(ticket).to_have_attribute("data-state", "ready")
    ticket.get_by_role("button", name="Served").click()
    expect(ticket).to_have_count(0)

    board.page.get_by_role("button", name=re.compile(rf"Take order {order['number']} back")).click()

    expect(ticket).to_have_attribute("data-state", "ready")


def test_two_taps_send_one_request(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, guest = new_board("manager"), new_guest(2)
    order = guest.order()
    board.collect_money(order)
    sent: list[str] = []
    board.page.on("request", lambda request: sent.append(request.url) if "/accept/" in request.url else None)

    board.ticket(order).get_by_role("button", name="Accept").dblclick()

    expect(board.ticket(order)).to_have_attribute("data-state", "cook")
    assert len(sent) == 1


def test_a_call_shows_until_somebody_goes(
    new_board: Callable[..., Board], new_guest: Callable[[int], Guest]
) -> None:
    board, other, guest = new_board("floor"), new_board("kitchen"), new_guest(3)
    assert guest.post("calls/", {"kind": "water"}).ok
    call = board.page.locator(".alarm.call", has_text=guest.table_name)
    expect(call).to_contain_text("Water, please")
    expect(other.page.locator(".alarm.call", has_text=guest.table_name)).to_be_visible()

    call.get_by_role("button", name="On my way").click()

    expect(other.page.locator(".alarm.call", has_text=guest.table_name)).to_have_count(0)


def test_a_lost_connection_is_said_and_caught_up(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
) -> None:
    page = new_screen("en-US")
    sockets = sockets_of(page)
    board, guest = Board(page, staff("manager")), new_guest(4)
    page.context.set_offline(True)
    sockets[-1].close()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("No connection – showing", timeout=30_000)
    board.floor()
    assert violations(page) == []
    page.locator('a[href="#kitchen"]').click()
    page.context.set_offline(False)
    order = guest.order()
    board.collect_money(order)

    expect(board.ticket(order)).to_have_attribute("data-state", "new", timeout=20000)
    expect(banner).to_have_count(0)
    expect(page.locator(".alarm.order")).to_be_visible()


# An alarm that only the owner's board shows.
FOR_THE_OWNER = """
from uuid import UUID
from notifications.services import notify_store
notify_store(store_id=UUID("{store}"), alarm=True, audience="owner", kind="dead_letter")
"""


def test_in_another_role_the_board_drops_what_is_not_for_it(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
    stack: Stack,
) -> None:
    page, person = new_screen("en-US"), staff("owner")
    sockets = sockets_of(page)
    board, guest = Board(page, person), new_guest(6)
    stack.manage("shell", "-v0", "-c", FOR_THE_OWNER.format(store=person["store"]))
    assert guest.post("calls/", {"kind": "water"}).ok
    expect(board.body).to_have_attribute("data-ringing", "2")
    stack.sql(
        "UPDATE stores_staffmembership m SET role = 'floor' FROM stores_user u "
        "WHERE u.id = m.user_id AND u.username = %s",
        person["name"],
    )

    sockets[-1].close()

    expect(page.locator(".alarm.bad")).to_have_count(0)
    expect(board.body).to_have_attribute("data-ringing", "1")
    expect(page.locator(".alarm.call", has_text=guest.table_name)).to_be_visible()


def test_news_after_a_quiet_while_are_no_lost_connection(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
    stack: Stack,
) -> None:
    guest, page = new_guest(5), new_screen("en-US")
    Truth(stack).settle()
    page.clock.install()
    board = Board(page, staff("manager"))
    behind, stale = page.locator("body[data-behind]"), page.locator("body[data-stale]")
    expect(behind).to_have_count(0)
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + QUIET)  # the board stands still before it looks
    order = guest.order()
    board.collect_money(order)

    expect(behind).to_have_count(1)
    expect(stale).to_have_count(0)
    page.clock.resume()
    expect(board.ticket(order)).to_have_attribute("data-state", "new")


def test_a_board_that_hears_of_nothing_looks_for_itself_after_a_minute(
    new_screen: Callable[..., Page], staff: Callable[[str], dict[str, str]]
) -> None:
    page = new_screen("en-US")
    page.clock.install()
    Board(page, staff("manager"))
    expect(page.locator("body[data-behind]")).to_have_count(0)

    with page.expect_response(re.compile("/board/$")):
        page.clock.set_system_time(page.evaluate("Date.now() / 1000") + 61)


def test_strangers_do_not_see_a_board(
    new_screen: Callable[..., Page], staff: Callable[[str], dict[str, str]], stack: Stack
) -> None:
    page, foreign = new_screen(), staff("")
    page.goto(f"/staff/{foreign['slug']}/")
    expect(page).to_have_url(re.compile("/staff/login/"))
    page.context.add_cookies([{"name": "sessionid", "value": foreign["session"], "url": stack.base_url}])

    answer = page.goto(f"/staff/{foreign['slug']}/")

    assert answer is not None
    assert answer.status == 403
