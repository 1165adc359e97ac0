"""Facts about tabs, orders, their lines and calls for staff."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from events.base import DomainEvent


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


@dataclass(frozen=True, kw_only=True)
class TabClosed(TabEvent):
    """The party left: settled, cleared by staff, or idle. Its guests' cookies end here."""

    topic = "tab.closed"

    reason: str
    actor_name: str = ""


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

    lines: [{"id", "item_id", "name", "i18n", "quantity", "unit_price", "total", "options": [{"name", "i18n",
    "price"}], "note", "guest_id", "guest_name", "station", "tax_rate_bp"}], minor units.
    """

    topic = "order.placed"

    table_token: str
    guest_id: UUID | None
    guest_name: str
    guest_language: str
    pay_after: str
    currency: str
    total: int
    lines: list[dict[str, Any]]
    placed_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OrderSubmitted(OrderEvent):
    """The kitchen may cook: the order was paid, or the store bills at the end."""

    topic = "order.submitted"

    guest_name: str
    total: int
    currency: str
    lines: list[dict[str, Any]]


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
    i18n: dict[str, Any] = field(default_factory=dict)
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
