"""Several phones pay one bill: everybody a share, nobody twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from tests.flows.clients import Board, Json, Phone, eventually, ok, problem
from tests.flows.truth import Truth

NewPhone = Callable[..., Phone]


def _paid(phone: Phone, order: Json | None = None) -> bool:
    return bool(phone.bill(order)["status"] == "paid")


def test_two_phones_pay_each_their_own(
    phone_at: NewPhone, pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    one, two = phone_at(pocha_tables[0]), phone_at(pocha_tables[0])
    assert one.tab_id == two.tab_id and one.guest["id"] != two.guest["id"]
    mine, theirs = one.order(one.line(0)), two.order(two.line(1, 2))
    eventually(lambda: one.bill()["total"] == mine["total"] + theirs["total"])
    first, second = one.pay(share={"kind": "mine"}), two.pay(share={"kind": "mine"})
    assert (first["amount"], second["amount"]) == (mine["total"], theirs["total"])
    eventually(lambda: _paid(one))
    problem(one.start_payment({"share": {"kind": "mine"}}), 409)
    truth.settle()
    assert truth.kept(one.tab_id) == mine["total"] + theirs["total"]
    truth.require_balance()


def test_an_odd_bill_is_split_evenly_to_the_last_unit(
    phone_at: NewPhone, pocha_tables: list[str], truth: Truth
) -> None:
    phones = [phone_at(pocha_tables[1]) for _number in range(3)]
    order = phones[0].order()
    eventually(lambda: phones[0].bill()["total"] == order["total"])
    share = {"kind": "even", "parts": 3}
    amounts = [phone.pay(share=share)["amount"] for phone in phones]
    assert sum(amounts) == order["total"] and max(amounts) - min(amounts) <= 2
    eventually(lambda: _paid(phones[0]))
    assert truth.kept(phones[0].tab_id) == order["total"]


def test_shares_of_a_pay_first_order_submit_it_when_the_last_one_is_paid(
    phone_at: NewPhone, free_tables: list[str], truth: Truth
) -> None:
    one, two = phone_at(free_tables[0]), phone_at(free_tables[0])
    order = one.order(one.line(0, 2))
    half = {"kind": "even", "parts": 2}
    first = one.pay(order_id=order["id"], share=half)
    eventually(lambda: one.bill(order)["captured"] == first["amount"])
    assert one.see(order)["status"] == "awaiting_payment"
    two.pay(order_id=order["id"], share=half)
    assert two.wait_for(order, "submitted")["total"] == truth.kept(one.tab_id)
    assert truth.events("bill.paid", order_id=order["id"]) == 1


def test_two_phones_cannot_pay_all_at_once(phone_at: NewPhone, free_tables: list[str], truth: Truth) -> None:
    phones = [phone_at(free_tables[0]) for _number in range(2)]
    order = phones[0].order()
    phones[0].bill(order)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda phone: phone.start_payment({"order_id": order["id"]}), phones))
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    winner = next(index for index, answer in enumerate(answers) if answer.status_code == 201)
    problem(answers[1 - winner], 409, "being-paid")
    phones[winner].decide(answers[winner].json())
    phones[winner].wait_for(order, "submitted")
    problem(phones[1 - winner].start_payment({"order_id": order["id"]}), 409)
    assert truth.kept(phones[0].tab_id) == order["total"]


def test_a_repeated_tap_is_one_payment(phone: Phone, truth: Truth) -> None:
    order = phone.order()
    phone.bill(order)
    key = uuid4().hex
    wish = {"order_id": order["id"]}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: phone.start_payment(wish, key=key), range(4)))
    ids = {ok(answer, 201)["id"] for answer in answers}
    assert len(ids) == 1
    problem(
        phone.start_payment({**wish, "share": {"kind": "amount", "amount": 1}}, key=key), 422, "key-reused"
    )
    assert truth.one("SELECT count(*) FROM payments_payment WHERE order_id = %s", order["id"]) == 1


def test_cash_beside_an_open_wallet_is_not_kept_twice(phone: Phone, floor: Board, truth: Truth) -> None:
    socket = phone.listen()
    order = phone.order()
    payment = ok(phone.start_payment({"order_id": order["id"]}), 201)
    ok(floor.take_cash(phone.tab_id), 201)
    phone.wait_for(order, "submitted")
    phone.decide(payment)
    told = socket.told("refund_completed", payment_id=payment["id"])["data"]
    assert told["amount"] == order["total"]
    truth.settle()
    assert truth.kept(phone.tab_id) == order["total"]
    truth.require_balance()
