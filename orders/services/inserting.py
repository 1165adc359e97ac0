"""Plain inserts for the hot path: the ORM's insert compiler costs several times what the statement does."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from django.db.models import JSONField, Model
from psycopg.types.json import Jsonb

from events.kernel.databases import alias_of
from events.kernel.statements import execute


def insert_rows(rows: Sequence[Model]) -> None:
    """Inserts rows of one model of this context, every column, in one statement."""
    names, statement, slots = _statement(type(rows[0]))
    values = [_value(row, name, is_json) for row in rows for name, is_json in names]
    alias = alias_of("orders")
    execute(alias, statement + ", ".join([slots] * len(rows)), values)
    for row in rows:
        row._state.adding, row._state.db = False, alias


def _value(row: Model, name: str, is_json: bool) -> Any:
    value = getattr(row, name)
    return Jsonb(value, dumps=msgspec.json.encode) if is_json else value


@lru_cache(maxsize=8)
def _statement(model: type[Model]) -> tuple[list[tuple[str, bool]], str, str]:
    """The columns, the statement up to its values, and the placeholders of one row."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    names = [(field.attname, isinstance(field, JSONField)) for field in fields]
    slots = "(" + ", ".join(["%s"] * len(fields)) + ")"
    return names, f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ", slots  # noqa: S608  own names
