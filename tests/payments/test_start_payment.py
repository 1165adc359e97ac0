"""Which part of a bill a phone may pay, and what happens when two want the same."""

import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from events.kernel.databases import atomic
from events.kernel.ids import new_id
from orders.events import TabMoved
from payments.gateways.sandbox.wallet.models import WalletPayment
from payments.models import Payment
from payments.services.accounts import save_store_snapshot
from payments.services.complete_payment import complete_payment
from payments.services.translate import read_return_token, return_token
from payments.shares import even_share
from tests.payments.conftest import MakeParty, Party, Phone, in_threads, published

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_bill_that_is_not_written_yet_asks_to_come_back(party: Party) -> None:
    response = party.phone().pay(order_id=str(new_id()))
    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert response.json()["type"] == "urn:hansang:problem:bill-not-ready"
    assert not Payment.objects.exists()


def id_made(ago: timedelta) -> UUID:
    """An id as `new_id` made it then."""
    fresh = new_id().int
    return UUID(int=fresh - (int(ago.total_seconds() * 1000) << 80))


def test_another_tabs_order_and_no_order_at_all_are_the_same_to_a_phone(
    party: Party, make_party: MakeParty
) -> None:
    stranger = make_party().phone()
    wanted = [party.place(6500), uuid4(), id_made(timedelta(hours=1)), UUID(int=2**128 - 1), UUID(int=0)]
    answers = [stranger.pay(order_id=str(order)) for order in wanted]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert not Payment.objects.exists()


def test_one_key_is_one_payment(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    first, second = phone.pay("same-key-1", order_id=order), phone.pay("same-key-1", order_id=order)
    assert first.json() == second.json()
    other = phone.pay("same-key-1", order_id=order, share={"kind": "amount", "amount": 5})
    assert (other.status_code, other.json()["type"]) == (422, "urn:hansang:problem:key-reused")
    assert Payment.objects.count() == 1


@pytest.mark.parametrize("key", ["short", "x" * 65, "with a blank"])
def test_a_payment_needs_a_usable_key_as_an_order_does(party: Party, key: str) -> None:
    response = party.phone().pay(key, order_id=str(party.place(6500)))
    assert (response.status_code, response.json()["type"]) == (400, "urn:hansang:problem:key-missing")
    assert not Payment.objects.exists()


def test_pressing_pay_again_continues_the_open_attempt(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    assert phone.start(order_id=order) == phone.start(order_id=order)


def test_a_phone_that_changes_its_mind_frees_its_first_share(tab_party: Party, wallet: Any) -> None:
    tab_party.place(10000)
    phone = tab_party.phone()
    first = phone.start()
    second = phone.start(share={"kind": "amount", "amount": 4000})
    first.refresh_from_db()
    assert (first.state, second.amount) == ("canceled", 4000)
    assert tab_party.sums().reserved == 4000


def test_changing_ones_mind_after_paying_finds_it_paid(tab_party: Party, wallet: Any) -> None:
    tab_party.place(10000)
    phone = tab_party.phone()
    phone.press(phone.start())
    response = phone.pay(share={"kind": "amount", "amount": 4000})
    assert response.json()["type"] == "urn:hansang:problem:nothing-to-pay"
    assert tab_party.sums().is_paid
    assert Payment.objects.count() == 1


def test_two_phones_cannot_pay_the_same_bill(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phones = [party.phone(uuid4()) for _ in range(3)]
    answers = in_threads(*(lambda p=phone: p.pay(order_id=order) for phone in phones))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    refusals = {answer.json()["type"] for answer in answers if answer.status_code == 409}
    assert refusals == {"urn:hansang:problem:being-paid"}
    assert Payment.objects.count() == 1


def test_each_pays_their_own(tab_party: Party, wallet: Any) -> None:
    friend = uuid4()
    tab_party.place(6000, 1500)
    tab_party.place(4000, guest_id=friend)
    mine = tab_party.phone().start(share={"kind": "mine"})
    theirs = tab_party.phone(friend).start(share={"kind": "mine"})
    assert (mine.amount, theirs.amount) == (7500, 4000)
    assert tab_party.phone(uuid4()).pay(share={"kind": "mine"}).status_code == 409


def test_even_shares_add_up(tab_party: Party, wallet: Any) -> None:
    tab_party.place(10000)
    shares = [tab_party.phone(uuid4()).start(share={"kind": "even", "parts": 3}).amount for _ in range(3)]
    assert shares == [3333, 3333, 3334]


@pytest.mark.parametrize(("total", "parts"), [(10000, 3), (10001, 7), (2, 3), (1, 1), (12_000_000, 11)])
def test_rounding_loses_nothing(total: int, parts: int) -> None:
    assert sum(even_share(total, parts, index) for index in range(parts)) == total


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"share": {"kind": "amount", "amount": 6501}}, 409),
        ({"share": {"kind": "amount", "amount": 0}}, 400),
        ({"share": {"kind": "amount", "amount": 10**30}}, 400),
        ({"share": {"kind": "amount"}}, 400),
        ({"share": {"kind": "even", "parts": 0}}, 400),
        ({"share": {"kind": "half"}}, 400),
        ({"share": None}, 400),
        ({"method": "bitcoin"}, 400),
        ({"method": "a\u0000b"}, 400),
        ({"order_id": "x"}, 400),
        ({"bill_id": str(uuid4())}, 404),
    ],
)
def test_nonsense_is_refused_and_reserves_nothing(tab_party: Party, body: Any, status: int) -> None:
    tab_party.place(6500)
    assert tab_party.phone().pay(**body).status_code == status
    assert not Payment.objects.exists()


