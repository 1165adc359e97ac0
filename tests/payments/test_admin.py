"""Owners read all of their own money and change it only through dialogs."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from events.kernel.ids import new_id
from payments.gateways.base import Kind, RefundOutcome
from payments.models import Payment, Refund
from payments.services.counter import Cashier, Till, take_counter_payment
from payments.services.refunds import record_refund, request_refund
from stores.models import Role, Store, User
from tests.factories import make_membership, make_store, make_user
from tests.payments.conftest import Party, published, settle_events

pytestmark = pytest.mark.django_db
PAGES = ["bill", "payment", "refund", "ledgerentry", "gatewayaccount", "gatewayevent"]


@pytest.fixture
def payment(shop: Store) -> Payment:
    party = Party(shop.id, new_id(), new_id(), "token-of-table", new_id(), "tab")
    party.place(10000)
    till, cashier = Till("cash"), Cashier(uuid4(), "Mina")
    take_counter_payment(store_id=shop.id, tab_id=party.tab_id, till=till, key="key-12345", cashier=cashier)
    return Payment.objects.get()


def browser(store: Store) -> Client:
    person: User = make_membership(store, Role.OWNER, make_user(is_staff=True)).user
    client = Client()
    client.force_login(person)
    return client


def refund(client: Client, payment: Payment, **fields: Any) -> Any:
    address = f"/admin/payments/payment/{payment.id}/refund/"
    form = {"_form_submitted": "on", "amount": "", "reason": "cold", "key": "one-click-1", **fields}
    return client.post(address, form)


def test_every_page_opens(shop: Store, payment: Payment) -> None:
    client = browser(shop)
    for page in PAGES:
        assert client.get(f"/admin/payments/{page}/").status_code == 200, page
    for row in (payment, payment.bill, payment.account):
        name = row._meta.model_name
        assert client.get(f"/admin/payments/{name}/{row.pk}/change/").status_code == 200, name


def test_a_refund_asks_first_and_a_double_click_is_one(shop: Store, payment: Payment) -> None:
    client = browser(shop)
    client.get(f"/admin/payments/payment/{payment.id}/refund/")
    assert not Refund.objects.exists()
    for _ in range(2):
        refund(client, payment, amount="2500")
    settle_events()
    assert [(row.amount, row.state) for row in Refund.objects.all()] == [(2500, "succeeded")]


@pytest.mark.parametrize("amount", ["0", "0.00", "-1", "0.5"])
def test_an_amount_that_is_none_gives_nothing_back(shop: Store, payment: Payment, amount: str) -> None:
    client = browser(shop)
    page = refund(client, payment, amount=amount)
    settle_events()
    assert not Refund.objects.exists() and not published("refund.requested")
    if amount.startswith("0.0") or amount == "0":
        assert "More than nothing, please" in page.content.decode()
    refund(client, payment, amount="")
    assert [row.amount for row in Refund.objects.all()] == [10000]


def test_a_foreign_owner_sees_and_refunds_nothing(shop: Store, payment: Payment) -> None:
    client = browser(make_store())
    assert refund(client, payment).status_code in (403, 404)
    assert str(payment.id) not in client.get("/admin/payments/payment/").content.decode()
    assert not Refund.objects.exists()


DECISIONS = ["try-again", "paid-in-cash", "withdraw"]


@pytest.fixture
def refused(payment: Payment) -> Refund:
    """Goodwill that could not be sent."""
    row = request_refund(
        store_id=payment.store_id,
        payment_id=payment.id,
        amount=2500,
        reason="cold",
        actor_id=uuid4(),
        actor_name="Mina",
        key="key-of-refund",
    )
    no = RefundOutcome(Kind.DEFINITIVE_FAILURE, failure="account_closed")
    return record_refund(refund_id=row.id, outcome=no)


def decide(client: Client, refund: Refund, what: str) -> Any:
    return client.post(f"/admin/payments/refund/{refund.id}/{what}/", {"_form_submitted": "on"}, follow=True)


def buttons(client: Client, refund: Refund) -> set[str]:
    page = client.get(f"/admin/payments/refund/{refund.id}/change/").content.decode()
    return {name for name in [*DECISIONS, "handed-back"] if f"/{refund.id}/{name}/" in page}


def test_a_refused_refund_offers_its_decisions_and_no_others(shop: Store, refused: Refund) -> None:
    client = browser(shop)
    assert buttons(client, refused) == set(DECISIONS)
    Refund.objects.update(source="order")
    assert buttons(client, refused) == {"try-again", "paid-in-cash"}
    Refund.objects.update(state="pending")
    assert buttons(client, refused) == {"handed-back"}
    Refund.objects.update(state="succeeded")
    assert buttons(client, refused) == set()


@pytest.mark.parametrize(
    ("what", "resolution", "states"),
    [
        ("try-again", "retried", ["resolved", "succeeded"]),
        ("paid-in-cash", "cash", ["resolved", "succeeded"]),
        ("withdraw", "withdrawn", ["resolved"]),
    ],
)
def test_a_decision_asks_first_is_taken_once_and_keeps_its_history(
    shop: Store, refused: Refund, what: str, resolution: str, states: list[str]
) -> None:
    client = browser(shop)
    client.get(f"/admin/payments/refund/{refused.id}/{what}/")
    assert Refund.objects.get().state == "failed"
    for _ in range(2):
        assert decide(client, refused, what).status_code == 200
    settle_events()
    assert list(Refund.objects.order_by("id").values_list("state", flat=True)) == states
    refused.refresh_from_db()
    assert (refused.resolution, refused.failure) == (resolution, "account_closed")
    assert refused.resolved_by and refused.resolved_at
    assert client.get(f"/admin/payments/refund/{refused.id}/change/").status_code == 200


@pytest.mark.parametrize("what", DECISIONS)
def test_a_foreign_owner_decides_nothing(refused: Refund, what: str) -> None:
    assert decide(browser(make_store()), refused, what).status_code in (403, 404)
    assert [row.state for row in Refund.objects.all()] == ["failed"]


def test_a_refund_without_typed_words_tells_its_reason_in_words(shop: Store, refused: Refund) -> None:
    Refund.objects.filter(pk=refused.pk).update(reason="sold_out")
    for page in ("/admin/payments/refund/", f"/admin/payments/refund/{refused.pk}/change/"):
        text = browser(shop).get(page).content.decode()
        assert "Sold out" in text and "sold_out" not in text
