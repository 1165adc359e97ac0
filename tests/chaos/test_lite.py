"""Processes die and Redis forgets while guests order; at the end every table must tell one story.

The long version runs outside the test suite; this one takes a minute, at most two.
"""

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from uuid import uuid4

import httpx
import pytest
import redis

from tests.flows.clients import Board, Json, Phone, eventually
from tests.flows.truth import Truth
from tests.stack import Stack

pytestmark = pytest.mark.processes

ORDERS, PHONES = 40, 4
SECONDS = 75.0
# A worker starts in a second or two, on a busy machine in more. It may die fewer times than a fact is tried.
LONGEST_START, MOST_KILLS = 15.0, 7
# A lease that its worker took to the grave runs out, and the last retry of what failed meanwhile.
HEALING_SECONDS = 45.0

OF_ORDERS = {
    "an order without exactly one order.placed": """
        SELECT o FROM unnest(%s::text[]) o WHERE 1 <> (SELECT count(*) FROM events_event
        WHERE topic = 'order.placed' AND payload->>'order_id' = o)""",
    "an order without exactly one bill": """
        SELECT o FROM unnest(%s::text[]) o WHERE 1 <> (SELECT count(*) FROM payments_bill
        WHERE order_id = o::uuid)""",
    "a bill that is not what was ordered": """
        SELECT o FROM unnest(%s::text[]) o WHERE (SELECT total FROM orders_order WHERE id = o::uuid) <>
        (SELECT sum(l.total) FROM payments_billline l WHERE l.order_id = o::uuid)""",
    "a submitted order without exactly one alarm": """
        SELECT o FROM unnest(%s::text[]) o WHERE
        (SELECT count(*) FROM orders_order WHERE id = o::uuid AND submitted_at IS NOT NULL) <>
        (SELECT count(*) FROM notifications_notification
         WHERE subject_id = o::uuid AND kind = 'order_submitted' AND channel LIKE 'store:%%')""",
    "a paid order that nobody cooks": """
        SELECT o FROM unnest(%s::text[]) o JOIN orders_order r ON r.id = o::uuid
        JOIN payments_payment p ON p.order_id = r.id AND p.state = 'captured' WHERE r.submitted_at IS NULL""",
}
OF_ALL = {
    "a captured payment without exactly one capture in the ledger": """
        SELECT p.id FROM payments_payment p WHERE p.state = 'captured' AND 1 <> (
        SELECT count(*) FROM payments_ledgerentry e WHERE e.payment_id = p.id AND e.kind = 'capture')""",
    "a channel with a gap": """
        SELECT c.name FROM notifications_channel c JOIN notifications_notification n ON n.channel = c.name
        GROUP BY c.name HAVING max(n.seq) - min(n.seq) + 1 <> count(*) OR max(n.seq) <> max(c.last_seq)""",
    "an order twice in its store's day": """
        SELECT store_id FROM orders_order GROUP BY store_id, business_day, number HAVING count(*) > 1""",
}


@pytest.fixture
def phones(stack: Stack, truth: Truth, board: Board, phone_at: Callable[..., Phone]) -> list[Phone]:
    """Phones at as many tables of the pay-first store."""
    tokens = truth.tokens("hansang")[-PHONES:]
    truth.clear(board, tokens)
    return [phone_at(token) for token in tokens]


