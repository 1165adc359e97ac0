"""What older tables said is still true in the new ones."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from events.kernel.databases import alias_of
from events.kernel.ids import new_id
from notifications.dead_letters import ring_for_dead_letters
from stores.models import Store
from tests.factories import make_store
from tests.notifications.test_dead_letters import alarms, bury_alarms

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [("notifications", "0004_webhook_message_story")]


def migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connections[alias_of("notifications")])
    executor.migrate(targets)
    return MigrationExecutor(connections[alias_of("notifications")]).loader.project_state(targets).apps


@pytest.fixture
def store() -> Iterator[Store]:
    yield make_store()
    graph = MigrationExecutor(connections[alias_of("notifications")]).loader.graph
    migrate([key for key in graph.leaf_nodes() if key[0] == "notifications"])


def test_dead_letters_that_were_taken_do_not_ring_for_the_owner_again(store: Store) -> None:
    bury_alarms(store)
    assert ring_for_dead_letters() == 1
    alarms(audience="manager")[0].delete()  # until then one alarm, marked otherwise, was everybody's
    old = migrate(BEFORE).get_model("notifications", "Notification")
    assert old.objects.update(event_id=new_id(), acked_at=timezone.now()) == 1
    graph = MigrationExecutor(connections[alias_of("notifications")]).loader.graph
    migrate(graph.leaf_nodes("notifications"))
    assert ring_for_dead_letters() == 1
    assert [row.audience for row in alarms(acked_at=None)] == ["manager"]
