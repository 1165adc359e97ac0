"""What staff give back out of kindness lowers what was ordered then, and nothing that is ordered later."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from payments.errors import NotRefundable
from payments.models import Payment, Refund
from payments.services.bills import void_line
from payments.services.complete_payment import complete_payment
from payments.shares import spread
from tests.payments.conftest import Party, published, settle_events
from tests.payments.test_refunds import ask, wallet_gave_back

pytestmark = pytest.mark.django_db(transaction=True)


def pay_all(party: Party, **share: Any) -> Payment:
    """The party's own phone pays what is owed, through the wallet."""
    phone = party.phone()
    payment = phone.start(**share)
    phone.press(payment)
    return complete_payment(payment_id=payment.id)


@pytest.fixture
def orders(tab_party: Party, wallet: Any) -> tuple[UUID, UUID]:
    """A for 633 and B for 700, paid together, 900 of them given back."""
    pair = (tab_party.place(633), tab_party.place(700))
    ask(pay_all(tab_party), 900)
    settle_events()
    assert wallet_gave_back() == 900
    return pair


def test_an_order_rejected_after_goodwill_gives_back_what_it_was_still_worth(
    tab_party: Party, orders: tuple[UUID, UUID]
) -> None:
    tab_party.reject(orders[0])
    settle_events()
    # 900 went 427 : 473 on A and B: A was worth 206, B still costs 227.
    assert [refund.amount for refund in Refund.objects.order_by("id")] == [900, 206]
    sums = tab_party.sums()
    assert (sums.total, sums.held, sums.due, sums.surplus) == (227, 227, 0, 0)
    assert wallet_gave_back() == 1106


def test_both_orders_rejected_after_goodwill_give_back_all_that_was_paid_and_no_more(
    tab_party: Party, orders: tuple[UUID, UUID]
) -> None:
    for order in orders:
        tab_party.reject(order)
    settle_events()
    sums = tab_party.sums()
    assert (sums.total, sums.held, wallet_gave_back()) == (0, 0, 1333)


@pytest.mark.parametrize("rejected", [(), (0,), (0, 1)])
def test_a_later_order_costs_its_full_price(
    tab_party: Party, orders: tuple[UUID, UUID], rejected: tuple[int, ...]
) -> None:
    for index in rejected:
        tab_party.reject(orders[index])
    settle_events()
    tab_party.place(700)
    assert tab_party.sums().due == 700
    tab_party.place(50)
    assert tab_party.sums().due == 750


def test_a_line_voided_after_goodwill_gives_back_what_is_left_of_it(party: Party, wallet: Any) -> None:
    order = party.place(6000, 4000)
    phone = party.phone()
    payment = phone.start(order_id=str(order))
    phone.press(payment)
    ask(complete_payment(payment_id=payment.id), 5000)
    gone = party.bill().lines.get(total=4000)
    for _ in range(2):
        void_line(order_id=order, line_id=gone.line_id, amount=4000, reason="dropped")
    settle_events()
    assert wallet_gave_back() == 7000
    assert (party.sums().total, party.sums().due) == (3000, 0)


def test_goodwill_goes_to_the_dishes_of_the_guest_who_paid_for_their_own(
    tab_party: Party, wallet: Any
) -> None:
    friend = uuid4()
    tab_party.place(1000)
    tab_party.place(2000, guest_id=friend)
    ask(pay_all(tab_party, share={"kind": "mine"}), 300)
    settle_events()
    assert tab_party.sums().due == 2000
    again = tab_party.phone().pay(share={"kind": "mine"})
    assert again.json()["type"] == "urn:hansang:problem:nothing-to-pay"
    assert tab_party.phone(friend).start(share={"kind": "mine"}).amount == 2000


def test_goodwill_never_exceeds_what_is_still_held(tab_party: Party, orders: tuple[UUID, UUID]) -> None:
    tab_party.reject(orders[0])
    settle_events()
    payment = Payment.objects.get()
    told = len(published("refund.requested"))
    with pytest.raises(NotRefundable):
        ask(payment, 228)
    assert len(published("refund.requested")) == told
    ask(payment, 227)
    settle_events()
    sums = tab_party.sums()
    assert (sums.total, sums.held, sums.due, wallet_gave_back()) == (0, 0, 0, 1333)


@pytest.mark.parametrize(
    ("amount", "weights"),
    [(900, [633, 700]), (1, [1, 1, 1]), (7, [0, 3, 0, 4]), (9, [5, 2]), (0, [5]), (0, [])],
)
def test_an_amount_is_spread_to_the_last_unit_and_no_share_is_above_its_weight(
    amount: int, weights: list[int]
) -> None:
    parts = spread(amount, weights)
    assert sum(parts) == min(amount, sum(weights))
    assert all(0 <= part <= weight for part, weight in zip(parts, weights, strict=True))
