"""Money goes back once, for the right reason, and never more than came."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from payments.errors import KeyReused, NotRefundable
from payments.gateways.sandbox.wallet.models import WalletPayment
from payments.gateways.sandbox.wallet.sender import send_due
from payments.models import LedgerEntry, Payment, Refund
from payments.services.bills import release_order, void_line
from payments.services.complete_payment import complete_payment
from payments.services.reconcile import reconcile_payments
from payments.services.refunds import RefundUncertain, request_refund, send_refund
from tests.payments.conftest import Party, in_threads, published, seen_at_gateway, settle_events

pytestmark = pytest.mark.django_db(transaction=True)


def paid(party: Party, *prices: int, scenario: str = "approve") -> tuple[UUID, Payment]:
    """An order paid through the wallet."""
    order = party.place(*prices)
    phone = party.phone()
    payment = phone.start(order_id=str(order))
    phone.press(payment, scenario)
    return order, complete_payment(payment_id=payment.id)


def ask(payment: Payment, amount: int, key: str = "", actor: UUID | None = None) -> Refund:
    return request_refund(
        store_id=payment.store_id,
        payment_id=payment.id,
        amount=amount,
        reason="cold",
        actor_id=actor or uuid4(),
        actor_name="Mina",
        key=key or uuid4().hex,
    )


def wallet_gave_back() -> int:
    return sum(WalletPayment.objects.values_list("refunded", flat=True))


def test_a_rejected_order_is_refunded_once(party: Party, wallet: Any) -> None:
    order, payment = paid(party, 6500, 4000)
    party.reject(order)
    party.reject(order)
    send_due()
    settle_events()
    refund = Refund.objects.get()
    assert (refund.state, refund.amount, refund.source) == ("succeeded", 10500, "order")
    assert wallet_gave_back() == 10500
    assert sum(LedgerEntry.objects.values_list("amount", flat=True)) == 0
    done = published("refund.completed")
    assert [(event.order_id, event.amount, event.reason) for event in done] == [(order, 10500, "sold out")]


def test_an_order_that_dies_unpaid_costs_nothing_and_closes_its_attempt(party: Party, wallet: Any) -> None:
    order = party.place(6500)
    payment = party.phone().start(order_id=str(order))
    party.expire(order)
    assert party.phone().pay(order_id=str(order)).json()["type"] == "urn:hansang:problem:bill-closed"
    reconcile_payments()
    payment.refresh_from_db()
    assert payment.state == "canceled"
    assert not Refund.objects.exists()


@pytest.mark.parametrize("death", ["expire", "cancel"])
def test_money_for_a_dead_order_is_booked_and_goes_back(party: Party, wallet: Any, death: str) -> None:
    order = party.place(6500)
    phone = party.phone()
    payment = phone.start(order_id=str(order))
    getattr(party, death)(order)
    phone.press(payment)
    send_due()
    settle_events()
    settle_events()
    payment.refresh_from_db()
    assert (payment.state, Refund.objects.get().state) == ("captured", "succeeded")
    assert wallet_gave_back() == 6500
    assert not published("bill.paid")


def test_a_late_success_on_a_settled_bill_goes_back(tab_party: Party, wallet: Any) -> None:
    tab_party.place(6500)
    slow = tab_party.phone(uuid4())
    late = slow.start()
    Payment.objects.filter(pk=late.pk).update(state="expired")  # we gave up, the wallet did not
    _, second = paid(tab_party, 1)
    slow.press(late)
    late = complete_payment(payment_id=late.pk)
    settle_events()
    assert (late.late, Refund.objects.get().source, Refund.objects.get().payment_id) == (
        True,
        "late",
        late.id,
    )
    assert tab_party.sums().held == tab_party.sums().total == 6501
    assert second.state == "captured"


def test_a_voided_line_gives_back_its_price(party: Party, wallet: Any) -> None:
    order, payment = paid(party, 6500, 4000)
    gone = party.bill().lines.get(total=4000)
    for _ in range(2):
        void_line(order_id=order, line_id=gone.line_id, amount=4000, reason="dropped")
    settle_events()
    assert (Refund.objects.get().amount, wallet_gave_back()) == (4000, 4000)
    release_order(order_id=order, reason="rejected")
    settle_events()
    assert wallet_gave_back() == 10500


def test_a_double_click_is_one_refund(party: Party, wallet: Any) -> None:
    _, payment = paid(party, 6500)
    actor = uuid4()
    calls = [lambda: ask(payment, 1000, "same-key-1", actor)] * 4
    assert len({refund.id for refund in in_threads(*calls)}) == 1
    settle_events()
    assert wallet_gave_back() == 1000
    with pytest.raises(KeyReused):
        ask(payment, 999, "same-key-1", actor)


def test_two_members_of_staff_cannot_give_back_more_than_came(party: Party, wallet: Any) -> None:
    _, payment = paid(party, 10000)
    results = in_threads(lambda: ask(payment, 6000), lambda: ask(payment, 6000))
    assert sorted(type(result).__name__ for result in results) == ["NotRefundable", "Refund"]
    settle_events()
    assert wallet_gave_back() == 6000


def test_a_goodwill_refund_is_not_owed_again(party: Party, wallet: Any) -> None:
    _, payment = paid(party, 10000)
    ask(payment, 3000)
    settle_events()
    sums = party.sums()
    assert (sums.total, sums.due, sums.surplus, sums.is_paid) == (7000, 0, 0, True)
    with pytest.raises(NotRefundable):
        ask(payment, 7001)


def test_a_refund_before_the_rejection_is_not_paid_out_twice(party: Party, wallet: Any) -> None:
    order, payment = paid(party, 10000)
    ask(payment, 3000)
    party.reject(order)
    settle_events()
    sums = party.sums()
    assert (sums.total, sums.held, sums.surplus, wallet_gave_back()) == (0, 0, 0, 10000)


def test_an_unanswered_refund_is_sent_again_with_the_same_reference(
    party: Party, settings: Any, wallet: Any
) -> None:
    _, payment = paid(party, 10000)
    settings.SANDBOX_WALLET_URL = "http://127.0.0.1:9"
    refund = ask(payment, 3000)
    with pytest.raises(RefundUncertain):
        send_refund(refund_id=refund.id)
    refund.refresh_from_db()
    assert refund.state == "sent"
    settings.SANDBOX_WALLET_URL = wallet.url
    for _ in range(3):
        send_refund(refund_id=refund.id)
    refund.refresh_from_db()
    assert (refund.state, wallet_gave_back()) == ("succeeded", 3000)
    assert len(published("refund.completed")) == 1


def test_a_refund_made_at_the_gateway_is_found(party: Party, wallet: Any) -> None:
    from payments.services.complete_payment import apply_outcome

    _, payment = paid(party, 10000)
    seen = seen_at_gateway(payment, refunded=4000)
    for _ in range(2):
        apply_outcome(payment_id=payment.id, outcome=seen)
    refund = Refund.objects.get()
    assert (refund.source, refund.amount, party.sums().due) == ("external", 4000, 4000)
    assert [event.due for event in published("bill.reopened")] == [4000]


def test_the_database_itself_guards_the_money(party: Party, wallet: Any) -> None:
    _, payment = paid(party, 10000)
    breaks: list[Callable[[], object]] = [
        lambda: Payment.objects.filter(pk=payment.pk).update(returned=10001),
        lambda: Payment.objects.filter(pk=payment.pk).update(state="failed", captured=0),
        lambda: Payment.objects.filter(pk=payment.pk).update(amount=1, captured=1),
        lambda: LedgerEntry.objects.update(amount=1),
        lambda: LedgerEntry.objects.all().delete(),
    ]
    for attempt in breaks:
        with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
            attempt()
    entry = LedgerEntry.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry(
            store_id=entry.store_id,
            bill_id=entry.bill_id,
            payment_id=entry.payment_id,
            kind="capture",
            amount=1,
            currency="KRW",
        ).save()
