"""What goes back from a bill that several guests paid goes to those whose dishes it was."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from payments.gateways.sandbox.wallet.models import WalletPayment
from payments.models import BillLine, Payment, Refund
from payments.services.bills import open_bill, release_order, void_line
from payments.services.complete_payment import complete_payment
from payments.services.failed_refunds import withdraw_refund
from payments.services.refunds import request_refund
from tests.payments.conftest import Party, line, settle_events

pytestmark = pytest.mark.django_db(transaction=True)
MINE = {"kind": "mine"}
Friends = tuple[UUID, UUID]


@pytest.fixture
def friends() -> Friends:
    return uuid4(), uuid4()


def order_together(party: Party, *dishes: tuple[int, UUID | None]) -> UUID:
    """One round from the shared cart: prices, each with the guest whose dish it is."""
    order_id = uuid4()
    open_bill(
        store_id=party.store_id,
        tab_id=party.tab_id,
        order_id=order_id,
        order_number=1,
        pay_after="tab",
        currency="KRW",
        table={"table_id": party.table_id, "table_name": "T1", "table_token": party.token},
        lines=[line(price, guest) for price, guest in dishes],
    )
    return order_id


def pay(party: Party, guest_id: UUID, share: dict[str, Any]) -> Payment:
    phone = party.phone(guest_id)
    payment = phone.start(share=share)
    phone.press(payment)
    return complete_payment(payment_id=payment.id)


def give(party: Party, payment: Payment, amount: int) -> Refund:
    """Goodwill of this payment."""
    return request_refund(
        store_id=party.store_id,
        payment_id=payment.id,
        amount=amount,
        reason="cold",
        actor_id=uuid4(),
        actor_name="Mina",
        key=uuid4().hex,
    )


def void(order_id: UUID) -> None:
    for row in BillLine.objects.filter(order_id=order_id):
        void_line(order_id=order_id, line_id=row.line_id, amount=row.total, reason="dropped")


def reject(order_id: UUID) -> None:
    release_order(order_id=order_id, reason="sold out")


def went_back() -> dict[UUID, int]:
    """payment id -> what is given back of it; no payment is asked for twice."""
    settle_events()
    refunds = list(Refund.objects.values_list("payment_id", "amount"))
    assert len(refunds) == len(dict(refunds))
    return dict(refunds)


def asked_back(**which: Any) -> list[tuple[UUID, int]]:
    """Each refund's payment and amount, the oldest first."""
    return list(Refund.objects.filter(**which).order_by("id").values_list("payment_id", "amount"))


@pytest.mark.parametrize("take_off", [void, reject])
def test_a_dish_taken_off_goes_back_to_the_guest_who_paid_for_it(
    tab_party: Party, friends: Friends, wallet: Any, take_off: Callable[[UUID], None]
) -> None:
    early, late = friends
    tab_party.place(8000, guest_id=early)
    gone = tab_party.place(12000, guest_id=early)
    tab_party.place(30000, guest_id=late)
    payment = pay(tab_party, early, MINE)
    pay(tab_party, late, MINE)
    for _ in range(2):
        take_off(gone)
    assert went_back() == {payment.id: 12000}
    for guest in friends:
        refused = tab_party.phone(guest).pay(share=MINE).json()
        assert refused["type"] == "urn:hansang:problem:nothing-to-pay"


