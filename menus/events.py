"""Facts about what a restaurant sells."""

from dataclasses import dataclass
from typing import Annotated, TypedDict
from uuid import UUID

from msgspec import Meta

from events.base import DomainEvent
from events.structures import BasisPoints, Id, Money


class MenuTexts(TypedDict, total=False):
    """What something on the menu is called in one language; only dishes have a description."""

    name: str
    description: str


Translations = Annotated[dict[str, MenuTexts], Meta(description="by language")]


class MenuPhoto(TypedDict):
    """A picture in three widths, each an address that never changes what it shows."""

    color: Annotated[str, Meta(description="shown until the picture is there")]
    w160: str
    w320: str
    w640: str


class MenuOption(TypedDict):
    """One answer, with what it costs more."""

    id: Id
    name: str
    i18n: Translations
    price: Money


class MenuOptionGroup(TypedDict):
    """A question about a dish, such as how spicy it shall be."""

    id: Id
    name: str
    i18n: Translations
    required: bool
    min: int
    max: Annotated[int, Meta(description="0: any number")]
    options: list[MenuOption]


class MenuDish(TypedDict):
    """Something to order."""

    id: Id
    name: str
    description: str
    i18n: Translations
    price: Money
    photo: MenuPhoto | None
    allergens: Annotated[list[str], Meta(description="codes")]
    diet: Annotated[list[str], Meta(description="codes")]
    spicy: Annotated[int, Meta(description="0 (mild) to 3")]
    featured: bool
    station: Annotated[str, Meta(description="where it is cooked")]
    minutes: Annotated[int, Meta(description="how long it takes")]
    tax_rate_bp: Annotated[BasisPoints | None, Meta(description="null: the store's rate")]
    option_groups: list[MenuOptionGroup]


class MenuSection(TypedDict):
    """A part of the menu, such as drinks."""

    id: Id
    name: str
    i18n: Translations
    items: list[MenuDish]


class MenuDocument(TypedDict):
    """A published menu: never changed, what guests see and orders are priced by."""

    language: Annotated[str, Meta(description="that of every name and description")]
    languages: Annotated[list[str], Meta(description="those that guests may choose")]
    sections: list[MenuSection]


@dataclass(frozen=True, kw_only=True)
class MenuPublished(DomainEvent):
    """An owner published the menu: `document` is the whole immutable version."""

    topic = "menu.published"
    stream_key = "menu:{store_id}"

    version_number: int
    document: MenuDocument


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
