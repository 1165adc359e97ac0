"""A wallet that never answers keeps nobody waiting but those it owes money."""

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from events.slots import SLOTS
from tests.flows.clients import Board, Phone, eventually
from tests.flows.truth import Truth
from tests.notifications.receiver import receiver
from tests.stack import running_stack

REDIS_DATABASE = 14
CALLERS = ("worker", "outside", "sweeper")
_REGISTER = """
from notifications.webhooks.services import register_address
register_address(store_id="{store}", url="{url}", topics=["order.submitted"])
"""
_SENT = "SELECT count(*) FROM payments_refund WHERE state = 'sent'"


class Tarpit:
    """A server that takes every call and drips: no time limit between two bytes ever ends it."""

    def __init__(self) -> None:
        self.open, self.dry = 0, threading.Event()
        told = self

        class Handler(BaseHTTPRequestHandler):
            def drip(self) -> None:
                told.open += 1
                self.send_response(200)
                self.end_headers()
                while not told.dry.wait(0.5):
                    self.wfile.write(b" ")

            do_GET = do_POST = drip

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Callers are killed."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.dry.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def tarpit():  # type: ignore[no-untyped-def]
    pit = Tarpit()
    yield pit
    pit.close()


def test_alarms_and_webhooks_arrive_while_every_refund_hangs(tmp_path: Path, tarpit: Tarpit) -> None:
    with running_stack(tmp_path, "hung", REDIS_DATABASE) as stack, receiver() as outside:
        truth = Truth(stack)
        store, tokens = truth.store_id("hansang"), truth.tokens("hansang")
        phones = [Phone(stack.base_url, token).join() for token in tokens[: SLOTS + 3]]
        board = Board(stack.base_url, "owner", "hansang", store)
        paid = [phone.order_and_pay() for phone in phones]
        truth.settle()
        for name in CALLERS:
            stack.kill(name)
            stack.start(name, SANDBOX_WALLET_URL=tarpit.url, WEBHOOK_ALLOW_LOOPBACK="1")
        stack.manage("shell", "--no-imports", "-c", _REGISTER.format(store=store, url=outside.url))
        for order in paid:
            board.step(order, "reject", {"reason_code": "sold_out", "reason": "no rice left"})
        eventually(lambda: truth.one(_SENT) >= SLOTS and tarpit.open >= SLOTS)

        told = len(outside.calls)
        kitchen = board.listen()
        fresh = phones[0].order_and_pay()
        kitchen.told("order_submitted", order_id=fresh["id"])
        eventually(lambda: len(outside.calls) > told)
        # Every place for wallets is still taken, and whoever found none waits in the table. (The sweeper and
        # the reconciler may have tried one more each.)
        assert SLOTS <= truth.one(_SENT) < len(paid)

        tarpit.close()
        for name in CALLERS:
            stack.kill(name)
            stack.start(name, SANDBOX_WALLET_URL=stack.base_url)
        stack.sql("UPDATE events_delivery SET lease_until = now() WHERE status = 1")
        for phone, order in zip(phones, paid, strict=True):
            eventually(partial(_is_back, phone, order), 60)
        truth.settle()
        truth.require_balance()
        board.close()
        for phone in phones:
            phone.close()


def _is_back(phone: Phone, order: dict[str, object]) -> bool:
    refunds = phone.bill(order)["refunds"]
    return bool(refunds) and all(refund["state"] == "succeeded" for refund in refunds)
