"""Facts about what a restaurant sells."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from events.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class MenuPublished(DomainEvent):
    """An owner published the menu: `document` is the whole immutable version.

    document: {"language": main, "languages": [code], "sections": [{"id", "name", "i18n", "items": [{
    "id", "name", "description", "i18n": {"en": {"name", "description"}}, "price", "photo":
    {"color", "w160", "w320", "w640"} (URLs) | null, "allergens": [code], "diet": [code], "spicy": 0-3,
    "featured": bool, "station": str, "minutes": int, "tax_rate_bp": int | null,
    "option_groups": [{"id", "name", "i18n", "required", "min", "max",
    "options": [{"id", "name", "i18n", "price"}]}]}]}]}; prices are minor units, ids UUID strings.
    """

    topic = "menu.published"
    stream_key = "menu:{store_id}"

    version_number: int
    document: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ItemSoldOut(DomainEvent):
    """An item (or, with `option_id`, one of its options) cannot be had until it is restocked."""

    topic = "item.sold_out"
    stream_key = "menu:{store_id}"

    item_id: UUID
    option_id: UUID | None = None
    actor_name: str = ""


@dataclass(frozen=True, kw_only=True)
class ItemRestocked(DomainEvent):
    """An item or option can be had again."""

    topic = "item.restocked"
    stream_key = "menu:{store_id}"

    item_id: UUID
    option_id: UUID | None = None
    actor_name: str = ""


@dataclass(frozen=True, kw_only=True)
class PhotoUploaded(DomainEvent):
    """An owner uploaded a photo; it waits to be re-encoded."""

    topic = "photo.uploaded"
    stream_key = "photo:{photo_id}"

    photo_id: UUID
