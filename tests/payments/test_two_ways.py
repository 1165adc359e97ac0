"""A guest who began to pay by wallet and then by the counter, or the other way round, pays once."""

from typing import Any
from uuid import uuid4

import pytest

from payments.gateways.sandbox.wallet.models import WalletPayment
from payments.models import Payment, Refund
from payments.services.complete_payment import complete_payment
from tests.payments.conftest import Party, published, settle_events

pytestmark = pytest.mark.django_db(transaction=True)


def states() -> list[tuple[str, str]]:
    return [(row.gateway, row.state) for row in Payment.objects.order_by("id")]


def test_the_counter_takes_the_place_of_an_open_wallet(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    phone.start(order_id=order)
    assert phone.start(order_id=order, method="counter").state == "started"
    assert states() == [("sandbox", "canceled"), ("counter", "started")]
    assert WalletPayment.objects.get().state == "canceled"
    assert party.sums().reserved == 6500


def test_the_wallet_takes_the_place_of_the_counter(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    phone.start(order_id=order, method="counter")
    online = phone.start(order_id=order)
    phone.press(online)
    complete_payment(payment_id=online.id)
    assert states() == [("counter", "canceled"), ("sandbox", "captured")]
    assert len(published("bill.paid")) == 1


def test_a_wallet_that_was_paid_meanwhile_needs_no_counter(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    phone.press(phone.start(order_id=order))
    refused = phone.pay(order_id=order, method="counter")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hansang:problem:nothing-to-pay")
    assert states() == [("sandbox", "captured")]


def test_a_wallet_that_does_not_answer_keeps_its_share(party: Party, settings: Any, wallet: Any) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    online = phone.start(order_id=order)
    settings.SANDBOX_WALLET_URL = "http://127.0.0.1:9"
    refused = phone.pay(order_id=order, method="counter")
    assert (refused.status_code, refused["Retry-After"]) == (409, "3")
    assert refused.json()["type"] == "urn:hansang:problem:first-payment-open"
    assert states() == [("sandbox", "started")]
    settings.SANDBOX_WALLET_URL = wallet.url
    phone.press(online)
    complete_payment(payment_id=online.id)
    assert (party.sums().is_paid, Payment.objects.count()) == (True, 1)


def test_another_phone_cannot_choose_the_counter_for_what_a_wallet_pays(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    party.phone().start(order_id=order)
    refused = party.phone(uuid4()).pay(order_id=order, method="counter")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:hansang:problem:being-paid")
    assert states() == [("sandbox", "started")]


@pytest.mark.parametrize("cash_first", [True, False])
def test_a_stopped_wallet_that_captures_all_the_same_is_never_a_double_charge(
    party: Party, wallet: Any, cash_first: bool
) -> None:
    order = str(party.place(6500))
    phone = party.phone()
    online = phone.start(order_id=order)
    phone.start(order_id=order, method="counter")
    if cash_first:
        party.pay_cash()
    WalletPayment.objects.update(state="open")  # the wallet forgot that it had been stopped
    phone.web.post(f"/sandbox/pay/{WalletPayment.objects.get().id}/", {"action": "approve"})
    complete_payment(payment_id=online.id)
    settle_events()
    sums = party.sums()
    assert (sums.held, sums.due, sums.surplus, sums.reserved) == (6500, 0, 0, 0)
    assert len(published("bill.paid")) == 1
    back = [(row.payment_id, row.amount, row.state) for row in Refund.objects.all()]
    assert back == ([(online.id, 6500, "succeeded")] if cash_first else [])
    again = phone.pay(order_id=order, method="counter").json()
    assert again["type"] == "urn:hansang:problem:nothing-to-pay"


def test_a_choice_of_the_counter_ends_with_the_bill_it_was_for(tab_party: Party, wallet: Any) -> None:
    gone = tab_party.place(6500)
    tab_party.phone().start(method="counter")
    tab_party.reject(gone)
    assert states() == [("counter", "canceled")]
    tab_party.place(4000)
    assert tab_party.phone(uuid4()).start().amount == 4000
