"""Facts of other contexts, as they publish them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from events.base import DomainEvent
from events.delivery import drain
from events.kernel.databases import alias_of, atomic
from events.kernel.ids import new_id
from events.outbox import publish
from events.relay import ship
from orders.events import (
    CallAnswered,
    CallRaised,
    OrderAccepted,
    OrderSubmitted,
    TabClosed,
    TabMoved,
    TabOpened,
)


@dataclass
class Party:
    """People at a table of a store."""

    store_id: UUID
    tab_id: UUID = field(default_factory=new_id)
    table_id: UUID = field(default_factory=new_id)
    numbers: int = 0

    def submit(self, **changes: Any) -> OrderSubmitted:
        self.numbers += 1
        values = {
            "order_id": new_id(),
            "number": self.numbers,
            "guest_name": "Fox",
            "total": 6500,
            "currency": "KRW",
            "lines": [{"id": str(new_id()), "name": "떡볶이", "quantity": 1}],
        }
        return OrderSubmitted(**self.at_table(), **{**values, **changes})

    def accept(self, order: OrderSubmitted) -> OrderAccepted:
        return OrderAccepted(
            **self.at_table(),
            order_id=order.order_id,
            number=order.number,
            minutes=10,
            ready_by=datetime.now(UTC),
            actor_name="Kim",
        )

    def call(self) -> CallRaised:
        return CallRaised(
            **self.at_table(), table_token="t", call_id=new_id(), kind="water", note="", guest_name="Fox"
        )

    def answer(self, call: CallRaised) -> CallAnswered:
        return CallAnswered(**self.at_table(), table_token="t", call_id=call.call_id, actor_name="Kim")

    def move(self, table_name: str) -> TabMoved:
        place = {**self.at_table(), "table_name": table_name}
        return TabMoved(**place, table_token="t", from_table_id=self.table_id, from_table_name="")

    def open(self) -> TabOpened:
        return TabOpened(**self.at_table(), table_token="t", pay_after="eating", currency="KRW")

    def close(self) -> TabClosed:
        return TabClosed(**self.at_table(), table_token="t", reason="settled")

    def at_table(self) -> dict[str, Any]:
        return {
            "store_id": self.store_id,
            "tab_id": self.tab_id,
            "table_id": self.table_id,
            "table_name": "T1",
        }


def announce(*facts: DomainEvent, deliver: bool = True) -> None:
    """Publishes the facts, each in a transaction of its own, and runs this context's handlers."""
    for fact in facts:
        with atomic(fact.source()):
            publish(fact, correlation_id=getattr(fact, "tab_id", None))
        ship(alias_of(fact.source()))
        if deliver:
            drain("notifications")
