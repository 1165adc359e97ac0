"""What guests and staff may type is shown by the back office as it was typed, and runs nowhere."""

import pytest
from django.test import Client

from menus.models import Item, Menu, Section
from menus.services import publish_menu
from orders.models import Order
from payments.services.accounts import save_store_snapshot
from stores.services import change_table
from tests.admin.conftest import admitted, signed_in
from tests.factories import make_table
from tests.orders.conftest import Board, Phone, Restaurant
from tests.orders.menus import line
from tests.queue import deliver_all

EVIL = "<img src=x onerror=pwn()>"
SHORT = "<img src=x>"  # a nickname's and a table's length


@pytest.fixture
def planted(db: None) -> tuple[Client, Order]:
    """The owner's browser after a guest and staff wrote markup wherever text is taken."""
    restaurant = Restaurant(name=EVIL)
    save_store_snapshot(store_id=restaurant.store_id, version_number=1, snapshot=restaurant.settings)
    table = make_table(restaurant.store, announced=True)
    change_table(table_id=table.pk, changes={"name": SHORT, "zone": EVIL})
    restaurant.save_table("A1", restaurant.token(), version=2)
    boss = admitted(restaurant.store)
    phone = Phone(restaurant)
    phone.join(nickname=SHORT)
    phone.order({**line(), "note": EVIL})
    phone.call("other", EVIL)
    deliver_all()
    order = Order.objects.get()
    Board(restaurant, boss).post(f"orders/{order.pk}/reject/", reason_code="other", reason=EVIL)
    deliver_all()
    _plant_menu(restaurant)
    return signed_in(boss), order


def _plant_menu(restaurant: Restaurant) -> None:
    menu, _created = Menu.objects.get_or_create(store_id=restaurant.store_id)
    section = Section.objects.create(menu=menu, name=EVIL)
    Item.objects.create(section=section, name=EVIL, description=EVIL, price=1000, i18n={"en": {"name": EVIL}})
    publish_menu(menu_id=menu.pk, actor_name=EVIL)
    Item.objects.update(name=f"{EVIL} 2")


def pages(order: Order) -> list[str]:
    menu, item = Menu.objects.get(), Item.objects.get()
    models = ["orders/order", "orders/tab", "payments/bill", "payments/payment", "menus/item", "menus/menu"]
    models += ["menus/menuversion", "stores/table", "notifications/notification", "events/event"]
    return [
        *(f"/admin/{model}/" for model in models),
        f"/admin/orders/order/{order.pk}/change/",
        f"/admin/orders/tab/{order.tab_id}/change/",
        f"/admin/story/{order.tab_id}/",
        f"/admin/menus/menu/{menu.pk}/publish/",
        f"/admin/menus/item/{item.pk}/change/",
        "/admin/",
        "/admin/queue/",
        "/admin/snapshots/",
        "/admin/snapshots/orders.tables/",
        "/admin/snapshots/orders.menus/",
    ]


def test_planted_markup_is_shown_as_it_was_typed(planted: tuple[Client, Order]) -> None:
    client, order = planted
    seen = 0
    for path in pages(order):
        answer = client.get(path, follow=True)
        page = answer.content.decode()
        assert answer.status_code == 200, path
        assert "<img src=x" not in page, path
        seen += "&lt;img src=x" in page
    assert seen >= 8  # it was planted, and it is there to be read


def test_each_planted_text_arrived(planted: tuple[Client, Order]) -> None:
    client, order = planted
    page = client.get(f"/admin/story/{order.tab_id}/").content.decode()
    for text in (EVIL, SHORT):
        assert text.replace("<", "&lt;").replace(">", "&gt;") in page
    detail = client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert detail.count("&lt;img src=x onerror=pwn()&gt;") >= 2  # the line's note and the reason
