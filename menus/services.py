"""What owners and staff do to menus: publish the draft, sell out and restock, delete, sort, add photos."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from events.kernel.databases import atomic, on_commit
from events.kernel.versions import may_save
from events.outbox import publish
from menus import pictures
from menus.documents import document_of, problems_of
from menus.errors import BadPhoto, MenuNotReady, StillPublished, UnknownItem
from menus.events import ItemRestocked, ItemSoldOut, MenuPublished, PhotoUploaded
from menus.models import Item, Menu, MenuVersion, Option, Photo, PhotoState, Section, StoreSnapshot
from menus.selectors import published_items


def save_store(
    *, store_id: UUID, version_number: int, snapshot: Mapping[str, Any], over: int | None = None
) -> None:
    """Remembers a store (shape: stores.events.StoreSettings) and gives a new one its empty menu.

    A version that is not newer is ignored; a rebuild overwrites all up to version `over`.
    """
    with atomic("menus"):
        known = StoreSnapshot.objects.select_for_update().filter(pk=store_id).first()
        if may_save(known, version_number, over):
            StoreSnapshot.objects.update_or_create(
                store_id=store_id, defaults={"version_number": version_number, "data": snapshot}
            )
        Menu.objects.get_or_create(store_id=store_id)


# --- Publishing ------------------------------------------------------------------------------------------


def publish_menu(*, menu_id: UUID, actor_id: UUID | None = None, actor_name: str = "") -> MenuVersion:
    """Freezes the draft as a new version and tells everybody; the last version when nothing changed.

    Raises MenuNotReady with readable problems; then nothing is published.
    """
    with atomic("menus"):
        menu = Menu.objects.select_for_update().get(pk=menu_id)
        document = document_of(menu)
        if problems := problems_of(menu, document):
            raise MenuNotReady(problems)
        last = last_version(menu)
        if last is not None and last.document == document:
            return last
        menu.version_number += 1
        menu.published_at = timezone.now()
        menu.save(update_fields=["version_number", "published_at"])
        version = MenuVersion.objects.create(
            menu=menu,
            store_id=menu.store_id,
            version_number=menu.version_number,
            document=document,
            published_by_id=actor_id,
            published_by=actor_name,
        )
        publish(MenuPublished(store_id=menu.store_id, version_number=menu.version_number, document=document))
    return version


def last_version(menu: Menu) -> MenuVersion | None:
    """The version that guests see; None before the first."""
    return menu.versions.order_by("-version_number").first()


# --- Sold out --------------------------------------------------------------------------------------------


def mark_sold_out(
    *, store_id: UUID, item_id: UUID, option_id: UUID | None = None, actor_name: str = ""
) -> bool:
    """Takes an item (or one of its options) off every phone at once. False when it was off already.

    Raises UnknownItem, also for another store's item.
    """
    return _set_sold_out(store_id, item_id, option_id, sold_out=True, actor_name=actor_name)


def restock(*, store_id: UUID, item_id: UUID, option_id: UUID | None = None, actor_name: str = "") -> bool:
    """Brings an item or option back at once. False when it was there. Raises UnknownItem."""
    return _set_sold_out(store_id, item_id, option_id, sold_out=False, actor_name=actor_name)


def _set_sold_out(
    store_id: UUID, item_id: UUID, option_id: UUID | None, *, sold_out: bool, actor_name: str
) -> bool:
    with atomic("menus"):
        row = _locked(store_id, item_id, option_id)
        if row.sold_out == sold_out:
            return False
        row.sold_out = sold_out
        row.save(update_fields=["sold_out"])
        fact = ItemSoldOut if sold_out else ItemRestocked
        publish(fact(store_id=store_id, item_id=item_id, option_id=option_id, actor_name=actor_name))
    return True


def _locked(store_id: UUID, item_id: UUID, option_id: UUID | None) -> Item | Option:
    row: Item | Option | None
    if option_id is None:
        items = Item.objects.select_for_update(of=("self",))
        row = items.filter(pk=item_id, section__menu__store_id=store_id).first()
    else:
        options = Option.objects.select_for_update(of=("self",))
        row = options.filter(
            pk=option_id, group__item_id=item_id, group__item__section__menu__store_id=store_id
        ).first()
    if row is None:
        raise UnknownItem
    return row


# --- Deleting --------------------------------------------------------------------------------------------


def delete_item(*, store_id: UUID, item_id: UUID) -> None:
    """Forgets a dish. Raises StillPublished while guests see it, and UnknownItem."""
    with atomic("menus"):
        Menu.objects.select_for_update().filter(store_id=store_id).first()  # nothing is published meanwhile
        item = _locked(store_id, item_id, None)
        if item_id in published_items(store_id):
            raise StillPublished
        item.delete()


# --- Order -----------------------------------------------------------------------------------------------


def reorder(*, menu_id: UUID, section_ids: Sequence[UUID] = (), item_ids: Sequence[UUID] = ()) -> None:
    """Sorts sections, or items within their sections, as listed; ids of other menus are ignored."""
    with atomic("menus"):
        Menu.objects.select_for_update().get(pk=menu_id)
        sections = {row.pk: row for row in Section.objects.filter(menu_id=menu_id, pk__in=section_ids)}
        items = {row.pk: row for row in Item.objects.filter(section__menu_id=menu_id, pk__in=item_ids)}
        for position, key in enumerate(section_ids):
            if key in sections:
                sections[key].position = position
        for position, key in enumerate(item_ids):
            if key in items:
                items[key].position = position
        Section.objects.bulk_update(sections.values(), ["position"])
        Item.objects.bulk_update(items.values(), ["position"])


# --- Photos ----------------------------------------------------------------------------------------------


def upload_photo(*, store_id: UUID, file: "UploadedFile[Any]", title: str = "") -> Photo:
    """Keeps an upload and has it re-encoded soon. Raises BadPhoto (too big, no picture)."""
    if reason := pictures.refusal_of(file):
        raise BadPhoto(pictures.reason_text(reason))
    with atomic("menus"):
        photo = Photo(store_id=store_id, title=title[:120])
        # The name comes from us: a person's file name may say more than they want to publish.
        photo.original.save(f"{photo.id}.upload", file, save=False)
        photo.save(force_insert=True)
        publish(PhotoUploaded(store_id=store_id, photo_id=photo.id))
    return photo


def encode_photo(*, photo_id: UUID) -> None:
    """Makes the three widths of an upload and forgets the original; a bad one is marked as failed.

    Repeating it changes nothing: the results are named by their content.
    """
    photo = Photo.objects.filter(pk=photo_id, state=PhotoState.WAITING).first()
    if photo is None:
        return
    try:
        encoded = pictures.encode(photo.original)
    except pictures.Unreadable as error:
        _finish(photo, state=PhotoState.FAILED, failure=error.reason)
        return
    _finish(photo, state=PhotoState.READY, color=encoded.color, addresses=encoded.addresses)


def _finish(photo: Photo, **changes: Any) -> None:
    original = photo.original.name or ""
    with atomic("menus"):
        for name, value in {**changes, "original": ""}.items():
            setattr(photo, name, value)
        photo.save(update_fields=[*changes, "original"])
        on_commit("menus", lambda: pictures.forget(original))
