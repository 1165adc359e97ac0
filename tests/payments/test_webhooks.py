"""Forged, old, repeated, wrong and disordered webhooks."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from standardwebhooks import Webhook

from events.kernel.ids import new_id
from payments.models import GatewayAccount, GatewayEvent, LedgerEntry, Payment, PaymentState
from payments.services.start_payment import Payer, Share, Wish, _reserve
from tests.payments.conftest import MakeParty, Party, in_threads, published, settle_events
from tests.queue import unfinished

pytestmark = pytest.mark.django_db(transaction=True)


def attempt(party: Party, amount: int = 6500) -> Payment:
    """An attempt whose row is committed, while the wallet has not answered yet."""
    order = party.place(amount)
    payer = Payer(party.guest_id, party.tab_id, party.token)
    payment, _ = _reserve(payer, Wish("sandbox", Share(), order_id=order), new_id().hex)
    assert payment
    return payment


def message(payment: Payment, state: str = "captured", **changes: Any) -> str:
    data = {
        "id": new_id().hex,
        "reference": payment.merchant_ref,
        "merchant_id": payment.account.merchant_id,
        "amount": payment.amount,
        "currency": payment.currency,
        "state": state,
        "paid_at": None,
        "refunded": 0,
        "live": False,
        **changes,
    }
    return json.dumps({"type": f"payment.{state}", "data": {"payment": data}})


def headers_of(
    account: GatewayAccount, body: str, *, age: int = 0, secret: str = "", message_id: str = ""
) -> dict[str, str]:
    at = datetime.now(tz=UTC) - timedelta(seconds=age)
    message_id = message_id or f"msg_{new_id().hex}"
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret or account.webhook_secrets[0]).sign(message_id, at, body),
    }


def send(account: GatewayAccount, body: str, headers: dict[str, str]) -> int:
    """POSTs as the gateway would; returns the status."""
    client = Client(raise_request_exception=False)
    address = f"/hooks/sandbox/{account.hook_slug}/"
    return client.post(address, body, content_type="application/json", headers=headers).status_code


def tell(payment: Payment, state: str = "captured", **changes: Any) -> int:
    body = message(payment, state, **changes)
    status = send(payment.account, body, headers_of(payment.account, body))
    settle_events()
    payment.refresh_from_db()
    return status


def assert_untouched(payment: Payment) -> None:
    payment.refresh_from_db()
    assert payment.state == "created"
    assert not GatewayEvent.objects.exists()
    assert not published("webhook.received")


def test_a_signed_webhook_may_come_before_the_wallet_answered(party: Party) -> None:
    payment = attempt(party)
    assert tell(payment) == 204
    assert payment.state == PaymentState.CAPTURED
    assert len(published("bill.paid")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "nonsense"},
        {"webhook-signature": "v1,ÿÿ"},
        {"webhook-timestamp": "soon"},
        {"webhook-id": "msg_another"},
    ],
)
def test_a_damaged_signature_is_refused(party: Party, damage: dict[str, str]) -> None:
    payment = attempt(party)
    body = message(payment)
    assert send(payment.account, body, headers_of(payment.account, body) | damage) == 401
    assert_untouched(payment)


def test_missing_headers_are_refused(party: Party) -> None:
    payment = attempt(party)
    assert send(payment.account, message(payment), {}) == 401
    assert_untouched(payment)


def test_another_accounts_secret_is_refused(party: Party, make_party: MakeParty) -> None:
    payment, other = attempt(party), attempt(make_party())
    body = message(payment)
    secret = other.account.webhook_secrets[0]
    assert send(payment.account, body, headers_of(payment.account, body, secret=secret)) == 401
    assert_untouched(payment)


@pytest.mark.parametrize("age", [301, -330, 864000])
def test_an_old_or_future_call_is_refused(party: Party, age: int) -> None:
    payment = attempt(party)
    body = message(payment)
    assert send(payment.account, body, headers_of(payment.account, body, age=age)) == 401
    assert_untouched(payment)


def test_a_changed_body_is_refused(party: Party) -> None:
    payment = attempt(party)
    headers = headers_of(payment.account, message(payment))
    assert send(payment.account, message(payment, amount=1), headers) == 401
    assert_untouched(payment)


def test_the_same_bytes_many_times_are_one_fact(party: Party) -> None:
    payment = attempt(party)
    body = message(payment)
    headers = headers_of(payment.account, body)
    calls = [lambda: send(payment.account, body, headers)] * 8
    assert in_threads(*calls) == [204] * 8
    settle_events()
    assert GatewayEvent.objects.count() == LedgerEntry.objects.count() == 1
    assert len(published("payment.captured")) == len(published("bill.paid")) == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"amount": 6499},
        {"amount": 6501},
        {"amount": 650000},
        {"currency": "USD"},
        {"merchant_id": "m_other"},
        {"live": True},
    ],
)
def test_what_does_not_fit_our_row_goes_to_review(party: Party, lie: dict[str, Any]) -> None:
    payment = attempt(party)
    assert tell(payment, **lie) == 204
    assert payment.state == PaymentState.REVIEW
    assert not LedgerEntry.objects.exists()
    assert len(published("payment.flagged")) == 1
    assert not published("bill.paid")


def test_what_fits_after_all_is_booked(party: Party) -> None:
    payment = attempt(party)
    for amount in (6499, 6500, 6500):
        assert tell(payment, amount=amount) == 204
    assert payment.state == PaymentState.CAPTURED
    assert list(LedgerEntry.objects.values_list("amount", flat=True)) == [6500]
    assert len(published("payment.flagged")) == len(published("bill.paid")) == 1


@pytest.mark.parametrize("amount", ["6500", 6500.0, True, None, float("nan"), -1])
def test_an_amount_that_is_no_whole_number_books_nothing(party: Party, amount: Any) -> None:
    payment = attempt(party)
    tell(payment, amount=amount)
    assert payment.state != PaymentState.CAPTURED
    assert not LedgerEntry.objects.exists()


def test_an_unknown_reference_is_stored_and_tried_again(party: Party) -> None:
    payment = attempt(party)
    body = message(payment, reference="0" * 32)
    assert send(payment.account, body, headers_of(payment.account, body)) == 204
    settle_events()
    assert GatewayEvent.objects.get().processed_at is None
    assert [delivery.handler for delivery in unfinished() if delivery.context == "payments"] == [
        "payments.work_off_webhook"
    ]


def test_a_call_can_only_touch_its_own_accounts_rows(party: Party, make_party: MakeParty) -> None:
    payment, other = attempt(party), attempt(make_party())
    body = message(payment)
    assert send(other.account, body, headers_of(other.account, body)) == 204
    settle_events()
    payment.refresh_from_db()
    assert payment.state == "created"


@pytest.mark.parametrize("late_news", ["declined", "canceled", "expired", "open"])
def test_nothing_takes_captured_money_back(party: Party, late_news: str) -> None:
    payment = attempt(party)
    tell(payment)
    tell(payment, late_news)
    assert payment.state == PaymentState.CAPTURED
    assert not published("payment.failed")


@pytest.mark.parametrize("ending", ["declined", "canceled", "expired"])
def test_money_after_an_ending_is_booked_as_late(party: Party, ending: str) -> None:
    payment = attempt(party)
    tell(payment, ending)
    assert not payment.is_open
    tell(payment)
    assert (payment.state, payment.late) == (PaymentState.CAPTURED, True)
    assert [event.late for event in published("payment.captured")] == [True]
    assert party.sums().is_paid


def change_secret(account: GatewayAccount, secret: str) -> None:
    account.add_webhook_secret(secret)
    account.save()


def test_two_secrets_are_valid_and_never_three(party: Party) -> None:
    payment = attempt(party)
    first = payment.account.webhook_secrets[0]
    change_secret(payment.account, "whsec_" + "bmV3" * 8)
    body = message(payment, "open")
    assert send(payment.account, body, headers_of(payment.account, body, secret=first)) == 204
    change_secret(payment.account, "whsec_" + "bmV4" * 8)
    assert send(payment.account, body, headers_of(payment.account, body, secret=first)) == 401
    assert len(GatewayAccount.objects.get(pk=payment.account_id).webhook_secrets) == 2


def test_strange_calls_get_a_clear_answer(party: Party) -> None:
    account = attempt(party).account
    assert send(account, "[]", headers_of(account, "[]")) == 400
    assert send(account, "x" * 300_000, {}) == 413
    assert Client().get(f"/hooks/sandbox/{account.hook_slug}/").status_code == 405
    assert Client().post("/hooks/sandbox/unknown/").status_code == 404
    assert Client().post(f"/hooks/counter/{account.hook_slug}/").status_code == 404


@pytest.mark.parametrize("slug", ["%00", "a%00b", "%E3%85%8B", "%20"])
def test_an_address_that_cannot_be_ours_is_unknown_and_stores_nothing(party: Party, slug: str) -> None:
    payment = attempt(party)
    client = Client(raise_request_exception=False)
    assert client.post(f"/hooks/sandbox/{slug}/", "{}", content_type="application/json").status_code == 404
    assert_untouched(payment)


def test_secrets_are_encrypted_and_never_printed(party: Party) -> None:
    account = attempt(party).account
    key = account.credentials["api_key"]
    row = str(GatewayAccount.objects.filter(pk=account.pk).values().get())
    assert key not in row
    assert account.webhook_secrets[0] not in row


def test_a_replay_after_the_money_was_booked_books_nothing_again(party: Party) -> None:
    payment = attempt(party)
    account, body = payment.account, message(payment)
    first = headers_of(account, body, message_id="msg_first")
    assert send(account, body, first) == 204
    settle_events()
    more = message(payment, amount=payment.amount * 2)
    forged = headers_of(account, body, secret="whsec_" + "bmV3" * 8, message_id="msg_forged")
    replays = [
        (body, first, 204),  # the same call again
        (more, headers_of(account, more, message_id="msg_first"), 204),  # its number with other words
        (body, headers_of(account, body, message_id="msg_second"), 204),  # its words with another number
        (body, first | {"webhook-timestamp": "1700000000"}, 401),
        (body, headers_of(account, body, age=301, message_id="msg_first"), 401),
        (body, forged, 401),
        (more, first, 401),
    ]
    for text, headers, status in replays:
        assert send(account, text, headers) == status
        settle_events()
    payment.refresh_from_db()
    assert (payment.state, payment.captured, payment.returned) == (PaymentState.CAPTURED, 6500, 0)
    assert sorted(GatewayEvent.objects.values_list("dedupe_key", flat=True)) == ["msg_first", "msg_second"]
    assert list(LedgerEntry.objects.values_list("kind", "amount")) == [("capture", 6500)]
    topics = ("payment.captured", "bill.paid", "refund.requested", "payment.flagged")
    assert [len(published(topic)) for topic in topics] == [1, 1, 0, 0]
