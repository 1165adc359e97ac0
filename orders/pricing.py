"""Prices lines from a menu: pure functions, no database. The client's numbers are never asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_LINES = 50


@dataclass(frozen=True)
class Choice:
    """What a guest picked: ids as text, options in any order."""

    item_id: str
    quantity: int
    options: tuple[str, ...] = ()
    note: str = ""

    @property
    def key(self) -> tuple[str, int, tuple[str, ...], str]:
        return self.item_id, self.quantity, tuple(sorted(self.options)), self.note


@dataclass(frozen=True)
class MenuItem:
    """An item of a menu with its options within reach."""

    document: dict[str, Any]
    groups: tuple[dict[str, Any], ...]
    options: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def price(self) -> int:
        return int(self.document["price"])


@dataclass(frozen=True)
class Menu:
    """A published menu, indexed by item."""

    version: int
    document: dict[str, Any]
    items: dict[str, MenuItem]

    @property
    def language(self) -> str:
        return str(self.document.get("language") or "")


@dataclass(frozen=True)
class PricedLine:
    """A choice with what it costs, in minor units; `options` are documents in the menu's order."""

    choice: Choice
    item: MenuItem
    options: tuple[dict[str, Any], ...]
    unit_price: int

    @property
    def total(self) -> int:
        return self.unit_price * self.choice.quantity


@dataclass(frozen=True)
class Change:
    """Why a line is not what the phone thinks: kind "price" | "gone" | "sold_out" | "options"."""

    item_id: str
    kind: str
    item: MenuItem | None = None
    old: int | None = None
    new: int | None = None


def index_menu(version: int, document: dict[str, Any]) -> Menu:
    """Puts a menu document's items and options within reach by id."""
    items = {}
    for section in document.get("sections", []):
        for item in section.get("items", []):
            groups = tuple(item.get("option_groups", []))
            options = {option["id"]: option for group in groups for option in group.get("options", [])}
            items[item["id"]] = MenuItem(item, groups, options)
    return Menu(version, document, items)


def price_line(menu: Menu, choice: Choice) -> PricedLine | None:
    """The priced line; None when the item is not on the menu or the options break a group's rules."""
    item = menu.items.get(choice.item_id)
    if item is None or not _options_fit(item, choice.options):
        return None
    chosen = set(choice.options)
    options = tuple(option for key, option in item.options.items() if key in chosen)
    return PricedLine(choice, item, options, item.price + sum(int(option["price"]) for option in options))


def total_of(lines: Iterable[PricedLine]) -> int:
    return sum(line.total for line in lines)


def changes_between(old: Menu, new: Menu, choices: Sequence[Choice]) -> list[Change]:
    """What changed for these choices from the menu a phone shows to the one that is sold."""
    return [change for choice in choices if (change := _change(old, new, choice)) is not None]


def sold_out_among(menu: Menu, sold_out: frozenset[str], choices: Sequence[Choice]) -> list[Change]:
    """Choices that name something sold out; `sold_out` holds item ids and option ids."""
    return [
        Change(choice.item_id, "sold_out", menu.items.get(choice.item_id))
        for choice in choices
        if choice.item_id in sold_out or not sold_out.isdisjoint(choice.options)
    ]


def _options_fit(item: MenuItem, chosen: Sequence[str]) -> bool:
    if len(set(chosen)) != len(chosen) or any(option not in item.options for option in chosen):
        return False
    return all(_group_fits(group, chosen) for group in item.groups)


def _group_fits(group: dict[str, Any], chosen: Sequence[str]) -> bool:
    """`max` 0 or none means no limit; `required` means at least one even when `min` is 0."""
    count = sum(1 for option in group.get("options", []) if option["id"] in chosen)
    least = max(int(group.get("min") or 0), 1 if group.get("required") else 0)
    most = int(group.get("max") or 0)
    return count >= least and (not most or count <= most)


def _change(old: Menu, new: Menu, choice: Choice) -> Change | None:
    before, after = price_line(old, choice), price_line(new, choice)
    was = before.unit_price if before else None
    item = new.items.get(choice.item_id)
    if item is None:
        gone = old.items.get(choice.item_id)
        return Change(choice.item_id, "gone", gone, was)
    if after is None:
        return Change(choice.item_id, "options", item, was)
    if was != after.unit_price:
        return Change(choice.item_id, "price", item, was, after.unit_price)
    return None
