"""A paid table is unpaid again when money turns out not to be there, and only when something is owed."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from orders import services
from orders.models import Order, Tab
from payments.models import Payment
from payments.services.accounts import save_store_snapshot
from payments.services.complete_payment import apply_outcome
from payments.services.counter import Cashier, Till, take_counter_payment
from payments.services.refunds import reverse_counter_payment
from tests.orders.conftest import Phone, Restaurant
from tests.orders.menus import COLA, line, menu_document
from tests.payments.conftest import seen_at_gateway
from tests.queue import deliver_all, published, unfinished

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def served(restaurant: Restaurant, phone: Phone, board_of: Any) -> Order:
    """A meal on the table, not paid yet."""
    snapshot = {"name": "x", "language": "ko", "currency": "KRW"}
    save_store_snapshot(store_id=restaurant.store_id, version_number=1, snapshot=snapshot)
    order_id = phone.order().json()["id"]
    floor = board_of("floor")
    floor.accept(order_id)
    floor.post(f"orders/{order_id}/served/")
    deliver_all()
    return Order.objects.get()


def take_cash(order: Order) -> Payment:
    cashier = Cashier(uuid4(), "Mina")
    [payment] = take_counter_payment(
        store_id=order.store_id, tab_id=order.tab_id, till=Till("cash"), key=uuid4().hex, cashier=cashier
    )
    return payment


def take_back(payment: Payment) -> None:
    reverse_counter_payment(
        store_id=payment.store_id,
        payment_id=payment.id,
        reason="wrong table",
        actor_id=uuid4(),
        actor_name="Mina",
    )


def status() -> str:
    deliver_all()
    assert not [row for row in unfinished() if row.handler.startswith("orders.")]
    return Tab.objects.get().status


def test_a_booking_taken_back_leaves_the_table_unpaid(served: Order, board_of: Any, now: Any) -> None:
    payment = take_cash(served)
    assert status() == "closing"
    take_back(payment)
    assert status() == "open"
    floor = board_of("floor")
    [table] = floor.get("board/").json()["tables"]
    assert table["state"] != "settled"
    refused = floor.post(f"tabs/{served.tab_id}/close/")
    assert refused.json()["type"] == "urn:hansang:problem:money-owed"
    Tab.objects.update(active_at=now - timedelta(days=1))
    assert services.close_idle_tabs(now=now) == 0
    assert not published("tab.closed")
    take_cash(served)
    assert status() == "closing"


def test_money_given_back_at_the_gateway_leaves_the_table_unpaid(served: Order) -> None:
    payment = take_cash(served)
    assert status() == "closing"
    apply_outcome(payment_id=payment.id, outcome=seen_at_gateway(payment, refunded=payment.amount))
    assert status() == "open"


def test_what_was_paid_and_taken_back_before_anybody_heard_of_it_is_owed(served: Order) -> None:
    take_back(take_cash(served))
    assert status() == "open"
    take_back(take_cash(served))
    take_cash(served)
    assert status() == "closing"


def test_a_tab_that_has_ended_stays_ended(served: Order, board_of: Any) -> None:
    payment = take_cash(served)
    assert status() == "closing"
    assert board_of("floor").post(f"tabs/{served.tab_id}/close/").status_code == 200
    take_back(payment)
    assert status() == "closed"


def test_what_costs_nothing_leaves_a_paid_table_paid(
    served: Order, restaurant: Restaurant, phone: Phone, board_of: Any
) -> None:
    take_cash(served)
    assert status() == "closing"
    restaurant.publish(menu_document(cola=0))
    free = phone.order(line(COLA)).json()
    assert free["total"] == 0 and status() == "closing"
    floor = board_of("floor")
    floor.accept(free["id"])
    refused = floor.post(f"tabs/{served.tab_id}/close/")
    assert refused.json()["type"] == "urn:hansang:problem:money-owed"
    assert status() == "closing" and not published("tab.closed")
    floor.post(f"orders/{free['id']}/served/")
    deliver_all()
    assert floor.post(f"tabs/{served.tab_id}/close/").status_code == 200
