"""Makes the rows that tests start from. Every factory takes keyword overrides."""

from itertools import count
from typing import Any
from uuid import UUID

from events.kernel.databases import alias_of
from events.models import Delivery, Event
from stores import services
from stores.models import Role, StaffMembership, Store, Table, User

PASSWORD = "test-password"
_number = count(1)


def make_user(name: str = "", *, password: str = PASSWORD, **fields: Any) -> User:
    """A person who can sign in with `PASSWORD`."""
    return User.objects.create_user(name or f"person-{next(_number)}", password=password, **fields)


def _forget(store_id: UUID, topic: str) -> None:
    """Takes the announcements back: most tests want a place, not its story."""
    alias = alias_of("stores")
    story = Event.objects.using(alias).filter(store_id=store_id, topic=topic)
    Delivery.objects.using(alias).filter(event__in=story).delete()
    story.delete()


def make_store(*, announced: bool = False, **fields: Any) -> Store:
    """A branch in Seoul that is always open and bills each order at once.

    `announced`: its events stay, and `deliver_all()` gives the other contexts their snapshots.
    """
    number = next(_number)
    defaults = {
        "slug": f"store-{number}",
        "name": f"Store {number}",
        "languages": ["ko", "en", "zh-hans", "ja"],
    }
    store = services.open_store(**{**defaults, **fields})
    if not announced:
        _forget(store.id, "store.changed")
    return store


def make_table(store: Store, *, announced: bool = False, **fields: Any) -> Table:
    """A table with a valid code; `table.tokens.get(revoked_at=None).token` is what guests scan."""
    table = services.add_table(store_id=store.id, **{"name": f"T{next(_number)}", **fields})
    if not announced:
        _forget(store.id, "table.changed")
    return table


def token_of(table: Table) -> str:
    """The code printed for the table."""
    return table.tokens.get(revoked_at=None).token


def make_membership(store: Store, role: str = Role.OWNER, user: User | None = None) -> StaffMembership:
    """A person with a role in the store; `.user` signs in."""
    membership = services.add_staff(store_id=store.id, user=user or make_user(), role=role)
    _forget(store.id, "staff.changed")
    return membership


def new_uuid() -> UUID:
    """An id that no row has."""
    from events.kernel.ids import new_id

    return new_id()
