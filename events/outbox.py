"""publish(): writes the fact, its place in the stream and its deliveries in the caller's own transaction."""

from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connections
from django.db.models import Model

from events.base import DomainEvent, current_envelope
from events.kernel.databases import alias_of, on_commit
from events.kernel.ids import new_id
from events.kernel.rows import as_json, insertion, mark_stored
from events.kernel.statements import execute
from events.kicks import kick_lane, kick_relay
from events.registry import Handler, contexts_hearing, handlers_of

# One round trip: number the event (the stream's row lock orders commits), write it, fan it out.
_PUBLISH = """
WITH {change} numbered AS (
  INSERT INTO events_stream (name, last_seq) SELECT %(stream)s, 1 {gate}
  ON CONFLICT (name) DO UPDATE SET last_seq = events_stream.last_seq + 1
  RETURNING last_seq
), event AS (
  INSERT INTO events_event (id, topic, version, source, stream, seq, store_id, payload, headers,
                            correlation_id, causation_id, occurred_at, shipped_at)
  SELECT %(id)s, %(topic)s, %(version)s, %(source)s, %(stream)s, last_seq, %(store_id)s, {payload},
         '{{}}', %(correlation_id)s, %(causation_id)s, clock_timestamp(),
         CASE WHEN %(inline)s THEN clock_timestamp() END
  FROM numbered RETURNING id, stream, seq
), delivery AS (
INSERT INTO events_delivery (event_id, handler, context, stream, seq, status, attempts, max_attempts,
                             replays, due_at, worker, last_error, note)
SELECT event.id, h.name, h.context, CASE WHEN h.ordered THEN event.stream END, event.seq, 0, 0,
       h.max_attempts, 0, clock_timestamp(), '', '', ''
FROM event, jsonb_to_recordset(%(handlers)s::jsonb)
     AS h(name text, context text, ordered bool, max_attempts int, audience text)
"""
# A handler with an audience gets its delivery only where somebody listens: an index probe, no statement more.
_IF_HEARD = """
  WHEN '{audience}' THEN EXISTS (
    SELECT 1 FROM {audience} a WHERE a.store_id = %(store_id)s AND a.topic = %(topic)s)
"""
_END = ") SELECT {result}"
_LATE = "(SELECT value FROM late)"


_VOID = """
UPDATE events_delivery SET status = 2, done_at = clock_timestamp(), lease_until = NULL, last_error = ''
WHERE handler = %s AND stream = %s AND status NOT IN (2, 5) AND status <> 1
"""


class Change(NamedTuple):
    """What a fact tells of, stored by the very statement that publishes it.

    `claim` is an UPDATE … RETURNING of one row; where it finds none, nothing of all this happens. `also` are
    further named changes that read `FROM claimed`. `late` is an INSERT or UPDATE … RETURNING of one value
    that all writers stand in line for (a number), so the line is held for this statement only: the value
    fills the field `late_field` of the event and of the first rows. `rows` are new rows, each list of one
    model. `values` are the parameters of `claim`, `also` and `late`.
    """

    claim: str
    late_field: str
    late: str
    values: dict[str, Any]
    rows: Sequence[Sequence[Model]]
    also: tuple[tuple[str, str], ...] = ()


def publish(event: DomainEvent, *, correlation_id: UUID | None = None) -> UUID:
    """Records the fact in the open transaction of its own context and returns its id.

    `correlation_id` ties one story together (the tab's id); inside a handler it is inherited.
    Raises RuntimeError outside a transaction: a fact must stand or fall with the change it tells of.
    """
    context = event.source()
    alias = alias_of(context)
    if not connections[alias].in_atomic_block:
        raise RuntimeError(f"publish({event.topic}) needs an open transaction in {alias!r}")
    route = _route_of(event)
    values = _values(event, route, correlation_id)
    execute(alias, _statement(route.audiences), values)
    _ring(context, alias, route)
    event_id: UUID = values["id"]
    return event_id