class Trouble:
    """Kills the worker in the middle of its work, empties Redis, and kills the web process once.

    It works on the thread of the test: a child of ours ends with the thread that started it.
    """

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.halfway = threading.Event()
        self.kills = 0
        self.dice = random.Random(7)

    def go_on_until(self, jobs: Sequence[Future[list[Json]]]) -> None:
        web_may_live = True
        while self._sees_work_before_the_end(jobs):
            if self.kills < MOST_KILLS:
                self._restart("worker")
                self._forget()
            if web_may_live and self.halfway.is_set():
                web_may_live = False
                self._restart("web")

    def _sees_work_before_the_end(self, jobs: Sequence[Future[list[Json]]]) -> bool:
        """Lets the worker start and take something up, else nothing would ever be in its hands."""
        before, enough = self._handled(), time.monotonic() + LONGEST_START
        while wait(jobs, timeout=self.dice.uniform(0.02, 0.5)).not_done:
            if self._handled() > before or time.monotonic() > enough:
                return True
        return False

    def _handled(self) -> int:
        return int(self.stack.sql("SELECT count(*) FROM events_delivery WHERE status = 2")[0][0])

    def _restart(self, name: str) -> None:
        self.stack.kill(name)
        self.kills += 1
        time.sleep(self.dice.uniform(0, 0.5))
        self.stack.start(name)

    def _forget(self) -> None:
        # The server may be shared: only what belongs to these processes.
        with redis.Redis.from_url(self.stack.env["REDIS_URL"]) as client:
            client.flushdb()


def test_nothing_is_lost_or_doubled_while_processes_die(
    stack: Stack, phones: list[Phone], truth: Truth
) -> None:
    trouble, deadline = Trouble(stack), time.monotonic() + SECONDS
    with ThreadPoolExecutor(PHONES) as pool:
        jobs = [pool.submit(_dine, phone, trouble, deadline) for phone in phones]
        trouble.go_on_until(jobs)
    orders = [order for job in jobs for order in job.result()]
    stack.wait_until_ready()
    assert len(orders) == ORDERS and trouble.kills > 2
    truth.settle(HEALING_SECONDS)
    eventually(lambda: not truth.imbalance(), HEALING_SECONDS)  # a lost webhook is asked for
    truth.settle(HEALING_SECONDS)
    ids = [order["id"] for order in orders]
    assert len(set(ids)) == len(ids)
    for what, query in OF_ORDERS.items():
        assert not truth.rows(query, ids), what
    for what, query in OF_ALL.items():
        assert not truth.rows(query), what
    assert (
        truth.one("SELECT count(*) FROM orders_order WHERE tab_id = ANY(%s::uuid[])", _tabs(phones)) == ORDERS
    )


def _tabs(phones: list[Phone]) -> list[str]:
    return [phone.tab_id for phone in phones]


def _dine(phone: Phone, trouble: Trouble, deadline: float) -> list[Json]:
    """A phone's share of the orders; every third is paid. Repeats with the same key, as phones do."""
    orders = []
    for number in range(ORDERS // PHONES):
        order = _insist(lambda key: phone.send(phone.line(number % 3), key=key), deadline)  # noqa: B023
        orders.append(order)
        if number % 3 == 0:
            wish = {"method": "sandbox", "order_id": order["id"]}
            path = f"{phone.path}payments/"
            payment = _insist(lambda key: phone.post(path, wish, key=key), deadline)  # noqa: B023
            assert payment["next"], payment
            _approve(phone, payment, deadline)
        if number * 2 >= ORDERS // PHONES:
            trouble.halfway.set()
    return orders


def _insist(ask: Callable[[str], httpx.Response], deadline: float) -> Json:
    """Asks with one key until the answer is yes; only what a phone would repeat is repeated."""
    key = uuid4().hex
    while True:
        assert time.monotonic() < deadline, "the guests gave up"
        try:
            response = ask(key)
        except httpx.TransportError:
            time.sleep(0.3)
            continue
        if response.status_code in (200, 201):
            return response.json()
        retry = response.status_code >= 500 or "bill-not-ready" in response.text
        assert retry, f"{response.status_code} {response.text[:500]}"
        time.sleep(0.3)


def _approve(phone: Phone, payment: Json, deadline: float) -> None:
    while True:
        assert time.monotonic() < deadline, "the wallet's page was gone for too long"
        try:
            if phone.decide(payment).status_code < 500:
                return
        except (httpx.TransportError, AssertionError):
            pass
        time.sleep(0.3)
