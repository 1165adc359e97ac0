"""Handlers that only some stores want: who listens stands in a table of the handler's own database."""

from django.db import connections

from events.kernel.databases import alias_of
from events.models import Event
from events.registry import Handler

Wanted = list[tuple[Event, Handler]]


def heard(wanted: Wanted) -> Wanted:
    """Without the pairs whose handler has an audience, but none for this event's store and topic.

    One query per audience, for the relay; publish() asks the same within its own statement.
    """
    for handler in {h.name: h for _, h in wanted if h.audience}.values():
        listening = _listening(handler, wanted)
        wanted = [
            (event, h)
            for event, h in wanted
            if h.name != handler.name or (event.store_id, event.topic) in listening
        ]
    return wanted


def _listening(handler: Handler, wanted: Wanted) -> set[tuple[object, str]]:
    stores = list({event.store_id for event, h in wanted if h.name == handler.name})
    with connections[alias_of(handler.context)].cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT store_id, topic FROM {handler.audience} WHERE store_id = ANY(%s)",  # noqa: S608
            [stores],
        )
        return set(cursor.fetchall())
