"""Facts about restaurants, their tables and their people. Every event carries the whole snapshot."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from events.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class StoreChanged(DomainEvent):
    """A store was opened or its settings changed. `snapshot` is all that others may know of it.

    snapshot: slug, name, branch, i18n, language (main), languages [code], timezone, currency, brand_color,
    pay_after ("order" | "tab"), tab_opening ("first_scan" | "staff"), opening_hours
    [{weekday 0-6, opens "11:00", closes "25:00", last_order "24:30"}], closed_dates ["2026-12-25"],
    day_cutoff_hour, accepting_orders, pause_message, unpaid_minutes, auto_reject_minutes, warn_minutes,
    late_minutes, tax_rate_bp (VAT included in prices, basis points), phone, address.
    """

    topic = "store.changed"
    stream_key = "store:{store_id}"

    version_number: int
    snapshot: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class TableChanged(DomainEvent):
    """A table was added or changed, or its code was rotated (the snapshot then names the new token).

    snapshot: name, zone, seats, shape ("square" | "round" | "wide"), x, y, width, height (percent of the
    floor plan), position, token (the valid one), revoked_tokens [str].
    """

    topic = "table.changed"
    stream_key = "table:{table_id}"

    table_id: UUID
    version_number: int
    snapshot: dict[str, Any]


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
    """The people of a store changed: [{user_id, name, role, active}]."""

    topic = "staff.changed"
    stream_key = "store:{store_id}"

    version_number: int
    people: list[dict[str, Any]]
