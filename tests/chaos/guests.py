"""Guests who order and pay without end, staff who cook, boards that listen: all from outside, on threads.

They do what phones do when something fails: ask again, with the same key, until the answer is yes or no.
"""

import contextlib
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from websockets.exceptions import WebSocketException

from tests.flows.clients import Board, Json, Phone

PATIENCE_SECONDS = 300.0
RETRY_SECONDS = 0.3
SILENCE_SECONDS = 12.0
# What a phone repeats although the server answered.
REPEATED = ("bill-not-ready", "gateway-unavailable")
Ask = Callable[[str], httpx.Response]


@dataclass
class Diary:
    """What the outside world knows: what it ordered, and what it was answered."""

    orders: dict[str, int] = field(default_factory=dict)  # id -> number of lines
    answers: Counter[str] = field(default_factory=Counter)
    unclear: list[str] = field(default_factory=list)
    under_way: int = 0
    twice: int = 0  # wishes of guests
    steps_twice: int = 0  # of staff
    disagreements: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Counts who waits for an answer."""
        with self.lock:
            self.under_way += 1
        try:
            yield
        finally:
            with self.lock:
                self.under_way -= 1

    def note(self, response: httpx.Response) -> None:
        """Counts the answer; a failure that is no clear "try again" is kept."""
        with self.lock:
            self.answers[_name(response)] += 1
        if response.status_code >= 500 and not _says_try_again(response):
            self.unclear.append(f"{response.request.url.path}: {response.status_code} {response.text[:300]}")


def _name(response: httpx.Response) -> str:
    """The status; with the reason where the server says "not now"."""
    if response.status_code != 503 or not response.text.startswith("{"):
        return str(response.status_code)
    return f"503 {response.json()['type'].rpartition(':')[2]}"


def _says_try_again(response: httpx.Response) -> bool:
    return response.status_code == 503 and "Retry-After" in response.headers


class GaveUp(Exception):
    """Nobody waits this long."""


class Patience:
    """So many seconds of waiting; a machine that stood still meanwhile counts for one."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.looked_at = time.monotonic()

    def lasts(self) -> bool:
        now = time.monotonic()
        self.left -= min(now - self.looked_at, 1.0)
        self.looked_at = now
        return self.left > 0


class Bound:
    """So many seconds for the run as a whole, whatever it waits for."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.started = time.monotonic()

    @property
    def taken(self) -> float:
        return time.monotonic() - self.started

    @property
    def holds(self) -> bool:
        return self.taken <= self.seconds

    def broken_by(self, what: str) -> str:
        """What to say then."""
        return f"the whole run took more than {self.seconds:.0f} s; it was at: {what}"


class Guest:
    """One phone at one table."""

    def __init__(self, base_url: str, token: str, diary: Diary, dice: random.Random, pause: float) -> None:
        self.phone = Phone(base_url, token)
        self.diary = diary
        self.dice = dice
        self.pause = pause
        self.twin = ThreadPoolExecutor(2)

    def go_on_until(self, closing: threading.Event) -> None:
        """Orders again and again; the order it is at is brought to its end."""
        while not closing.is_set():
            self.dine()
            closing.wait(self.pause * self.dice.uniform(0.5, 1.5))
        self.phone.close()
        self.twin.shutdown()

    def dine(self) -> None:
        if not self.phone.page:
            self._insist(lambda key: self._join())
        lines = [self.phone.line(self.dice.randrange(3)) for _ in range(self.dice.randint(1, 3))]
        order = self._insist(lambda key: self.phone.send(*lines, key=key))
        self.diary.orders[order["id"]] = len(lines)
        fate = self.dice.random()
        if fate > 0.06:
            self._pay(order)
        if fate < 0.15:  # before or after the money arrived
            self._ask_on(lambda key: self.phone.post(f"orders/{order['id']}/cancel/", key=key))

    def _join(self) -> httpx.Response:
        response = self.phone.post(f"{self.phone.path}join/")
        if response.status_code == 200:
            self.diary.note(response)
            response = self.phone.get(self.phone.path)
            self.phone.page = response.json() if response.status_code == 200 else {}
        return response

    def _pay(self, order: Json) -> None:
        wish = {"method": "sandbox", "order_id": order["id"]}
        payment = self._insist(lambda key: self.phone.post(f"{self.phone.path}payments/", wish, key=key))
        assert payment["next"], payment
        scenario = "noisy_webhooks" if self.dice.random() < 0.3 else "approve"
        self._ask_on(lambda key: self._decide(payment["next"]["url"], scenario))

    def _decide(self, url: str, scenario: str) -> httpx.Response:
        """Presses the wallet's button; a page without it says that it was pressed before."""
        http = self.phone.http
        page = http.get(url)
        hidden = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        if page.status_code != 200 or not hidden:
            return page
        form = {"action": scenario, "csrfmiddlewaretoken": hidden[1]}
        return http.post(url, data=form, headers={"Origin": self.phone.base_url})

    def _insist(self, ask: Ask) -> Json:
        """The answer to one wish, asked for with one key; sometimes twice at the same moment."""
        key = uuid4().hex
        copies = 2 if self.dice.random() < 0.2 else 1
        asked = [self.twin.submit(self._ask_on, ask, key) for _ in range(copies)]
        answers = [future.result() for future in asked]
        for answer in answers:
            assert answer.status_code in (200, 201), f"{answer.status_code} {answer.text[:500]}"
        found: list[Json] = [answer.json() for answer in answers]
        self.diary.twice += copies - 1
        if found[0].get("id") != found[-1].get("id"):
            self.diary.disagreements.append(f"{found[0]} and {found[-1]}")
        return found[0]

    def _ask_on(self, ask: Ask, key: str = "") -> httpx.Response:
        """Asks until there is an answer that a phone would take for one."""
        patience = Patience(PATIENCE_SECONDS)
        while patience.lasts():
            with self.diary.asking(), contextlib.suppress(httpx.TransportError):
                response = ask(key)
                self.diary.note(response)
                if response.status_code < 500 and not any(code in response.text for code in REPEATED):
                    return response
            time.sleep(RETRY_SECONDS)
        raise GaveUp("the guests gave up")


