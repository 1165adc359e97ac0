"""Cash and card terminal: booked by staff, beside whatever the phones are doing."""

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from events.kernel.ids import new_id
from payments.errors import WrongState
from payments.models import LedgerEntry, Payment, Refund
from payments.services.complete_payment import complete_payment
from payments.services.refunds import confirm_hand_back, reverse_counter_payment
from stores.models import Role, Store
from tests.factories import make_membership, make_store
from tests.payments.conftest import Party, in_threads, published, settle_events

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def guests(shop: Store) -> Party:
    return Party(shop.id, new_id(), new_id(), f"tok{new_id().hex[:12]}", new_id(), "tab")


class Till:
    """A member of staff at the floor screen."""

    def __init__(self, store: Store, role: str) -> None:
        self.base = f"/api/v1/stores/{store.id}"
        self.api = APIClient()
        self.api.force_login(make_membership(store, role).user)

    def take(self, party: Party, key: str = "", **body: Any) -> Any:
        address = f"{self.base}/tabs/{party.tab_id}/counter-payments/"
        return self.api.post(
            address,
            {"method": "cash", **body},
            format="json",
            headers={"Idempotency-Key": key or uuid4().hex},
        )

    def refunds(self, party: Party) -> list[Any]:
        bills = self.api.get(f"{self.base}/tabs/{party.tab_id}/bill/").json()["bills"]
        return [refund for bill in bills for refund in bill["refunds"]]

    def give_back(self, payment: Payment, amount: int) -> Any:
        return self.api.post(
            f"{self.base}/payments/{payment.id}/refunds/",
            {"amount": amount, "reason": "cold"},
            format="json",
            headers={"Idempotency-Key": uuid4().hex},
        )


def test_cash_pays_everything_and_knows_the_change(shop: Store, guests: Party) -> None:
    guests.place(6500)
    guests.place(4000)
    answer = Till(shop, Role.FLOOR).take(guests, tendered=20000).json()
    assert (answer["amount"], answer["change"], answer["bill"]["bills"][0]["status"]) == (10500, 9500, "paid")
    assert len(published("bill.paid")) == 1
    assert Payment.objects.get().method == "cash"


def test_a_part_leaves_the_rest(shop: Store, guests: Party) -> None:
    guests.place(10000)
    till = Till(shop, Role.FLOOR)
    assert till.take(guests, amount=4000, method="terminal", receipt_no="0042").status_code == 201
    assert guests.sums().due == 6000
    assert till.take(guests, amount=6001).json()["type"] == "urn:hansang:problem:amount-too-high"
    assert till.take(guests, tendered=5999).json()["type"] == "urn:hansang:problem:too-little-cash"
    assert LedgerEntry.objects.count() == 1


def test_one_key_takes_money_once(shop: Store, guests: Party) -> None:
    guests.place(10000)
    till = Till(shop, Role.OWNER)
    calls = [lambda: till.take(guests, "same-key-1", amount=4000).status_code] * 3
    assert set(in_threads(*calls)) == {201}
    assert guests.sums().captured == 4000
    assert till.take(guests, "same-key-1", amount=4001).status_code == 422


def test_a_key_is_bound_to_its_tab(shop: Store, guests: Party) -> None:
    guests.place(10000)
    others = Party(shop.id, new_id(), new_id(), f"tok{new_id().hex[:12]}", new_id(), "tab")
    others.place(10000)
    till = Till(shop, Role.FLOOR)
    assert till.take(guests, "same-key-1").status_code == 201
    refused = till.take(others, "same-key-1")
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:hansang:problem:key-reused")
    assert (others.sums().captured, Payment.objects.count()) == (0, 1)
    assert len(published("payment.captured")) == 1


