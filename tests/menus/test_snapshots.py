"""The copy of a store's settings that menus keep: compared with its owner and rebuilt."""

import pytest

from events.models import Delivery
from events.snapshots import compare, keeper_named, rebuild
from menus.models import StoreSnapshot
from stores.models import Store
from stores.services import change_store
from tests.factories import make_store
from tests.queue import deliver_all

COPY = keeper_named("menus.store")


@pytest.fixture
def told(db: None) -> Store:
    """A store that everybody was told of."""
    store = make_store(announced=True)
    deliver_all()
    return store


def test_what_was_delivered_is_what_the_owner_has(told: Store) -> None:
    assert COPY is not None and compare(COPY, told.pk).differences == []


def test_a_lost_change_is_found_and_made_good(told: Store) -> None:
    assert COPY is not None
    change_store(store_id=told.pk, changes={"name": "New name"})
    Delivery.objects.filter(status=0).delete()
    seen = compare(COPY, told.pk)
    assert [(row.kind, row.fields) for row in seen.differences] == [
        ("older", [("name", told.name, "New name")])
    ]
    rebuild(COPY, told.pk)
    assert compare(COPY, told.pk).differences == []
    assert StoreSnapshot.objects.get(pk=told.pk).data["name"] == "New name"


def test_a_lost_row_comes_back(told: Store) -> None:
    assert COPY is not None
    StoreSnapshot.objects.all().delete()
    rebuild(COPY, told.pk)
    assert StoreSnapshot.objects.get(pk=told.pk).version_number == 1


def test_a_damaged_row_of_the_same_version_is_put_right(told: Store) -> None:
    assert COPY is not None
    StoreSnapshot.objects.update(data={})
    rebuild(COPY, told.pk)
    assert StoreSnapshot.objects.get(pk=told.pk).data["name"] == told.name


def test_a_version_from_the_future_is_put_back(told: Store) -> None:
    assert COPY is not None
    StoreSnapshot.objects.update(version_number=99)
    rebuild(COPY, told.pk)
    assert StoreSnapshot.objects.get(pk=told.pk).version_number == 1
