"""The kitchen marks dishes sold out while the back office has them open: nothing comes back unasked."""

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import reverse

from menus import services
from menus.models import Item, Option
from tests.menus.conftest import Draft
from tests.menus.test_back_office import change_url, fields_of
from tests.queue import published

LIST = "admin:menus_item_changelist"


class Inputs(HTMLParser):
    """What a browser sends back of a list when nothing was touched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.data: dict[str, Any] = {"_save": "Save"}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        is_off = found.get("type") == "checkbox" and "checked" not in found
        if tag == "input" and name.startswith(("form-", "initial-form-")) and not is_off:
            self.data[name] = found.get("value") or "on"


def shown_list(office: Client) -> dict[str, Any]:
    return Inputs(office.get(reverse(LIST)).content.decode()).data


def sell_out(draft: Draft, option: Option | None = None) -> None:
    services.mark_sold_out(
        store_id=draft.menu.store_id, item_id=draft.tteokbokki.pk, option_id=option.pk if option else None
    )


def is_sold_out(row: Item | Option) -> bool:
    return bool(type(row).objects.values_list("sold_out", flat=True).get(pk=row.pk))


def test_saving_an_old_list_puts_nothing_back_on_sale(office: Client, draft: Draft) -> None:
    data = shown_list(office)
    sell_out(draft)
    office.post(reverse(LIST), {**data, "form-1-sold_out": "on"})
    assert is_sold_out(draft.tteokbokki) and is_sold_out(draft.gimbap)
    told = [event.item_id for event in published("item.sold_out")]
    assert told == [draft.tteokbokki.pk, draft.gimbap.pk]
    assert not published("item.restocked")


def test_a_dish_that_was_shown_as_sold_out_is_restocked_by_its_switch(office: Client, draft: Draft) -> None:
    sell_out(draft)
    data = shown_list(office)
    assert data.pop("form-0-sold_out") == "on"
    office.post(reverse(LIST), data)
    assert not is_sold_out(draft.tteokbokki)
    assert [event.item_id for event in published("item.restocked")] == [draft.tteokbokki.pk]


def test_what_the_kitchen_did_first_is_told_once(office: Client, draft: Draft) -> None:
    data = shown_list(office)
    sell_out(draft)
    office.post(reverse(LIST), {**data, "form-0-sold_out": "on"})
    assert is_sold_out(draft.tteokbokki) and len(published("item.sold_out")) == 1


def test_sorting_an_old_list_puts_nothing_back_on_sale(office: Client, draft: Draft) -> None:
    data = shown_list(office)
    sell_out(draft)
    office.post(reverse(LIST), {**data, "form-0-position": 1, "form-1-position": 0})
    assert list(Item.objects.values_list("name", flat=True)) == ["김밥", "떡볶이"]
    assert is_sold_out(draft.tteokbokki) and not published("item.restocked")


@pytest.fixture
def kitchen_is_faster() -> Iterator[Callable[..., None]]:
    """kitchen_is_faster(row, act): `act` happens after the page read the row and before it writes it."""
    watching: list[Any] = []

    def arrange(row: Item | Option, act: Callable[[], None]) -> None:
        def first(sender: Any, instance: Any, **_: Any) -> None:
            if instance.pk == row.pk and pre_save.disconnect(first, type(row)):
                act()

        pre_save.connect(first, type(row))
        watching.append((first, type(row)))

    yield arrange
    for receiver, model in watching:
        pre_save.disconnect(receiver, model)


def test_editing_a_dish_leaves_a_sold_out_that_came_in_between(
    office: Client, draft: Draft, kitchen_is_faster: Callable[..., None]
) -> None:
    url = change_url(draft.tteokbokki)
    data = fields_of(office.get(url))
    kitchen_is_faster(draft.tteokbokki, lambda: sell_out(draft))
    assert office.post(url, {**data, "price": "7,000"}).status_code == 302
    assert Item.objects.get(pk=draft.tteokbokki.pk).price == 7000
    assert len(published("item.sold_out")) == 1 and is_sold_out(draft.tteokbokki)


def test_editing_an_option_leaves_a_sold_out_that_came_in_between(
    office: Client, draft: Draft, kitchen_is_faster: Callable[..., None]
) -> None:
    url = change_url(draft.tteokbokki)
    data = fields_of(office.get(url))
    kitchen_is_faster(draft.hot, lambda: sell_out(draft, draft.hot))
    assert office.post(url, {**data, "option_groups-0-options-0-price": "700"}).status_code == 302
    assert Option.objects.get(pk=draft.hot.pk).price == 700
    assert len(published("item.sold_out")) == 1 and is_sold_out(draft.hot)
