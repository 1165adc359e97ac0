"""Orders' copies of stores, tables, codes, menus and stock: what is wrong is found and put right."""

from typing import Any

import pytest

from events.kernel.databases import atomic
from events.kernel.ids import new_id
from events.models import Delivery
from events.outbox import publish
from events.snapshots import Comparison, Difference, compare, keeper_named, rebuild
from menus.events import ItemRestocked, ItemSoldOut
from menus.models import Item, Menu, Section
from menus.services import mark_sold_out, publish_menu, restock
from orders.models import (
    MenuSnapshot,
    SoldOut,
    StoreSnapshot,
    TableSnapshot,
    TableTokenSnapshot,
)
from stores.models import Store, Table
from stores.services import change_store, change_table, retire_table, rotate_table_token
from tests.factories import make_store, make_table
from tests.queue import deliver_all, published

KINDS = ("orders.store", "orders.tables", "orders.table_codes", "orders.menus", "orders.sold_out")


def look(name: str, store: Store) -> Comparison:
    copy = keeper_named(name)
    assert copy is not None
    return compare(copy, store.pk)


def repair(name: str, store: Store) -> Comparison:
    copy = keeper_named(name)
    assert copy is not None
    return rebuild(copy, store.pk)


def only(seen: Comparison) -> Difference:
    assert len(seen.differences) == 1, seen.differences
    return seen.differences[0]


@pytest.fixture
def place(db: None) -> Store:
    """A store that everybody was told of, with three tables (one retired, one with a new code) and a menu."""
    store = make_store(announced=True)
    tables = [make_table(store, announced=True) for _ in range(3)]
    retire_table(table_id=tables[1].pk)
    rotate_table_token(table_id=tables[2].pk)
    deliver_all()
    menu = Menu.objects.get(store_id=store.pk)
    section = Section.objects.create(menu=menu, name="Rice")
    for name in ("Bibimbap", "Gimbap"):
        Item.objects.create(section=section, name=name, price=9000)
    publish_menu(menu_id=menu.pk)
    mark_sold_out(store_id=store.pk, item_id=Item.objects.get(name="Gimbap").pk)
    deliver_all()
    return store


def sold_out_names() -> list[str]:
    gone = list(SoldOut.objects.values_list("item_id", flat=True))
    return list(Item.objects.filter(pk__in=gone).values_list("name", flat=True))


@pytest.mark.parametrize("name", KINDS)
def test_what_was_delivered_is_what_the_owner_has(name: str, place: Store) -> None:
    seen = look(name, place)
    assert seen.differences == [] and seen.held == seen.told > 0 and seen.behind == 0


@pytest.mark.parametrize("name", KINDS)
def test_lost_rows_are_found_and_come_back(name: str, place: Store) -> None:
    models: dict[str, Any] = {
        "orders.store": StoreSnapshot,
        "orders.tables": TableSnapshot,
        "orders.table_codes": TableTokenSnapshot,
        "orders.menus": MenuSnapshot,
        "orders.sold_out": SoldOut,
    }
    before = sorted(map(repr, models[name].objects.values()))
    facts = len(published())
    models[name].objects.all().delete()
    assert {row.kind for row in look(name, place).differences} == {"missing"}
    assert not models[name].objects.exists()  # looking changes nothing
    repair(name, place)
    after = sorted(map(repr, models[name].objects.values()))
    if name in ("orders.store", "orders.table_codes"):  # others have own numbers, or forget an old name
        assert after == before
    assert len(after) == len(before) and not look(name, place).differences
    assert len(published()) == facts  # the owner told it again, and nobody else heard it


def test_an_older_store_is_shown_field_by_field(place: Store) -> None:
    change_store(store_id=place.pk, changes={"name": "New name", "brand_color": "#123456"})
    Delivery.objects.filter(status=0).delete()  # it was lost on its way
    found = only(look("orders.store", place))
    assert found.kind == "older" and look("orders.store", place).behind == 1
    assert ("name", place.name, "New name") in found.fields
    assert ("brand_color", "#0e6b4b", "#123456") in found.fields
    repair("orders.store", place)
    assert StoreSnapshot.objects.get().data["name"] == "New name"


def test_a_damaged_row_of_the_same_version_is_put_right(place: Store) -> None:
    row = MenuSnapshot.objects.get()
    row.document["sections"][0]["items"][0]["price"] = 1
    row.save()
    found = only(look("orders.menus", place))
    assert found.kind == "differs"
    assert found.fields == [("sections[0].items[0].price", "1", "9000")]
    repair("orders.menus", place)
    row.refresh_from_db()
    assert row.document["sections"][0]["items"][0]["price"] == 9000


def test_a_version_from_the_future_is_put_back(place: Store) -> None:
    """As after the owner's database came from a backup: it would ignore every change to come."""
    StoreSnapshot.objects.update(version_number=99)
    assert only(look("orders.store", place)).kind == "newer"
    repair("orders.store", place)
    assert StoreSnapshot.objects.get().version_number == Store.objects.get().version_number


