"""Orders that are taken back after they were paid: the money goes back, and the guest hears of it."""

from uuid import uuid4

from tests.flows.clients import Board, Json, Phone, Socket, eventually, ok, problem
from tests.flows.truth import Truth


def _refunded(phone: Phone, order: Json) -> Json | None:
    bill = phone.bill(order)
    done = bool(bill["refunds"]) and all(refund["state"] == "succeeded" for refund in bill["refunds"])
    return bill if done else None


def _require_all_back(phone: Phone, socket: Socket, order: Json, truth: Truth) -> None:
    told = socket.told("refund_completed", order_id=order["id"])["data"]
    assert told["amount"] == order["total"]
    bill = eventually(lambda: _refunded(phone, order))
    assert (bill["due"], bill["refunded"]) == (0, order["total"])
    truth.settle()
    assert truth.kept(phone.tab_id) == 0
    truth.require_balance()


def test_a_refused_order_is_paid_back(phone: Phone, board: Board, truth: Truth) -> None:
    socket, kitchen = phone.listen(), board.listen()
    order = phone.order_and_pay()
    alarm = kitchen.told("order_submitted", order_id=order["id"])
    board.step(order, "reject", {"reason_code": "sold_out", "reason": "no rice left"})
    assert socket.told("order_rejected", order_id=order["id"])["data"]["reason"] == "no rice left"
    kitchen.acked(alarm["seq"])
    _require_all_back(phone, socket, order, truth)
    assert truth.events("refund.completed", order_id=order["id"]) == 1


def test_a_guest_cancels_before_anybody_cooks(phone: Phone, board: Board, truth: Truth) -> None:
    socket, kitchen = phone.listen(), board.listen()
    order = phone.order_and_pay()
    alarm = kitchen.told("order_submitted", order_id=order["id"])
    assert ok(phone.post(f"orders/{order['id']}/cancel/"))["status"] == "canceled"
    kitchen.told("order_canceled", order_id=order["id"])
    kitchen.acked(alarm["seq"])
    _require_all_back(phone, socket, order, truth)
    assert problem(
        board.post(f"{board.path}orders/{order['id']}/accept/", {"minutes": 5}), 409, "wrong-state"
    )


def test_a_guest_cannot_cancel_what_is_cooking(phone: Phone, board: Board, truth: Truth) -> None:
    order = phone.order_and_pay()
    board.accept(order)
    problem(phone.post(f"orders/{order['id']}/cancel/"), 409, "wrong-state")
    assert truth.events("order.canceled", order_id=order["id"]) == 0
    assert truth.kept(phone.tab_id) == order["total"]


def test_a_line_taken_off_is_paid_back_and_the_rest_is_cooked(
    phone: Phone, board: Board, floor: Board, truth: Truth
) -> None:
    socket = phone.listen()
    order = phone.order_and_pay(phone.line(0), phone.line(1, 2))
    board.accept(order)
    line, rest = order["lines"]
    path = f"{board.path}lines/{line['id']}/void/"
    problem(floor.post(path, {"reason": "burnt"}), 409, "wrong-state")
    ok(board.post(path, {"reason": "burnt"}))
    assert socket.told("refund_completed", order_id=order["id"])["data"]["amount"] == line["total"]
    bill = eventually(lambda: _refunded(phone, order))
    assert (bill["total"], bill["due"], bill["status"]) == (rest["total"], 0, "paid")
    board.step(order, "ready")
    board.step(order, "served")
    seen = phone.see(order)
    assert (seen["status"], seen["total"]) == ("served", rest["total"])
    assert truth.kept(phone.tab_id) == rest["total"]
    truth.require_balance()


def test_a_manager_gives_a_part_back_once_per_key(
    phone: Phone, board: Board, floor: Board, truth: Truth
) -> None:
    order = phone.order_and_pay(phone.line(0, 2))
    payment = phone.bill(order)["payments"][0]
    path = f"{board.path}payments/{payment['id']}/refunds/"
    wish, key = {"amount": 500, "reason": "waited long"}, uuid4().hex
    assert floor.post(path, wish, key=key).status_code == 403
    first, second = ok(board.post(path, wish, key=key)), ok(board.post(path, wish, key=key))
    assert first["id"] == second["id"]
    eventually(lambda: _refunded(phone, order))
    assert phone.bill(order)["due"] == 0
    problem(board.post(path, {"amount": order["total"], "reason": "too much"}, key=uuid4().hex), 409)
    assert truth.kept(phone.tab_id) == order["total"] - 500
    truth.require_balance()


def test_a_refund_the_bank_refuses_rings_at_the_board(phone: Phone, board: Board, truth: Truth) -> None:
    kitchen, socket = board.listen(), phone.listen()
    order = phone.order()
    phone.pay("refund_fails", order_id=order["id"])
    phone.wait_for(order, "submitted")
    board.step(order, "reject", {"reason_code": "busy", "reason": ""})
    alarm = kitchen.told("refund_failed", order_id=order["id"])
    assert alarm["alarm"]
    ok(board.post(f"{board.path}notifications/{alarm['seq']}/ack/", {"device": "board-1"}))
    kitchen.acked(alarm["seq"])
    assert socket.told("refund_failed", order_id=order["id"])["data"]["amount"] == order["total"]
    assert [refund["state"] for refund in phone.bill(order)["refunds"]] == ["failed"]
    assert truth.kept(phone.tab_id) == order["total"]
    truth.require_balance()
