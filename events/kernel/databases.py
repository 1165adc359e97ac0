"""Names the database of a context, so that no transaction opens in the wrong one."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error, connections, transaction
from django.db.transaction import Atomic


def alias_of(context: str) -> str:
    """The database alias that holds a context's tables."""
    return str(settings.CONTEXT_DATABASES.get(context, "default"))


def all_aliases() -> list[str]:
    """Every database that holds an outbox, `default` first."""
    return list(dict.fromkeys(["default", *settings.CONTEXT_DATABASES.values()]))


class Reach(NamedTuple):
    """The aliases of the databases that answer now, and of those that do not."""

    there: list[str]
    away: list[str]


def reach() -> Reach:
    """Asks every database. What reads the queue of all contexts serves those that answer, and says so."""
    there = [alias for alias in all_aliases() if answers(alias)]
    return Reach(there, [alias for alias in all_aliases() if alias not in there])


def answers(alias: str) -> bool:
    """Whether the database takes a statement now."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connections[alias].close()
        return False
    return True


def rows_from(
    aliases: Iterable[str], statement: str, values: Sequence[Any] | Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """What the databases answer to one statement, one after the other."""
    found: list[tuple[Any, ...]] = []
    for alias in aliases:
        with connections[alias].cursor() as cursor:
            cursor.execute(statement, values)
            found += cursor.fetchall()
    return found


def atomic(context: str, *, savepoint: bool = True) -> Atomic:
    """A transaction in the context's own database: `with atomic("orders"): …` or as a decorator.

    Without `savepoint` an inner one saves two round trips; no caller may then catch what it raises and go on.
    """
    return transaction.atomic(using=alias_of(context), savepoint=savepoint)


def on_commit(context: str, call: Callable[[], Any]) -> None:
    """Runs `call` after the context's transaction commits; a failing call never breaks the request."""
    transaction.on_commit(call, using=alias_of(context), robust=True)


def now(context: str) -> datetime:
    """What time it is by the context's database: a clock that is wrong must not end what is not over."""
    with connections[alias_of(context)].cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
        return moment


def in_transaction(context: str) -> bool:
    """Whether the context's database has an open transaction in this thread."""
    return connections[alias_of(context)].in_atomic_block
