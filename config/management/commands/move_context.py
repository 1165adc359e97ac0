"""`manage.py move_context payments`: takes a context's tables into the database that its URL names."""

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction
from django.db.models import Model

from events import models as queue
from events.kernel.databases import alias_of

Part = tuple[type[Model], str]  # a table and which of its rows

_MINE = (
    "source = '{0}' OR EXISTS (SELECT 1 FROM events_delivery d "
    "WHERE d.event_id = events_event.id AND d.context = '{0}')"
)
_STRANGERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


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
        target = alias_of(context)
        if target == "default":
            raise CommandError(f"{context.upper()}_DATABASE_URL is not set")
        own = tables_of(context)
        with transaction.atomic(using="default"):
            self._require_silence(context, own)
            with transaction.atomic(using=target):
                self._copy([(model, "true") for model in own] + queue_parts(context), target)
            # From here on the new database is the truth. Cut off before the commit: run it again.
            close(context, own)
        self.stdout.write(f"{context} is in its own database; the old tables are in schema moved_{context}")

    def _require_silence(self, context: str, own: list[type[Model]]) -> None:
        """Nobody else may be there: what an old process wrote now would stay behind."""
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(_STRANGERS)
            if count := cursor.fetchone()[0]:
                raise CommandError(
                    f"{count} other connections are open: stop web, live, worker, beat, sweeper"
                )
            cursor.execute("SELECT to_regclass(%s)", [own[0]._meta.db_table])
            if cursor.fetchone()[0] is None:
                raise CommandError(f"the tables of {context} have been moved already")
            every: list[type[Model]] = [*own, queue.Event, queue.Delivery, queue.Stream]
            names = ", ".join(model._meta.db_table for model in every)
            cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")

    def _copy(self, parts: list[Part], target: str) -> None:
        empty([model for model, _rows in parts], target)
        for model, rows in parts:
            count = copy_rows(model, rows, target)
            self.stdout.write(f"{model._meta.db_table}: {count}")
        with connections[target].cursor() as cursor:
            models = [model for model, _rows in parts]
            for statement in connections[target].ops.sequence_reset_sql(no_style(), models):
                cursor.execute(statement)


def tables_of(context: str) -> list[type[Model]]:
    """Every model that the router keeps in the context's database, the queue's own aside."""
    alias = alias_of(context)
    models = apps.get_models(include_auto_created=True)
    return [
        model
        for model in models
        if model._meta.app_label != "events" and model._meta.managed and not model._meta.proxy
        and router.db_for_write(model) == alias
    ]  # fmt: skip


def queue_parts(context: str) -> list[Part]:
    """Its share of the queue: facts it told or heard, its steps, the numbers of its streams."""
    facts = _MINE.format(context)
    steps = f"context = '{context}'"
    return [
        (queue.Event, facts),
        (queue.Stream, f"name IN (SELECT stream FROM events_event WHERE source = '{context}')"),  # noqa: S608
        (queue.Delivery, steps),
        (queue.FailedAttempt, f"delivery_id IN (SELECT id FROM events_delivery WHERE {steps})"),  # noqa: S608
        (queue.PausedHandler, f"handler LIKE '{context}.%'"),
        (queue.SnapshotRun, f"keeper LIKE '{context}.%'"),
    ]


def empty(models: list[type[Model]], target: str) -> None:
    """What a migration or a broken-off move left there goes: the old tables are still the truth."""
    names = ", ".join(model._meta.db_table for model in models)
    with connections[target].cursor() as cursor:
        cursor.execute(f"TRUNCATE {names} CASCADE")


def copy_rows(model: type[Model], rows: str, target: str) -> int:
    """Streams the rows of one table over; returns how many arrived. Raises CommandError if some did not."""
    table = model._meta.db_table
    fields = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    read = f"COPY (SELECT {columns} FROM {table} WHERE {rows}) TO STDOUT"  # noqa: S608
    with connections[DEFAULT_DB_ALIAS].cursor() as source, connections[target].cursor() as sink:
        with source.copy(read) as leaving, sink.copy(f"COPY {table} ({columns}) FROM STDIN") as arriving:
            for block in leaving:
                arriving.write(block)
        source.execute(f"SELECT count(*) FROM {table} WHERE {rows}")  # noqa: S608
        sink.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        (left,), (arrived,) = source.fetchone(), sink.fetchone()
    if left != arrived:
        raise CommandError(f"{table}: {left} rows left, {arrived} arrived")
    return int(arrived)


def close(context: str, own: list[type[Model]]) -> None:
    """Takes the old tables out of reach: a process with the old settings fails instead of writing there."""
    steps = "SELECT id FROM events_delivery WHERE context = %s"
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"DELETE FROM events_failedattempt WHERE delivery_id IN ({steps})", [context])  # noqa: S608
        cursor.execute("DELETE FROM events_delivery WHERE context = %s", [context])
        # Deferred checks of what was deleted would forbid the next step.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"CREATE SCHEMA moved_{context}")
        for model in own:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} SET SCHEMA moved_{context}")
