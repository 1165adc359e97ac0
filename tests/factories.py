"""Makes the rows that tests start from. Every factory takes keyword overrides."""

from itertools import count
from typing import Any
from uuid import UUID

from django.utils.crypto import get_random_string

from stores.models import Role, StaffMembership, Store, Table, TableToken, User

PASSWORD = "test-password"
_number = count(1)


def make_user(name: str = "", *, password: str = PASSWORD, **fields: Any) -> User:
    """A person who can sign in with `PASSWORD`."""
    return User.objects.create_user(name or f"person-{next(_number)}", password=password, **fields)


def make_store(**fields: Any) -> Store:
    """A branch in Seoul that is always open and bills each order at once."""
    number = next(_number)
    defaults = {
        "slug": f"store-{number}",
        "name": f"Store {number}",
        "languages": ["ko", "en", "zh-hans", "ja"],
    }
    return Store.objects.create(**{**defaults, **fields})


def make_table(store: Store, **fields: Any) -> Table:
    """A table with a valid code; `table.tokens.get(revoked_at=None).token` is what guests scan."""
    table = Table.objects.create(store=store, **{"name": f"T{next(_number)}", **fields})
    TableToken.objects.create(table=table, token=get_random_string(18))
    return table


def token_of(table: Table) -> str:
    """The code printed for the table."""
    return table.tokens.get(revoked_at=None).token


def make_membership(store: Store, role: str = Role.OWNER, user: User | None = None) -> StaffMembership:
    """A person with a role in the store; `.user` signs in."""
    return StaffMembership.objects.create(store=store, user=user or make_user(), role=role)


def new_uuid() -> UUID:
    """An id that no row has."""
    from events.kernel.ids import new_id

    return new_id()
