"""Two owners at once: what one request shows and reads is not what the other one set."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import site
from django.http import HttpRequest
from django.test import RequestFactory

from config.identity import memberships_of
from menus.admin.items import OptionInline
from menus.admin.menus import SectionInline
from menus.models import Item, Menu, OptionGroup, Photo
from stores.models import Role, Store
from tests.factories import make_membership, make_store
from tests.menus.conftest import Draft, make_draft

FormOf = Callable[[HttpRequest, Draft], Any]


@pytest.fixture
def american(db: None) -> tuple[Store, Draft]:
    store = make_store(name="Diner", currency="USD", language="en")
    return store, make_draft(store)


def asked_by_owner(store: Store) -> HttpRequest:
    user = make_membership(store, Role.OWNER).user
    user.is_staff = True
    request = RequestFactory().get("/")
    request.user = user
    request.memberships = memberships_of(user)  # type: ignore[attr-defined]
    return request


def dish_form(request: HttpRequest, draft: Draft) -> Any:
    return site._registry[Item].get_form(request, draft.gimbap, change=True)


def option_form(request: HttpRequest, draft: Draft) -> Any:
    dish_form(request, draft)
    return OptionInline(OptionGroup, site).get_formset(request, draft.spice).form


def section_form(request: HttpRequest, draft: Draft) -> Any:
    site._registry[Menu].get_form(request, draft.menu, change=True)
    return SectionInline(Menu, site).get_formset(request, draft.menu).form


@pytest.mark.parametrize("form_of", [dish_form, option_form])
def test_a_price_is_read_in_the_currency_of_the_own_store(
    store: Store, draft: Draft, american: tuple[Store, Draft], form_of: FormOf
) -> None:
    korean = form_of(asked_by_owner(store), draft)
    other = form_of(asked_by_owner(american[0]), american[1])
    assert korean().fields["price"].clean("500") == 500
    assert other().fields["price"].clean("5.00") == 500


@pytest.mark.parametrize("form_of", [dish_form, option_form, section_form])
def test_translations_leave_out_the_main_language_of_the_own_store_only(
    store: Store, draft: Draft, american: tuple[Store, Draft], form_of: FormOf
) -> None:
    korean = form_of(asked_by_owner(store), draft)
    other = form_of(asked_by_owner(american[0]), american[1])
    assert korean().fields["i18n"].widget.languages == ["en", "zh-hans", "ja"]
    assert other().fields["i18n"].widget.languages == ["ko", "zh-hans", "ja"]


def test_a_photo_is_offered_for_the_own_store_only(store: Store, american: tuple[Store, Draft]) -> None:
    korean = site._registry[Photo].get_form(asked_by_owner(store))
    site._registry[Photo].get_form(asked_by_owner(american[0]))
    field: Any = korean().fields["store"]
    assert [key for key, _name in field.choices] == [str(store.pk)]
    assert [key for key, _name in field.widget.choices] == [str(store.pk)]
