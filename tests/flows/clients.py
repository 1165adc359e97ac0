"""A guest's phone and the staff's board, from outside: HTTP and sockets, nothing of the product's code."""

import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

Json = dict[str, Any]
PATIENCE = 30.0


def eventually(question: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """The first answer that is true: other processes work, there is nothing to wait on but the clock."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, f"it did not come true within {seconds:.0f} s"
        time.sleep(0.1)
    return answer


class Socket:
    """An open socket that keeps its frames."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Json] = []

    def hello(self, resume_from: int | None = None) -> "Socket":
        self.connection.send(json.dumps({"resume_from": resume_from, "device": uuid4().hex}))
        self.until(lambda frame: frame["type"] == "ready")
        return self

    def until(self, condition: Callable[[Json], bool], seconds: float = PATIENCE) -> Json:
        """The first frame, heard already or still to come, that satisfies the condition."""
        for frame in self.frames:
            if condition(frame):
                return frame
        deadline = time.monotonic() + seconds
        while True:
            frame = json.loads(self.connection.recv(timeout=max(0.1, deadline - time.monotonic())))
            self.frames.append(frame)
            if condition(frame):
                return frame

    def told(self, kind: str, **fields: Any) -> Json:
        """The notification of this kind whose data has these fields."""

        def fits(frame: Json) -> bool:
            if frame["type"] != "notification" or frame["data"]["kind"] != kind:
                return False
            return fields.items() <= frame["data"]["data"].items()

        return self.until(fits)["data"]

    def acked(self, seq: int) -> Json:
        return self.until(lambda frame: frame["type"] == "acked" and frame["seq"] == seq)

    def closed_with(self, seconds: float = PATIENCE) -> int:
        """Reads on until the server closes; the close code."""
        try:
            while True:
                self.connection.recv(timeout=seconds)
        except ConnectionClosed as end:
            assert end.rcvd is not None
            return end.rcvd.code


class Caller:
    """Cookies, the CSRF token and sockets of one browser."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(base_url=base_url, timeout=30)
        self.sockets: list[Socket] = []

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """A call of the API; `path` below /api/v1/."""
        token = self.http.cookies.get("csrftoken") or ""
        headers = {"X-CSRFToken": token, "Origin": self.base_url, **headers}
        return self.http.request(method, f"/api/v1/{path}", json=body, headers=headers)

    def get(self, path: str) -> httpx.Response:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", path, {} if body is None else body, **headers)

    def connect(self, path: str, resume_from: int | None = None) -> Socket:
        port = int(self.base_url.rpartition(":")[2]) + 1
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.http.cookies.jar)
        connection = connect(
            f"ws://127.0.0.1:{port}{path}",
            additional_headers={"Cookie": cookies},
            origin=Origin(self.base_url),
            legacy=True,
        )
        self.sockets.append(Socket(connection))
        return self.sockets[-1].hello(resume_from)

    def close(self) -> None:
        for socket in self.sockets:
            socket.connection.close()
        self.http.close()


def ok(response: httpx.Response, *statuses: int) -> Any:
    """The answer's JSON; anything but success is shown."""
    assert response.status_code in (statuses or (200, 201)), f"{response.status_code} {response.text[:2000]}"
    return response.json()


def problem(response: httpx.Response, status: int, code: str = "") -> Json:
    """The refusal's body: RFC 9457, with this status and code."""
    assert response.status_code == status, f"{response.status_code} {response.text[:2000]}"
    body: Json = response.json()
    assert not code or body["type"] == f"urn:hansang:problem:{code}", body
    return body


class Phone(Caller):
    """A guest's phone at the table behind `token`."""

    def __init__(self, base_url: str, token: str) -> None:
        super().__init__(base_url)
        self.token = token
        self.page: Json = {}
        self.guest: Json = {}
        self.tab_id = ""

    @property
    def path(self) -> str:
        return f"t/{self.token}/"

    def join(self) -> "Phone":
        joined = ok(self.post(f"{self.path}join/"))
        self.guest, self.tab_id = joined["guest"], joined["tab"]["id"]
        return self.look()

    def look(self) -> "Phone":
        """Loads the page's data; a cookie that has grown stale is renewed by it."""
        self.page = ok(self.get(self.path))
        return self

    def listen(self) -> Socket:
        return self.connect(f"/ws/{self.path}", resume_from=0)

    @property
    def dishes(self) -> list[Json]:
        """What can be had, without what needs a choice."""
        items = [item for section in self.page["menu"]["sections"] for item in section["items"]]
        return [item for item in items if not item["sold_out"] and not _needs_choice(item)]

    def line(self, index: int = 0, quantity: int = 1, **extra: Any) -> Json:
        return {"item_id": self.dishes[index]["id"], "quantity": quantity, "options": [], "note": "", **extra}

    def send(self, *lines: Json, key: str = "", **extra: Any) -> httpx.Response:
        body = {"menu_version": self.page["menu"]["version"], "lines": list(lines) or [self.line()], **extra}
        return self.post(f"{self.path}orders/", body, key=key or uuid4().hex)

    def order(self, *lines: Json, **extra: Any) -> Json:
        return ok(self.send(*lines, **extra), 201)

    def see(self, order: Json) -> Json:
        return ok(self.get(f"orders/{order['id']}/"))

    def wait_for(self, order: Json, status: str) -> Json:
        return eventually(lambda: (seen := self.see(order))["status"] == status and seen)

    def bills(self) -> list[Json]:
        return ok(self.get(f"{self.path}bill/"))["bills"]

    def bill(self, order: Json | None = None) -> Json:
        """The order's bill, or the tab's, as soon as it is written."""
        wanted = order["id"] if order else None
        return eventually(lambda: next((b for b in self.bills() if b["order_id"] == wanted), None))

    def start_payment(self, body: Json, key: str = "") -> httpx.Response:
        """As the phone does: a bill still under way is asked for again with the same key."""
        key, deadline = key or uuid4().hex, time.monotonic() + PATIENCE
        while True:
            response = self.post(f"{self.path}payments/", {"method": "sandbox", **body}, key=key)
            if "bill-not-ready" not in response.text or time.monotonic() > deadline:
                return response
            time.sleep(0.2)

    def open_wallet(self, payment: Json) -> str:
        """Opens the wallet's page, and returns what its form says besides the button."""
        page = self.http.get(payment["next"]["url"])
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert hidden, page.text[:500]
        return hidden[1]

    def decide(self, payment: Json, action: str = "approve", opened: str = "") -> httpx.Response:
        """Presses a button on the wallet's page, which may have been `opened` before."""
        form = {"action": action, "csrfmiddlewaretoken": opened or self.open_wallet(payment)}
        return self.http.post(payment["next"]["url"], data=form, headers={"Origin": self.base_url})

    def pay(self, action: str = "approve", **body: Any) -> Json:
        """Pays; only the webhook tells the shop, as if the phone had been put away."""
        payment = ok(self.start_payment(body), 201)
        self.decide(payment, action)
        return payment

    def order_and_pay(self, *lines: Json) -> Json:
        order = self.order(*lines)
        self.pay(order_id=order["id"])
        return self.wait_for(order, "submitted")


class Board(Caller):
    """A member of staff, signed in."""

    def __init__(self, base_url: str, username: str, slug: str, store_id: str) -> None:
        super().__init__(base_url)
        self.slug, self.store_id = slug, store_id
        page = self.http.get("/staff/login/")
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert hidden, page.text[:500]
        form = {"username": username, "password": "hansang", "csrfmiddlewaretoken": hidden[1]}
        answer = self.http.post("/staff/login/", data=form, headers={"Origin": base_url})
        assert answer.status_code == 302, answer.text[:500]

    @property
    def path(self) -> str:
        return f"stores/{self.store_id}/"

    def listen(self) -> Socket:
        return self.connect(f"/ws/staff/{self.slug}/")

    def step(self, order: Json, step: str, body: Json | None = None) -> Json:
        return ok(self.post(f"{self.path}orders/{order['id']}/{step}/", body))

    def accept(self, order: Json, minutes: int = 15) -> Json:
        return self.step(order, "accept", {"minutes": minutes})

    def board(self) -> Json:
        return ok(self.get(f"{self.path}board/"))

    def table(self, name: str) -> Json:
        return next(table for table in self.board()["tables"] if table["name"] == name)

    def bills(self, tab_id: str) -> list[Json]:
        return ok(self.get(f"{self.path}tabs/{tab_id}/bill/"))["bills"]

    def close_tab(self, tab_id: str, reason: str = "") -> httpx.Response:
        return self.post(f"{self.path}tabs/{tab_id}/close/", {"reason": reason})

    def take_cash(self, tab_id: str, **body: Any) -> httpx.Response:
        path = f"{self.path}tabs/{tab_id}/counter-payments/"
        return self.post(path, {"method": "cash", **body}, key=uuid4().hex)


def _needs_choice(item: Json) -> bool:
    return any(group["required"] or group["min"] for group in item["option_groups"])
