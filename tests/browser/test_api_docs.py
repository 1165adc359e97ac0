"""The API's page that the README names, under the policy of all other pages."""

from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_the_api_can_be_read_and_nothing_is_loaded_from_elsewhere(
    new_screen: Callable[..., Page], live_server_processes: str
) -> None:
    page = new_screen("en-US")
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/v1/docs/")
    expect(page.locator(".swagger-ui .info")).to_contain_text("Hansang")
    operation = page.locator(".swagger-ui .opblock").first
    operation.locator(".opblock-summary-control").click()
    expect(operation.locator(".responses-table")).to_be_visible()
    assert errors == []
    assert [url for url in asked if not url.startswith((live_server_processes, "data:"))] == []
