"""The processes answer a real browser."""

from collections.abc import Callable

from playwright.sync_api import Page

from tests.stack import Stack


def test_the_product_is_ready(stack: Stack, page: Page) -> None:
    answer = page.goto("/readyz")
    assert answer is not None
    assert answer.json()["status"] == "ready"


def test_the_sign_in_page_of_the_admin_has_its_styles(new_screen: Callable[..., Page]) -> None:
    page = new_screen()
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto("/admin/")
    page.wait_for_load_state("networkidle")
    assert failed == []
