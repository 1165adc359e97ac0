"""publish(): writes the fact, its place in the stream and its deliveries in the caller's own transaction."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections
from django.db.models import Model

from events.base import DomainEvent, current_envelope
from events.kernel.databases import alias_of, on_commit
from events.kernel.ids import new_id
from events.kernel.rows import as_json, insertion, mark_stored
from events.kernel.statements import execute
from events.kicks import kick_lane, kick_relay
from events.registry import Handler, handlers_of

# One round trip: number the event (the stream's row lock orders commits), write it, fan it out.
_PUBLISH = """
WITH {late} {rows} numbered AS (
  INSERT INTO events_stream (name, last_seq) VALUES (%(stream)s, 1)
  ON CONFLICT (name) DO UPDATE SET last_seq = events_stream.last_seq + 1
  RETURNING last_seq
), event AS (
  INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers,
                            correlation_id, causation_id, occurred_at, shipped_at)
  SELECT %(id)s, %(topic)s, %(version)s, %(source)s, %(stream)s, last_seq, %(store_id)s, {payload},
         %(headers)s::jsonb, %(correlation_id)s, %(causation_id)s, clock_timestamp(),
         CASE WHEN %(inline)s THEN clock_timestamp() END
  FROM numbered RETURNING id, stream, seq
), delivery AS (
INSERT INTO events_delivery (event_id, handler, context, stream, seq, status, attempts, max_attempts,
                             replays, due_at, worker, last_error, note)
SELECT event.id, h.name, h.context, CASE WHEN h.ordered THEN event.stream END, event.seq, 0, 0,
       h.max_attempts, 0, clock_timestamp(), '', '', ''
FROM event, unnest(%(names)s::text[], %(contexts)s::text[], %(ordered)s::bool[], %(limits)s::int[])
     AS h(name, context, ordered, max_attempts)
"""
# A handler with an audience gets its delivery only where somebody listens: an index probe, no statement more.
_IF_HEARD = """
WHERE h.name <> ALL (%(choosy)s::text[]) OR EXISTS (
  SELECT 1 FROM {audience} a WHERE a.store_id = %(store_id)s AND a.topic = %(topic)s)
"""
_END = ") SELECT {result}"


class Late(NamedTuple):
    """A value that comes from a row all writers stand in line for, made by the statement that publishes.

    `statement` locks that row and returns one value; so the line is held for this statement and the commit
    only. The value fills `field` of the event and of the first rows, and `take` is called with it.
    """

    field: str
    statement: str
    values: dict[str, Any]
    take: Callable[[Any], None]


def publish(
    event: DomainEvent,
    *,
    correlation_id: UUID | None = None,
    rows: Sequence[Sequence[Model]] = (),
    late: Late | None = None,
) -> UUID:
    """Records the fact in the open transaction of its own context and returns its id.

    `correlation_id` ties one story together (the tab's id); inside a handler it is inherited. `rows` are new
    rows of the context, each list of one model: they are inserted by the same statement.
    Raises RuntimeError outside a transaction: a fact must stand or fall with the change it tells of.
    """
    context = event.source()
    alias = alias_of(context)
    if not connections[alias].in_atomic_block:
        raise RuntimeError(f"publish({event.topic}) needs an open transaction in {alias!r}")
    handlers = handlers_of(event.topic, event.version)
    inline = all(alias_of(handler.context) == alias for handler in handlers)
    event_id = new_id()
    values = _row(event, event_id, correlation_id, handlers if inline else []) | {"inline": inline}
    _execute(alias, values, rows, late)
    _ring(context, alias, handlers, inline)
    return event_id


def _execute(alias: str, values: dict[str, Any], rows: Sequence[Sequence[Model]], late: Late | None) -> None:
    values |= {f"rows_{number}": as_json(some) for number, some in enumerate(rows)}
    values |= late.values if late else {}
    models = tuple(type(some[0]) for some in rows)
    named = (late.field, late.statement) if late else ("", "")
    [value] = execute(alias, _statement(models, *named, *values["audiences"]), values).fetchone() or [None]
    if late:
        late.take(value)
    for some in rows:
        mark_stored(some, alias)


@lru_cache(maxsize=32)
def _statement(models: tuple[type[Model], ...], field: str, late: str, audience: str = "") -> str:
    """One text per kind of rows and audience (a table's name from code): each stays a prepared statement."""
    value = "(SELECT late.value FROM late)"
    inserts = []
    for number, model in enumerate(models):
        given = {field: value} if field and not number else {}
        inserts.append(f"rows_{number} AS ({insertion(model, f'rows_{number}', **given)}),")
    return (_PUBLISH + (_IF_HEARD if audience else "") + _END).format(
        late=f"late(value) AS ({late})," if late else "",
        rows=" ".join(inserts),
        payload=f"%(payload)s::jsonb || jsonb_build_object('{field}', {value})"
        if field
        else "%(payload)s::jsonb",
        audience=audience,
        result=value if field else "NULL",
    )


def _row(
    event: DomainEvent, event_id: UUID, correlation_id: UUID | None, handlers: list[Handler]
) -> dict[str, Any]:
    cause = current_envelope.get()
    inherited = cause.correlation_id if cause else event_id
    return {
        "id": event_id,
        "topic": event.topic,
        "version": event.version,
        "source": event.source(),
        "stream": event.stream,
        "store_id": event.store_id,
        "payload": event.payload().decode(),
        "headers": "{}",
        "correlation_id": correlation_id or inherited,
        "causation_id": cause.event_id if cause else None,
        "names": [handler.name for handler in handlers],
        "contexts": [handler.context for handler in handlers],
        "ordered": [handler.ordered for handler in handlers],
        "limits": [handler.max_attempts for handler in handlers],
        "choosy": [handler.name for handler in handlers if handler.audience],
        "audiences": {handler.audience for handler in handlers if handler.audience},
    }


def _ring(context: str, alias: str, handlers: list[Handler], inline: bool) -> None:
    if not inline:
        on_commit(context, partial(kick_relay, alias))
        return
    for lane in sorted({handler.lane for handler in handlers}):
        on_commit(context, partial(kick_lane, lane))