def test_a_key_holds_over_a_new_release(shop: Store, guests: Party) -> None:
    guests.place(10000)
    till = Till(shop, Role.FLOOR)
    first = till.take(guests, "same-key-1", amount=4000).json()
    Payment.objects.update(request_hash=hashlib.sha256(b'["cash", 4000, null, "", "None"]').hexdigest())
    again = till.take(guests, "same-key-1", amount=4000)
    assert (again.status_code, again.json()["payments"]) == (201, first["payments"])
    assert (guests.sums().captured, len(published("payment.captured"))) == (4000, 1)


def test_a_key_that_begins_like_another_is_another(shop: Store, guests: Party) -> None:
    guests.place(10000)
    till = Till(shop, Role.FLOOR)
    for key in ("same-key-1:0", "same-key-1", "same-key"):
        assert till.take(guests, key, amount=1000).status_code == 201
    assert guests.sums().captured == 3000
    assert till.take(guests, "same-key-1", amount=1000).json()["amount"] == 1000
    assert guests.sums().captured == 3000


def test_several_bills_are_paid_the_oldest_first(shop: Store, guests: Party) -> None:
    guests.pay_after = "order"
    first, second = guests.place(6000), guests.place(5000)
    answer = Till(shop, Role.MANAGER).take(guests, amount=8000).json()
    assert [payment["amount"] for payment in answer["payments"]] == [6000, 2000]
    assert (guests.sums(first).due, guests.sums(second).due) == (0, 3000)
    assert [event.order_id for event in published("bill.paid")] == [first]
    assert [event.tab_settled for event in published("bill.paid")] == [False]


def test_cash_beside_a_phone_that_pays_too_is_sent_back_to_the_phone(
    shop: Store, guests: Party, wallet: Any
) -> None:
    guests.place(10000)
    phone = guests.phone()
    online = phone.start()
    assert Till(shop, Role.FLOOR).take(guests).status_code == 201
    phone.press(online)
    complete_payment(payment_id=online.id)
    settle_events()
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.amount, refund.state) == (online.id, 10000, "succeeded")
    assert len(published("bill.paid")) == 1


def test_a_guest_who_chose_the_counter_is_served_there(shop: Store, guests: Party) -> None:
    guests.place(10000)
    answer = guests.phone().pay(method="counter").json()
    assert answer["next"]["type"] == "counter"
    assert guests.phone(uuid4()).pay(method="counter").status_code == 409
    assert Till(shop, Role.FLOOR).take(guests).status_code == 201
    assert (guests.sums().reserved, guests.sums().is_paid) == (0, True)
    assert not published("payment.failed")


@pytest.mark.parametrize(
    ("role", "takes", "gives"),
    [(Role.OWNER, 201, 201), (Role.MANAGER, 201, 201), (Role.FLOOR, 201, 403), (Role.KITCHEN, 403, 403)],
)
def test_roles(shop: Store, guests: Party, role: str, takes: int, gives: int) -> None:
    guests.place(10000)
    till = Till(shop, role)
    assert till.take(guests).status_code == takes
    Till(shop, Role.OWNER).take(guests)
    assert till.give_back(Payment.objects.get(), 1000).status_code == gives


def test_another_stores_staff_see_and_take_nothing(shop: Store, guests: Party) -> None:
    guests.place(10000)
    stranger = Till(make_store(), Role.OWNER)
    assert stranger.take(guests).status_code == 404
    stranger.base = f"/api/v1/stores/{shop.id}"
    assert stranger.take(guests).status_code == 403
    assert stranger.api.get(f"{stranger.base}/tabs/{guests.tab_id}/bill/").status_code == 403
    assert not Payment.objects.exists()


def test_staff_hand_cash_back_themselves(shop: Store, guests: Party) -> None:
    guests.place(10000)
    owner = Till(shop, Role.OWNER)
    owner.take(guests)
    assert owner.give_back(Payment.objects.get(), 1000).status_code == 201
    settle_events()
    assert Refund.objects.get().state == "succeeded"


