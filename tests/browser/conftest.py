"""A real Chromium in front of the real processes."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.boards import STAFF, Board, Guest
from tests.flows.truth import Truth
from tests.stack import Stack

CHROMIUM = (os.environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
SCREEN = {"width": 1280, "height": 800}
_turn = count()
# Two slow cores carry Chromium and every process: what is right in the end is right.
expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """The system's Chromium. Without one these tests skip, and on the build server (CI=true) they fail."""
    for name in CHROMIUM:
        if path := shutil.which(name):
            return {"executable_path": path, "args": QUIET}
    if os.environ.get("CI") == "true":
        pytest.fail("no Chromium on the build server: install the package `chromium`")
    pytest.skip("BROWSER TESTS DID NOT RUN: no Chromium found (install `chromium` or set CHROMIUM)")


@pytest.fixture(scope="session")
def browser_context_args(live_server_processes: str) -> dict[str, Any]:
    """A guest's phone in Seoul: what `page` and `context` are."""
    return {**_phone("ko-KR"), "base_url": live_server_processes}


def _phone(locale: str) -> dict[str, Any]:
    return {
        "viewport": PHONE,
        "locale": locale,
        "timezone_id": "Asia/Seoul",
        "has_touch": True,
        "is_mobile": True,
        "reduced_motion": "reduce",
    }


@pytest.fixture
def new_phone(browser: Browser, live_server_processes: str) -> Iterator[Callable[..., Page]]:
    """new_phone(locale="ko-KR") -> a page on a phone of its own: two calls are two guests."""
    contexts: list[BrowserContext] = []

    def make(locale: str = "ko-KR", **extra: Any) -> Page:
        arguments = {**_phone(locale), "base_url": live_server_processes, **extra}
        contexts.append(browser.new_context(**arguments))
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def new_screen(new_phone: Callable[..., Page]) -> Callable[..., Page]:
    """new_screen() -> a page on the kitchen's or the owner's screen, signed in nowhere."""

    def make(locale: str = "ko-KR", **extra: Any) -> Page:
        return new_phone(locale, **{"viewport": SCREEN, "has_touch": False, "is_mobile": False, **extra})

    return make


@pytest.fixture
def token(stack: Stack) -> Iterator[str]:
    """A table nobody sits at."""
    tokens = stack.tokens()[:8]
    token = tokens[next(_turn) % len(tokens)]
    _clear(stack, token)
    yield token
    _clear(stack, token)


@pytest.fixture
def other_token(stack: Stack, token: str) -> Iterator[str]:
    """Another table nobody sits at."""
    tokens = stack.tokens()[:8]
    other = tokens[tokens.index(token) - 1]
    _clear(stack, other)
    yield other
    _clear(stack, other)


def _clear(stack: Stack, token: str) -> None:
    stack.sql(
        "UPDATE orders_tab SET status = 'closed', closed_at = now() WHERE closed_at IS NULL AND table_id = "
        "(SELECT table_id FROM orders_tabletokensnapshot WHERE token = %s)",
        token,
    )


@pytest.fixture
def quiet_board(stack: Stack) -> None:
    """What other tests ordered is served, and nothing rings for it."""
    Truth(stack).settle()
    stack.sql("UPDATE orders_order SET status = 'served', served_at = now() WHERE status = 'submitted'")
    stack.sql(
        "UPDATE notifications_notification SET acked_at = now(), escalate_at = NULL "
        "WHERE alarm AND acked_at IS NULL"
    )


@pytest.fixture
def staff(stack: Stack) -> Callable[[str], dict[str, str]]:
    """staff("manager") -> {"slug", "store", "name", "session", "base"} of somebody new; "" is a stranger."""

    def make(role: str) -> dict[str, str]:
        printed = stack.manage("shell", "-c", STAFF.format(role=role)).splitlines()[-1]
        return {**json.loads(printed), "base": stack.base_url}

    return make


@pytest.fixture
def new_board(
    new_screen: Callable[..., Page], staff: Callable[[str], dict[str, str]]
) -> Callable[..., Board]:
    return lambda role="manager", **extra: Board(new_screen("en-US", **extra), staff(role))


@pytest.fixture
def new_guest(new_phone: Callable[..., Page], stack: Stack) -> Callable[[int], Guest]:
    """new_guest(3) -> somebody at the fourth table."""
    return lambda table: Guest(new_phone("en-US"), stack.tokens()[table])
