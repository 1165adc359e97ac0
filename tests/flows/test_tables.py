"""Parties that change tables or sit together: their bills go with them."""

from collections.abc import Callable

from tests.flows.clients import Board, Json, Phone, eventually, ok, problem
from tests.flows.truth import Truth

NewPhone = Callable[..., Phone]


def _move(board: Board, phone: Phone, table_id: str) -> Json:
    return ok(board.post(f"{board.path}tabs/{phone.tab_id}/move/", {"table_id": table_id}))


def _merge(board: Board, phone: Phone, into: Phone) -> Json:
    return ok(board.post(f"{board.path}tabs/{phone.tab_id}/merge/", {"into_tab_id": into.tab_id}))


def _serve(board: Board, *orders: Json) -> None:
    for order in orders:
        board.accept(order)
        board.step(order, "served")


def _settled(truth: Truth, phone: Phone) -> bool:
    return bool(truth.one("SELECT settled_at IS NOT NULL FROM orders_tab WHERE id = %s", phone.tab_id))


def test_a_party_that_moves_keeps_its_orders_and_its_bill(
    phone_at: NewPhone, free_tables: list[str], board: Board, truth: Truth
) -> None:
    phone = phone_at(free_tables[0])
    socket = phone.listen()
    order = phone.order()
    phone.bill(order)
    table_id = truth.table_id(free_tables[1])
    moved = _move(board, phone, table_id)
    assert moved["id"] == phone.tab_id
    told = socket.told("tab_moved")["data"]
    assert told["from_table_name"] == phone.page["table"]["name"]
    truth.settle()
    bill_table = truth.one("SELECT table_id FROM payments_bill WHERE order_id = %s", order["id"])
    assert str(bill_table) == table_id
    phone.look()
    phone.pay(order_id=order["id"])
    assert phone.wait_for(order, "submitted")["total"] == truth.kept(phone.tab_id)
    ticket = next(t for t in board.board()["tickets"] if t["id"] == order["id"])
    assert ticket["table_name"] == told["table_name"]
    neighbor = phone_at(free_tables[1])
    assert neighbor.tab_id == phone.tab_id


def test_a_taken_table_cannot_be_moved_to(
    phone_at: NewPhone, free_tables: list[str], board: Board, truth: Truth
) -> None:
    phone, other = phone_at(free_tables[0]), phone_at(free_tables[1])
    table_id = truth.table_id(free_tables[1])
    problem(board.post(f"{board.path}tabs/{phone.tab_id}/move/", {"table_id": table_id}), 409, "table-taken")
    assert truth.events("tab.moved", tab_id=phone.tab_id) == 0
    assert other.look().tab_id != phone.tab_id


def test_two_parties_that_eat_first_get_one_bill(
    phone_at: NewPhone, pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    one, two = phone_at(pocha_tables[0]), phone_at(pocha_tables[1])
    first, second = one.order(one.line(0)), two.order(two.line(1))
    total = first["total"] + second["total"]
    eventually(lambda: one.bill()["total"] and two.bill()["total"])
    _merge(pocha, one, two)
    truth.settle()
    one.look()
    assert one.page["tab"]["id"] == two.tab_id
    assert {order["id"] for order in one.page["tab"]["orders"]} == {first["id"], second["id"]}
    for phone in (one, two):
        owed = [bill for bill in phone.bills() if bill["due"]]
        assert [bill["total"] for bill in owed] == [total]
    _serve(pocha, first, second)
    one.pay()
    eventually(lambda: _settled(truth, two))
    third = one.order(one.line(2))
    eventually(lambda: [bill["due"] for bill in two.bills() if bill["due"]] == [third["total"]])
    _serve(pocha, third)
    ok(pocha.take_cash(two.tab_id), 201)
    eventually(lambda: _settled(truth, two))
    ok(pocha.close_tab(two.tab_id))
    truth.settle()
    assert truth.kept(two.tab_id) == total + third["total"]
    truth.require_balance()


def test_a_party_that_has_paid_joins_one_that_has_not(
    phone_at: NewPhone, pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    payer, other = phone_at(pocha_tables[0]), phone_at(pocha_tables[1])
    first, second = payer.order(payer.line(0)), other.order(other.line(1))
    _serve(pocha, first, second)
    eventually(lambda: payer.bill()["total"] and other.bill()["total"])
    payer.pay()
    eventually(lambda: _settled(truth, payer))
    _merge(pocha, payer, other)
    truth.settle()
    assert not _settled(truth, other)
    assert sum(bill["due"] for bill in other.bills()) == second["total"]
    paid = ok(pocha.take_cash(other.tab_id), 201)
    assert paid["amount"] == second["total"]
    eventually(lambda: _settled(truth, other))
    ok(pocha.close_tab(other.tab_id))
    truth.settle()
    assert truth.kept(other.tab_id) == first["total"] + second["total"]
    truth.require_balance()


def test_a_party_that_owes_joins_one_that_has_paid(
    phone_at: NewPhone, pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    debtor, payer = phone_at(pocha_tables[0]), phone_at(pocha_tables[1])
    first, second = debtor.order(debtor.line(0, 2)), payer.order(payer.line(1))
    _serve(pocha, first, second)
    eventually(lambda: debtor.bill()["total"] and payer.bill()["total"])
    debtor.pay(share={"kind": "amount", "amount": 100})
    payer.pay()
    eventually(lambda: _settled(truth, payer) and debtor.bill()["captured"] == 100)
    _merge(pocha, debtor, payer)
    truth.settle()
    debtor.look()
    owed = next(bill for bill in debtor.bills() if bill["due"])
    assert owed["due"] == first["total"] - 100
    debtor.pay(bill_id=owed["id"])
    eventually(lambda: _settled(truth, payer))
    ok(pocha.close_tab(payer.tab_id))


def test_two_parties_that_have_paid_stay_settled_together(
    phone_at: NewPhone, pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    one, two = phone_at(pocha_tables[0]), phone_at(pocha_tables[1])
    for phone in (one, two):
        order = phone.order()
        _serve(pocha, order)
        phone.bill()
        phone.pay()
    eventually(lambda: _settled(truth, one) and _settled(truth, two))
    _merge(pocha, one, two)
    eventually(lambda: _settled(truth, two))
    ok(pocha.close_tab(two.tab_id))


def test_merged_guests_hear_of_their_order_on_the_new_tab(
    phone_at: NewPhone, free_tables: list[str], board: Board, truth: Truth
) -> None:
    one, two = phone_at(free_tables[0]), phone_at(free_tables[1])
    old = one.listen()
    order = one.order()
    one.bill(order)
    _merge(board, one, two)
    told = old.told("tab_closed")["data"]
    assert told["reason_code"] == "merged" and told["into_tab_id"] == two.tab_id
    assert told["table_name"] == two.page["tab"]["table"]["name"]
    assert old.closed_with() == 4403
    one.look()
    socket = one.listen()
    one.bill(order)  # the payments have joined the bills, too
    one.pay(order_id=order["id"])
    socket.told("order_submitted", order_id=order["id"])
    board.accept(order, minutes=7)
    assert socket.told("order_accepted", order_id=order["id"])["data"]["minutes"] == 7
    assert two.see(order)["status"] == "accepted"
    truth.settle()
    assert truth.kept(two.tab_id) == order["total"]
