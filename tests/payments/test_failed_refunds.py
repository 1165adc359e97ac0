"""A refund the bank refuses stays promised until a person has decided what becomes of it."""

from typing import Any
from uuid import uuid4

import pytest

from payments.errors import PaymentUnknown, WrongState
from payments.gateways.base import Kind, RefundOutcome
from payments.gateways.sandbox.wallet.models import WalletPayment
from payments.models import LedgerEntry, Refund
from payments.services.complete_payment import apply_outcome
from payments.services.failed_refunds import pay_back_in_cash, retry_refund, withdraw_refund
from payments.services.refunds import record_refund
from tests.payments.conftest import Party, in_threads, published, seen_at_gateway, settle_events
from tests.payments.test_refunds import ask, paid, wallet_gave_back

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def refused(party: Party, wallet: Any) -> Refund:
    """A goodwill refund of 3000 of 10000 that the bank refused."""
    _, payment = paid(party, 10000, scenario="refund_fails")
    ask(payment, 3000)
    settle_events()
    return Refund.objects.get()


def resolve(service: Any, refund: Refund) -> Any:
    return service(store_id=refund.store_id, refund_id=refund.id, actor_id=uuid4(), actor_name="Mina")


def bank_recovers() -> None:
    WalletPayment.objects.update(refunds_fail=False)


def test_a_refused_refund_stays_promised_and_asks_for_a_person(party: Party, refused: Refund) -> None:
    payment = refused.payment
    assert (refused.state, payment.returned, wallet_gave_back()) == ("failed", 3000, 0)
    sums = party.sums()
    assert (sums.total, sums.held, sums.due, sums.surplus) == (7000, 7000, 0, 0)
    assert len(published("refund.failed")) == 1
    assert not published("refund.completed")


def test_a_refused_refund_of_a_rejected_order_is_not_asked_for_again_and_again(
    party: Party, wallet: Any
) -> None:
    order, _ = paid(party, 10000, scenario="refund_fails")
    party.reject(order)
    settle_events()
    assert [refund.state for refund in Refund.objects.all()] == ["failed"]
    assert party.sums().surplus == 0
    party.reject(order)
    settle_events()
    assert Refund.objects.count() == len(published("refund.failed")) == 1


def test_an_order_rejected_beside_a_refused_refund_gives_back_the_rest(party: Party, refused: Refund) -> None:
    party.reject(party.bill().lines.get().order_id)
    settle_events()
    assert sorted(Refund.objects.values_list("amount", flat=True)) == [3000, 7000]
    assert party.sums().held == 0


def test_trying_again_is_a_new_refund_with_its_history(party: Party, refused: Refund) -> None:
    bank_recovers()
    again = resolve(retry_refund, refused)
    settle_events()
    refused.refresh_from_db()
    again.refresh_from_db()
    assert (refused.state, refused.resolved_by, refused.resolution) == ("resolved", "Mina", "retried")
    assert refused.failure == "account_closed"
    assert (again.state, again.replaces_id, again.amount) == ("succeeded", refused.id, 3000)
    assert (wallet_gave_back(), party.sums().due, party.sums().surplus) == (3000, 0, 0)
    assert len(published("refund.completed")) == 1


def test_trying_again_in_vain_asks_for_a_person_again(party: Party, refused: Refund) -> None:
    resolve(retry_refund, refused)
    settle_events()
    assert sorted(Refund.objects.values_list("state", flat=True)) == ["failed", "resolved"]
    assert len(published("refund.failed")) == 2
    assert party.sums().total == 7000


def test_a_double_click_on_try_again_is_one_refund(party: Party, refused: Refund) -> None:
    bank_recovers()
    results = in_threads(*[lambda: resolve(retry_refund, refused)] * 3)
    assert sorted(type(result).__name__ for result in results) == ["Refund", "WrongState", "WrongState"]
    settle_events()
    assert wallet_gave_back() == 3000


