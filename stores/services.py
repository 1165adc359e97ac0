"""What owners do to their stores, tables and staff. Every change bumps a version and tells the others."""

import secrets
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from events.kernel.databases import atomic
from events.outbox import publish
from stores.errors import InvalidStore, LastOwner, StoreError, TableRetiredAlready, UnknownTable
from stores.events import StaffChanged, StoreChanged, TableChanged, TableRetired
from stores.models import OpeningHours, Role, StaffMembership, Store, Table, TableToken, User
from stores.selectors import people_of, store_snapshot, table_snapshot

# Crockford's base32 without letters that look alike; 16 of them carry 80 random bits.
TOKEN_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # noqa: S105
TOKEN_LENGTH = 16
Hours = list[dict[str, Any]]


def new_token() -> str:
    """A table code nobody can guess."""
    return "".join(secrets.choice(TOKEN_ALPHABET) for _index in range(TOKEN_LENGTH))


# --- Stores ----------------------------------------------------------------------------------------------


def open_store(*, owner: User | None = None, opening_hours: Hours | None = None, **fields: Any) -> Store:
    """Makes a store; `owner`, if given, gets the owner's role.

    `fields` are Store's; `opening_hours` [{weekday 0-6, opens, closes, last_order}], none means always open.
    Raises InvalidStore.
    """
    with atomic("stores"):
        store = Store(**fields)
        if not store.languages:
            store.languages = [store.language]
        _check(store)
        store.save(force_insert=True)
        _set_hours(store, opening_hours or [])
        _announce_store(store)
        if owner is not None:
            add_staff(store_id=store.id, user=owner, role=Role.OWNER)
    return store


def change_store(*, store_id: UUID, changes: dict[str, Any], opening_hours: Hours | None = None) -> Store:
    """Sets the named fields and, when given, replaces all opening hours. Raises InvalidStore."""
    with atomic("stores"):
        store = _locked_store(store_id)
        for name, value in changes.items():
            setattr(store, name, value)
        _check(store)
        store.save(update_fields=list(changes) or None)
        if opening_hours is not None:
            _set_hours(store, opening_hours)
        _announce_store(store)
    return store


def pause_store(*, store_id: UUID, message: str = "") -> Store:
    """No new orders until `resume_store`; guests read `message`. Repeating it changes nothing."""
    return _switch(store_id, accepting=False, message=message)


def resume_store(*, store_id: UUID) -> Store:
    """Takes orders again. Repeating it changes nothing."""
    return _switch(store_id, accepting=True, message="")


def _switch(store_id: UUID, *, accepting: bool, message: str) -> Store:
    with atomic("stores"):
        store = _locked_store(store_id)
        if (store.accepting_orders, store.pause_message) != (accepting, message):
            store.accepting_orders, store.pause_message = accepting, message
            store.save(update_fields=["accepting_orders", "pause_message"])
            _announce_store(store)
    return store


def _locked_store(store_id: UUID) -> Store:
    store = Store.objects.select_for_update().filter(pk=store_id).first()
    if store is None:
        raise InvalidStore(_("This store is not there."))
    return store


def _set_hours(store: Store, rows: Hours) -> None:
    store.opening_hours.all().delete()
    for values in rows:
        row = OpeningHours(store=store, **values)
        _check(row)
        row.save()


def _announce_store(store: Store) -> None:
    _bump(store)
    publish(
        StoreChanged(store_id=store.id, version_number=store.version_number, snapshot=store_snapshot(store))
    )


def _bump(row: Store | Table) -> None:
    row.version_number += 1
    row.save(update_fields=["version_number"])


