"""`manage.py prepare`: brings database, translations and static files up to date, and loads the demo once."""

import hashlib
import json
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from events.kernel.databases import all_aliases
from events.sweeper import deliver_backlog


class Command(BaseCommand):
    help = "Prepares a start; the last line it prints is JSON with the links of the first store."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("compile_messages")
        for alias in all_aliases():
            migrate(alias)
        collect_static()
        if settings.TEST_MODE and not options["no_demo"]:
            load_demo_once()
        self.stdout.write(json.dumps(links()))


def migrate(alias: str) -> None:
    """Migrates a database that needs it; asking the command itself would take a second."""
    executor = MigrationExecutor(connections[alias])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", database=alias, verbosity=0, interactive=False)


def collect_static() -> None:
    """Collects and hashes static files when one of them changed."""
    stamp = settings.STATIC_ROOT / ".stamp"
    wanted = _signature_of_static()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    stamp.write_text(wanted)


def _signature_of_static() -> str:
    digest = hashlib.sha256(settings.STATIC_URL.encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            size, changed = storage.size(path), storage.get_modified_time(path)
            digest.update(f"{path}|{storage.path(path)}|{size}|{changed.timestamp()}\n".encode())
    return digest.hexdigest()


def load_demo_once() -> None:
    """Fills a database without any store with the demo restaurant, its events already handled."""
    if "load_demo" not in get_commands() or apps.get_model("stores", "Store").objects.exists():
        return
    call_command("load_demo", verbosity=0)
    deliver_backlog()


def links() -> dict[str, Any]:
    """Where to look first: a table's code and the board of the first store."""
    token = (
        apps.get_model("stores", "TableToken")
        .objects.filter(revoked_at=None, table__retired_at=None)
        .order_by("table__store__created_at", "table__position", "table__name")
        .select_related("table__store")
        .first()
    )
    if token is None:
        return {}
    return {
        "guest": f"/t/{token.token}/",
        "board": f"/staff/{token.table.store.slug}/",
        **demo_logins(),
    }


def demo_logins() -> dict[str, Any]:
    """The demo's people, if they are there."""
    people = apps.get_model("stores", "User").objects
    if not settings.TEST_MODE or not people.filter(username="floor").exists():
        return {}
    from config.demo.stores import demo_logins as logins

    return dict(logins())
