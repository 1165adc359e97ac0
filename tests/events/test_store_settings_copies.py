"""The copy of a store's settings that every context keeps: compared with its owner and rebuilt."""

from typing import Any

import pytest

from events.models import Delivery
from events.snapshots import Keeper, compare, keeper_named, rebuild
from menus.models import StoreSnapshot as MenusCopy
from notifications.models import StoreSnapshot as NotificationsCopy
from orders.models import StoreSnapshot as OrdersCopy
from payments.models import StoreSnapshot as PaymentsCopy
from stores.models import Store
from stores.services import change_store
from tests.factories import make_store
from tests.queue import deliver_all

COPIES = {
    "menus.store": MenusCopy,
    "notifications.store": NotificationsCopy,
    "orders.store": OrdersCopy,
    "payments.store": PaymentsCopy,
}


@pytest.fixture
def told(db: None) -> Store:
    """A store that everybody was told of."""
    store = make_store(announced=True)
    deliver_all()
    return store


@pytest.fixture(params=COPIES)
def copy(request: pytest.FixtureRequest) -> Keeper:
    found = keeper_named(request.param)
    assert found is not None
    return found


@pytest.fixture
def rows(copy: Keeper) -> Any:
    return COPIES[copy.name]._default_manager


def test_what_was_delivered_is_what_the_owner_has(told: Store, copy: Keeper) -> None:
    assert compare(copy, told.pk).differences == []


def test_a_lost_change_is_found_and_made_good(told: Store, copy: Keeper, rows: Any) -> None:
    change_store(store_id=told.pk, changes={"name": "New name"})
    Delivery.objects.filter(status=0).delete()
    seen = compare(copy, told.pk)
    assert [(row.kind, row.name, row.fields) for row in seen.differences] == [
        ("older", "New name", [("name", told.name, "New name")])
    ]
    rebuild(copy, told.pk)
    assert compare(copy, told.pk).differences == []
    assert rows.get(pk=told.pk).data["name"] == "New name"


def test_a_lost_row_comes_back(told: Store, copy: Keeper, rows: Any) -> None:
    rows.all().delete()
    rebuild(copy, told.pk)
    assert rows.get(pk=told.pk).version_number == 1


def test_a_damaged_row_of_the_same_version_is_put_right(told: Store, copy: Keeper, rows: Any) -> None:
    rows.update(data={})
    rebuild(copy, told.pk)
    assert rows.get(pk=told.pk).data["name"] == told.name


def test_a_version_from_the_future_is_put_back(told: Store, copy: Keeper, rows: Any) -> None:
    rows.update(version_number=99)
    rebuild(copy, told.pk)
    assert rows.get(pk=told.pk).version_number == 1
