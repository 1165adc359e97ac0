"""Reads of stores, tables and people; never writes."""

from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from stores.models import Role, StaffMembership, Store, Table, TableToken, User

_SETTINGS = (
    "slug", "name", "branch", "i18n", "language", "languages", "timezone", "currency", "brand_color",
    "pay_after", "tab_opening", "closed_dates", "day_cutoff_hour", "accepting_orders", "pause_message",
    "unpaid_minutes", "auto_reject_minutes", "warn_minutes", "late_minutes", "tax_rate_bp", "phone",
    "address",
)  # fmt: skip
_PLACE = ("name", "zone", "seats", "shape", "x", "y", "width", "height", "position")


class MembershipRow(NamedTuple):
    store_id: UUID
    store_slug: str
    store_name: str
    role: str


def memberships_of_user(user: User) -> list[MembershipRow]:
    """The user's active memberships; a platform admin owns every store. One query."""
    if user.is_superuser:
        return [
            MembershipRow(store.id, store.slug, str(store), Role.OWNER)
            for store in Store.objects.order_by("name")
        ]
    rows = StaffMembership.objects.filter(user=user, active=True).select_related("store")
    return [
        MembershipRow(row.store_id, row.store.slug, str(row.store), row.role)
        for row in rows.order_by("store__name")
    ]


def tables_of(store_id: UUID) -> QuerySet[Table]:
    """The store's tables in use, in the order of the owner's list."""
    return Table.objects.filter(store_id=store_id, retired_at=None).order_by("position", "name")


def valid_tokens(tables: list[Table]) -> dict[UUID, str]:
    """table id -> the code printed for it. One query."""
    rows = TableToken.objects.filter(table__in=tables, revoked_at=None)
    return {row.table_id: row.token for row in rows}


def store_snapshot(store: Store) -> dict[str, Any]:
    """What others may know of the store (shape: stores.events.StoreChanged). One query."""
    hours = store.opening_hours.order_by("weekday", "opens")
    return {
        **{name: getattr(store, name) for name in _SETTINGS},
        "opening_hours": [
            {
                "weekday": row.weekday,
                "opens": row.opens,
                "closes": row.closes,
                "last_order": row.last_order,
            }
            for row in hours
        ],
    }


def table_snapshot(table: Table) -> dict[str, Any]:
    """What others may know of the table (shape: stores.events.TableChanged). One query."""
    tokens = list(table.tokens.order_by("created_at"))
    return {
        **{name: getattr(table, name) for name in _PLACE},
        "token": next((row.token for row in tokens if row.revoked_at is None), ""),
        "revoked_tokens": [row.token for row in tokens if row.revoked_at is not None],
    }


def people_of(store_id: UUID) -> list[dict[str, Any]]:
    """[{user_id, name, role, active}] of a store, oldest first."""
    rows = StaffMembership.objects.filter(store_id=store_id).select_related("user").order_by("created_at")
    return [
        {
            "user_id": str(row.user_id),
            "name": row.user.display_name,
            "role": row.role,
            "active": row.active,
        }
        for row in rows
    ]
