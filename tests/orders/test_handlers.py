"""What orders do with other contexts' news."""

from typing import Any
from uuid import UUID

import pytest
from django.db.models import QuerySet

from events import operations
from events.base import DomainEvent
from events.kernel.databases import alias_of, atomic
from events.kernel.ids import new_id
from events.models import Delivery
from events.operations import Actor, Selection
from events.outbox import publish
from menus.events import ItemRestocked, ItemSoldOut, MenuPublished
from notifications.events import AlarmEscalated
from orders.models import (
    MenuSnapshot,
    Order,
    SoldOut,
    StoreSnapshot,
    Tab,
    TableSnapshot,
    TableTokenSnapshot,
)
from payments.events import BillPaid, BillReopened
from stores.events import StoreChanged, TableChanged, TableRetired
from tests.orders.conftest import Phone, Restaurant
from tests.orders.menus import GIMBAP, menu_document
from tests.queue import deliver_all, published, ship_all, unfinished


def tell(context: str, *events: DomainEvent) -> None:
    """Publishes and lets only orders' handlers of it succeed or fail."""
    with atomic(context):
        for event in events:
            publish(event)
    deliver_all()
    assert not [row for row in unfinished() if row.handler.startswith("orders.")]


def test_an_older_store_or_table_is_ignored(restaurant: Restaurant) -> None:
    store_id, table_id = restaurant.store_id, restaurant.tables["A1"]
    settings: Any = restaurant.settings
    newer: Any = {**settings, "name": "New name"}
    tell(
        "stores",
        StoreChanged(store_id=store_id, version_number=5, snapshot=newer),
        StoreChanged(store_id=store_id, version_number=4, snapshot=settings),
    )
    assert StoreSnapshot.objects.get().data["name"] == "New name"
    table: Any = TableSnapshot.objects.get().data
    moved: Any = {**table, "name": "Window", "token": "fresh", "revoked_tokens": [table["token"]]}
    tell(
        "stores",
        TableChanged(store_id=store_id, table_id=table_id, version_number=3, snapshot=moved),
        TableChanged(store_id=store_id, table_id=table_id, version_number=2, snapshot=table),
    )
    assert TableSnapshot.objects.get().data["name"] == "Window"
    revoked = dict(TableTokenSnapshot.objects.values_list("token", "revoked"))
    assert revoked == {"fresh": False, table["token"]: True}
    tell(
        "stores",
        TableRetired(store_id=store_id, table_id=table_id, version_number=4, tokens=["fresh"]),
    )
    assert TableSnapshot.objects.get().retired
    assert TableTokenSnapshot.objects.get(token="fresh").revoked


def test_menus_are_kept_and_what_is_sold_out_follows(restaurant: Restaurant) -> None:
    store_id = restaurant.store_id
    item = UUID(GIMBAP)
    document: Any = menu_document()
    tell(
        "menus",
        MenuPublished(store_id=store_id, version_number=2, document=document),
        ItemSoldOut(store_id=store_id, item_id=item),
        ItemSoldOut(store_id=store_id, item_id=item),
    )
    assert MenuSnapshot.objects.count() == 2 and SoldOut.objects.count() == 1
    tell("menus", ItemRestocked(store_id=store_id, item_id=item))
    assert not SoldOut.objects.exists()


@pytest.fixture
def paid_first(pay_first: Restaurant) -> Order:
    phone = Phone(pay_first)
    phone.join()
    phone.order()
    return Order.objects.get()


def bill_paid(order: Order, *, of_tab: bool = False, **fields: Any) -> BillPaid:
    return BillPaid(
        store_id=order.store_id,
        bill_id=new_id(),
        tab_id=order.tab_id,
        order_id=None if of_tab else order.pk,
        total=order.total,
        currency=order.currency,
        **fields,
    )


def test_a_paid_order_goes_to_the_kitchen(paid_first: Order) -> None:
    tell("payments", bill_paid(paid_first), bill_paid(paid_first))
    paid_first.refresh_from_db()
    assert paid_first.status == "submitted" and len(published("order.submitted")) == 1


def test_a_paid_meal_settles_the_tab(restaurant: Restaurant, phone: Phone) -> None:
    phone.order()
    tell("payments", bill_paid(Order.objects.get(), of_tab=True))
    assert Tab.objects.get().status == "closing"


def test_joined_parties_are_settled_by_their_last_bill(restaurant: Restaurant, phone: Phone) -> None:
    phone.order()
    order = Order.objects.get()
    tell("payments", bill_paid(order, of_tab=True, tab_settled=False, tab_total=order.total))
    assert Tab.objects.get().status == "open"
    tell("payments", bill_paid(order, of_tab=True, tab_total=order.total - 1))  # more was ordered since
    assert Tab.objects.get().status == "open"
    tell("payments", bill_paid(order, of_tab=True, tab_total=order.total))
    assert Tab.objects.get().status == "closing"


def bill_reopened(order: Order) -> BillReopened:
    return BillReopened(
        store_id=order.store_id,
        bill_id=new_id(),
        tab_id=order.tab_id,
        order_id=None,
        due=order.total,
        currency=order.currency,
    )


def settlings() -> QuerySet[Delivery]:
    """What orders hear of bills that are paid."""
    rows = Delivery.objects.using(alias_of("orders"))
    return rows.filter(handler="orders.settle_tab", event__topic="bill.paid")


def test_late_news_of_one_bill_do_not_settle_what_another_owes_since(
    restaurant: Restaurant, phone: Phone
) -> None:
    phone.order()
    order = Order.objects.get()
    with atomic("payments"):
        publish(bill_paid(order, of_tab=True))
    ship_all()
    settlings().update(due_at="2100-01-01T00:00Z")
    with atomic("payments"):
        publish(bill_reopened(order))
    deliver_all()
    settlings().update(due_at="2020-01-01T00:00Z")
    deliver_all()
    assert not unfinished() and Tab.objects.get().status == "open"
    tell("payments", bill_paid(order, of_tab=True))
    assert Tab.objects.get().status == "closing"


def test_a_payment_told_again_does_not_settle_what_is_owed_since(
    restaurant: Restaurant, phone: Phone
) -> None:
    phone.order()
    order = Order.objects.get()
    tell("payments", bill_paid(order, of_tab=True), bill_reopened(order))
    paid = settlings().get()
    operations.replay(Selection(handler=paid.handler, stream=paid.stream or ""), actor=Actor(None, "Mina"))
    deliver_all()
    assert settlings().get().replays == 1 and Tab.objects.get().status == "open"


def test_the_last_alarm_refuses_the_order(phone: Phone) -> None:
    phone.order()
    order = Order.objects.get()
    for final in (False, True):
        assert Order.objects.get().status == "submitted"
        escalated = AlarmEscalated(
            store_id=order.store_id,
            notification_id=new_id(),
            kind="order_submitted",
            subject_id=order.pk,
            level=3,
            final=final,
        )
        tell("notifications", escalated)
    assert Order.objects.get().status == "rejected"
    [event] = published("order.rejected")
    assert event.reason_code == "no_answer"
