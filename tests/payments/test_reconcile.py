"""What webhooks and phones forget, the reconciler finds."""

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client
from django.utils import timezone

from payments.gateways.sandbox.wallet.models import WebhookAttempt
from payments.gateways.sandbox.wallet.sender import send_due
from payments.models import LedgerEntry, Payment
from payments.services.reconcile import claim_payments, reconcile_payments
from tests.payments.conftest import Party, in_threads, published, settle_events

pytestmark = pytest.mark.django_db(transaction=True)


def later(minutes: float) -> Any:
    return timezone.now() + timedelta(minutes=minutes)


def test_a_lost_webhook_and_a_lost_phone_are_made_up_for(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    page = phone.press(payment, "stay")
    assert page.status_code == 200
    WebhookAttempt.objects.all().delete()
    reconcile_payments(now=later(1))
    payment.refresh_from_db()
    assert payment.state == "captured"
    assert len(published("bill.paid")) == 1


def test_a_bank_that_plays_dead_after_the_capture_is_not_paid_twice(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    back = phone.press(payment, "timeout")["Location"]
    complete = f"{back}complete/"
    states = [phone.web.post(complete, headers={"Accept": "application/json"}).json() for _ in range(4)]
    assert [state["state"] for state in states] == ["started"] * 3 + ["captured"]
    assert LedgerEntry.objects.count() == 1


def test_an_unused_attempt_expires_and_frees_its_share(party: Party, wallet: Any) -> None:
    order = str(party.place(6500))
    payment = party.phone().start(order_id=order)
    reconcile_payments(now=later(11))
    payment.refresh_from_db()
    assert (payment.state, party.sums().reserved) == ("expired", 0)
    assert party.phone(uuid4()).pay(order_id=order).status_code == 201


def test_expiry_asks_first_and_finds_the_money(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    phone.press(payment)
    reconcile_payments(now=later(11))
    payment.refresh_from_db()
    assert payment.state == "captured"


def test_silence_is_never_a_failure(party: Party, settings: Any, wallet: Any) -> None:
    payment = party.phone().start(order_id=str(party.place(6500)))
    settings.SANDBOX_WALLET_URL = "http://127.0.0.1:9"
    for minutes in (1, 11, 20):
        reconcile_payments(now=later(minutes))
    payment.refresh_from_db()
    assert payment.state == "started"


def test_two_reconcilers_share_the_work(party: Party, wallet: Any) -> None:
    for _ in range(3):
        party.phone(uuid4()).start(order_id=str(party.place(6500)))
    moment = later(1)
    first, second = in_threads(lambda: claim_payments(moment), lambda: claim_payments(moment))
    assert len(first) + len(second) == 3
    assert not set(first) & set(second)


def test_webhook_return_and_reconciler_at_once_book_once(party: Party, wallet: Any) -> None:
    for _ in range(5):
        phone = party.phone(uuid4())
        payment = phone.start(order_id=str(party.place(6500)))
        back = phone.press(payment)["Location"]
        send_due()
        in_threads(
            settle_events,
            partial(Client().post, f"{back}complete/"),
            partial(Client().post, f"{back}complete/"),
            lambda: reconcile_payments(now=later(1)),
        )
        settle_events()
    assert LedgerEntry.objects.count() == len(published("bill.paid")) == 5
    assert set(Payment.objects.values_list("state", flat=True)) == {"captured"}


def test_noisy_webhooks_are_one_capture(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    phone.press(payment, "noisy_webhooks")
    WebhookAttempt.objects.update(due_at=timezone.now())
    assert send_due() == 4
    settle_events()
    payment.refresh_from_db()
    assert (payment.state, LedgerEntry.objects.count()) == ("captured", 1)


def test_a_refused_webhook_is_sent_again(party: Party, wallet: Any) -> None:
    phone = party.phone()
    phone.press(phone.start(order_id=str(party.place(6500))))
    right = WebhookAttempt.objects.get().payment.notify_url
    payment = WebhookAttempt.objects.get().payment
    payment.notify_url = f"{wallet.url}/hooks/sandbox/unknown/"
    payment.save()
    send_due()
    assert (WebhookAttempt.objects.get().last_status, WebhookAttempt.objects.get().delivered_at) == (
        404,
        None,
    )
    payment.notify_url = right
    payment.save()
    WebhookAttempt.objects.update(due_at=timezone.now())
    send_due()
    assert WebhookAttempt.objects.get().delivered_at


@pytest.mark.parametrize("path", ["", "state/", "complete/"])
def test_a_forged_way_back_shows_nothing(party: Party, path: str) -> None:
    client = Client()
    call = client.post if path == "complete/" else client.get
    assert call(f"/pay/return/forged:token:here/{path}").status_code == 404


def test_the_wallet_page_works_without_javascript_and_inline_code(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    assert payment.next_action
    page = phone.web.get(payment.next_action["url"])
    text = page.content.decode()
    assert "6,500" in text
    assert "<script" not in text
    assert "style=" not in text
    assert "default-src 'none'" in page["Content-Security-Policy"]


def test_a_second_press_changes_nothing(party: Party, wallet: Any) -> None:
    phone = party.phone()
    payment = phone.start(order_id=str(party.place(6500)))
    phone.press(payment)
    phone.press(payment, "decline")
    send_due()
    settle_events()
    payment.refresh_from_db()
    assert payment.state == "captured"


def test_outside_test_mode_there_is_no_sandbox(party: Party, settings: Any, wallet: Any) -> None:
    order = str(party.place(6500))
    payment = party.phone().start(order_id=order)
    assert payment.next_action
    settings.TEST_MODE = False
    assert party.phone(uuid4()).pay(order_id=order).status_code == 400
    assert Client().get(payment.next_action["url"]).status_code == 404
    assert Client().post("/sandbox/api/payments/").status_code == 404
    assert [method["id"] for method in party.phone().bill()["methods"]] == ["counter"]
    with pytest.raises(SystemCheckError, match="payments.E001"):
        call_command("check")
