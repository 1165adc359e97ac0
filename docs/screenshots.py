"""The pictures of the README, taken from the running product: `make screenshots`.

Starts everything in a temporary folder and photographs what a guest, the kitchen and the owner see.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
PASSWORD = "hansang"  # noqa: S105  of the demo logins


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hansang-pictures-") as folder:
        port = free_port()
        product, banner = start(Path(folder), port)
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(
                    executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
                    args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
                )
                photograph(browser, f"http://127.0.0.1:{port}", guest_link(banner))
        finally:
            product.send_signal(signal.SIGINT)
            product.wait(30)


def free_port() -> int:
    """A port whose successor (the live process's) is most likely free, too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(folder: Path, port: int) -> tuple[subprocess.Popen[str], str]:
    """`manage.py up` in a folder of its own; returns when it said "ready"."""
    env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "DATABASE_URL": "", "REDIS_URL": ""}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    )
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if "ready" in line.lower():
            return process, said
    raise SystemExit(f"it did not start:\n{said}")


def guest_link(banner: str) -> str:
    found = re.search(r"/t/[0-9a-z]+/", banner)
    if not found:
        raise SystemExit("the banner names no guest link")
    return found[0]


def photograph(browser: Browser, base: str, link: str) -> None:
    phone = page_of(browser, PHONE, "ko-KR")
    phone.goto(base + link)
    phone.locator("body[data-ws=open]").wait_for(state="attached")
    phone.screenshot(path=PICTURES / "phone.png")
    for locale, name in (("en-US", "phone-en"), ("zh-CN", "phone-zh"), ("ja-JP", "phone-ja")):
        other = page_of(browser, PHONE, locale)
        other.goto(base + link)
        other.wait_for_load_state("networkidle")
        other.screenshot(path=PICTURES / f"{name}.png")
    board = page_of(browser, DESK, "ko-KR")
    sign_in(board, f"{base}/staff/login/", "owner")
    board.goto(f"{base}/staff/hansang/")
    board.locator(".start .btn.primary").click()
    board.locator("article").first.wait_for()
    board.screenshot(path=PICTURES / "board.png")
    admin = page_of(browser, DESK, "ko-KR")
    sign_in(admin, f"{base}/admin/login/", "owner")
    admin.goto(f"{base}/admin/")
    admin.wait_for_load_state("networkidle")
    admin.screenshot(path=PICTURES / "admin.png")


def page_of(browser: Browser, size: dict[str, int], locale: str) -> Page:
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]
        locale=locale,
        timezone_id="Asia/Seoul",
        device_scale_factor=2 if size is PHONE else 1,
        reduced_motion="reduce",
    )
    return context.new_page()


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(address)
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
