"""`manage.py move_context payments`: takes a context's tables into the database that its URL names."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction

from config.moving import (
    MARK,
    Refused,
    close,
    copy_rows,
    empty,
    mark,
    queue_parts,
    require_new,
    require_old,
    require_place,
    set_counters,
    tables_of,
)
from events.kernel.databases import alias_of


class Command(BaseCommand):
    help = "Copies a context and its share of the queue into its own database, then closes the old tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = (
            "Stop every process first. Then, with the context's new database in the environment:\n"
            "  PAYMENTS_DATABASE_URL=postgresql://… manage.py migrate --database payments\n"
            "  PAYMENTS_DATABASE_URL=postgresql://… manage.py move_context payments\n"
            "The whole way: docs/splitting.md"
        )
        parser.add_argument("context", choices=settings.CONTEXTS)

    def handle(self, *args: Any, **options: Any) -> None:
        context = options["context"]
        try:
            require_place(context)
            self._move(context)
        except Refused as reason:
            raise CommandError(f"nothing was moved: {reason}") from None
        except DatabaseError as error:
            what = str(error).strip().partition("\n")[0]
            raise CommandError(f"cut off: {what}\nMend it and run this again; it begins anew.") from error
        self.stdout.write(f"{context} is in its own database; the old tables are in schema moved_{context}")

    def _move(self, context: str) -> None:
        own, target = tables_of(context), alias_of(context)
        with transaction.atomic(using="default"):
            require_old(context, own)
            with transaction.atomic(using=target):
                self._copy(context, target)
            # From here on the new database is the truth. Cut off before the commit: run it again.
            close(context, own)
        mark(context, "")

    def _copy(self, context: str, target: str) -> None:
        parts = [(model, "true") for model in tables_of(context)] + queue_parts(context)
        models = [model for model, _rows in parts]
        require_new(context, models)
        empty(models, target)
        for model, rows in parts:
            self.stdout.write(f"{model._meta.db_table}: {copy_rows(model, rows, target)}")
        set_counters(models, target)
        mark(context, MARK.format(context))
