"""Reads of stores, tables and people; never writes."""

from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from stores.events import OpeningSpan, StaffPerson, StoreSettings, TablePlace
from stores.models import Role, StaffMembership, Store, Table, TableToken, User


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


def store_snapshot(store: Store) -> StoreSettings:
    """What others may know of the store. One query."""
    return {
        "slug": store.slug,
        "name": store.name,
        "branch": store.branch,
        "i18n": store.i18n,
        "language": store.language,
        "languages": store.languages,
        "timezone": store.timezone,
        "currency": store.currency,
        "brand_color": store.brand_color,
        "pay_after": store.pay_after,
        "tab_opening": store.tab_opening,
        "opening_hours": _opening_hours(store),
        "closed_dates": store.closed_dates,
        "day_cutoff_hour": store.day_cutoff_hour,
        "accepting_orders": store.accepting_orders,
        "pause_message": store.pause_message,
        "unpaid_minutes": store.unpaid_minutes,
        "auto_reject_minutes": store.auto_reject_minutes,
        "warn_minutes": store.warn_minutes,
        "late_minutes": store.late_minutes,
        "tax_rate_bp": store.tax_rate_bp,
        "phone": store.phone,
        "address": store.address,
    }


def _opening_hours(store: Store) -> list[OpeningSpan]:
    return [
        {"weekday": row.weekday, "opens": row.opens, "closes": row.closes, "last_order": row.last_order}
        for row in store.opening_hours.order_by("weekday", "opens")
    ]


def table_snapshot(table: Table) -> TablePlace:
    """What others may know of the table. One query."""
    tokens = list(table.tokens.order_by("created_at"))
    return {
        "name": table.name,
        "zone": table.zone,
        "seats": table.seats,
        "shape": table.shape,
        "x": table.x,
        "y": table.y,
        "width": table.width,
        "height": table.height,
        "position": table.position,
        "token": next((row.token for row in tokens if row.revoked_at is None), ""),
        "revoked_tokens": [row.token for row in tokens if row.revoked_at is not None],
    }


def people_of(store_id: UUID) -> list[StaffPerson]:
    """The people of a store, oldest first."""
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
