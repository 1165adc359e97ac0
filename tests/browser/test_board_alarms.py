"""Alarms that a board hears of late."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.boards import Board, Guest

pytestmark = pytest.mark.usefixtures("quiet_board")


def lose_news(socket: WebSocketRoute) -> None:
    """All that the server says arrives, but for notifications."""
    server = socket.connect_to_server()
    server.on_message(lambda text: None if json.loads(text)["type"] == "notification" else socket.send(text))


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