def test_paid_back_in_cash_is_booked_once_and_the_bank_is_left_alone(party: Party, refused: Refund) -> None:
    bank_recovers()
    by_hand = resolve(pay_back_in_cash, refused)
    settle_events()
    assert (by_hand.state, by_hand.in_cash, by_hand.actor_name) == ("succeeded", True, "Mina")
    assert wallet_gave_back() == 0
    assert list(LedgerEntry.objects.order_by("id").values_list("amount", flat=True)) == [10000, -3000]
    assert [event.refund_id for event in published("refund.completed")] == [by_hand.id]
    assert (party.sums().due, party.sums().refunded) == (0, 3000)
    with pytest.raises(WrongState):
        resolve(retry_refund, refused)
    assert Refund.objects.count() == 2


def test_goodwill_may_be_withdrawn_and_is_owed_by_nobody(party: Party, refused: Refund) -> None:
    resolve(withdraw_refund, refused)
    refused.refresh_from_db()
    assert (refused.state, refused.resolution, refused.payment.returned) == ("resolved", "withdrawn", 0)
    sums = party.sums()
    assert (sums.total, sums.held, sums.due, sums.surplus) == (10000, 10000, 0, 0)


def test_the_money_of_a_rejected_order_cannot_be_withdrawn(party: Party, wallet: Any) -> None:
    order, _ = paid(party, 10000, scenario="refund_fails")
    party.reject(order)
    settle_events()
    with pytest.raises(WrongState):
        resolve(withdraw_refund, Refund.objects.get())
    assert Refund.objects.get().state == "failed"


def test_withdrawing_after_the_order_was_rejected_gives_the_whole_order_back(
    party: Party, refused: Refund
) -> None:
    bank_recovers()
    party.reject(party.bill().lines.get().order_id)
    settle_events()
    resolve(withdraw_refund, refused)
    settle_events()
    assert (wallet_gave_back(), party.sums().held, party.sums().due) == (10000, 0, 0)


@pytest.mark.parametrize("service", [retry_refund, pay_back_in_cash, withdraw_refund])
def test_only_a_failed_refund_of_the_own_store_is_resolved(party: Party, wallet: Any, service: Any) -> None:
    _, payment = paid(party, 10000)
    refund = ask(payment, 3000)
    settle_events()
    with pytest.raises(WrongState):
        resolve(service, refund)
    refund.store_id = uuid4()
    with pytest.raises(PaymentUnknown):
        resolve(service, refund)
    assert (Refund.objects.count(), wallet_gave_back()) == (1, 3000)
    assert len(published("refund.requested")) == 1


def test_a_bank_that_changes_its_mind_is_believed(party: Party, refused: Refund) -> None:
    done = RefundOutcome(Kind.SUCCESS, amount=3000, currency="KRW")
    for _ in range(2):
        record_refund(refund_id=refused.id, outcome=done)
    refused.refresh_from_db()
    assert (refused.state, party.sums().refunded, party.sums().due) == ("succeeded", 3000, 0)
    came_back = RefundOutcome(Kind.DEFINITIVE_FAILURE, failure="account_closed")
    for _ in range(2):
        record_refund(refund_id=refused.id, outcome=came_back)
    refused.refresh_from_db()
    assert (refused.state, party.sums().refunded, refused.payment.returned) == ("reversed", 0, 3000)
    resolve(pay_back_in_cash, refused)
    assert (party.sums().refunded, party.sums().due, party.sums().surplus) == (3000, 0, 0)


def test_a_failed_refund_made_at_the_gateway_by_hand_is_recognized(party: Party, refused: Refund) -> None:
    payment = refused.payment
    seen = seen_at_gateway(payment, refunded=3000)
    for _ in range(2):
        apply_outcome(payment_id=payment.id, outcome=seen)
    refused.refresh_from_db()
    assert (refused.state, Refund.objects.count()) == ("succeeded", 1)
    assert (party.sums().total, party.sums().refunded, party.sums().due) == (7000, 3000, 0)
