"""Orders and tabs in the back office."""

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order, Tab
from stores.models import User
from tests.factories import make_membership, make_user
from tests.orders.conftest import Phone, Restaurant
from tests.queue import published


@pytest.fixture
def order(phone: Phone) -> Order:
    phone.order()
    return Order.objects.get()


@pytest.fixture
def desk(restaurant: Restaurant) -> Client:
    """The owner in the admin."""
    return signed_in(make_membership(restaurant.store, user=make_user(is_staff=True)).user)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


SENT = {"_form_submitted": "True"}


def action(name: str, row: Order | Tab) -> str:
    return reverse(f"admin:orders_{row._meta.model_name}_{name}", args=[row.pk])


@pytest.mark.parametrize("name", ["order", "tab"])
def test_owners_read_their_rows(desk: Client, order: Order, name: str) -> None:
    row = order if name == "order" else order.tab
    page = desk.get(reverse(f"admin:orders_{name}_changelist"))
    assert page.status_code == 200 and "A1" in page.content.decode()
    page = desk.get(reverse(f"admin:orders_{name}_change", args=[row.pk]))
    assert page.status_code == 200 and "₩4,500" in page.content.decode()


def test_opening_a_dialog_changes_nothing_and_sending_it_acts(desk: Client, order: Order) -> None:
    address = action("cancel", order)
    assert desk.get(address).status_code == 200
    assert Order.objects.get().status == "submitted" and not published("order.canceled")
    desk.post(address, {**SENT, "reason": "guest left"})
    assert Order.objects.get().status == "canceled" and len(published("order.canceled")) == 1


def test_accept_reject_and_close_go_through_the_services(desk: Client, order: Order) -> None:
    desk.post(action("accept", order), {**SENT, "minutes": 9})
    assert Order.objects.get().minutes == 9
    desk.post(action("reject", order), {**SENT, "reason": "too late"})
    assert Order.objects.get().status == "accepted" and not published("order.rejected")
    desk.post(action("close", order.tab), {**SENT, "reason": "walked out"})
    assert Tab.objects.get().close_reason == "walked out"


def test_other_owners_and_floor_staff_see_nothing(restaurant: Restaurant, order: Order) -> None:
    elsewhere = Restaurant()
    other = signed_in(make_membership(elsewhere.store, user=make_user(is_staff=True)).user)
    floor = signed_in(make_membership(restaurant.store, "floor", make_user(is_staff=True)).user)
    for desk in (other, floor):
        desk.post(action("cancel", order), {**SENT, "reason": "mine"})
        page = desk.get(reverse("admin:orders_order_changelist"))
        assert page.status_code != 200 or f"/{order.pk}/" not in page.content.decode()
    assert Order.objects.get().status == "submitted" and not published("order.canceled")
