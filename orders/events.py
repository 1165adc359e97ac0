"""Facts about tabs, orders, their lines and calls for staff."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, NotRequired, TypedDict
from uuid import UUID

from msgspec import Meta

from events.base import DomainEvent
from events.structures import BasisPoints, Id, Money


class SoldTexts(TypedDict):
    """The name of what was sold in one language."""

    name: str


Translations = Annotated[dict[str, SoldTexts], Meta(description="by language")]


class SoldOption(TypedDict):
    """What a guest chose for a dish."""

    id: NotRequired[Id]  # not in facts of the first release
    name: str
    i18n: Translations
    price: Money


class SoldLine(TypedDict):
    """A line of an order as it was sold: later changes of the menu do not touch it."""

    id: Id
    item_id: Id
    name: str
    i18n: Translations
    quantity: int
    unit_price: Annotated[Money, Meta(description="with its options, in minor units")]
    total: Money
    options: list[SoldOption]
    note: str
    guest_id: Id | None
    guest_name: str
    station: Annotated[str, Meta(description="where it is cooked")]
    tax_rate_bp: BasisPoints


@dataclass(frozen=True, kw_only=True)
class TabEvent(DomainEvent):
    """Common to all events of a tab: who sits where."""

    stream_key = "tab:{tab_id}"

    tab_id: UUID
    table_id: UUID
    table_name: str
    table_token: str


@dataclass(frozen=True, kw_only=True)
class TabOpened(TabEvent):
    """A party sat down: the first guest joined, or staff opened the table."""

    topic = "tab.opened"

    pay_after: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class TabMoved(TabEvent):
    """The party changed tables; table fields name the new one."""

    topic = "tab.moved"

    from_table_id: UUID
    from_table_name: str


@dataclass(frozen=True, kw_only=True)
class TabMerged(TabEvent):
    """This tab was joined into another one and is closed; its orders count there now."""

    topic = "tab.merged"

    into_tab_id: UUID
    order_ids: list[UUID]
    # Where the other party sits; unknown in events of older versions.
    into_table_id: UUID | None = None
    into_table_name: str = ""
    into_table_token: str = ""


@dataclass(frozen=True, kw_only=True)
class TabClosed(TabEvent):
    """The party left: settled, cleared by staff, or idle. Its guests' cookies end here."""

    topic = "tab.closed"

    reason: str
    actor_name: str = ""
    reason_code: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderEvent(DomainEvent):
    """Common to all events of an order."""

    stream_key = "order:{order_id}"

    order_id: UUID
    tab_id: UUID
    table_id: UUID
    table_name: str
    number: int


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(OrderEvent):
    """A guest sent a round; it is priced and durable. Money may still be owed before the kitchen hears of it.

    `lines` are what was sold, at the server's prices.
    """

    topic = "order.placed"

    table_token: str
    guest_id: UUID | None
    guest_name: str
    guest_language: str
    pay_after: str
    currency: str
    total: int
    lines: list[SoldLine]
    placed_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OrderSubmitted(OrderEvent):
    """The kitchen may cook: the order was paid, or the store bills at the end."""

    topic = "order.submitted"

    guest_name: str
    total: int
    currency: str
    lines: list[SoldLine]


@dataclass(frozen=True, kw_only=True)
class OrderExpired(OrderEvent):
    """Nobody paid in time."""

    topic = "order.expired"


@dataclass(frozen=True, kw_only=True)
class OrderAccepted(OrderEvent):
    """Staff took the order; `minutes` is their promise."""

    topic = "order.accepted"

    minutes: int
    ready_by: datetime
    actor_name: str


@dataclass(frozen=True, kw_only=True)
class OrderRejected(OrderEvent):
    """Staff, or the system when nobody answered, refused the order. `total` is what it was worth."""

    topic = "order.rejected"

    reason_code: str
    reason: str
    total: int
    currency: str
    actor_name: str


@dataclass(frozen=True, kw_only=True)
class OrderCanceled(OrderEvent):
    """The guest (before cooking) or staff took the order back."""

    topic = "order.canceled"

    reason: str
    total: int
    currency: str
    actor_kind: str
    actor_name: str
    reason_code: str = ""


@dataclass(frozen=True, kw_only=True)
class LineVoided(OrderEvent):
    """One line was taken off after cooking began; `amount` comes off the bill."""

    topic = "line.voided"

    line_id: UUID
    line_name: str
    amount: int
    currency: str
    reason: str
    actor_name: str


@dataclass(frozen=True, kw_only=True)
class LineReady(OrderEvent):
    """One line is done and waits to be served."""

    topic = "line.ready"

    line_id: UUID
    line_name: str
    i18n: Translations = field(default_factory=dict)
    quantity: int = 1


@dataclass(frozen=True, kw_only=True)
class OrderReady(OrderEvent):
    """Every line is done."""

    topic = "order.ready"


@dataclass(frozen=True, kw_only=True)
class OrderServed(OrderEvent):
    """Everything is on the table."""

    topic = "order.served"


@dataclass(frozen=True, kw_only=True)
class OrderRecalled(OrderEvent):
    """Staff took one step back (within the undo window); `status` is the state again."""

    topic = "order.recalled"

    status: str


@dataclass(frozen=True, kw_only=True)
class CallRaised(TabEvent):
    """A guest calls for staff: kind "help" | "water" | "cutlery" | "bill" | "other"."""

    topic = "call.raised"

    call_id: UUID
    kind: str
    note: str
    guest_name: str


@dataclass(frozen=True, kw_only=True)
class CallAnswered(TabEvent):
    """Somebody is on the way."""

    topic = "call.answered"

    call_id: UUID
    actor_name: str
