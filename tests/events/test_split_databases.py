"""Which contexts share a database."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]


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
