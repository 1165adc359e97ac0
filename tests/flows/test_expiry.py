"""Orders nobody paid in time, and money that comes too late."""

import pytest

from tests.flows.clients import Board, Json, Phone, eventually, ok, problem
from tests.flows.truth import Truth

_EXPIRE = (
    "from django.utils import timezone; from orders.services import expire_unpaid_orders; "
    "expire_unpaid_orders(now=timezone.now())"
)


def _let_expire(truth: Truth, order: Json) -> None:
    """Its minutes pass, and the timer looks."""
    truth.rows(
        "UPDATE orders_order SET expires_at = now() - interval '1 second' WHERE id = %s "
        "AND status = 'awaiting_payment'",
        order["id"],
    )
    truth.stack.manage("shell", "-c", _EXPIRE)


def test_an_order_nobody_paid_ends_and_its_bill_with_it(phone: Phone, board: Board, truth: Truth) -> None:
    socket = phone.listen()
    order = phone.order()
    phone.bill(order)
    _let_expire(truth, order)
    socket.told("order_expired", order_id=order["id"])
    assert phone.see(order)["status"] == "expired"
    eventually(lambda: phone.bill(order)["status"] == "closed")
    problem(phone.start_payment({"order_id": order["id"]}), 409)
    problem(board.post(f"{board.path}orders/{order['id']}/accept/", {"minutes": 5}), 409, "wrong-state")
    truth.settle()
    assert truth.kept(phone.tab_id) == 0


@pytest.mark.parametrize("came_back", [False, True])
def test_money_that_comes_after_the_end_goes_back(phone: Phone, truth: Truth, came_back: bool) -> None:
    socket = phone.listen()
    order = phone.order()
    payment = ok(phone.start_payment({"order_id": order["id"]}), 201)
    if came_back:
        back = phone.decide(payment, "late_webhook").headers["location"]
    else:
        opened = phone.open_wallet(payment)
    _let_expire(truth, order)
    socket.told("order_expired", order_id=order["id"])
    if came_back:
        phone.http.post(f"{back}complete/")
    else:  # the wallet's page stood open all the time; perhaps the shop has closed it meanwhile
        phone.decide(payment, opened=opened)
    eventually(lambda: phone.bill(order)["payments"][0]["state"] in ("captured", "canceled"))
    if phone.bill(order)["payments"][0]["state"] == "captured":
        told = socket.told("refund_completed", payment_id=payment["id"])["data"]
        assert told["amount"] == order["total"]
    else:
        assert not came_back
    assert phone.see(order)["status"] == "expired"
    truth.settle()
    assert truth.events("order.submitted", order_id=order["id"]) == 0
    assert truth.kept(phone.tab_id) == 0
    truth.require_balance()


def test_money_for_an_order_the_guest_canceled_goes_back(phone: Phone, truth: Truth) -> None:
    socket = phone.listen()
    order = phone.order()
    payment = ok(phone.start_payment({"order_id": order["id"]}), 201)
    back = phone.decide(payment, "late_webhook").headers["location"]
    ok(phone.post(f"orders/{order['id']}/cancel/"))
    phone.http.post(f"{back}complete/")
    told = socket.told("refund_completed", payment_id=payment["id"])["data"]
    assert told["amount"] == order["total"]
    assert phone.see(order)["status"] == "canceled"
    truth.settle()
    assert truth.kept(phone.tab_id) == 0
    truth.require_balance()
