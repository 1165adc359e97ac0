"""Reads of menus; never writes."""

from typing import Any
from uuid import UUID

from menus.models import Item


def items_of_store(store_id: UUID) -> list[dict[str, Any]]:
    """What the staff's sold-out list shows, in the menu's order, hidden dishes left out. 3 queries."""
    rows = (
        Item.objects.filter(section__menu__store_id=store_id, visible=True)
        .select_related("section")
        .prefetch_related("option_groups__options")
        .order_by("section__position", "section__name", "position", "name")
    )
    return [_item(row) for row in rows]


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
