"""A store where guests eat first and pay when they leave."""

from collections.abc import Callable

from tests.flows.clients import Board, Json, Phone, eventually, ok, problem
from tests.flows.truth import Truth


def _serve(board: Board, *orders: Json) -> None:
    for order in orders:
        board.accept(order)
        board.step(order, "served")


def _bill_of(phone: Phone, total: int) -> Json:
    """The tab's bill once it has grown to this total."""
    return eventually(lambda: (bill := phone.bill())["total"] == total and bill)


def _settled(board: Board, table: str) -> bool:
    return board.table(table)["state"] == "settled"


def test_two_rounds_are_paid_at_the_counter_and_the_tab_ends(
    phone_at: Callable[..., Phone], pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    phone = phone_at(pocha_tables[0])
    socket, kitchen = phone.listen(), pocha.listen()
    first = phone.order(phone.line(0))
    assert first["status"] == "submitted"
    kitchen.told("order_submitted", order_id=first["id"])
    second = phone.order(phone.line(1, 2))
    total = first["total"] + second["total"]
    bill = _bill_of(phone, total)
    assert len(bill["lines"]) == 2 and bill["due"] == total
    _serve(pocha, first, second)

    problem(pocha.take_cash(phone.tab_id, tendered=total - 1), 400, "too-little-cash")
    paid = ok(pocha.take_cash(phone.tab_id, tendered=total + 1500), 201)
    assert (paid["amount"], paid["change"]) == (total, 1500)
    eventually(lambda: _settled(pocha, phone.page["table"]["name"]))
    assert truth.events("bill.paid", tab_id=phone.tab_id) == 1
    ok(pocha.close_tab(phone.tab_id))
    assert socket.told("tab_closed")
    assert socket.closed_with() == 4403
    problem(phone.call("PUT", f"{phone.path}cart/", {"lines": [phone.line(0)]}), 410, "tab-closed")
    problem(phone.post(f"{phone.path}calls/", {"kind": "help", "note": ""}), 410, "tab-closed")
    problem(phone.send(phone.line(0)), 410, "tab-closed")
    assert ok(phone.get(f"{phone.path}orders/"))["tab"]["status"] == "closed"
    phone.look()
    assert (phone.page["tab"], phone.page["guest"]) == (None, None)
    old, phone.guest = phone.tab_id, {}
    assert phone.join().tab_id != old and phone.bills() == []
    truth.settle()
    assert truth.kept(old) == total
    truth.require_balance()


def test_what_is_ordered_after_paying_opens_the_bill_again(
    phone_at: Callable[..., Phone], pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    phone = phone_at(pocha_tables[0])
    table = phone.page["table"]["name"]
    first = phone.order(phone.line(0))
    _serve(pocha, first)
    _bill_of(phone, first["total"])
    phone.pay()
    eventually(lambda: _settled(pocha, table))
    second = phone.order(phone.line(1))
    bill = eventually(lambda: (bill := phone.bill())["due"] == second["total"] and bill)
    assert bill["captured"] == first["total"]
    _serve(pocha, second)
    assert not _settled(pocha, table)
    phone.pay()
    eventually(lambda: _settled(pocha, table))
    assert truth.kept(phone.tab_id) == first["total"] + second["total"]
    assert truth.events("bill.paid", tab_id=phone.tab_id) == 2


def test_money_waived_by_the_owner_does_not_keep_the_tab_open(
    phone_at: Callable[..., Phone], pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    phone = phone_at(pocha_tables[0])
    first = phone.order(phone.line(0, 2))
    _bill_of(phone, first["total"])
    _serve(pocha, first)
    phone.pay()
    payment = eventually(lambda: next((p for p in phone.bill()["payments"] if p["refundable"]), None))
    path = f"{pocha.path}payments/{payment['id']}/refunds/"
    ok(pocha.post(path, {"amount": 100, "reason": "waited long"}, key="waived-100-a"))
    second = phone.order(phone.line(1))
    _serve(pocha, second)
    eventually(lambda: phone.bill()["due"] == second["total"])
    ok(pocha.take_cash(phone.tab_id), 201)
    eventually(lambda: _settled(pocha, phone.page["table"]["name"]))
    truth.settle()
    assert truth.kept(phone.tab_id) == first["total"] + second["total"] - 100


def test_only_the_owner_closes_a_tab_that_owes_and_says_why(
    phone_at: Callable[..., Phone], pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    phone = phone_at(pocha_tables[1])
    order = phone.order()
    _bill_of(phone, order["total"])
    problem(pocha.close_tab(phone.tab_id), 400, "reason-needed")
    assert truth.events("tab.closed", tab_id=phone.tab_id) == 0
    ok(pocha.close_tab(phone.tab_id, "they ran away"))
    eventually(lambda: pocha.bills(phone.tab_id)[0]["status"] == "closed")
    assert truth.kept(phone.tab_id) == 0


def test_an_order_refused_before_paying_leaves_the_bill(
    phone_at: Callable[..., Phone], pocha_tables: list[str], pocha: Board, truth: Truth
) -> None:
    phone = phone_at(pocha_tables[2])
    first, second = phone.order(phone.line(0)), phone.order(phone.line(1))
    _bill_of(phone, first["total"] + second["total"])
    pocha.step(first, "reject", {"reason_code": "sold_out", "reason": ""})
    _bill_of(phone, second["total"])
    _serve(pocha, second)
    phone.pay()
    eventually(lambda: _settled(pocha, phone.page["table"]["name"]))
    assert truth.kept(phone.tab_id) == second["total"]
