"""A payment that does not fit the gateway's word: it is booked when it fits, or a person ends the check."""

from typing import Any
from uuid import uuid4

import pytest

from payments.errors import GatewayUnavailable, MoneyArrived, PaymentUnknown, WrongState
from payments.gateways.sandbox.wallet.models import WalletPayment
from payments.models import LedgerEntry, Payment, PaymentState, Refund
from payments.services.complete_payment import apply_outcome, complete_payment
from payments.services.counter import Cashier, Till, take_counter_payment
from payments.services.reconcile import reconcile_payments
from payments.services.review import dismiss_payment
from tests.factories import make_store
from tests.payments.conftest import Party, in_threads, published, seen_at_gateway, settle_events
from tests.payments.test_admin import browser

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def flagged(party: Party, wallet: Any) -> Payment:
    """The wallet was paid, and its first word did not fit."""
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    phone.press(payment)
    return misread(payment)


def misread(payment: Payment) -> Payment:
    WalletPayment.objects.update(amount=6499)
    found = complete_payment(payment_id=payment.id)
    assert found.state == PaymentState.REVIEW
    return found


def mend() -> None:
    """What the wallet says fits from now on."""
    WalletPayment.objects.update(amount=6500)


def dismiss(payment: Payment, **changes: Any) -> Payment:
    who = {"store_id": payment.store_id, "actor_name": "Mina", "reason": "given back there"}
    return dismiss_payment(**{**who, "payment_id": payment.id, **changes})


def assert_still_checked(payment: Payment) -> None:
    payment.refresh_from_db()
    assert (payment.state, payment.reviewed_by) == (PaymentState.REVIEW, "")
    assert not LedgerEntry.objects.exists() and not published("payment.failed")


def test_money_that_fits_after_all_is_booked_once(party: Party, flagged: Payment) -> None:
    mend()
    for _ in range(2):
        assert complete_payment(payment_id=flagged.id).state == PaymentState.CAPTURED
    settle_events()
    assert list(LedgerEntry.objects.values_list("amount", flat=True)) == [6500]
    assert (len(published("payment.captured")), len(published("bill.paid"))) == (1, 1)
    assert not Refund.objects.exists()


def test_the_reconciler_asks_again_and_a_lasting_difference_alarms_once(flagged: Payment) -> None:
    for _ in range(5):
        Payment.objects.filter(check_at__isnull=False).update(check_at="2020-01-01T00:00Z")
        reconcile_payments()
    assert_still_checked(flagged)
    assert len(published("payment.flagged")) == 1
    assert flagged.check_at is None


def test_the_reconciler_books_what_fits_after_all(flagged: Payment) -> None:
    mend()
    Payment.objects.update(check_at="2020-01-01T00:00Z")
    reconcile_payments()
    flagged.refresh_from_db()
    assert flagged.state == PaymentState.CAPTURED


def test_money_that_fits_when_the_bill_was_paid_otherwise_goes_back(party: Party, flagged: Payment) -> None:
    phone = party.phone(uuid4())
    second = phone.start(order_id=str(party.bill().order_id))
    phone.press(second)
    complete_payment(payment_id=second.id)
    mend()
    complete_payment(payment_id=flagged.id)
    settle_events()
    refund = Refund.objects.get()
    assert (refund.payment_id, refund.amount, refund.source) == (flagged.id, 6500, "late")
    assert party.sums().held == 6500


def test_a_check_ends_when_all_was_given_back_at_the_gateway(party: Party, flagged: Payment) -> None:
    WalletPayment.objects.update(refunded=6499)
    assert dismiss(flagged).state == PaymentState.CANCELED
    flagged.refresh_from_db()
    assert (flagged.reviewed_by, flagged.review_reason) == ("Mina", "given back there")
    assert flagged.reviewed_at and flagged.failure == "amount: 6499 instead of 6500"
    assert [event.state for event in published("payment.failed")] == ["canceled"]
    assert (LedgerEntry.objects.count(), party.sums().due) == (0, 6500)
    with pytest.raises(WrongState):
        dismiss(flagged)
    assert len(published("payment.failed")) == 1


def test_a_decided_check_stays_decided_while_nothing_is_held(flagged: Payment) -> None:
    WalletPayment.objects.update(refunded=6499)
    dismiss(flagged)
    assert complete_payment(payment_id=flagged.id).state == PaymentState.CANCELED
    flagged.refresh_from_db()
    assert (flagged.state, flagged.reviewed_by) == (PaymentState.CANCELED, "Mina")
    assert len(published("payment.flagged")) == 1


def test_money_that_comes_after_the_decision_needs_another_one(flagged: Payment) -> None:
    WalletPayment.objects.update(refunded=6499)
    dismiss(flagged)
    WalletPayment.objects.update(refunded=0)
    assert complete_payment(payment_id=flagged.id).state == PaymentState.REVIEW
    flagged.refresh_from_db()
    assert (flagged.reviewed_at, flagged.reviewed_by, flagged.review_reason) == (None, "", "")
    assert len(published("payment.flagged")) == 2
    WalletPayment.objects.update(refunded=6499)
    assert dismiss(flagged, actor_name="Joon").reviewed_by == "Joon"


