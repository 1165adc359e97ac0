"""What a phone, another store or a stranger may not do; whoever tries changes nothing."""

import json
import time
from collections.abc import Callable

import httpx

from tests.flows.clients import Board, Phone, ok, problem
from tests.flows.truth import Truth

NewPhone = Callable[..., Phone]


def test_prices_in_the_body_mean_nothing(phone: Phone) -> None:
    line = phone.line(0, 2, price=1, unit_price=1, total=1, name="free lunch")
    order = phone.order(line, total=1, currency="USD", status="submitted", guest_id="x")
    assert order["total"] == 2 * phone.dishes[0]["price"]
    assert (order["currency"], order["status"]) == ("KRW", "awaiting_payment")
    assert phone.bill(order)["total"] == order["total"]


def test_the_amount_of_a_payment_is_the_shops_to_say(phone: Phone) -> None:
    order = phone.order()
    phone.bill(order)
    body = {"order_id": order["id"], "amount": 1, "share": {"kind": "all", "amount": 1}, "currency": "USD"}
    payment = ok(phone.start_payment(body), 201)
    assert (payment["amount"], payment["currency"]) == (order["total"], "KRW")


def test_too_much_is_refused_whatever_the_share(phone: Phone, truth: Truth) -> None:
    order = phone.order()
    phone.bill(order)
    share = {"kind": "amount", "amount": order["total"] + 1}
    problem(phone.start_payment({"order_id": order["id"], "share": share}), 409, "amount-too-high")
    share = {"kind": "amount", "amount": -5}
    problem(phone.start_payment({"order_id": order["id"], "share": share}), 400)
    assert truth.one("SELECT count(*) FROM payments_payment WHERE order_id = %s", order["id"]) == 0


def test_another_tables_order_is_not_there(phone_at: NewPhone, free_tables: list[str], truth: Truth) -> None:
    mine, other = phone_at(free_tables[0]), phone_at(free_tables[1])
    order = mine.order()
    bill = mine.bill(order)
    payment = ok(mine.start_payment({"order_id": order["id"]}), 201)
    problem(other.get(f"orders/{order['id']}/"), 404)
    problem(other.post(f"orders/{order['id']}/cancel/"), 404)
    problem(other.get(f"payments/{payment['id']}/"), 404)
    assert other.bills() == []
    for wish in ({"bill_id": bill["id"]}, {"order_id": order["id"]}):
        response = other.post(f"{other.path}payments/", {"method": "sandbox", **wish}, key="somebody-else-1")
        assert response.status_code in (404, 409)
    problem(other.get(f"{mine.path}bill/"), 403)
    problem(other.get(f"{mine.path}orders/"), 403)
    assert mine.see(order)["status"] == "awaiting_payment"
    assert truth.one("SELECT count(*) FROM payments_payment WHERE order_id = %s", order["id"]) == 1


def test_another_stores_staff_may_not_look_or_touch(
    phone: Phone, pocha: Board, board: Board, truth: Truth
) -> None:
    order = phone.order_and_pay()
    payment = phone.bill(order)["payments"][0]
    steps = ("accept", "reject", "ready", "served", "cancel")
    for step in steps:
        body = {"minutes": 5, "reason": "x", "reason_code": "other"}
        problem(pocha.post(f"{board.path}orders/{order['id']}/{step}/", body), 403)
        problem(pocha.post(f"{pocha.path}orders/{order['id']}/{step}/", body), 404)
    problem(pocha.get(f"{board.path}board/"), 403)
    problem(pocha.get(f"{board.path}notifications/"), 403)
    assert pocha.bills(phone.tab_id) == []
    problem(pocha.take_cash(phone.tab_id), 404)
    problem(pocha.close_tab(phone.tab_id, "x"), 404)
    refund = {"amount": 1, "reason": "x"}
    problem(pocha.post(f"{pocha.path}payments/{payment['id']}/refunds/", refund, key="not-yours-1"), 404)
    problem(pocha.post(f"{board.path}payments/{payment['id']}/refunds/", refund, key="not-yours-2"), 403)
    assert phone.see(order)["status"] == "submitted"
    assert truth.kept(phone.tab_id) == order["total"]