def test_a_round_of_several_guests_goes_back_to_each_of_them(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    early, late = friends
    gone = order_together(tab_party, (12000, early), (5000, late))
    order_together(tab_party, (8000, early), (25000, late))
    payments = [pay(tab_party, guest, MINE) for guest in friends]
    reject(gone)
    assert went_back() == {payments[0].id: 12000, payments[1].id: 5000}


def test_a_guest_gets_their_own_share_back_before_a_treat(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    early, late = friends
    gone = order_together(tab_party, (12000, early))
    order_together(tab_party, (8000, late))
    own = pay(tab_party, early, MINE)
    treat = pay(tab_party, early, {"kind": "amount", "amount": 3000})
    pay(tab_party, late, {"kind": "all"})
    reject(gone)
    assert went_back() == {own.id: 12000}
    assert treat.refundable == 3000


def test_who_paid_by_any_other_share_gets_their_own_dish_back_too(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    early, late = friends
    gone = order_together(tab_party, (12000, early))
    order_together(tab_party, (12000, late))
    half = pay(tab_party, early, {"kind": "even", "parts": 2})
    pay(tab_party, late, {"kind": "even", "parts": 2})
    void(gone)
    assert went_back() == {half.id: 12000}


def test_what_somebody_else_paid_for_a_guest_does_not_come_from_a_third_ones_own_share(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    guest, other = friends
    gone = order_together(tab_party, (12000, guest))
    order_together(tab_party, (8000, other))
    [at_the_counter] = tab_party.pay_cash(12000)
    pay(tab_party, other, MINE)
    void(gone)
    assert went_back() == {at_the_counter.id: 12000}


def test_what_a_guest_did_not_pay_goes_to_the_latest(tab_party: Party, friends: Friends, wallet: Any) -> None:
    guest, other = friends
    gone = order_together(tab_party, (12000, guest), (3000, None))
    order_together(tab_party, (8000, other))
    own = pay(tab_party, guest, {"kind": "amount", "amount": 4000})
    pay(tab_party, other, MINE)
    [first, second] = tab_party.pay_cash(6000) + tab_party.pay_cash()
    reject(gone)
    assert went_back() == {own.id: 4000, second.id: 5000, first.id: 6000}


def test_goodwill_for_a_dish_is_not_given_back_twice(tab_party: Party, friends: Friends, wallet: Any) -> None:
    early, late = friends
    gone = order_together(tab_party, (12000, early))
    order_together(tab_party, (8000, early), (30000, late))
    own = pay(tab_party, early, MINE)
    theirs = pay(tab_party, late, MINE)
    give(tab_party, own, 5000)
    credit = Refund.objects.get().credits.get(line__order_id=gone).amount
    void(gone)
    settle_events()
    own.refresh_from_db()
    theirs.refresh_from_db()
    assert (own.returned, theirs.returned) == (5000 + 12000 - credit, 0)


def test_money_that_comes_after_a_dish_was_taken_off_gives_its_guest_the_rest(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    early, late = friends
    gone = tab_party.place(12000, guest_id=early)
    tab_party.place(8000, guest_id=late)
    own = pay(tab_party, early, MINE)
    phone = tab_party.phone(late)
    theirs = phone.start(share=MINE)
    void(gone)
    settle_events()
    assert asked_back() == [(own.id, 4000)]
    phone.press(theirs)
    complete_payment(payment_id=theirs.id)
    settle_events()
    assert asked_back() == [(own.id, 4000), (own.id, 8000)]
    assert (tab_party.sums().held, tab_party.sums().due) == (8000, 0)


def test_goodwill_withdrawn_after_its_dish_was_taken_off_goes_to_its_guest(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    early, late = friends
    gone = tab_party.place(12000, guest_id=early)
    tab_party.place(8000, guest_id=late)
    own, _ = pay(tab_party, early, MINE), pay(tab_party, late, MINE)
    WalletPayment.objects.update(refunds_fail=True)
    goodwill = give(tab_party, own, 3000)
    settle_events()
    WalletPayment.objects.update(refunds_fail=False)
    void(gone)
    who: dict[str, Any] = {"actor_id": uuid4(), "actor_name": "Mina"}
    withdraw_refund(store_id=tab_party.store_id, refund_id=goodwill.id, **who)
    settle_events()
    assert asked_back(state="succeeded") == [(own.id, 9000), (own.id, 3000)]


def test_goodwill_of_one_guest_leaves_nothing_over_of_anothers_share(
    tab_party: Party, friends: Friends, wallet: Any
) -> None:
    guest, treating = friends
    tab_party.place(12000, guest_id=guest)
    tab_party.place(8000, guest_id=treating)
    pay(tab_party, guest, MINE)
    phone = tab_party.phone(treating)
    twice = phone.start(share={"kind": "all"})
    [treat] = tab_party.pay_cash()
    give(tab_party, treat, 5000)
    phone.press(twice)
    complete_payment(payment_id=twice.id)
    assert went_back() == {treat.id: 5000, twice.id: 8000}
