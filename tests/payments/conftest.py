"""A store with gateways, a guest at a table, and a real wallet behind a real server."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.core import signing
from django.db import connections
from django.test import Client
from rest_framework.test import APIClient

from events.delivery import drain
from events.kernel.databases import atomic
from events.kernel.ids import new_id
from events.outbox import publish
from orders.events import OrderCanceled, OrderExpired, OrderPlaced, OrderRejected, SoldLine
from payments.gateways.base import Kind, Outcome
from payments.gateways.sandbox import adapter
from payments.models import Bill, Payment
from payments.selectors import account_for, sums_of_bill
from payments.services.accounts import save_store_snapshot
from payments.services.counter import Cashier, Till, take_counter_payment
from payments.shares import BillSums
from stores.models import Store
from tests import queue
from tests.factories import make_store


@dataclass
class Party:
    """A tab at a table, as the events of orders tell it."""

    store_id: UUID
    tab_id: UUID
    table_id: UUID
    token: str
    guest_id: UUID
    pay_after: str = "order"
    currency: str = "KRW"
    rounds: int = 0

    def place(self, *prices: int, guest_id: UUID | None = None) -> UUID:
        """Publishes order.placed with one line per price and lets payments write the bill."""
        self.rounds += 1
        order_id = new_id()
        with atomic("orders"):
            publish(self._placed(order_id, prices, guest_id or self.guest_id), correlation_id=self.tab_id)
        settle_events()
        return order_id

    def _placed(self, order_id: UUID, prices: tuple[int, ...], guest_id: UUID) -> OrderPlaced:
        return OrderPlaced(
            **self._order(order_id),
            table_token=self.token,
            guest_id=guest_id,
            guest_name="Fox",
            guest_language="en",
            pay_after=self.pay_after,
            currency=self.currency,
            total=sum(prices),
            lines=[line(price, guest_id) for price in prices],
            placed_at=datetime.now(tz=UTC),
        )

    def _order(self, order_id: UUID) -> dict[str, Any]:
        return {
            "store_id": self.store_id,
            "order_id": order_id,
            "tab_id": self.tab_id,
            "table_id": self.table_id,
            "table_name": "T1",
            "number": self.rounds,
        }

    def reject(self, order_id: UUID, total: int = 0) -> None:
        self._tell(
            OrderRejected(
                **self._order(order_id),
                reason_code="sold_out",
                reason="sold out",
                total=total,
                currency=self.currency,
                actor_name="Mina",
            )
        )

    def cancel(self, order_id: UUID) -> None:
        self._tell(
            OrderCanceled(
                **self._order(order_id),
                reason="",
                total=0,
                currency=self.currency,
                actor_kind="guest",
                actor_name="Fox",
            )
        )

    def expire(self, order_id: UUID) -> None:
        self._tell(OrderExpired(**self._order(order_id)))

    def _tell(self, event: Any) -> None:
        with atomic("orders"):
            publish(event, correlation_id=self.tab_id)
        settle_events()

    def bill(self, order_id: UUID | None = None) -> Bill:
        if order_id:
            return Bill.objects.get(lines__order_id=order_id)
        return Bill.objects.get(tab_id=self.tab_id)

    def sums(self, order_id: UUID | None = None) -> BillSums:
        return sums_of_bill(self.bill(order_id).id)

    def pay_cash(self, amount: int | None = None) -> list[Payment]:
        """What staff take at the till: so much, else all that is due."""
        return take_counter_payment(
            store_id=self.store_id,
            tab_id=self.tab_id,
            till=Till("cash", amount),
            key=new_id().hex,
            cashier=Cashier(new_id(), "Mina"),
        )

    def phone(self, guest_id: UUID | None = None) -> "Phone":
        return Phone(self, guest_id or self.guest_id)


class Phone:
    """A guest's browser: the API with the signed cookie and the CSRF token."""

    def __init__(self, party: Party, guest_id: UUID) -> None:
        self.party = party
        self.guest_id = guest_id
        self.api = APIClient(enforce_csrf_checks=True)
        self.web = Client()
        cookie = {
            "guest": str(guest_id),
            "tab": str(party.tab_id),
            "store": str(party.store_id),
            "token": party.token,
        }
        self.api.cookies["hs_guest"] = signing.dumps(cookie, salt="hansang.guest")
        self.api.cookies["csrftoken"] = "c" * 32

    def bill(self) -> Any:
        return self.api.get(f"/api/v1/t/{self.party.token}/bill/").json()

    def pay(self, key: str = "", **body: Any) -> Any:
        """POST payments; returns the response."""
        return self.api.post(
            f"/api/v1/t/{self.party.token}/payments/",
            {"method": "sandbox", **body},
            format="json",
            headers={"Idempotency-Key": key or new_id().hex, "X-CSRFToken": "c" * 32},
        )

    def start(self, **body: Any) -> Payment:
        """Starts a payment that must work."""
        response = self.pay(**body)
        assert response.status_code == 201, response.json()
        return Payment.objects.get(pk=response.json()["id"])

    def press(self, payment: Payment, action: str = "approve") -> Any:
        """Presses a button of the wallet page; returns where it sends the phone."""
        assert payment.next_action
        return self.web.post(payment.next_action["url"], {"action": action})


