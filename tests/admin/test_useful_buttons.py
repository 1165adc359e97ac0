"""A row's page offers only what can be done with the row now."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.kernel.ids import new_id
from events.models import DeliveryStatus
from notifications.webhooks.models import AddressState, WebhookAddress
from orders.models import Order, OrderStatus, Tab, TabStatus
from payments.models import Bill, GatewayAccount, Payment, PaymentState
from payments.services.accounts import ensure_default_accounts
from stores.models import StaffMembership, Store
from tests.admin.conftest import make_delivery
from tests.factories import make_membership

CHOICES = {
    "stores/store": {"pause", "resume"},
    "stores/staffmembership": {"deactivate", "reactivate"},
    "notifications/webhookaddress": {"pause", "resume"},
    "orders/order": {"accept", "reject", "cancel"},
    "orders/tab": {"close"},
    "events/delivery": {"retry_one", "replay_one", "discard_one"},
    "payments/payment": {"refund", "ask", "reverse"},
}


def make_tab(store: Store, **fields: Any) -> Tab:
    return Tab.objects.create(
        store_id=store.pk, table_id=new_id(), table_name="A1", currency="KRW", pay_after="order",
        opened_at=timezone.now(), active_at=timezone.now(), **fields,
    )  # fmt: skip


def make_order(store: Store, status: str) -> Order:
    now = timezone.now()
    return Order.objects.create(
        store_id=store.pk, tab=make_tab(store), table_id=new_id(), table_name="A1", number=1,
        business_day=now.date(), status=status, idempotency_key="k", fingerprint="f", menu_version=1,
        pay_after="order", currency="KRW", total=1000, placed_at=now,
    )  # fmt: skip


def make_payment(store: Store, gateway: str, **fields: Any) -> Payment:
    ensure_default_accounts(store.pk)
    account = GatewayAccount.objects.get(store_id=store.pk, gateway=gateway)
    tab = new_id()
    bill = Bill.objects.create(store_id=store.pk, tab_id=tab, origin_tab_id=tab, currency="KRW")
    return Payment.objects.create(
        store_id=store.pk, bill=bill, account=account, gateway=gateway, mode=account.mode, currency="KRW",
        amount=1000, tab_id=tab, key=str(new_id()), expires_at=timezone.now(), **fields,
    )  # fmt: skip


def paid(store: Store, gateway: str, returned: int = 0) -> Payment:
    state = PaymentState.CAPTURED
    return make_payment(
        store, gateway, state=state, captured=1000, captured_at=timezone.now(), returned=returned
    )


def address(store: Store, state: AddressState) -> WebhookAddress:
    return WebhookAddress.objects.create(store_id=store.pk, url="https://example.com/", state=state)


def paused(store: Store) -> Store:
    store.accepting_orders = False
    store.save()
    return store


def member(store: Store, *, active: bool) -> StaffMembership:
    row = make_membership(store, "floor")
    row.active = active
    row.save()
    return row


CASES: list[tuple[Callable[[Store], Any], set[str]]] = [
    (lambda store: store, {"pause"}),
    (paused, {"resume"}),
    (lambda store: member(store, active=True), {"deactivate"}),
    (lambda store: member(store, active=False), {"reactivate"}),
    (lambda store: address(store, AddressState.ACTIVE), {"pause"}),
    (lambda store: address(store, AddressState.PAUSED), {"resume"}),
    (lambda store: address(store, AddressState.DEAD), {"resume"}),
    (lambda store: make_order(store, OrderStatus.SUBMITTED), {"accept", "reject", "cancel"}),
    (lambda store: make_order(store, OrderStatus.ACCEPTED), {"cancel"}),
    (lambda store: make_order(store, OrderStatus.SERVED), set()),
    (make_tab, {"close"}),
    (lambda store: make_tab(store, status=TabStatus.CLOSED, closed_at=timezone.now()), set()),
    (lambda store: paid(store, "sandbox"), {"refund", "ask"}),
    (lambda store: paid(store, "sandbox", returned=1000), {"ask"}),
    (lambda store: paid(store, "counter"), {"refund", "reverse"}),
    (lambda store: paid(store, "counter", returned=1000), set()),
    (lambda store: make_delivery(store, DeliveryStatus.DEAD), {"retry_one", "discard_one"}),
    (lambda store: make_delivery(store, DeliveryStatus.DONE), {"replay_one"}),
    (lambda store: make_delivery(store, DeliveryStatus.DISCARDED), {"replay_one"}),
]


@pytest.mark.parametrize(("make", "useful"), CASES)
def test_only_useful_buttons_are_shown(
    boss: Client, store: Store, make: Callable[[Store], Any], useful: set[str]
) -> None:
    row = make(store)
    kind = f"{row._meta.app_label}/{row._meta.model_name}"
    page = boss.get(f"/admin/{kind}/{row.pk}/change/", follow=True)
    assert page.status_code == 200
    shown = {name for name in CHOICES[kind] if f"/{row.pk}/{name}/" in page.content.decode()}
    assert shown == useful
