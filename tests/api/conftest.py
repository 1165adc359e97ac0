"""A restaurant, a phone, and for the fuzzer a real web server over a database of its own."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from config.supervisor.fleet import web_command
from config.supervisor.processes import Child, stop_all
from tests.orders.conftest import phone, restaurant  # noqa: F401
from tests.ports import free_port
from tests.stack import ROOT, Stack, environment, recreate_databases

REDIS_DATABASE = 12
CSRF = secrets.token_hex(16)

SIGN_IN = """
from django.test import Client
from stores.models import StaffMembership
row = StaffMembership.objects.filter(role="owner").order_by("store__created_at").first()
client = Client()
client.force_login(row.user)
print(client.cookies["sessionid"].value)
"""
DELIVER = "from events.sweeper import deliver_backlog; deliver_backlog()"


@dataclass
class Caller:
    """What a caller sends with every request, and ids that exist."""

    base_url: str
    cookies: dict[str, str]
    ids: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        return {"X-CSRFToken": self.cookies.get("csrftoken", CSRF), "Idempotency-Key": secrets.token_hex(8)}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method, f"{self.base_url}/api/v1/{path}", json=body, cookies=self.cookies, headers=self.headers,
            timeout=20,
        )  # fmt: skip
        assert answer.ok, answer.text
        self.cookies.update({name: value or "" for name, value in answer.cookies.get_dict().items()})
        return answer.json()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Granian with the demo store; nothing but the web server runs."""
    folder = tmp_path_factory.mktemp("api")
    port = free_port()
    running = Stack(folder, port, environment(folder, port, "api", REDIS_DATABASE))
    recreate_databases(running.env)
    running.manage("prepare", "--no-demo")
    running.manage("load_demo", "--no-history")
    running.manage("shell", "-v", "0", "-c", DELIVER)
    web = Child("web", web_command("127.0.0.1", port), folder / "web.log", env=running.env, cwd=ROOT)
    running.children["web"] = web
    web.start()
    try:
        running.wait_until_ready()
        yield running
    finally:
        stop_all([web], 15)


@pytest.fixture(scope="session")
def guest(server: Stack) -> Caller:
    """A phone whose table has an order and a call."""
    token = server.tokens()[0]
    caller = Caller(server.base_url, {}, {"token": token})
    tab = caller.ask("post", f"t/{token}/join/", {})["tab"]
    page = caller.ask("get", f"t/{token}/")
    order = _order(caller, page)
    caller.ids |= {
        "store_id": page["store"]["id"],
        "table_id": page["table"]["id"],
        "tab_id": tab["id"],
        "order_id": order["id"],
        "line_id": order["lines"][0]["id"],
        "item_id": order["lines"][0]["item_id"],
        "call_id": caller.ask("post", f"t/{token}/calls/", {"kind": "water", "note": ""})["id"],
        "seq": 1,
    }
    return caller


def _order(caller: Caller, page: dict[str, Any]) -> Any:
    items = [item for section in page["menu"]["sections"] for item in section["items"]]
    plain = next(
        item for item in items
        if not item["sold_out"] and not any(group["required"] for group in item["option_groups"])
    )  # fmt: skip
    line = {"item_id": plain["id"], "quantity": 1, "options": [], "note": ""}
    body = {"menu_version": page["menu"]["version"], "lines": [line]}
    return caller.ask("post", f"t/{caller.ids['token']}/orders/", body)


@pytest.fixture(scope="session")
def owner_caller(server: Stack, guest: Caller) -> Caller:
    """The owner of the guest's store, signed in."""
    session = server.manage("shell", "-v", "0", "-c", SIGN_IN).split()[-1]
    return Caller(server.base_url, {"sessionid": session, "csrftoken": CSRF}, guest.ids)


@pytest.fixture(scope="session")
def anonymous(server: Stack) -> Caller:
    """Nobody, who guesses ids."""
    return Caller(server.base_url, {}, {})
