"""What a share of a bill costs, whatever was ordered, paid and taken off before."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.kernel.ids import new_id
from orders.events import TabMerged
from payments.apis import tab_bill
from payments.models import Payment
from payments.services.complete_payment import apply_outcome, complete_payment
from payments.shares import Shares
from tests.payments.conftest import MakeParty, Party, Phone, seen_at_gateway

pytestmark = pytest.mark.django_db(transaction=True)

MINE = {"share": {"kind": "mine"}}


def finish(phone: Phone, payment: Payment) -> int:
    """The wallet pays the attempt; returns the amount."""
    phone.press(payment)
    complete_payment(payment_id=payment.id)
    return payment.amount


def pay(phone: Phone, **body: Any) -> int:
    return finish(phone, phone.start(**body))


def thirds(party: Party, phones: int) -> list[int]:
    """What that many new phones pay, each choosing a third."""
    share = {"kind": "even", "parts": 3}
    return [pay(party.phone(uuid4()), share=share) for _ in range(phones)]


def refused(phone: Phone, **body: Any) -> str:
    """The code of a refusal that reserved nothing."""
    before = Payment.objects.count()
    answer = phone.pay(**body)
    assert answer.status_code == 409 and Payment.objects.count() == before
    return str(answer.json()["type"].removeprefix("urn:hansang:problem:"))


# --- My own ---------------------------------------------------------------------------------------------


def test_who_treated_everybody_owes_their_next_dish_like_anybody_else(tab_party: Party, wallet: Any) -> None:
    host, friend = tab_party.phone(), tab_party.phone(uuid4())
    tab_party.place(4000)
    tab_party.place(6000, guest_id=uuid4())
    assert pay(host) == 10000
    tab_party.place(5000)
    assert refused(friend, **MINE) == "nothing-to-pay"
    assert pay(host, **MINE) == 5000
    assert tab_party.sums().is_paid


def test_who_paid_for_others_while_some_is_still_owed_has_paid_ahead(tab_party: Party, wallet: Any) -> None:
    tab_party.place(4000)
    tab_party.place(6000, guest_id=uuid4())
    pay(tab_party.phone(), share={"kind": "amount", "amount": 7000})
    tab_party.place(5000)
    assert tab_party.phone().start(**MINE).amount == 2000


def test_a_paid_dish_that_is_taken_off_later_lowers_its_guests_next_share(
    tab_party: Party, wallet: Any
) -> None:
    phones = [tab_party.phone(), tab_party.phone(uuid4())]
    gone = tab_party.place(4000)
    tab_party.place(6000, guest_id=phones[1].guest_id)
    assert [pay(phone, **MINE) for phone in phones] == [4000, 6000]
    for phone in phones:
        tab_party.place(5000, guest_id=phone.guest_id)
    tab_party.reject(gone)
    assert [pay(phone, **MINE) for phone in phones] == [1000, 5000]
    assert tab_party.sums().is_paid


def test_money_of_an_older_attempt_pays_what_is_owed_when_it_arrives(tab_party: Party, wallet: Any) -> None:
    phone = tab_party.phone()
    tab_party.place(4000)
    slow = phone.start()
    tab_party.pay_cash()
    tab_party.place(5000)
    tab_party.place(4000, guest_id=uuid4())
    finish(phone, slow)
    assert phone.start(**MINE).amount == 1000


def test_dishes_of_a_party_that_joins_one_that_has_paid_are_owed_by_who_ate_them(
    tab_party: Party, make_party: MakeParty, wallet: Any
) -> None:
    other = make_party("tab", store_id=tab_party.store_id)
    other.place(4000)
    pay(other.phone())
    tab_party.place(6500)
    join(tab_party, other)
    assert refused(other.phone(), **MINE) == "nothing-to-pay"
    assert pay(tab_party.phone(), **MINE) == 6500


def join(party: Party, other: Party) -> None:
    joined = TabMerged(
        store_id=party.store_id,
        tab_id=party.tab_id,
        table_id=party.table_id,
        table_name="T1",
        table_token=party.token,
        into_tab_id=other.tab_id,
        order_ids=[],
    )
    party._tell(joined)


def test_an_order_that_is_told_twice_begins_no_new_reckoning(tab_party: Party) -> None:
    placed = tab_party._placed(new_id(), (4000,), tab_party.guest_id)
    tab_party._tell(placed)
    tab_party.pay_cash()
    tab_party._tell(placed)
    assert (tab_party.bill().reckoning, tab_party.sums().due) == (1, 0)


# --- Evenly ---------------------------------------------------------------------------------------------


def test_a_second_round_is_split_like_the_first(tab_party: Party, wallet: Any) -> None:
    tab_party.place(9000)
    assert thirds(tab_party, 3) == [3000, 3000, 3000]
    tab_party.place(10000)
    assert thirds(tab_party, 3) == [3333, 3333, 3334]
    assert tab_party.sums().is_paid


def test_who_pays_last_does_not_pay_a_late_dish_alone(tab_party: Party, wallet: Any) -> None:
    tab_party.place(9000)
    assert thirds(tab_party, 2) == [3000, 3000]
    tab_party.place(9000)
    assert thirds(tab_party, 1) == [6000]
    assert thirds(tab_party, 3) == [2000, 2000, 2000]
    assert tab_party.sums().is_paid


def test_shares_of_a_set_that_was_never_full_do_not_count_after_all_was_paid(
    tab_party: Party, wallet: Any
) -> None:
    tab_party.place(9000)
    thirds(tab_party, 2)
    tab_party.pay_cash()
    tab_party.place(9000)
    assert thirds(tab_party, 3) == [3000, 3000, 3000]


def test_what_others_pay_otherwise_is_not_split_again(tab_party: Party, wallet: Any) -> None:
    tab_party.place(9000)
    pay(tab_party.phone(), share={"kind": "amount", "amount": 6000})
    tab_party.phone(uuid4()).start(share={"kind": "amount", "amount": 600})
    assert thirds(tab_party, 3) == [800, 800, 800]


def test_a_share_that_went_back_whole_is_free_again(tab_party: Party, wallet: Any) -> None:
    tab_party.place(9000)
    thirds(tab_party, 2)
    returned = Payment.objects.earliest("created_at")
    apply_outcome(payment_id=returned.id, outcome=seen_at_gateway(returned, refunded=3000))
    assert thirds(tab_party, 2) == [3000, 3000]
    assert tab_party.sums().is_paid


def test_parties_of_different_sizes_do_not_count_as_each_others_shares(tab_party: Party, wallet: Any) -> None:
    tab_party.place(9000)
    thirds(tab_party, 2)
    halves = [pay(tab_party.phone(uuid4()), share={"kind": "even", "parts": 2}) for _ in range(2)]
    assert halves == [1500, 1500]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    bill=st.integers(1, 10**9),
    parts=st.integers(1, 20),
    later=st.lists(st.integers(0, 10**6), max_size=9),
)
def test_even_shares_never_exceed_what_is_free_and_end(bill: int, parts: int, later: list[int]) -> None:
    rest, taken = bill, list[int]()
    for more in [*later, *[0] * (parts * 3)]:
        rest += more
        if not rest:
            break
        share = Shares(rest, 0, {parts: taken}).even(parts)
        assert 1 <= share <= rest
        rest, taken = rest - share, [*taken, share]
    assert rest == 0


# --- What the button says -------------------------------------------------------------------------------

WAYS: list[tuple[dict[str, Any], Any]] = [
    ({"kind": "all"}, lambda shares: shares["all"]),
    ({"kind": "mine"}, lambda shares: shares["mine"]),
    *(
        ({"kind": "even", "parts": parts}, lambda shares, n=parts: shares["even"][str(n)])
        for parts in (1, 2, 3)
    ),
]


@pytest.mark.parametrize(("share", "said"), WAYS)
def test_a_phone_is_told_what_it_will_be_charged(
    tab_party: Party, wallet: Any, share: dict[str, Any], said: Any
) -> None:
    phone = tab_party.phone()
    tab_party.place(4000)
    pay(phone)
    tab_party.place(5000)
    tab_party.place(8000, guest_id=uuid4())
    thirds(tab_party, 1)
    tab_party.phone(uuid4()).start(share={"kind": "amount", "amount": 700})
    shares = phone.bill()["bills"][0]["shares"]
    assert phone.start(share=share).amount == said(shares)
    assert phone.bill()["bills"][0]["shares"] == shares, "its own attempt is replaced by its next"


def test_what_is_paid_and_what_staff_see_has_no_shares(tab_party: Party, wallet: Any) -> None:
    tab_party.place(4000)
    assert tab_bill(tab_party.tab_id, tab_party.store_id)["bills"][0]["shares"] is None
    pay(tab_party.phone())
    assert tab_party.phone().bill()["bills"][0]["shares"] is None


@pytest.mark.parametrize("share", [{"kind": "all"}, {"kind": "mine"}, {"kind": "even", "parts": 3}])
def test_nobody_is_charged_more_than_their_phone_showed(
    tab_party: Party, wallet: Any, share: dict[str, Any]
) -> None:
    phone = tab_party.phone()
    tab_party.place(9000)
    wish = {
        "share": share,
        "amount_shown": phone.bill()["bills"][0]["shares"]["mine"] // share.get("parts", 1),
    }
    tab_party.place(9000)
    assert refused(phone, **wish) == "amount-changed"
    assert tab_party.sums().reserved == 0
    assert phone.start(**{**wish, "amount_shown": 18000}).amount == 18000 // share.get("parts", 1)


def test_less_than_the_phone_showed_is_charged_as_it_is(tab_party: Party, wallet: Any) -> None:
    tab_party.place(9000)
    thirds(tab_party, 1)
    assert tab_party.phone().start(amount_shown=9000).amount == 6000


def test_an_attempt_goes_on_while_the_phone_shows_its_amount(tab_party: Party, wallet: Any) -> None:
    phone = tab_party.phone()
    gone = tab_party.place(4000)
    tab_party.place(5000)
    first = phone.start(amount_shown=9000)
    assert phone.start(amount_shown=9000) == first
    tab_party.reject(gone)
    assert phone.start(amount_shown=5000).amount == 5000
    first.refresh_from_db()
    assert first.state == "canceled"


@pytest.mark.parametrize("shown", [0, -1, "x", 10**30])
def test_a_shown_amount_that_is_none_is_refused(tab_party: Party, shown: Any) -> None:
    tab_party.place(9000)
    assert tab_party.phone().pay(amount_shown=shown).status_code == 400
    assert not Payment.objects.exists()
