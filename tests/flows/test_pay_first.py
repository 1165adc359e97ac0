"""The whole story of an order in a store where guests pay first."""

from tests.flows.clients import Board, Phone, eventually, ok
from tests.flows.truth import Truth


def test_an_order_goes_from_the_table_to_the_kitchen_and_back(
    phone: Phone, board: Board, floor: Board, truth: Truth
) -> None:
    kitchen, counter = board.listen(), floor.listen()
    order = phone.order(phone.line(0, 2), phone.line(1))
    assert order["status"] == "awaiting_payment"
    bill = phone.bill(order)
    assert (bill["total"], bill["due"], bill["status"]) == (order["total"], order["total"], "open")

    socket = phone.listen()
    phone.pay(order_id=order["id"])
    alarm = kitchen.told("order_submitted", order_id=order["id"])
    assert alarm["alarm"] and alarm["data"]["total"] == order["total"]
    assert counter.told("order_submitted", order_id=order["id"])["seq"] == alarm["seq"]
    assert socket.told("order_submitted", order_id=order["id"])
    assert socket.told("payment_captured")["data"]["amount"] == order["total"]
    assert truth.events("order.submitted", order_id=order["id"]) == 1

    assert board.accept(order, minutes=12)["status"] == "accepted"
    assert counter.acked(alarm["seq"])["data"]["by"]
    told = socket.told("order_accepted", order_id=order["id"])["data"]
    assert told["minutes"] == 12 and told["ready_by"]

    line = order["lines"][0]
    ok(board.post(f"{board.path}lines/{line['id']}/ready/"))
    assert socket.told("line_ready", order_id=order["id"])["data"]["line_id"] == line["id"]
    board.step(order, "ready")
    socket.told("order_ready", order_id=order["id"])
    floor.step(order, "served")
    socket.told("order_served", order_id=order["id"])
    assert phone.see(order)["status"] == "served"
    numbers = [frame["seq"] for frame in socket.frames if frame["type"] == "notification"]
    assert numbers == list(range(1, len(numbers) + 1))
    truth.settle()
    truth.require_balance()


def test_the_way_back_from_the_wallet_books_the_payment_as_well(phone: Phone, truth: Truth) -> None:
    order = phone.order()
    payment = ok(phone.start_payment({"order_id": order["id"]}), 201)
    back = phone.decide(payment, "late_webhook").headers["location"]  # the shop's only news for 20 s
    page = phone.http.get(back)
    assert page.status_code == 200 and back.startswith("/pay/return/")
    done = phone.http.post(f"{back}complete/", headers={"Accept": "application/json"}).json()
    assert done["paid"] and done["goal"] == f"/t/{phone.token}/#order/{order['id']}"
    phone.wait_for(order, "submitted")
    assert phone.see(order)["total"] == truth.kept(phone.tab_id)


def test_a_declined_payment_can_be_tried_again(phone: Phone, truth: Truth) -> None:
    socket = phone.listen()
    order = phone.order()
    first = phone.pay("decline", order_id=order["id"])
    socket.told("payment_failed", payment_id=first["id"])
    assert ok(phone.get(f"payments/{first['id']}/"))["state"] == "failed"
    second = phone.pay(order_id=order["id"])
    assert second["id"] != first["id"]
    phone.wait_for(order, "submitted")
    assert truth.kept(phone.tab_id) == order["total"]


def test_three_copies_of_a_webhook_and_an_old_one_count_once(phone: Phone, truth: Truth) -> None:
    order = phone.order()
    payment = phone.pay("noisy_webhooks", order_id=order["id"])
    phone.wait_for(order, "submitted")
    wanted = "SELECT count(*) FROM sandbox_wallet_webhookattempt a JOIN sandbox_wallet_walletpayment w "
    wanted += "ON w.id = a.payment_id JOIN payments_payment p ON p.merchant_ref = w.reference "
    wanted += "WHERE p.id = %s AND a.delivered_at IS NULL"
    eventually(lambda: truth.one(wanted, payment["id"]) == 0)
    truth.settle()
    assert truth.events("payment.captured", payment_id=payment["id"]) == 1
    assert truth.events("order.submitted", order_id=order["id"]) == 1
    assert ok(phone.get(f"payments/{payment['id']}/"))["state"] == "captured"


def test_a_payment_at_the_counter_sends_the_order_to_the_kitchen(
    phone: Phone, floor: Board, truth: Truth
) -> None:
    order = phone.order()
    wish = ok(phone.start_payment({"order_id": order["id"], "method": "counter"}), 201)
    assert wish["next"]["type"] == "counter"
    paid = ok(floor.take_cash(phone.tab_id, tendered=order["total"] + 5000), 201)
    assert (paid["amount"], paid["change"]) == (order["total"], 5000)
    phone.wait_for(order, "submitted")
    assert truth.kept(phone.tab_id) == order["total"]


def test_a_call_rings_until_somebody_answers(phone: Phone, board: Board, floor: Board) -> None:
    kitchen, socket = floor.listen(), phone.listen()
    call = ok(phone.post(f"{phone.path}calls/", {"kind": "water", "note": ""}), 201)
    alarm = kitchen.told("call_raised", call_id=call["id"])
    assert alarm["alarm"]
    ok(board.post(f"{board.path}calls/{call['id']}/answer/"))
    kitchen.acked(alarm["seq"])
    socket.told("call_answered", call_id=call["id"])
