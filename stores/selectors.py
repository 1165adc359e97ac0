"""Reads of stores, tables and people; never writes."""

from typing import NamedTuple
from uuid import UUID

from stores.models import Role, StaffMembership, Store, User


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
