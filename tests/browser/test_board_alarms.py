"""Alarms that a board hears of late: by a heartbeat, in the background, by an answer long on its way."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.boards import Board, Guest
from tests.browser.phones import sockets_of, without_sockets

pytestmark = pytest.mark.usefixtures("quiet_board")

HIDDEN = "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'})"
NEWS, BOARD = re.compile(r"/notifications/(\?.*)?$"), re.compile("/board/$")
ANY = re.compile(".")


def lose_news(socket: WebSocketRoute) -> None:
    """All that the server says arrives, but for notifications."""
    server = socket.connect_to_server()
    server.on_message(lambda text: None if json.loads(text)["type"] == "notification" else socket.send(text))


def cut_off(page: Page, sockets: list[WebSocketRoute]) -> None:
    without_sockets(page)
    sockets[-1].close()


def test_a_board_that_missed_an_alarm_rings_with_the_next_heartbeat(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
) -> None:
    page = new_screen("en-US")
    page.route_web_socket(re.compile("/ws/"), lose_news)
    board, guest = Board(page, staff("floor")), new_guest(1)

    assert guest.post("calls/", {"kind": "water"}).ok

    expect(board.body).to_have_attribute("data-ringing", "1")


def test_a_board_in_the_background_rings_while_its_socket_is_down(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
) -> None:
    page = new_screen("en-US")
    sockets = sockets_of(page)
    board, guest = Board(page, staff("floor")), new_guest(2)
    page.evaluate(HIDDEN)
    cut_off(page, sockets)
    expect(board.body).to_have_attribute("data-ws", "polling")

    assert guest.post("calls/", {"kind": "water"}).ok

    expect(board.body).to_have_attribute("data-rang", ANY)
    expect(page.locator("#news")).to_contain_text(guest.table_name)


def test_a_late_answer_does_not_make_a_taken_alarm_ring_again(
    new_screen: Callable[..., Page],
    staff: Callable[[str], dict[str, str]],
    new_guest: Callable[[int], Guest],
) -> None:
    page = new_screen("en-US")
    sockets = sockets_of(page)
    board, guest = Board(page, staff("floor")), new_guest(4)
    assert guest.post("calls/", {"kind": "water"}).ok
    expect(board.body).to_have_attribute("data-ringing", "1")
    as_it_was = page.context.request.get(f"{board.api}notifications/").json()
    held: list[Route] = []
    page.route(NEWS, lambda route: held.append(route))
    with page.expect_request(NEWS):
        cut_off(page, sockets)
    call = page.locator(".alarm.call", has_text=guest.table_name)
    call.get_by_role("button", name="On my way").click()
    expect(call).to_have_count(0)
    expect(board.body).not_to_have_attribute("data-ringing", ANY)

    with page.expect_request(BOARD):  # the board asks for it once it has heard the news
        held[0].fulfill(json=as_it_was)

    expect(board.body).not_to_have_attribute("data-ringing", ANY)
