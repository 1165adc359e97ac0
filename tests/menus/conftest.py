"""A small draft menu of the store, and people in the back office."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from menus import services
from menus.models import Item, Menu, Option, OptionGroup, Section
from stores.models import Role, Store, User
from stores.selectors import store_snapshot
from tests.factories import make_membership


@dataclass
class Draft:
    """Tteokbokki with a required spiciness, and gimbap."""

    menu: Menu
    section: Section
    tteokbokki: Item
    gimbap: Item
    spice: OptionGroup
    hot: Option


def make_draft(store: Store) -> Draft:
    services.save_store(store_id=store.id, version_number=99, snapshot=store_snapshot(store))
    menu = Menu.objects.get(store_id=store.id)
    section = Section.objects.create(menu=menu, name="분식", i18n={"en": {"name": "Snacks"}})
    tteokbokki = Item.objects.create(section=section, name="떡볶이", price=6500, position=0)
    gimbap = Item.objects.create(section=section, name="김밥", price=4000, position=1)
    spice = OptionGroup.objects.create(item=tteokbokki, name="맵기", minimum=1, maximum=1)
    hot = Option.objects.create(group=spice, name="매운맛", price=500)
    return Draft(menu, section, tteokbokki, gimbap, spice, hot)


@pytest.fixture
def draft(store: Store) -> Draft:
    return make_draft(store)


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    """signed_in(user) -> a client with that person's session."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def office(store: Store) -> Client:
    """The owner's back office."""
    user = make_membership(store, Role.OWNER).user
    User.objects.filter(pk=user.pk).update(is_staff=True)
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client
