"""The menu as a document, and how two of them differ. Pure building: nothing is written."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.kernel.money import format_money
from menus.events import MenuDish, MenuDocument, MenuOptionGroup, MenuSection
from menus.models import Item, Menu, OptionGroup, PhotoState, StoreSnapshot


class Difference(NamedTuple):
    """One change between two versions, ready to be read."""

    kind: str  # "added" | "removed" | "changed"
    what: str
    details: tuple[str, ...] = ()


def document_of(menu: Menu) -> MenuDocument:
    """The draft as it would be published. At most 6 queries.

    Hidden items and empty sections are left out; a photo that is not ready is null.
    """
    store = StoreSnapshot.objects.filter(pk=menu.store_id).first()
    settings = store.data if store else {}
    sections = menu.sections.order_by("position", "name").prefetch_related(
        "items__photo", "items__option_groups__options"
    )
    built: list[MenuSection] = [
        {
            "id": str(section.id),
            "name": section.name,
            "i18n": section.i18n,
            "items": [_item(item) for item in section.items.all() if item.visible],
        }
        for section in sections
    ]
    return {
        "language": settings.get("language", "ko"),
        "languages": settings.get("languages", ["ko"]),
        "sections": [section for section in built if section["items"]],
    }


def _item(item: Item) -> MenuDish:
    return {
        "id": str(item.id),
        "name": item.name,
        "description": item.description,
        "i18n": item.i18n,
        "price": item.price,
        "photo": item.photo.document if item.photo else None,
        "allergens": item.allergens,
        "diet": item.diet,
        "spicy": item.spicy,
        "featured": item.featured,
        "station": item.station,
        "minutes": item.minutes,
        "tax_rate_bp": item.tax_rate_bp,
        "option_groups": [_group(group) for group in item.option_groups.all()],
    }


def _group(group: OptionGroup) -> MenuOptionGroup:
    return {
        "id": str(group.id),
        "name": group.name,
        "i18n": group.i18n,
        "required": group.minimum > 0,
        "min": group.minimum,
        "max": group.maximum,
        "options": [
            {"id": str(option.id), "name": option.name, "i18n": option.i18n, "price": option.price}
            for option in group.options.all()
        ],
    }


def problems_of(menu: Menu, document: MenuDocument) -> list[str]:
    """Why the draft cannot be published, one sentence each; empty when it can."""
    if not document["sections"]:
        return [_("There is no dish on the menu yet.")]
    found = []
    for section in document["sections"]:
        for item in section["items"]:
            found += [_group_problem(item, group) for group in item["option_groups"]]
    waiting = Item.objects.filter(section__menu=menu, visible=True, photo__state=PhotoState.WAITING)
    found += [
        _("The photo of “%(name)s” is still being prepared. Try again in a moment.") % {"name": item.name}
        for item in waiting
    ]
    return [text for text in found if text]


def _group_problem(item: MenuDish, group: MenuOptionGroup) -> str:
    names = {"item": item["name"], "group": group["name"]}
    count = len(group["options"])
    if not count:
        return _("“%(item)s”: the choice “%(group)s” has no options.") % names
    if group["min"] > count:
        return _("“%(item)s”: the choice “%(group)s” asks for more than it offers.") % names
    return ""


def difference(old: MenuDocument | None, new: MenuDocument, currency: str, language: str) -> list[Difference]:
    """What a guest would see change, in the menu's order; names in the store's main language.

    `currency` and `language` (the reader's) only format prices.
    """
    before, after = _items(old) if old else {}, _items(new)
    money = _Money(currency, language)
    found = [
        Difference("added", item["name"], (money(item["price"]),))
        for key, item in after.items()
        if key not in before
    ]
    found += [Difference("removed", item["name"]) for key, item in before.items() if key not in after]
    for key, item in after.items():
        if key in before and (details := _details(before[key], item, money)):
            found.append(Difference("changed", item["name"], tuple(details)))
    return found + _section_changes(old, new)


class _Money:
    def __init__(self, currency: str, language: str) -> None:
        self.currency, self.language = currency, language

    def __call__(self, minor: int) -> str:
        return format_money(minor, self.currency, self.language)


def _items(document: MenuDocument) -> dict[str, MenuDish]:
    return {item["id"]: item for section in document["sections"] for item in section["items"]}


def _details(old: MenuDish, new: MenuDish, money: _Money) -> list[str]:
    found = []
    if old["name"] != new["name"]:
        found.append(_("was called “%s”") % old["name"])
    if old["price"] != new["price"]:
        found.append(f"{money(old['price'])} → {money(new['price'])}")
    found += _option_changes(old, new, money)
    words = {
        "description": _("description"),
        "i18n": _("translations"),
        "photo": _("photo"),
        "allergens": _("allergens"),
        "diet": _("diet"),
        "spicy": _("spiciness"),
        "featured": _("popular or not"),
        "minutes": _("minutes to cook"),
        "station": _("kitchen station"),
        "tax_rate_bp": _("VAT"),
    }
    return found + [word for key, word in words.items() if old.get(key) != new.get(key)]


def _options(item: MenuDish) -> dict[str, tuple[str, int]]:
    return {
        option["id"]: (f"{group['name']}: {option['name']}", option["price"])
        for group in item["option_groups"]
        for option in group["options"]
    }


def _option_changes(old: MenuDish, new: MenuDish, money: _Money) -> list[str]:
    before, after = _options(old), _options(new)
    found = [f"+ {after[key][0]}" for key in after if key not in before]
    found += [f"− {before[key][0]}" for key in before if key not in after]
    for key in (key for key in after if key in before and after[key] != before[key]):
        name, price = before[key]
        renamed = f"{name} → {after[key][0]}" if name != after[key][0] else name
        cost = f" {money(price)} → {money(after[key][1])}" if price != after[key][1] else ""
        found.append(renamed + cost)
    if not found and old["option_groups"] != new["option_groups"]:
        found.append(_("choices"))
    return found


def _section_changes(old: MenuDocument | None, new: MenuDocument) -> list[Difference]:
    if old is None:
        return []
    before = {section["id"]: section for section in old["sections"]}
    found = [
        Difference(
            "changed", section["name"], (_("section was called “%s”") % before[section["id"]]["name"],)
        )
        for section in new["sections"]
        if section["id"] in before and before[section["id"]]["name"] != section["name"]
    ]
    order = [[s["id"], [i["id"] for i in s["items"]]] for s in new["sections"]]
    known = set(_items(old)) == set(_items(new))
    if known and order != [[s["id"], [i["id"] for i in s["items"]]] for s in old["sections"]]:
        found.append(Difference("changed", _("Order of the menu")))
    return found


def summary(differences: list[Difference]) -> str:
    """One line about how much changed."""
    count = len(differences)
    return ngettext("%(count)d change", "%(count)d changes", count) % {"count": count}
