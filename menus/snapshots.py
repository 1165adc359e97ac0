"""Menus as their owner tells them now, and the copy of the store's settings that they keep."""

from collections.abc import Iterable
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from events.base import DomainEvent
from events.kernel.databases import atomic
from events.snapshots import Source, Statement, position_of, source, store_settings_keeper
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


store_settings_keeper(
    "menus.store",
    _("Store settings in the menu"),
    _("Languages and currency of the menu."),
    StoreSnapshot,
    services.save_store,
)
