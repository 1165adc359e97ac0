"""docs/splitting.md by its commands: contexts move out of a restaurant that is full of guests."""

from functools import partial
from pathlib import Path

import httpx
import pytest

from config.supervisor.fleet import QUEUES, worker_command
from config.supervisor.processes import stop_all
from tests.databases import CONTEXTS, beside, is_split_run
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


def _start_again(stack: Stack) -> None:
    for name, child in stack.children.items():
        child.env = dict(stack.env)
        stack.start(name)
    stack.wait_until_ready()


# Facts of a context, told before and after its move: one row after the other, without a gap.
_GAPS = """
SELECT stream FROM events_event WHERE source = %s GROUP BY 1
HAVING min(seq) <> 1 OR max(seq) <> count(*)
"""
_ALARMS = (
    "SELECT count(*) FROM notifications_notification WHERE kind = 'order_submitted' AND alarm "
    "AND subject_id = %s"
)
_SILENT = """
SELECT c.name FROM notifications_channel c LEFT JOIN notifications_notification n ON n.channel = c.name
GROUP BY c.name, c.last_seq HAVING count(n.id) <> c.last_seq
"""


@pytest.mark.skipif(is_split_run(), reason="it starts from one database")
def test_every_context_moves_one_after_the_other_and_nothing_is_lost(tmp_path: Path) -> None:
    """At the end each has its own database, and what was begun in the first one ends in the last."""
    with running_stack(tmp_path, "moveall", REDIS_DATABASE) as stack:
        truth = Truth(stack)
        store_id, tokens = truth.store_id("hansang"), truth.tokens("hansang")
        board = Board(stack.base_url, "owner", "hansang", store_id)
        phones = [Phone(stack.base_url, token).join() for token in tokens[:3]]
        first = phones[2].order_and_pay()
        board.accept(first)
        orders = [first]
        for context in CONTEXTS:
            orders += _dine_while_it_moves(stack, truth, board, phones, context)
        for step in ("ready", "served"):
            board.step(first, step)
        phones[2].wait_for(first, "served")
        _requires_listeners(board, phones[0])
        truth.settle()
        for order in orders:
            _requires_once(truth, order)
        for context in CONTEXTS:
            own = Stack(
                stack.folder, stack.port, {"DATABASE_URL": stack.env[f"{context.upper()}_DATABASE_URL"]}
            )
            assert own.sql(_GAPS, context) == []
        assert truth.rows(_SILENT) == []
        truth.require_balance()
        board.close()
        for phone in phones:
            phone.close()


def _dine_while_it_moves(
    stack: Stack, truth: Truth, board: Board, phones: list[Phone], context: str
) -> list[Json]:
    """One order is in the kitchen, one was heard by nobody; both end behind the move, and a new one."""
    cooking = phones[0].order_and_pay()
    stack.kill("sweeper")
    stack.kill("worker")
    unheard = phones[1].order()
    _stop(stack)
    own = beside(stack.env["DATABASE_URL"], context)
    recreate_database(own)
    _move(stack, context, own)
    _start_again(stack)
    board.accept(cooking)
    eventually(partial(_owes, phones[1], unheard))
    phones[1].pay(order_id=unheard["id"])
    new = phones[0].order_and_pay()
    phones[1].wait_for(unheard, "submitted")
    phones[0].wait_for(cooking, "accepted")
    return [cooking, unheard, new]


def _requires_once(truth: Truth, order: Json) -> None:
    for topic in ("order.placed", "order.submitted", "bill.paid", "payment.captured"):
        assert truth.events(topic, order_id=order["id"]) == 1, topic
    assert truth.one(_PAID_ONCE, order["id"]) == 1
    assert truth.one(_ALARMS, order["id"]) == 1


def _requires_listeners(board: Board, phone: Phone) -> None:
    """Menus and stores still tell orders what they change."""
    dish = phone.dishes[0]
    ok(board.post(f"{board.path}items/{dish['id']}/sold-out/", {"sold_out": True}))
    eventually(lambda: dish["id"] not in [each["id"] for each in phone.look().dishes])
    table = board.board()["tables"][-1]
    ok(board.post(f"{board.path}tables/{table['id']}/rotate-token/"))


def _requires_the_switch(stack: Stack) -> None:
    """The old place is closed: whoever still has the old settings fails there instead of writing."""
    gone = "SELECT to_regclass('public.payments_payment'), to_regclass('moved_payments.payments_payment')"
    old = {name: text for name, text in stack.env.items() if name != "PAYMENTS_DATABASE_URL"}
    (public, moved) = Stack(stack.folder, stack.port, old).sql(gone)[0]
    assert public is None and moved is not None
    assert httpx.get(f"{stack.base_url}/readyz").status_code == 200
