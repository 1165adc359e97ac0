"""`manage.py load_demo`: the demo restaurant, its people, menu and three weeks of orders."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.demo.loading import load
from events.kernel.databases import alias_of, all_aliases
from stores.models import Store


class Command(BaseCommand):
    help = "Loads the demo restaurant; with --reset everything stored is deleted first."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--reset", action="store_true", help="delete everything first (test mode only)")
        parser.add_argument("--no-history", action="store_true", help="without the three weeks of orders")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["reset"]:
            self._reset()
        if Store.objects.exists():
            raise CommandError("There is a store already. To begin again: manage.py load_demo --reset")
        with _all_or_nothing():
            hansang, pocha = load()
            if not options["no_history"]:
                self._write_history(hansang, pocha)
        if options["verbosity"]:
            self.stdout.write(f"{hansang} (/staff/{hansang.slug}/), {pocha} (/staff/{pocha.slug}/)")

    def _reset(self) -> None:
        if not settings.TEST_MODE:
            raise CommandError("--reset deletes everything; it works in test mode only.")
        for alias in all_aliases():
            call_command("flush", database=alias, interactive=False, verbosity=0)

    def _write_history(self, *stores: Store) -> None:
        from config.demo.history import write_history

        for store in stores:
            write_history(store.id)


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    """A load that is interrupted leaves nothing, so that the next start loads again.

    With several databases the one that holds the stores commits last: a store means that all is there.
    """
    with ExitStack() as transactions:
        for alias in sorted(all_aliases(), key=lambda name: name != alias_of("stores")):
            transactions.enter_context(transaction.atomic(using=alias))
        yield
