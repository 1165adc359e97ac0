"""What several pages of the menu's back office show alike."""

from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from events.kernel.money import format_money
from menus.models import (
    Photo,
    StoreSnapshot,
)


def settings_of(store_id: UUID) -> dict[str, Any]:
    store = StoreSnapshot.objects.filter(pk=store_id).first()
    return store.data if store else {}


def money(amount: int, store_id: UUID) -> str:
    return format_money(amount, settings_of(store_id).get("currency", "KRW"), get_language() or "en")


def thumbnail(photo: Photo | None) -> str:
    """The photo's small address; a plate when there is none."""
    document = photo.document if photo else None
    return document["w160"] if document else "/static/backoffice/dish.svg"