def test_a_key_is_needed(party: Party) -> None:
    assert party.phone().pay("short", order_id=str(party.place(1))).status_code == 400


def test_strangers_see_and_pay_nothing(party: Party, make_party: MakeParty, wallet: Any) -> None:
    order = str(party.place(6500))
    payment = party.phone().start(order_id=order)
    other = make_party()
    stranger = other.phone()
    assert stranger.pay(order_id=order).status_code == 404
    assert stranger.api.get(f"/api/v1/payments/{payment.id}/").status_code == 404
    assert stranger.api.get(f"/api/v1/t/{party.token}/bill/").status_code == 403
    assert party.phone().api.get(f"/api/v1/payments/{payment.id}/").json()["state"] == "started"


def test_a_silent_wallet_leaves_the_attempt_open_for_the_same_key(
    party: Party, settings: Any, wallet: Any
) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    settings.SANDBOX_WALLET_URL = "http://127.0.0.1:9"
    assert phone.pay("same-key-2", order_id=order).status_code == 503
    assert Payment.objects.get().state == "created"
    settings.SANDBOX_WALLET_URL = wallet.url
    assert phone.pay("same-key-2", order_id=order).json()["state"] == "started"
    assert Payment.objects.count() == 1


def test_a_shop_that_died_while_asking_the_wallet_asks_the_same_again(
    party: Party, wallet: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    first = phone.pay("same-key-3", order_id=order).json()
    Payment.objects.update(state="created", next_action=None, gateway_ref="")
    later = SimpleNamespace(time=lambda: time.time() + 90)
    monkeypatch.setattr("django.core.signing.time", later)
    assert phone.pay("same-key-3", order_id=order).json() == first


def moves(party: Party, phone: Phone) -> None:
    moved = TabMoved(
        store_id=party.store_id,
        tab_id=party.tab_id,
        table_id=uuid4(),
        table_name="T9",
        table_token=party.token,
        from_table_id=party.table_id,
        from_table_name="T1",
    )
    party._tell(moved)


def changes_the_language(party: Party, phone: Phone) -> None:
    phone.api.cookies["hs_lang"] = "ko"


def sees_the_store_renamed(party: Party, phone: Phone) -> None:
    snapshot = {"name": "new", "currency": "KRW"}
    save_store_snapshot(store_id=party.store_id, version_number=2, snapshot=snapshot)


@pytest.mark.parametrize("meanwhile", [moves, changes_the_language, sees_the_store_renamed])
def test_a_lost_answer_is_asked_for_in_the_same_words(
    party: Party, wallet: Any, meanwhile: Callable[[Party, Phone], None]
) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    phone.api.cookies["hs_lang"] = "en"
    first = phone.pay("same-key-4", order_id=order).json()
    Payment.objects.update(state="created", next_action=None, gateway_ref="")
    meanwhile(party, phone)
    assert phone.pay("same-key-4", order_id=order).json() == first
    assert WalletPayment.objects.get().description == "Table T1"


def test_a_way_back_ends_after_a_day(party: Party, wallet: Any) -> None:
    payment = party.phone().start(order_id=str(party.place(6500)))
    assert read_return_token(return_token(payment)) == payment.id.hex
    assert read_return_token(return_token(payment)[:-1]) is None
    payment.created_at -= timedelta(days=1, seconds=1)
    assert read_return_token(return_token(payment)) is None


def test_a_gateway_is_never_called_inside_a_transaction(party: Party, wallet: Any) -> None:
    payment = party.phone().start(order_id=str(party.place(6500)))
    with pytest.raises(RuntimeError), atomic("payments"):
        complete_payment(payment_id=payment.id)


def test_a_decline_frees_the_share_and_says_so(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    payment = phone.start(order_id=order)
    back = phone.press(payment, "decline")["Location"]
    answer = phone.web.post(f"{back}complete/", headers={"Accept": "application/json"}).json()
    assert (answer["final"], answer["paid"]) == (True, False)
    assert answer["failure"]
    assert [event.state for event in published("payment.failed")] == ["failed"]
    assert phone.start(order_id=order).id != payment.id


def test_a_free_order_is_paid_at_once(party: Party) -> None:
    order = party.place(0)
    assert [event.order_id for event in published("bill.paid")] == [order]