def _check(row: Store | OpeningHours | Table) -> None:
    try:
        row.full_clean(validate_unique=True)
    except ValidationError as error:
        lines = (f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        raise InvalidStore(" ".join(lines).replace("__all__: ", "")) from None


# --- Tables ----------------------------------------------------------------------------------------------


def add_table(*, store_id: UUID, name: str, token: str | None = None, **layout: Any) -> Table:
    """A table with a fresh code. `layout`: zone, seats, shape, x, y, width, height (percent), position.

    `token` fixes the code of demo tables only. Raises InvalidStore, also when the name is taken.
    """
    with atomic("stores"):
        table = Table(store=_locked_store(store_id), name=name, **layout)
        _check(table)
        table.save(force_insert=True)
        TableToken.objects.create(token=token or new_token(), table=table)
        _announce_table(table)
    return table


def change_table(*, table_id: UUID, changes: dict[str, Any]) -> Table:
    """Renames or moves a table. Raises InvalidStore, UnknownTable, TableRetiredAlready."""
    with atomic("stores"):
        table = _locked_table(table_id)
        for name, value in changes.items():
            setattr(table, name, value)
        _check(table)
        table.save(update_fields=list(changes) or None)
        _announce_table(table)
    return table


def rotate_table_token(*, table_id: UUID) -> str:
    """Revokes the table's code and returns the new one; the old card then says so to guests.

    Raises UnknownTable, TableRetiredAlready.
    """
    with atomic("stores"):
        table = _locked_table(table_id)
        table.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
        token = TableToken.objects.create(token=new_token(), table=table).token
        _announce_table(table)
    return token


def retire_table(*, table_id: UUID) -> None:
    """Takes a table out of use and ends its codes. Repeating it changes nothing. Raises UnknownTable."""
    with atomic("stores"):
        table = _any_table(table_id)
        if table.retired_at is not None:
            return
        table.retired_at = timezone.now()
        table.save(update_fields=["retired_at"])
        table.tokens.filter(revoked_at=None).update(revoked_at=table.retired_at)
        _bump(table)
        tokens = list(table.tokens.values_list("token", flat=True))
        publish(
            TableRetired(
                store_id=table.store_id,
                table_id=table.id,
                version_number=table.version_number,
                tokens=tokens,
            )
        )


def _any_table(table_id: UUID) -> Table:
    table = Table.objects.select_for_update().filter(pk=table_id).first()
    if table is None:
        raise UnknownTable
    return table


def _locked_table(table_id: UUID) -> Table:
    table = _any_table(table_id)
    if table.retired_at is not None:
        raise TableRetiredAlready
    return table


def _announce_table(table: Table) -> None:
    _bump(table)
    publish(
        TableChanged(
            store_id=table.store_id,
            table_id=table.id,
            version_number=table.version_number,
            snapshot=table_snapshot(table),
        )
    )


# --- People ----------------------------------------------------------------------------------------------


def add_staff(*, store_id: UUID, user: User, role: str) -> StaffMembership:
    """Gives a person a role in the store. Raises StoreError when they work there already."""
    with atomic("stores"):
        store = _locked_store(store_id)
        try:
            with atomic("stores"):
                membership = StaffMembership.objects.create(store=store, user=user, role=role)
        except IntegrityError:
            raise StoreError(_("%(name)s works here already.") % {"name": user.display_name}) from None
        _announce_people(store, user)
    return membership


def hire(
    *, store_id: UUID, username: str, password: str | None, role: str, name: str = ""
) -> StaffMembership:
    """Makes a login for a new person and gives them a role. Raises StoreError when the name is taken.

    Without a password nobody can sign in until one is set.
    """
    with atomic("stores"):
        if User.objects.filter(username__iexact=username).exists():
            raise StoreError(_("The login name %(name)s is taken.") % {"name": username})
        user = User.objects.create_user(username, password=password, first_name=name)
        return add_staff(store_id=store_id, user=user, role=role)


def change_role(*, membership_id: UUID, role: str) -> StaffMembership:
    """Raises LastOwner when nobody would own the store any more."""
    return _change_membership(membership_id, role=role)


def deactivate(*, membership_id: UUID) -> StaffMembership:
    """The person keeps the login but loses the store. Raises LastOwner."""
    return _change_membership(membership_id, active=False)


def reactivate(*, membership_id: UUID) -> StaffMembership:
    """The person works in the store again."""
    return _change_membership(membership_id, active=True)


def _change_membership(membership_id: UUID, **changes: Any) -> StaffMembership:
    with atomic("stores"):
        membership = StaffMembership.objects.select_related("store", "user").get(pk=membership_id)
        store = _locked_store(membership.store_id)
        for name, value in changes.items():
            setattr(membership, name, value)
        membership.save(update_fields=list(changes))
        if not store.memberships.filter(role=Role.OWNER, active=True).exists():
            raise LastOwner
        _announce_people(store, membership.user)
    return membership


def _announce_people(store: Store, user: User) -> None:
    """Owners and managers get into the back office, others do not."""
    manages = user.memberships.filter(active=True, role__in=(Role.OWNER, Role.MANAGER)).exists()
    if user.is_staff != (manages or user.is_superuser):
        user.is_staff = manages or user.is_superuser
        user.save(update_fields=["is_staff"])
    _bump(store)
    publish(StaffChanged(store_id=store.id, version_number=store.version_number, people=people_of(store.id)))


def set_password(*, membership_id: UUID, password: str, managed_store_ids: set[UUID]) -> None:
    """A new password for somebody who works only in the caller's stores and is no owner elsewhere.

    Raises StoreError for others: whoever works for two restaurants keeps their login to themselves.
    """
    with atomic("stores"):
        membership = StaffMembership.objects.select_related("user").get(pk=membership_id)
        user = membership.user
        elsewhere = user.memberships.exclude(store_id__in=managed_store_ids)
        if user.is_superuser or elsewhere.exists():
            raise StoreError(_("%(name)s also works elsewhere.") % {"name": user.display_name})
        user.set_password(password)
        user.save(update_fields=["password"])