def assert_not_booked() -> None:
    settle_events()
    assert not LedgerEntry.objects.exists()
    assert not published("payment.captured") and not published("bill.paid")


def test_money_that_is_back_already_books_no_check(flagged: Payment) -> None:
    WalletPayment.objects.update(amount=6500, refunded=6500)
    assert complete_payment(payment_id=flagged.id).state == PaymentState.REVIEW
    assert_not_booked()
    assert dismiss(flagged).state == PaymentState.CANCELED


def test_money_that_is_back_already_ends_an_attempt(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    phone.press(payment)
    WalletPayment.objects.update(refunded=6500)
    for _ in range(2):
        assert complete_payment(payment_id=payment.id).state == PaymentState.CANCELED
    assert_not_booked()
    assert len(published("payment.failed")) == 1
    assert phone.start(order_id=str(party.bill().order_id)).amount == 6500


def test_a_bill_is_not_paid_by_the_part_that_is_back_already(party: Party, flagged: Payment) -> None:
    WalletPayment.objects.update(amount=6500, refunded=2500)
    assert complete_payment(payment_id=flagged.id).state == PaymentState.CAPTURED
    settle_events()
    assert list(LedgerEntry.objects.order_by("id").values_list("amount", flat=True)) == [6500, -2500]
    assert (party.sums().due, published("bill.paid")) == (2500, [])


def test_what_is_back_already_is_no_surplus(party: Party, flagged: Payment) -> None:
    take_counter_payment(
        store_id=party.store_id,
        tab_id=party.tab_id,
        till=Till("cash", 4000),
        key=uuid4().hex,
        cashier=Cashier(uuid4(), "Mina"),
    )
    WalletPayment.objects.update(amount=6500, refunded=1500)
    complete_payment(payment_id=flagged.id)
    settle_events()
    flagged.refresh_from_db()
    assert list(Refund.objects.order_by("id").values_list("amount", flat=True)) == [1500, 2500]
    assert (flagged.returned, WalletPayment.objects.get().refunded) == (4000, 4000)
    assert (party.sums().held, len(published("bill.paid"))) == (6500, 1)


def test_an_attempt_that_nobody_paid_is_stopped_there_first(party: Party, wallet: Any) -> None:
    payment = party.phone().start(order_id=str(party.place(6500)))
    lie = seen_at_gateway(payment, refunded=0)
    apply_outcome(payment_id=payment.id, outcome=type(lie)(lie.kind, payment.merchant_ref, amount=1))
    payment.refresh_from_db()
    assert payment.state == PaymentState.REVIEW
    assert dismiss(payment).state == PaymentState.CANCELED
    assert WalletPayment.objects.get().state == "canceled"


@pytest.mark.parametrize("given_back", [0, 6498])
def test_a_check_does_not_end_while_the_gateway_holds_money(flagged: Payment, given_back: int) -> None:
    WalletPayment.objects.update(refunded=given_back)
    with pytest.raises(MoneyArrived):
        dismiss(flagged)
    assert_still_checked(flagged)


def test_silence_ends_no_check(flagged: Payment, settings: Any) -> None:
    settings.SANDBOX_WALLET_URL = "http://127.0.0.1:9"
    with pytest.raises(GatewayUnavailable):
        dismiss(flagged)
    assert_still_checked(flagged)


def test_another_store_ends_no_check(flagged: Payment) -> None:
    WalletPayment.objects.update(refunded=6499)
    with pytest.raises(PaymentUnknown):
        dismiss(flagged, store_id=uuid4())
    assert_still_checked(flagged)


def test_a_check_ends_once(flagged: Payment) -> None:
    WalletPayment.objects.update(refunded=6499)
    results = in_threads(lambda: dismiss(flagged), lambda: dismiss(flagged))
    assert sorted(type(result).__name__ for result in results) == ["Payment", "WrongState"]
    assert len(published("payment.failed")) == 1


def end_check(client: Any, payment: Payment) -> Any:
    address = f"/admin/payments/payment/{payment.id}/dismiss/"
    return client.post(address, {"_form_submitted": "on", "reason": "given back there"}, follow=True)


def test_owners_end_a_check_in_a_dialog_that_asks_first(party: Party, flagged: Payment) -> None:
    WalletPayment.objects.update(refunded=6499)
    store = make_store(id=party.store_id)
    client, page = browser(store), f"/admin/payments/payment/{flagged.id}/change/"
    assert f"/{flagged.id}/dismiss/" in client.get(page).content.decode()
    client.get(f"/admin/payments/payment/{flagged.id}/dismiss/")
    assert end_check(browser(make_store()), flagged).status_code in (403, 404)
    assert_still_checked(flagged)
    assert end_check(client, flagged).status_code == 200
    flagged.refresh_from_db()
    assert (flagged.state, flagged.review_reason) == (PaymentState.CANCELED, "given back there")
    text = client.get(page).content.decode()
    assert "given back there" in text and f"/{flagged.id}/dismiss/" not in text