class Cook:
    """Staff at the board: takes every order, cooks it, brings it; sometimes two tap at the same moment."""

    STEPS = {"submitted": "accept", "accepted": "ready", "in_progress": "ready", "ready": "served"}

    def __init__(self, board: Board, diary: Diary, dice: random.Random) -> None:
        self.board = board
        self.diary = diary
        self.dice = dice
        self.twin = ThreadPoolExecutor(2)

    def go_on_until(self, closing: threading.Event) -> None:
        while not closing.wait(0.4):
            with contextlib.suppress(httpx.TransportError):
                self._work_off()
        self.twin.shutdown()

    def _work_off(self) -> None:
        seen = self.board.get(f"{self.board.path}board/")
        self.diary.note(seen)
        for ticket in seen.json()["tickets"][:12] if seen.status_code == 200 else []:
            self._take(ticket["id"], self.STEPS[ticket["status"]])

    def _take(self, order: str, step: str) -> None:
        """A refusal means that the step was taken: by us, by the other one, or by the guest."""
        body = {"minutes": 10} if step == "accept" else {}
        copies = 2 if self.dice.random() < 0.2 else 1
        path = f"{self.board.path}orders/{order}/{step}/"
        asked = [self.twin.submit(self.board.post, path, body) for _ in range(copies)]
        wait(asked)
        self.diary.steps_twice += copies - 1
        for future in asked:
            self.diary.note(future.result())


class Listener:
    """A board's socket: connects again and again, says what it knows, and keeps every number it hears."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.heard: list[int] = []
        self.connected = 0
        self.ready = threading.Event()

    def go_on_until(self, closing: threading.Event) -> None:
        while not closing.is_set():
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                self._listen(closing)
            self.ready.clear()
            closing.wait(RETRY_SECONDS)

    def _listen(self, closing: threading.Event) -> None:
        try:
            last = self.heard[-1] if self.heard else None
            socket = self.board.connect(f"/ws/staff/{self.board.slug}/", last)
            self.connected += 1
            self.ready.set()
            while True:
                self.heard += [frame["seq"] for frame in socket.frames if frame["type"] == "notification"]
                socket.frames.clear()
                if closing.is_set():
                    return
                # A heartbeat comes every few seconds: who hears nothing has lost the line.
                socket.frames.append(json.loads(socket.connection.recv(timeout=SILENCE_SECONDS)))
        finally:
            while self.board.sockets:
                self.board.sockets.pop().connection.close()
