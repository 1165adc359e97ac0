"""Alarms that a board hears of late: by a heartbeat, in the background, by an answer long on its way."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.boards import Board, Guest
from tests.browser.phones import sockets_of, without_sockets

pytestmark = pytest.mark.usefixtures("quiet_board")

HIDDEN = "Object.defineProperty(document, 'visibilityState', {get: () => 'hidden'})"
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
