"""Redis is a doorbell: without it nothing waits and nothing is lost."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from events.kernel.databases import all_aliases
from events.models import Delivery, DeliveryStatus
from events.sweeper import sweep
from tests.events.conftest import LISTENER, SECOND, delivery_of, effects
from tests.queue import ship_all

ROOT = Path(__file__).resolve().parents[2]
# A process of its own: the Celery app and its connections live as long as a process.
PUBLISH = """
import os, time, uuid, django
django.setup()
from tests.events.conftest import Rang
from events.kernel.databases import atomic
from events.outbox import publish
started = time.monotonic()
for number in range(20):
    with atomic("tests"):
        event_id = publish(Rang(store_id=uuid.uuid4(), bell=f"bell-{number}"))
print(event_id, time.monotonic() - started)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("redis_url", ["unix:///nowhere/valkey.sock", "redis://192.0.2.1:6379/0"])
def test_publishing_does_not_wait_for_redis_and_the_sweeper_delivers(redis_url: str) -> None:
    env = {**os.environ, **_test_databases(), "REDIS_URL": redis_url}
    result = subprocess.run(
        [sys.executable, "-c", PUBLISH], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    event_id, seconds = result.stdout.split()[-2:]
    assert float(seconds) < 2, "twenty publications waited for Redis"
    ship_all()
    assert delivery_of(event_id).status == DeliveryStatus.PENDING
    for alias in all_aliases():  # the sweeper leaves a moment to the workers
        Delivery.objects.using(alias).update(due_at=timezone.now() - timedelta(seconds=5))
    sweep()
    assert len(effects(LISTENER)) == len(effects(SECOND)) == 20


def _test_databases() -> dict[str, str]:
    """The environment that leads another process to the databases of this test run."""
    from django.conf import settings

    found = {}
    for alias, entry in settings.DATABASES.items():
        name = "DATABASE_URL" if alias == "default" else f"{alias.upper()}_DATABASE_URL"
        database = connections[alias].settings_dict
        found[name] = (
            f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?host={entry['HOST']}"
        )
    return found
