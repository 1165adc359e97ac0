"""Guests for the load: each scans a table of the demo store over HTTP, as a phone would."""

import http.client
import json
import re
from dataclasses import dataclass
from uuid import uuid4

from bench.load import request_bytes


@dataclass(frozen=True)
class Guest:
    token: str
    cookie: str
    csrf: str
    menu_version: int
    item_ids: list[str]

    def order_request(self) -> bytes:
        """A round of three dishes with a fresh idempotency key."""
        lines = [{"item_id": item, "quantity": 1, "options": [], "note": ""} for item in self.item_ids[:3]]
        body = json.dumps({"menu_version": self.menu_version, "lines": lines}).encode()
        headers = {"Cookie": self.cookie, "X-CSRFToken": self.csrf, "Idempotency-Key": str(uuid4())}
        return request_bytes("POST", f"/api/v1/t/{self.token}/orders/", headers, body)


def join(port: int, token: str) -> Guest:
    """POST join; raises SystemExit with the answer when the table cannot be joined."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    origin = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    connection.request("POST", f"/api/v1/t/{token}/join/", b"{}", origin)
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"join answered {answer.status}: {text[:300]!r}")
    cookies = dict(
        re.findall(r"^([^=]+)=([^;]+)", value)[0]
        for name, value in answer.getheaders()
        if name.lower() == "set-cookie"
    )
    connection.request("GET", f"/api/v1/t/{token}/")
    menu = json.loads(connection.getresponse().read())["menu"]
    plain = [
        item["id"]
        for section in menu["sections"]
        for item in section["items"]
        if not item["sold_out"] and not any(group["required"] for group in item["option_groups"])
    ]
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return Guest(token, cookie, cookies.get("csrftoken", ""), menu["version"], plain)
