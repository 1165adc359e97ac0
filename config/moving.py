"""Moves a context's tables, and its share of the queue, out of the common database into one of its own.

The old tables are the truth until they are closed, and nothing is half done: both databases roll back
together, but for the moment between their two commits. A mark in the new one says that its rows are of it.
"""

from collections.abc import Sequence

from django.apps import apps
from django.core.management.color import no_style
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from events import models as queue
from events.base import DomainEvent
from events.kernel.databases import alias_of

Part = tuple[type[Model], str]  # a table and which of its rows
MARK = "half moved: {}"

_MINE = (
    "source = '{0}' OR EXISTS (SELECT 1 FROM events_delivery d "
    "WHERE d.event_id = events_event.id AND d.context = '{0}')"
)
# Of another role's connections only the name of the database and the role are to be seen.
_STRANGERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
  AND coalesce(backend_type, 'client backend') = 'client backend'
"""
# Held until the command ends. Locks of this kind belong to one database: our own refuses us in the same one.
_LOCK = "SELECT pg_try_advisory_lock(hashtext('move_context'))"


class Refused(Exception):
    """It does not move, and nothing was touched; the text says why and what to do."""


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
        (queue.Stream, f"{_streams(context)} OR name IN (SELECT stream FROM events_event WHERE {facts})"),  # noqa: S608
        (queue.Delivery, steps),
        (queue.FailedAttempt, f"delivery_id IN (SELECT id FROM events_delivery WHERE {steps})"),  # noqa: S608
        (queue.PausedHandler, f"handler LIKE '{context}.%'"),
        (queue.SnapshotRun, f"keeper LIKE '{context}.%'"),
    ]


def _streams(context: str) -> str:
    """By their beginnings: the facts of a stream may all be deleted by now, and its number must go on."""
    kinds = [kind for kind in DomainEvent.types.values() if kind.source() == context]
    starts = {kind.stream_key.partition("{")[0] for kind in kinds}
    return " OR ".join(f"starts_with(name, '{start}')" for start in sorted(starts)) or "false"


# --- What must be true before ------------------------------------------------------------------------


def require_place(context: str) -> None:
    """The new database is there, has today's tables and is not the old one. Raises Refused."""
    target = alias_of(context)
    if target == DEFAULT_DB_ALIAS:
        name = f"{context.upper()}_DATABASE_URL"
        raise Refused(f"{name} is not set, or names the database where the tables are now")
    if not _locked(DEFAULT_DB_ALIAS):
        raise Refused("another move is going on")
    if not _locked(target):
        raise Refused(f"{context.upper()}_DATABASE_URL names the database where the tables are now")
    for alias, words in ((DEFAULT_DB_ALIAS, "migrate"), (target, f"migrate --database {target}")):
        executor = MigrationExecutor(connections[alias])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise Refused(f"tables are missing or old: manage.py {words} first")


def _locked(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(_LOCK)
        return bool(cursor.fetchone()[0])


def require_old(context: str, own: Sequence[type[Model]]) -> None:
    """In the old database: it has the tables, nobody else is there, and from now on nobody writes them.

    What a forgotten process wrote now would stay behind. Raises Refused.
    """
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [own[0]._meta.db_table])
        if cursor.fetchone()[0] is None:
            raise Refused(f"the tables of {context} have been moved already")
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [_closet(context)])
        if cursor.fetchone():
            raise Refused(f"schema {_closet(context)} is there from an earlier move: look, then drop it")
        cursor.execute(_STRANGERS)
        if count := cursor.fetchone()[0]:
            raise Refused(
                f"{count} other connections are open: stop web, live, worker, outside, beat, sweeper"
            )
        every: list[type[Model]] = [*own, queue.Event, queue.Delivery, queue.Stream]
        names = ", ".join(model._meta.db_table for model in every)
        cursor.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


def require_new(context: str, models: Sequence[type[Model]]) -> None:
    """In the new one: nobody is there, and it is empty or holds a move that broke off.

    Raises Refused.
    """
    with connections[alias_of(context)].cursor() as cursor:
        cursor.execute(_STRANGERS)
        if count := cursor.fetchone()[0]:
            raise Refused(f"{count} other connections are open to the new database: stop what started early")
        cursor.execute("SELECT obj_description('events_event'::regclass)")
        if cursor.fetchone()[0] == MARK.format(context):
            return
        for model in models:
            cursor.execute(f"SELECT 1 FROM {model._meta.db_table} LIMIT 1")  # noqa: S608
            if cursor.fetchone() and not _fills_itself(model):
                raise Refused(f"the new database is not empty ({model._meta.db_table}): it must be a new one")


def _fills_itself(model: type[Model]) -> bool:
    """Django's own tables: a migration writes permissions and the like."""
    return model._meta.app_config is not None and model._meta.app_config.name.startswith("django.")


# --- The move ----------------------------------------------------------------------------------------


def empty(models: Sequence[type[Model]], target: str) -> None:
    """What a migration or a broken-off move left there goes: the old tables are still the truth."""
    names = ", ".join(model._meta.db_table for model in models)
    with connections[target].cursor() as cursor:
        cursor.execute(f"TRUNCATE {names} CASCADE")


def copy_rows(model: type[Model], rows: str, target: str) -> int:
    """Streams the rows of one table over; returns how many arrived. Raises Refused if some did not."""
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
        raise Refused(f"{table}: {left} rows left, {arrived} arrived")
    return int(arrived)


def set_counters(models: Sequence[type[Model]], target: str) -> None:
    """Numbers that the new database gives out go on where the old one stopped."""
    with connections[target].cursor() as cursor:
        for statement in connections[target].ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def mark(context: str, text: str) -> None:
    """Says in the new database that its rows are not the truth yet; "": they are."""
    with connections[alias_of(context)].cursor() as cursor:
        # A comment takes no parameters; both texts are ours.
        cursor.execute(f"COMMENT ON TABLE events_event IS '{text}'")


def close(context: str, own: Sequence[type[Model]]) -> None:
    """Takes the old tables out of reach: a process with the old settings fails instead of writing there."""
    steps = "SELECT id FROM events_delivery WHERE context = %s"
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"DELETE FROM events_failedattempt WHERE delivery_id IN ({steps})", [context])  # noqa: S608
        cursor.execute("DELETE FROM events_delivery WHERE context = %s", [context])
        cursor.execute("DELETE FROM events_pausedhandler WHERE handler LIKE %s", [f"{context}.%"])
        cursor.execute("DELETE FROM events_snapshotrun WHERE keeper LIKE %s", [f"{context}.%"])
        # Deferred checks of what was deleted would forbid the next step.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"CREATE SCHEMA {_closet(context)}")
        for model in own:
            cursor.execute(f"ALTER TABLE {model._meta.db_table} SET SCHEMA {_closet(context)}")


def _closet(context: str) -> str:
    return f"moved_{context}"
