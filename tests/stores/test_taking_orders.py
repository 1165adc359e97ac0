"""Pausing and going on from the board."""

from typing import Any

import pytest

from stores.models import Store, User
from tests.queue import published
from tests.stores.test_sheet import SignedIn


def state(store: Store) -> tuple[bool, str]:
    fresh = Store.objects.get(pk=store.pk)
    return fresh.accepting_orders, fresh.pause_message


def test_a_manager_pauses_and_goes_on(signed_in: SignedIn, store: Store, manager: User) -> None:
    url, manage = f"/api/v1/stores/{store.id}/taking-orders/", signed_in(manager)
    answer = manage.post(url, {"accepting": False, "message": "곧 다시 열어요"}, "application/json")
    assert answer.json() == {"accepting_orders": False, "pause_message": "곧 다시 열어요"}
    assert state(store) == (False, "곧 다시 열어요")
    assert manage.post(url, {"accepting": True}, "application/json").json()["accepting_orders"]
    assert state(store) == (True, "")
    assert len(published("store.changed")) == 2


@pytest.mark.parametrize("wrong", [{}, {"accepting": "perhaps"}, {"accepting": False, "message": "x" * 201}])
def test_nonsense_pauses_nothing(
    signed_in: SignedIn, store: Store, manager: User, wrong: dict[str, Any]
) -> None:
    url = f"/api/v1/stores/{store.id}/taking-orders/"
    assert signed_in(manager).post(url, wrong, "application/json").status_code == 400
    assert state(store) == (True, "") and not published()


def test_the_floor_and_strangers_do_not_pause(
    signed_in: SignedIn, store: Store, floor: User, stranger: User
) -> None:
    url = f"/api/v1/stores/{store.id}/taking-orders/"
    for person in (floor, stranger):
        assert signed_in(person).post(url, {"accepting": False}, "application/json").status_code == 403
    assert state(store) == (True, "") and not published()
