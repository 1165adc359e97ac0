"""People who may enter the back office, and deliveries in every state."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.kernel.database_choice import in_database
from events.kernel.databases import alias_of, all_aliases
from events.kernel.ids import new_id
from events.models import Delivery, DeliveryStatus, Event
from stores.models import Role, Store, User
from tests.factories import make_membership, make_store


def admitted(store: Store, role: str = Role.OWNER) -> User:
    """A person with a role who is also let into the back office."""
    user = make_membership(store, role).user
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def store(store: Store) -> Store:
    """The store, after what its opening set off was done and forgotten."""
    forget_deliveries()
    return store


def forget_deliveries() -> None:
    for alias in all_aliases():
        Delivery.objects.using(alias).all().delete()


def everywhere(model: type[Any]) -> list[Any]:
    """The queue's rows of one kind, whatever database they stand in."""
    return [row for alias in all_aliases() for row in model.objects.using(alias).order_by("pk")]


def at(path: str, context: str = "notifications") -> str:
    """The address of a queue page, which in a split system names the context's database."""
    return in_database(path, alias_of(context))


@pytest.fixture
def boss(store: Store) -> Client:
    return signed_in(admitted(store))


@pytest.fixture
def foreign_boss(db: None) -> Client:
    return signed_in(admitted(make_store()))


def make_delivery(
    store: Store, status: int = DeliveryStatus.DEAD, *, stream: str = "order:1", seq: int = 1, **fields: Any
) -> Delivery:
    """A delivery of an event of the store, to a handler that exists, in that handler's database."""
    story = fields.pop("correlation_id", new_id())
    defaults = {
        "handler": "notifications.ring_for_order",
        "context": "notifications",
        "last_error": "ConnectionError: refused\n\nTraceback",
        "attempts": 8,
    }
    values = {**defaults, **fields}
    alias = alias_of(values["context"])
    event = Event.objects.using(alias).create(
        topic="order.submitted",
        source="orders",
        stream=stream,
        seq=seq,
        store_id=store.pk,
        payload={"number": 7},
        correlation_id=story,
        shipped_at=timezone.now(),
    )
    return Delivery.objects.using(alias).create(event=event, stream=stream, seq=seq, status=status, **values)


@pytest.fixture
def platform(platform_admin: User, store: Store) -> Client:
    return signed_in(platform_admin)
