"""Facts about restaurants, their tables and their people. Every event carries the whole snapshot."""

from dataclasses import dataclass
from typing import Annotated, Required, TypedDict
from uuid import UUID

from msgspec import Meta

from events.base import DomainEvent
from events.structures import BasisPoints, Id

Clock = Annotated[str, Meta(description='such as "11:00"; "25:30" is half past one of the next day')]
Percent = Annotated[int, Meta(description="percent of the floor plan")]


class StoreTexts(TypedDict, total=False):
    """A store's names in one language."""

    name: str
    branch: str


class OpeningSpan(TypedDict):
    """A time of one weekday in which guests may come."""

    weekday: Annotated[int, Meta(description="0 is Monday")]
    opens: Clock
    closes: Clock
    last_order: Clock


class StoreSettings(TypedDict, total=False):
    """All that others may know of a store. Facts of the first release may lack most of it."""

    slug: Required[str]
    name: Required[str]
    branch: Required[str]
    i18n: Annotated[dict[str, StoreTexts], Meta(description="by language")]
    language: Annotated[str, Meta(description="the main one")]
    languages: list[str]
    timezone: Required[Annotated[str, Meta(description="such as Asia/Seoul")]]
    currency: str
    brand_color: str
    pay_after: Annotated[str, Meta(description='"order" or "tab"')]
    tab_opening: Annotated[str, Meta(description='"first_scan" or "staff"')]
    opening_hours: Annotated[list[OpeningSpan], Meta(description="none: always open")]
    closed_dates: Annotated[list[str], Meta(description='such as "2026-12-25"')]
    day_cutoff_hour: Annotated[int, Meta(description="when a business day begins")]
    accepting_orders: bool
    pause_message: str
    unpaid_minutes: int
    auto_reject_minutes: Annotated[int, Meta(description="0: an unanswered order is never refused")]
    warn_minutes: int
    late_minutes: int
    tax_rate_bp: BasisPoints
    phone: str
    address: str


class TablePlace(TypedDict, total=False):
    """A table, where it stands and which codes lead to it. Facts of the first release may lack its shape."""

    name: Required[str]
    zone: Required[str]
    seats: Required[int]
    shape: Annotated[str, Meta(description='"square", "round" or "wide"')]
    x: Percent
    y: Percent
    width: Percent
    height: Percent
    position: int
    token: Required[Annotated[str, Meta(description="the valid code")]]
    revoked_tokens: Required[list[str]]


class StaffPerson(TypedDict):
    """Somebody who works, or worked, in the store."""

    user_id: Id
    name: str
    role: Annotated[str, Meta(description='"owner", "manager", "floor" or "kitchen"')]
    active: bool


@dataclass(frozen=True, kw_only=True)
class StoreChanged(DomainEvent):
    """A store was opened or its settings changed. `snapshot` is all that others may know of it."""

    topic = "store.changed"
    stream_key = "store:{store_id}"

    version_number: int
    snapshot: StoreSettings


@dataclass(frozen=True, kw_only=True)
class TableChanged(DomainEvent):
    """A table was added or changed, or its code was rotated (the snapshot then names the new token)."""

    topic = "table.changed"
    stream_key = "table:{table_id}"

    table_id: UUID
    version_number: int
    snapshot: TablePlace


@dataclass(frozen=True, kw_only=True)
class TableRetired(DomainEvent):
    """A table is gone; its codes are revoked."""

    topic = "table.retired"
    stream_key = "table:{table_id}"

    table_id: UUID
    version_number: int
    tokens: list[str]


@dataclass(frozen=True, kw_only=True)
class StaffChanged(DomainEvent):
    """The people of a store changed; `people` are all of them, the oldest first."""

    topic = "staff.changed"
    stream_key = "store:{store_id}"

    version_number: int
    people: list[StaffPerson]