def test_cash_that_a_rule_wants_back_waits_for_a_hand(shop: Store, guests: Party) -> None:
    order = guests.place(10000)
    Till(shop, Role.FLOOR).take(guests)
    guests.reject(order)
    refund = Refund.objects.get()
    assert refund.state == "pending"
    confirm_hand_back(store_id=shop.id, refund_id=refund.id, actor_id=uuid4(), actor_name="Mina")
    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert len(published("refund.completed")) == 1


def test_the_bill_names_cash_that_waits_for_a_hand(shop: Store, guests: Party, wallet: Any) -> None:
    order, other = guests.place(10000), guests.place(700)
    floor = Till(shop, Role.FLOOR)
    floor.take(guests, amount=10000)
    online = guests.phone().start()
    guests.phone().press(online)
    complete_payment(payment_id=online.id)
    assert floor.refunds(guests) == []
    guests.reject(other)
    guests.reject(order)
    shown = floor.refunds(guests)
    assert [(row["amount"], row["method"], row["hand_back"]) for row in shown] == [
        (700, "Sandbox Pay", False),
        (10000, "cash", True),
    ]
    assert (shown[1]["state"], shown[1]["reason"]) == ("pending", "sold out")
    address = f"{floor.base}/refunds/{shown[1]['id']}/handed-back/"
    assert [floor.api.post(address).status_code for _ in range(2)] == [200, 409]
    assert [(row["state"], row["hand_back"]) for row in floor.refunds(guests)] == [
        ("succeeded", False),
        ("succeeded", False),
    ]
    assert LedgerEntry.objects.filter(kind="refund", amount=-10000).count() == 1


def test_cash_that_the_store_owes_is_named_whatever_table_it_is(shop: Store, guests: Party) -> None:
    order = guests.place(10000)
    floor = Till(shop, Role.FLOOR)
    floor.take(guests)
    owed = f"{floor.base}/hand-backs/"
    assert floor.api.get(owed).json() == {"refunds": []}
    guests.reject(order)
    [row] = floor.api.get(owed).json()["refunds"]
    assert (row["amount"], row["method"], row["reason"]) == (10000, "cash", "sold out")
    assert (row["tab_id"], row["table_name"]) == (str(guests.tab_id), "T1")
    assert Till(make_store(), Role.FLOOR).api.get(owed).status_code == 403
    assert Till(shop, Role.KITCHEN).api.get(owed).status_code == 403
    floor.api.post(f"{floor.base}/refunds/{row['id']}/handed-back/")
    assert floor.api.get(owed).json() == {"refunds": []}


def reverse(payment: Payment) -> None:
    reverse_counter_payment(
        store_id=payment.store_id, payment_id=payment.id, reason="typo", actor_id=uuid4(), actor_name="Mina"
    )


def test_a_mistake_at_the_counter_is_reversed_and_owed_again(shop: Store, guests: Party) -> None:
    guests.place(10000)
    till = Till(shop, Role.FLOOR)
    till.take(guests)
    reverse(Payment.objects.get())
    assert (guests.sums().due, guests.bill().settled_at) == (10000, None)
    [owed] = published("bill.reopened")
    assert (owed.bill_id, owed.tab_id, owed.order_id, owed.due) == (
        guests.bill().id,
        guests.tab_id,
        None,
        10000,
    )
    assert till.take(guests).status_code == 201
    assert len(published("bill.paid")) == 2
    assert list(LedgerEntry.objects.order_by("id").values_list("amount", flat=True)) == [
        10000,
        -10000,
        10000,
    ]


def test_a_bill_that_was_never_paid_is_not_opened_again(shop: Store, guests: Party) -> None:
    guests.place(10000)
    Till(shop, Role.FLOOR).take(guests, amount=4000)
    reverse(Payment.objects.get())
    with pytest.raises(WrongState):
        reverse(Payment.objects.get())
    assert guests.sums().due == 10000 and not published("bill.reopened")