def publish_change(event: DomainEvent, change: Change, *, correlation_id: UUID | None = None) -> Any:
    """Makes the change and records its fact in one statement; returns the late value, None if not claimed.

    The statement is a transaction of its own, or part of the open one.
    """
    context = event.source()
    alias, route = alias_of(context), _route_of(event)
    values = _values(event, route, correlation_id) | change.values
    values |= {f"rows_{number}": as_json(some) for number, some in enumerate(change.rows)}
    models = tuple(type(some[0]) for some in change.rows)
    text = _statement(route.audiences, models, change.claim, change.also, change.late_field, change.late)
    [value] = execute(alias, text, values).fetchone() or [None]
    if value is not None:
        for some in change.rows:
            mark_stored(some, alias)
        _ring(context, alias, route)
    return value


def void(handler: str, stream: str) -> int:
    """Marks as done, unrun, what a handler has open of a stream: its own context has made all of it void.

    What runs just now stays. Part of the open transaction; returns how many.
    """
    return execute(alias_of(handler.partition(".")[0]), _VOID, [handler, stream]).rowcount


@lru_cache(maxsize=32)
def _statement(
    audiences: tuple[str, ...],
    models: tuple[type[Model], ...] = (),
    claim: str = "",
    also: tuple[tuple[str, str], ...] = (),
    field: str = "",
    late: str = "",
) -> str:
    """One text per kind of change and audiences (names of tables, from code): each stays prepared."""
    gate = "WHERE EXISTS (SELECT FROM late)" if claim else ""
    steps = [("claimed", claim), *also, ("late(value)", late)] if claim else []
    for number, model in enumerate(models):
        given = {} if number else {field: _LATE}
        steps.append((f"rows_{number}", f"{insertion(model, f'rows_{number}', **given)} {gate}"))
    return (_PUBLISH + _filter(audiences) + _END).format(
        change="".join(f"{name} AS ({step}), " for name, step in steps),
        gate=gate,
        payload=f"%(payload)s::jsonb || jsonb_build_object('{field}', {_LATE})"
        if claim
        else "%(payload)s::jsonb",
        result=_LATE if claim else "NULL",
    )


def _filter(audiences: tuple[str, ...]) -> str:
    if not audiences:
        return ""
    heard = "".join(_IF_HEARD.format(audience=audience) for audience in audiences)
    return f"WHERE CASE h.audience {heard} ELSE true END"


class _Route(NamedTuple):
    """Where an event goes; `handlers` as the statement takes them, none when the relay delivers it."""

    inline: bool
    handlers: str
    audiences: tuple[str, ...]
    lanes: tuple[str, ...]


def _route_of(event: DomainEvent) -> _Route:
    """All facts of a stream take one way: beside the relay a later one would overtake an earlier one.

    So one listener elsewhere sends whatever its streams tell by the relay, for all listeners.
    """
    handlers, source = tuple(handlers_of(event.topic, event.version)), event.source()
    listening = contexts_hearing(source, event.stream_kind()).union(h.context for h in handlers)
    return _route(handlers, all(alias_of(context) == alias_of(source) for context in listening))


@lru_cache(maxsize=256)
def _route(handlers: tuple[Handler, ...], inline: bool) -> _Route:
    audiences = tuple(sorted({handler.audience for handler in handlers if handler.audience}))
    rows = [
        {
            "name": handler.name,
            "context": handler.context,
            "ordered": handler.ordered,
            "max_attempts": handler.max_attempts,
            "audience": handler.audience or "",
        }
        for handler in handlers
    ]
    lanes = tuple(sorted({handler.lane for handler in handlers}))
    if not inline:  # the relay asks in the listeners' own databases
        return _Route(False, "[]", (), lanes)
    return _Route(True, msgspec.json.encode(rows).decode(), audiences, lanes)


def _values(event: DomainEvent, route: _Route, correlation_id: UUID | None) -> dict[str, Any]:
    cause, event_id = current_envelope.get(), new_id()
    inherited = cause.correlation_id if cause else event_id
    return {
        "id": event_id,
        "topic": event.topic,
        "version": event.version,
        "source": event.source(),
        "stream": event.stream,
        "store_id": event.store_id,
        "payload": event.payload().decode(),
        "correlation_id": correlation_id or inherited,
        "causation_id": cause.event_id if cause else None,
        "inline": route.inline,
        "handlers": route.handlers,
    }


def _ring(context: str, alias: str, route: _Route) -> None:
    if not route.inline:
        on_commit(context, partial(kick_relay, alias))
        return
    for lane in route.lanes:
        on_commit(context, partial(kick_lane, lane))
