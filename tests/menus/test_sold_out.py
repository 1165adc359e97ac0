"""Sold out takes effect at once, once."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from events.kernel.ids import new_id
from menus import services
from menus.errors import UnknownItem
from menus.models import Item, Option
from orders.models import SoldOut
from stores.models import Store, User
from tests.factories import make_store
from tests.menus.conftest import Draft, make_draft
from tests.queue import deliver_all, published

SignedIn = Callable[[User], Client]


def sell_out(draft: Draft, **more: UUID) -> bool:
    return services.mark_sold_out(
        store_id=draft.menu.store_id,
        item_id=draft.tteokbokki.id,
        actor_name="최민수",
        option_id=more.get("option_id"),
    )


def test_selling_out_twice_is_told_once(draft: Draft) -> None:
    assert sell_out(draft) and not sell_out(draft)
    (told,) = published("item.sold_out")
    assert (told.item_id, told.option_id, told.actor_name) == (draft.tteokbokki.id, None, "최민수")
    deliver_all()
    assert SoldOut.objects.get().item_id == draft.tteokbokki.id
    assert services.restock(store_id=draft.menu.store_id, item_id=draft.tteokbokki.id)
    assert not services.restock(store_id=draft.menu.store_id, item_id=draft.tteokbokki.id)
    assert len(published("item.restocked")) == 1
    deliver_all()
    assert not SoldOut.objects.exists()


def test_an_option_sells_out_alone(draft: Draft) -> None:
    sell_out(draft, option_id=draft.hot.id)
    assert Option.objects.get(pk=draft.hot.pk).sold_out
    assert not Item.objects.get(pk=draft.tteokbokki.pk).sold_out
    (told,) = published("item.sold_out")
    assert told.option_id == draft.hot.id


def test_a_foreign_or_unknown_dish_is_not_there(draft: Draft) -> None:
    other = make_draft(make_store())
    with pytest.raises(UnknownItem):
        services.mark_sold_out(store_id=draft.menu.store_id, item_id=other.gimbap.id)
    with pytest.raises(UnknownItem):
        services.mark_sold_out(store_id=draft.menu.store_id, item_id=draft.gimbap.id, option_id=draft.hot.id)
    assert not published("item.sold_out")


def test_any_member_of_staff_sells_out_by_the_api(
    signed_in: SignedIn, store: Store, draft: Draft, kitchen: User
) -> None:
    client = signed_in(kitchen)
    items = client.get(f"/api/v1/stores/{store.id}/items/").json()["items"]
    assert [item["name"] for item in items] == ["떡볶이", "김밥"]
    assert items[0]["options"][0]["name"] == "매운맛"
    url = f"/api/v1/stores/{store.id}/items/{draft.gimbap.id}/sold-out/"
    answer = client.post(url, {"sold_out": True}, content_type="application/json")
    assert answer.json() == {"item_id": str(draft.gimbap.id), "option_id": None, "sold_out": True}
    assert client.get(f"/api/v1/stores/{store.id}/items/").json()["items"][1]["sold_out"]
    client.post(url, {"sold_out": False}, content_type="application/json")
    assert len(published("item.restocked")) == 1


def test_the_kitchen_can_mark_a_hidden_dish_as_long_as_guests_order_it(
    signed_in: SignedIn, store: Store, draft: Draft, kitchen: User
) -> None:
    client = signed_in(kitchen)
    services.publish_menu(menu_id=draft.menu.id)
    Item.objects.filter(pk=draft.gimbap.pk).update(visible=False)
    assert listed(client, store) == ["떡볶이", "김밥"]
    url = f"/api/v1/stores/{store.id}/items/{draft.gimbap.id}/sold-out/"
    assert client.post(url, {"sold_out": True}, content_type="application/json").status_code == 200
    assert [told.item_id for told in published("item.sold_out")] == [draft.gimbap.id]
    services.publish_menu(menu_id=draft.menu.id)
    assert listed(client, store) == ["떡볶이"]


def listed(client: Client, store: Store) -> list[str]:
    return [item["name"] for item in client.get(f"/api/v1/stores/{store.id}/items/").json()["items"]]


@pytest.mark.parametrize("body", [{}, {"sold_out": "maybe"}, {"sold_out": True, "option_id": "\x00"}, []])
def test_a_wrong_body_is_refused(
    signed_in: SignedIn, store: Store, draft: Draft, kitchen: User, body: object
) -> None:
    url = f"/api/v1/stores/{store.id}/items/{draft.gimbap.id}/sold-out/"
    answer = signed_in(kitchen).post(url, body, content_type="application/json")
    assert answer.status_code == 400
    assert not published("item.sold_out")


def test_strangers_and_unknown_dishes_are_refused(
    signed_in: SignedIn, store: Store, draft: Draft, kitchen: User, stranger: User
) -> None:
    url = f"/api/v1/stores/{store.id}/items/{draft.gimbap.id}/sold-out/"
    body = {"sold_out": True}
    assert signed_in(stranger).post(url, body, content_type="application/json").status_code == 403
    assert Client().post(url, body, content_type="application/json").status_code in {401, 403}
    unknown = url.replace(str(draft.gimbap.id), str(new_id()))
    assert signed_in(kitchen).post(unknown, body, content_type="application/json").status_code == 404
    assert not published("item.sold_out")