def line(price: int, guest_id: UUID | None) -> SoldLine:
    """One line of order.placed."""
    return {
        "id": str(new_id()),
        "item_id": str(new_id()),
        "name": "김밥",
        "i18n": {"en": {"name": "Gimbap"}},
        "quantity": 1,
        "unit_price": price,
        "total": price,
        "options": [{"name": "치즈", "i18n": {"en": {"name": "Cheese"}}, "price": 0}],
        "note": "",
        "guest_id": str(guest_id) if guest_id else None,
        "guest_name": "Fox",
        "station": "",
        "tax_rate_bp": 1000,
    }


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls at the same moment; returns each result, or the exception it raised."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return call()
        except Exception as error:  # noqa: BLE001
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def published(topic: str) -> list[Any]:
    """The facts of one topic, oldest first."""
    return list(queue.published(topic))


def settle_events() -> None:
    """Runs what is due for payments until it is quiet."""
    queue.ship_all()
    while drain("payments") + drain("wallets"):
        queue.ship_all()


MakeParty = Callable[..., Party]


@pytest.fixture
def make_party(db: None) -> MakeParty:
    def make(pay_after: str = "order", currency: str = "KRW", store_id: UUID | None = None) -> Party:
        store_id = store_id or new_id()
        snapshot = {"name": "분식", "language": "ko", "currency": currency, "tax_rate_bp": 1000}
        save_store_snapshot(store_id=store_id, version_number=1, snapshot=snapshot)
        assert account_for(store_id, "counter")
        return Party(store_id, new_id(), new_id(), f"tok{new_id().hex[:12]}", new_id(), pay_after, currency)

    return make


@pytest.fixture
def party(make_party: MakeParty) -> Party:
    """A party in a store where each order is paid first."""
    return make_party()


@pytest.fixture
def tab_party(make_party: MakeParty) -> Party:
    """A party that pays at the end."""
    return make_party("tab")


@pytest.fixture
def wallet(live_server: Any, settings: Any) -> Iterator[Any]:
    """The sandbox wallet on a real server; its webhooks are sent when a test says so (`send_webhooks`)."""
    settings.PUBLIC_URL = settings.SANDBOX_WALLET_URL = live_server.url
    settings.SANDBOX_WEBHOOK_THREAD = False
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    yield live_server
    adapter._client(os.getpid()).close()  # else the server's thread keeps its database connection
    adapter._client.cache_clear()


@pytest.fixture
def shop() -> Store:
    """A store with staff, known to payments."""
    store = make_store()
    snapshot = {"name": store.name, "language": "ko", "currency": "KRW"}
    save_store_snapshot(store_id=store.id, version_number=1, snapshot=snapshot)
    return store


def seen_at_gateway(payment: Payment, *, refunded: int) -> Outcome:
    """What a gateway says about captured money of which it gave a part back."""
    return Outcome(
        Kind.SUCCESS,
        merchant_ref=payment.merchant_ref,
        merchant_id=payment.account.merchant_id,
        amount=payment.amount,
        currency=payment.currency,
        mode="test",
        refunded=refunded,
    )
