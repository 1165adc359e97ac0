"""docs/splitting.md by its commands: payments move out of a restaurant that is full of guests."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from config.supervisor.fleet import QUEUES, worker_command
from config.supervisor.processes import stop_all
from tests.databases import beside, is_split_run
from tests.flows.clients import Board, Json, Phone, eventually, ok
from tests.flows.truth import Truth
from tests.stack import Stack, recreate_database, running_stack

REDIS_DATABASE = 13
_PAID_ONCE = "SELECT count(*) FROM payments_payment WHERE order_id = %s AND state = 'captured'"
_LEDGER = "SELECT coalesce(sum(amount), 0)::bigint FROM payments_ledgerentry"


def _owes(phone: Phone, order: Json) -> bool:
    return bool(phone.bill(order)["due"] == order["total"])


def _stop(stack: Stack) -> None:
    stop_all(list(stack.children.values()), 15)


def _move(stack: Stack, context: str, own: str) -> None:
    stack.env[f"{context.upper()}_DATABASE_URL"] = own
    stack.manage("migrate", "--database", context, "-v0")
    stack.manage("move_context", context)


def _start_apart(stack: Stack, context: str) -> None:
    """The same processes, and a worker that takes only this context's queue and the relay's."""
    for name, child in stack.children.items():
        child.env = dict(stack.env)
        if name == "worker":
            child.command = worker_command(QUEUES.replace(f"{context},", ""))
        stack.start(name)
    stack.add(f"{context}-worker", worker_command(f"{context},relay", concurrency=1))
    stack.wait_until_ready()


@pytest.mark.skipif(is_split_run(), reason="it starts from one database")
def test_payments_move_into_their_own_database_and_nothing_is_lost(tmp_path: Path) -> None:
    with running_stack(tmp_path, "move", REDIS_DATABASE) as stack:
        truth = Truth(stack)
        tokens = truth.tokens("hansang")
        board = Board(stack.base_url, "owner", "hansang", truth.store_id("hansang"))
        phones = [Phone(stack.base_url, token).join() for token in tokens[:4]]
        paid = phones[0].order_and_pay()
        waiting = phones[1].order()
        half_way = phones[2].order()
        phones[2].bill(half_way)
        key = "a-payment-in-the-night-of-the-move"
        begun = ok(phones[2].start_payment({"order_id": half_way["id"]}, key=key), 201)
        # The queue is not quiet: nobody has written this order's bill yet when everything stops.
        stack.kill("sweeper")
        stack.kill("worker")
        unheard = phones[3].order()
        kept = truth.one(_LEDGER)

        _stop(stack)
        own = beside(stack.env["DATABASE_URL"], "payments")
        recreate_database(own)
        _move(stack, "payments", own)
        assert stack.sql("SELECT 1 FROM events_delivery WHERE context = 'payments' AND status = 0")
        assert truth.one(_LEDGER) == kept
        _start_apart(stack, "payments")

        # What was begun before ends behind the move, by the same key and the same bill.
        again = ok(phones[2].start_payment({"order_id": half_way["id"]}, key=key), 201)
        assert again["id"] == begun["id"]
        phones[2].decide(begun)
        for phone, order in ((phones[1], waiting), (phones[3], unheard)):
            eventually(partial(_owes, phone, order))
            phone.pay(order_id=order["id"])
        new = phones[0].order_and_pay()
        everything = ((0, paid), (1, waiting), (2, half_way), (3, unheard), (0, new))
        for number, order in everything:
            phones[number].wait_for(order, "submitted")
        truth.settle()
        for _number, order in everything:
            assert truth.one(_PAID_ONCE, order["id"]) == 1
            assert truth.events("order.submitted", order_id=order["id"]) == 1
            assert truth.events("bill.paid", order_id=order["id"]) == 1
        assert truth.one(_LEDGER) == kept + sum(order["total"] for _number, order in everything[1:])
        truth.require_balance()
        _requires_the_switch(stack)
        board.close()
        for phone in phones:
            phone.close()


def _requires_the_switch(stack: Stack) -> None:
    """The old place is closed: whoever still has the old settings fails there instead of writing."""
    gone = "SELECT to_regclass('public.payments_payment'), to_regclass('moved_payments.payments_payment')"
    old = {name: text for name, text in stack.env.items() if name != "PAYMENTS_DATABASE_URL"}
    (public, moved) = Stack(stack.folder, stack.port, old).sql(gone)[0]
    assert public is None and moved is not None
    assert httpx.get(f"{stack.base_url}/readyz").status_code == 200
