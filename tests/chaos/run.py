"""One run: people order, faults come one after another, each recovery is timed, the tables are judged."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg

from tests.chaos import outside, paper
from tests.chaos.guests import Bound, Cook, Diary, Guest, Listener, Patience
from tests.chaos.outside import SLUG
from tests.chaos.proof import imbalance
from tests.chaos.servers import Servers, running_servers
from tests.chaos.tables import CONTEXTS, Tables
from tests.chaos.trouble.names import APPRENTICE, EFFECTS
from tests.flows.clients import Board
from tests.notifications.printer import FakePrinter
from tests.notifications.receiver import Receiver
from tests.ports import free_port
from tests.stack import Stack, environment_over, processes_of

RECOVERY_SECONDS = 240.0
# Webhooks that were lost are sent again or asked for within half a minute, then what follows from them.
FINISH_SECONDS = 300.0
# The whole of it, from the first server's start: the short form took a third of this on two cores that were
# busy with much else. The long one has its minutes on top.
WHOLE_SECONDS = 1800.0
GUESTS, BOARDS = 3, 2
FULL_DISK = "disk of PostgreSQL full"
# Nothing of ours is left in the kitchen or in the bank's hands.
_OPEN_ORDERS = (
    "SELECT count(*) FROM orders_order WHERE status NOT IN ('served','canceled','rejected','expired')"
)

_TOKENS = """
SELECT k.token FROM stores_tabletoken k JOIN stores_table t ON t.id = k.table_id
WHERE t.store_id = %s AND k.revoked_at IS NULL AND t.retired_at IS NULL ORDER BY t.position
"""
# Of what an owner's board hears.
_NEWEST = """
SELECT max(seq) FROM notifications_notification WHERE channel LIKE 'store:%' AND audience IN ('', 'owner')
"""


class Run:
    """The stack under chaos and everybody who uses it. Faults are injected on the thread that made it."""

    def __init__(
        self,
        stack: Stack,
        servers: Servers,
        told: Receiver,
        printer: FakePrinter,
        dice: random.Random,
        *,
        pause: float,
        is_long: bool,
        bound: Bound,
    ) -> None:
        self.bound = bound
        self.stack = stack
        self.outside = told
        self.paper = printer
        self.servers = servers
        self.dice = dice
        self.is_long = is_long
        self.apprentice = APPRENTICE
        self.tables = Tables(stack.env)
        self.diary = Diary()
        self.recoveries: dict[str, list[float]] = defaultdict(list)
        self.skipped: dict[str, str] = {}
        self.seconds = 0.0
        self._people(pause)

    @property
    def broker_url(self) -> str:
        """The queues of Celery, as a program beside the product would name them."""
        url = self.servers.redis_url.replace("unix://", "redis+socket://")
        return url.replace("?db=", "?virtual_host=")

    def _people(self, pause: float) -> None:
        store_id = str(self.tables.one("stores", "SELECT id FROM stores_store WHERE slug = %s", SLUG))
        boards = [Board(self.stack.base_url, "owner", SLUG, store_id) for _ in range(BOARDS + 1)]
        tokens = [row[0] for row in self.tables.rows("stores", _TOKENS, store_id)]
        self.guests = [
            Guest(self.stack.base_url, tokens[n], self.diary, random.Random(self.dice.random()), pause)
            for n in range(GUESTS)
        ]
        self.cook = Cook(boards[0], self.diary, random.Random(self.dice.random()))
        self.listeners = [Listener(board) for board in boards[1:]]
        self.boards = boards

    @contextmanager
    def open_restaurant(self) -> Iterator[None]:
        """People come, and go in order when the block ends: guests first, then the kitchen, boards last."""
        last_orders, closed = threading.Event(), threading.Event()
        started = time.monotonic()
        with ThreadPoolExecutor(GUESTS + BOARDS + 1) as pool:
            self.jobs: list[Future[None]] = []
            try:
                self.jobs += [pool.submit(guest.go_on_until, last_orders) for guest in self.guests]
                dining = list(self.jobs)
                self.jobs += [pool.submit(person.go_on_until, closed) for person in self._staff()]
                yield
                last_orders.set()
                self.until(lambda: all(job.done() for job in dining), FINISH_SECONDS, "the last orders")
                self._finish()
            finally:
                self.seconds = time.monotonic() - started
                last_orders.set()
                closed.set()
        for job in self.jobs:
            job.result()
        for board in self.boards:
            board.close()

    def _staff(self) -> list[Cook | Listener]:
        return [self.cook, *self.listeners]

    def _finish(self) -> None:
        """Everything that was begun comes to its end."""
        self.until(lambda: not self.tables.one("orders", _OPEN_ORDERS), FINISH_SECONDS, "every order's end")
        self.until(lambda: not self.tables.unfinished(), FINISH_SECONDS, "every delivery")
        self.until(lambda: not imbalance(self.tables), FINISH_SECONDS, "balanced books")
        self.until(lambda: not self.tables.unfinished(), FINISH_SECONDS, "every delivery")
        self.until(self._boards_know_all, 30, "the boards to hear the last alarm")

    def _boards_know_all(self) -> bool:
        newest = self.tables.one("notifications", _NEWEST)
        return all(each.heard and each.heard[-1] == newest for each in self.listeners)

    def until(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        """Waits for the condition while ended processes are started again; a dead server makes it false."""
        patience = Patience(seconds)
        while not self._holds(condition):
            self.stack.tend()
            for job in self.jobs:
                if job.done():
                    job.result()  # raises what ended it
            assert patience.lasts(), f"{what}: not within {seconds:.0f} s; {self._state()}"
            assert self.bound.holds, f"{self.bound.broken_by(what)}; {self._state()}"
            time.sleep(0.1)

    @staticmethod
    def _holds(condition: Callable[[], Any]) -> bool:
        try:
            return bool(condition())
        except psycopg.Error:
            return False

    def _state(self) -> str:
        try:
            return f"unfinished: {self.tables.stuck()}"
        except psycopg.Error as error:
            return str(error)

    def orders_since(self, count: int, seconds: float, since: int) -> None:
        """Waits until so many more orders were taken than `since`."""
        self.until(lambda: len(self.diary.orders) >= since + count, seconds, f"{count} more orders")

    def rule_out(self) -> None:
        """Notes what this machine does not let us do."""
        if not self.servers.small_disk:
            self.skipped[FULL_DISK] = "no right to mount a small disk (needs root)"

    def inject(self, kind: str, fault: Callable[["Run"], None]) -> float:
        """Runs a fault to its end and times the recovery: until what was told before is handled."""
        assert self.bound.holds, self.bound.broken_by(kind)
        fault(self)
        began = time.monotonic()
        self.until(lambda: bool(self.tables.now()), RECOVERY_SECONDS, "a database")
        moment = self.tables.now()
        self.until(lambda: not self.tables.unfinished(moment), RECOVERY_SECONDS, f"recovery from {kind}")
        taken = time.monotonic() - began
        self.recoveries[kind].append(taken)
        return taken


@contextmanager
def running_chaos(
    seed: int, *, pause: float, is_long: bool, split: bool = False, seconds: float = WHOLE_SECONDS
) -> Iterator[Run]:
    """Servers and processes of its own over the demo store, nobody there yet; `seconds` at most for all."""
    bound = Bound(seconds)
    with running_servers() as servers:
        stack = _stack(servers, split)
        stack.manage("prepare", "--no-demo")
        stack.manage("load_demo", "--no-history", "-v0")
        tables = Tables(stack.env)
        tables.everywhere(EFFECTS)
        tables.close()
        with (
            outside.registered(stack) as told,
            paper.plugged_in(stack) as printer,
            processes_of(stack),
        ):
            dice = random.Random(seed)
            yield Run(stack, servers, told, printer, dice, pause=pause, is_long=is_long, bound=bound)


def _stack(servers: Servers, split: bool) -> Stack:
    folder, port = servers.folder, free_port()
    moods = folder / "moods"
    moods.mkdir()
    env = environment_over(folder, port, servers.database_url, servers.redis_url)
    env |= {"DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "CHAOS_FOLDER": str(moods)}
    env["WEBHOOK_ALLOW_LOOPBACK"] = env["PRINTERS_ALLOW_LOOPBACK"] = "1"
    if split:
        env |= _databases(servers.database_url)
    return Stack(folder, port, env)


def _databases(url: str) -> dict[str, str]:
    """A database for every context but the stores: sessions refer to their people."""
    found = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for context in CONTEXTS[1:]:
            connection.execute(f"CREATE DATABASE chaos_{context}")  # type: ignore[arg-type]
            found[f"{context.upper()}_DATABASE_URL"] = url.replace("/hansang?", f"/chaos_{context}?")
    return found
