"""Runs our own SQL as prepared statements: planning the queue's statements costs more than running them."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connections
from django.db.backends.utils import debug_transaction


def execute(
    alias: str, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> "psycopg.Cursor[tuple[Any, ...]]":
    """Executes a constant statement on the alias's connection and returns the cursor with its rows.

    The plan is kept on the server per connection (measured: 1.4 ms becomes 0.3 ms for a claim). It counts
    as a query like any other, joins the open transaction and raises Django's database errors.
    """
    connection = connections[alias]
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    cursor = psycopg.Cursor(connection.connection)
    with connection.wrap_database_errors, debug_transaction(connection, statement):
        cursor.execute(statement, parameters, prepare=True)
    return cursor
