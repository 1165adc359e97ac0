"""Menus as their owner tells them now, and the copy of the store's settings that they keep."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from events.base import DomainEvent
from events.kernel.databases import atomic
from events.snapshots import Keeper, Repair, Row, Source, Statement, keeper, plain, position_of, source
from menus import services
from menus.events import ItemSoldOut, MenuPublished
from menus.models import Item, Menu, MenuVersion, Option, StoreSnapshot

# Phones with an older page are told to look again; nobody needs more of them.
VERSIONS_TOLD = 20


def _all() -> Iterable[UUID]:
    return Menu.objects.values_list("store_id", flat=True)


def tell_versions(store_id: UUID) -> Statement:
    """The newest published versions, the oldest of them first."""
    newest = MenuVersion.objects.filter(store_id=store_id).order_by("-version_number")[:VERSIONS_TOLD]
    return Statement(
        [
            MenuPublished(store_id=store_id, version_number=row.version_number, document=row.document)
            for row in reversed(newest)
        ]
    )


def tell_sold_out(store_id: UUID) -> Statement:
    """What cannot be had, and the number in the menu's stream up to which that is so."""
    with atomic("menus"):
        position = position_of("menus", f"menu:{store_id}")
        items = Item.objects.filter(section__menu__store_id=store_id, sold_out=True)
        options = Option.objects.filter(group__item__section__menu__store_id=store_id, sold_out=True)
        facts: list[DomainEvent] = [
            ItemSoldOut(store_id=store_id, item_id=key) for key in items.values_list("pk", flat=True)
        ]
        for option_id, item_id in options.values_list("pk", "group__item_id"):
            facts.append(ItemSoldOut(store_id=store_id, item_id=item_id, option_id=option_id))
    return Statement(facts, position)


source(Source("menus.versions", _all, tell_versions))
source(Source("menus.sold_out", _all, tell_sold_out))


def _held(store_id: UUID) -> list[Row]:
    rows = StoreSnapshot.objects.filter(pk=store_id)
    return [Row(str(row.pk), str(row), row.version_number, row.data) for row in rows]


def _rows_of(event: Any) -> list[Row]:
    data = plain(event)["snapshot"]
    return [Row(str(event.store_id), data["name"], event.version_number, data)]


def _save(event: Any, repair: Repair) -> None:
    services.save_store(
        store_id=event.store_id,
        version_number=event.version_number,
        snapshot=plain(event)["snapshot"],
        over=repair.over,
    )


keeper(
    Keeper(
        "menus.store",
        _("Store settings in the menu"),
        _("Languages and currency of the menu."),
        "stores.store",
        _held,
        _rows_of,
        _save,
    )
)