def test_a_forged_webhook_is_refused(phone: Phone, truth: Truth) -> None:
    order = phone.order()
    payment = ok(phone.start_payment({"order_id": order["id"]}), 201)
    reference, merchant, slug = truth.rows(
        "SELECT p.merchant_ref, a.merchant_id, a.hook_slug FROM payments_payment p "
        "JOIN payments_gatewayaccount a ON a.id = p.account_id WHERE p.id = %s",
        payment["id"],
    )[0]
    paid = {
        "id": "0" * 32, "reference": reference, "merchant_id": merchant, "amount": order["total"],
        "currency": "KRW", "state": "captured", "refunded": 0, "live": False,
    }  # fmt: skip
    body = json.dumps({"type": "payment.captured", "data": {"payment": paid}}).encode()
    for headers in (
        {},
        {"webhook-id": "msg_1", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"},
        {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"},
        {"webhook-id": "\u00e9", "webhook-timestamp": "x", "webhook-signature": ""},
    ):
        raw = [(name.encode(), text.encode()) for name, text in headers.items()]
        address = f"{phone.base_url}/hooks/sandbox/{slug}/"
        assert 400 <= httpx.post(address, content=body, headers=raw).status_code < 500
    assert httpx.post(f"{phone.base_url}/hooks/sandbox/nobody/", content=body).status_code == 404
    assert httpx.post(f"{phone.base_url}/hooks/counter/{slug}/", content=body).status_code == 404
    truth.settle()
    assert truth.one("SELECT count(*) FROM payments_gatewayevent WHERE merchant_ref = %s", reference) == 0
    assert phone.see(order)["status"] == "awaiting_payment"
    assert truth.kept(phone.tab_id) == 0


def test_a_write_without_the_pages_token_is_refused(phone: Phone, board: Board, truth: Truth) -> None:
    order = phone.order_and_pay()
    menu = phone.page["menu"]["version"]
    body = {"menu_version": menu, "lines": [phone.line()]}
    foreign = {"X-CSRFToken": "x" * 64, "Idempotency-Key": "foreign-page-1"}
    problem(phone.call("POST", f"{phone.path}orders/", body, **foreign), 403)
    evil = {"Origin": "https://evil.example", "Idempotency-Key": "foreign-page-2"}
    problem(phone.call("POST", f"{phone.path}orders/", body, **evil), 403)
    path = f"{board.path}orders/{order['id']}/accept/"
    problem(board.call("POST", path, {"minutes": 5}, Origin="https://evil.example"), 403)
    assert truth.one("SELECT count(*) FROM orders_order WHERE tab_id = %s", phone.tab_id) == 1
    assert phone.see(order)["status"] == "submitted"


def test_a_forged_cookie_is_nobody(phone: Phone, phone_at: NewPhone) -> None:
    value = phone.http.cookies["hs_guest"]
    forged = value[:-3] + ("abc" if not value.endswith("abc") else "xyz")
    bill = f"{phone.base_url}/api/v1/{phone.path}bill/"
    assert httpx.get(bill, cookies={"hs_guest": forged}).status_code == 401
    assert httpx.get(bill).status_code == 401


def test_the_same_key_is_the_same_order(phone: Phone, truth: Truth) -> None:
    first = phone.order(phone.line(0), key="tap-tap-tap-0001")
    again = ok(phone.send(phone.line(0), key="tap-tap-tap-0001"), 200)
    assert again["id"] == first["id"]
    problem(phone.send(phone.line(1), key="tap-tap-tap-0001"), 422, "key-reused")
    assert truth.one("SELECT count(*) FROM orders_order WHERE tab_id = %s", phone.tab_id) == 1
    assert truth.events("order.placed", tab_id=phone.tab_id) == 1
