"""Reads of menus; never writes."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from menus.models import Item, MenuVersion


def items_of_store(store_id: UUID) -> list[dict[str, Any]]:
    """What the staff's sold-out list shows, in the menu's order. 4 queries.

    A dish that the owner hid is listed as long as guests order it: until the menu is published.
    """
    is_seen = Q(visible=True) | Q(pk__in=published_items(store_id))
    rows = (
        Item.objects.filter(is_seen, section__menu__store_id=store_id)
        .select_related("section")
        .prefetch_related("option_groups__options")
        .order_by("section__position", "section__name", "position", "name")
    )
    return [_item(row) for row in rows]


def published_items(store_id: UUID) -> set[UUID]:
    """The dishes that guests see: those of the last version."""
    versions = MenuVersion.objects.filter(menu__store_id=store_id).order_by("-version_number")
    document = versions.values_list("document", flat=True).first()
    sections = document["sections"] if document else []
    return {UUID(item["id"]) for section in sections for item in section["items"]}


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": str(item.id),
        "name": item.name,
        "section": item.section.name,
        "station": item.station,
        "price": item.price,
        "sold_out": item.sold_out,
        "options": [
            {
                "id": str(option.id),
                "name": option.name,
                "group": group.name,
                "sold_out": option.sold_out,
            }
            for group in item.option_groups.all()
            for option in group.options.all()
        ],
    }