def test_more_people_in_the_store_make_no_difference(place: Store) -> None:
    Store.objects.update(version_number=50)  # staff changes count on the same number
    assert look("orders.store", place).differences == []


def test_a_code_that_the_owner_revoked_or_never_gave_out_is_found(place: Store) -> None:
    revoked = TableTokenSnapshot.objects.filter(revoked=True).first()
    assert revoked is not None
    TableTokenSnapshot.objects.filter(pk=revoked.pk).update(revoked=False)
    TableTokenSnapshot.objects.create(token="f" * 16, table_id=new_id(), store_id=place.pk)
    seen = look("orders.table_codes", place)
    assert {row.kind for row in seen.differences} == {"differs", "extra"}
    assert all(revoked.pk not in row.name for row in seen.differences)  # a key is not for every eye
    repair("orders.table_codes", place)
    revoked.refresh_from_db()
    assert revoked.revoked and not TableTokenSnapshot.objects.filter(token="f" * 16).exists()


def test_a_table_in_use_again_and_a_stray_one(place: Store) -> None:
    TableSnapshot.objects.filter(retired=True).update(retired=False)
    TableSnapshot.objects.create(table_id=new_id(), store_id=place.pk, version_number=1, data={"name": "X"})
    assert {row.kind for row in look("orders.tables", place).differences} == {"differs", "extra"}
    repair("orders.tables", place)
    assert look("orders.tables", place).differences == []
    assert TableSnapshot.objects.filter(retired=True).count() == 1


def test_a_change_on_its_way_is_not_undone(place: Store) -> None:
    """The repair saw version n; n + 1 arrived before it wrote."""
    copy = keeper_named("orders.store")
    assert copy is not None
    from events.snapshots import _Sight

    sight = _Sight(copy, place.pk)
    change_store(store_id=place.pk, changes={"name": "Newest"})
    deliver_all()
    StoreSnapshot.objects.filter(pk=place.pk).update(data={**StoreSnapshot.objects.get().data})
    sight.ours.clear()
    sight.repair()
    assert StoreSnapshot.objects.get().data["name"] == "Newest"


def test_what_is_sold_out_wrongly_is_there_again(place: Store) -> None:
    rice = Item.objects.get(name="Bibimbap")
    SoldOut.objects.all().delete()
    SoldOut.objects.create(store_id=place.pk, item_id=rice.pk)
    seen = look("orders.sold_out", place)
    assert {(row.kind, row.name) for row in seen.differences} == {
        ("missing", "Gimbap"),
        ("extra", "Bibimbap"),
    }
    repair("orders.sold_out", place)
    assert sold_out_names() == ["Gimbap"]


def test_an_owner_with_nothing_sold_out_clears_all(place: Store) -> None:
    item = Item.objects.get(name="Gimbap")
    restock(store_id=place.pk, item_id=item.pk)
    Delivery.objects.filter(status=0).delete()
    repair("orders.sold_out", place)
    assert sold_out_names() == []


def test_a_late_sold_out_does_not_hide_what_is_there_again(place: Store) -> None:
    """The two facts have a handler each: one may be retried long after the other ran."""
    item = Item.objects.get(name="Bibimbap")
    with atomic("menus"):
        publish(ItemSoldOut(store_id=place.pk, item_id=item.pk))
    late = Delivery.objects.filter(handler="orders.mark_sold_out", status=0)
    late.update(due_at="2100-01-01T00:00:00Z")
    with atomic("menus"):
        publish(ItemRestocked(store_id=place.pk, item_id=item.pk))
    deliver_all()
    late.update(due_at="2020-01-01T00:00:00Z")
    deliver_all()
    assert sold_out_names() == ["Gimbap"]


def test_a_rebuilt_stock_ignores_facts_from_before(place: Store) -> None:
    item = Item.objects.get(name="Bibimbap")
    mark_sold_out(store_id=place.pk, item_id=item.pk)
    Delivery.objects.filter(status=0).update(due_at="2100-01-01T00:00:00Z")
    restock(store_id=place.pk, item_id=item.pk)
    deliver_all()
    SoldOut.objects.create(store_id=place.pk, item_id=item.pk)  # damage
    repair("orders.sold_out", place)
    Delivery.objects.filter(status=0).update(due_at="2020-01-01T00:00:00Z")
    deliver_all()
    assert sold_out_names() == ["Gimbap"]


def test_another_stores_rows_are_not_touched(place: Store) -> None:
    other = make_store(announced=True)
    make_table(other, announced=True)
    deliver_all()
    TableSnapshot.objects.filter(store_id=other.pk).update(data={"name": "damaged"})
    repair("orders.tables", place)
    assert TableSnapshot.objects.get(store_id=other.pk).data == {"name": "damaged"}


def test_a_renamed_table_says_what_it_was_called(place: Store) -> None:
    table = Table.objects.filter(retired_at=None).first()
    assert table is not None
    change_table(table_id=table.pk, changes={"name": "VIP"})
    Delivery.objects.filter(status=0).delete()
    assert ("name", table.name, "VIP") in only(look("orders.tables", place)).fields
