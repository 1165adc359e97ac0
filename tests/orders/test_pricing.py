"""Prices, without a database."""

import pytest

from orders.pricing import Choice, changes_between, index_menu, price_line, sold_out_among, total_of
from tests.orders.menus import CHEESE, COLA, EGG, GIMBAP, HOT, MILD, TTEOKBOKKI, menu_document, uid, without

MENU = index_menu(1, menu_document())


def test_options_and_quantity_make_the_price() -> None:
    line = price_line(MENU, Choice(TTEOKBOKKI, 3, (CHEESE, MILD)))
    assert line is not None
    assert (line.unit_price, line.total) == (8000, 24000)
    assert [option["id"] for option in line.options] == [MILD, CHEESE]  # the menu's order
    cola = price_line(MENU, Choice(COLA, 2))
    assert cola is not None and total_of([line, cola]) == 28000


@pytest.mark.parametrize(
    ("item", "options"),
    [
        (TTEOKBOKKI, ()),
        (TTEOKBOKKI, (MILD, HOT)),
        (TTEOKBOKKI, (MILD, uid("x"))),
        (TTEOKBOKKI, (MILD, EGG, EGG)),
        (GIMBAP, (MILD,)),
        (uid("x"), ()),
    ],
)
def test_what_the_menu_does_not_offer_has_no_price(item: str, options: tuple[str, ...]) -> None:
    assert price_line(MENU, Choice(item, 1, options)) is None


def test_no_maximum_means_no_limit() -> None:
    document = menu_document()
    document["sections"][0]["items"][0]["option_groups"][1]["max"] = 0
    assert price_line(index_menu(1, document), Choice(TTEOKBOKKI, 1, (MILD, CHEESE, EGG))) is not None


def test_changes_name_what_the_guest_would_notice() -> None:
    newer = index_menu(2, without(menu_document(cheese=1500), COLA))
    choices = [
        Choice(TTEOKBOKKI, 1, (MILD,)),
        Choice(TTEOKBOKKI, 1, (MILD, CHEESE)),
        Choice(COLA, 1),
        Choice(GIMBAP, 1),
    ]
    changes = changes_between(MENU, newer, choices)
    assert [(change.item_id, change.kind, change.old, change.new) for change in changes] == [
        (TTEOKBOKKI, "price", 8000, 8500),
        (COLA, "gone", 2000, None),
    ]
    assert changes_between(MENU, MENU, choices) == []


def test_sold_out_counts_items_and_options() -> None:
    choices = [Choice(TTEOKBOKKI, 1, (MILD, CHEESE)), Choice(GIMBAP, 1), Choice(COLA, 1)]
    changes = sold_out_among(MENU, frozenset({CHEESE, COLA}), choices)
    assert [change.item_id for change in changes] == [TTEOKBOKKI, COLA]
