"""The queue's own tests again, with a database per context."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.databases import beside
from tests.events.conftest import is_split

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
@pytest.mark.skipif(is_split, reason="this is the split run")
def test_the_queue_works_with_a_database_per_context() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/events", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT, env={**os.environ, **_split(os.environ["DATABASE_URL"])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-2000:]


def _split(url: str) -> dict[str, str]:
    """Each listener of the tests gets its own database, apart from where the facts are published."""
    found = {"DATABASE_URL": beside(url, "split")}
    for context in ("orders", "payments", "notifications"):
        found[f"{context.upper()}_DATABASE_URL"] = beside(url, context)
    return found


def test_contexts_with_one_url_are_one_database() -> None:
    """Counted as two, the queue's figures would be twice as high."""
    own, shared = "postgresql://db/own", "postgresql://db/shared"
    urls = {f"{context.upper()}_DATABASE_URL": "" for context in settings.CONTEXT_DATABASES}
    urls |= {"DATABASE_URL": own, "MENUS_DATABASE_URL": own}
    urls |= {"ORDERS_DATABASE_URL": shared, "PAYMENTS_DATABASE_URL": shared}
    code = "from config import settings as s; print(sorted(s.DATABASES), *s.CONTEXT_DATABASES.values())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT, env={**os.environ, **urls},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.strip() == "['default', 'orders'] default default orders orders default"
