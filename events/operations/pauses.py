"""Pausing a handler: a row that every claim looks at, so that it holds for all processes and restarts."""

from collections.abc import Collection

from django.db import transaction

from events.kernel.databases import alias_of
from events.kicks import kick_lane
from events.models import Delivery, DeliveryStatus, PausedHandler
from events.operations.history import Actor, History
from events.operations.planning import PAUSE, RESUME, UnknownHandler
from events.queue_health import paused_handlers
from events.registry import handler_named, lane_of


def is_known(handler: str) -> bool:
    return handler_named(handler) is not None


def paused_among(names: Collection[str]) -> set[str]:
    """Those of the handlers that are paused; asks only the databases that they live in."""
    homes = {alias_of(_context_of(name)) for name in names}
    return set(names) & paused_handlers(homes).keys()


def waiting_for(handler: str) -> int:
    """How many deliveries of every store stand before this handler now, due or between two tries."""
    rows = Delivery.objects.using(alias_of(_context_of(handler)))
    return rows.filter(handler=handler, status=DeliveryStatus.PENDING).count()


def _context_of(handler: str) -> str:
    return handler.partition(".")[0]


def pause(handler: str, *, actor: Actor, reason: str = "") -> bool:
    """Stops a handler for every store: what is due waits, what runs right now still finishes.

    Returns False when it was paused already. Raises UnknownHandler.
    """
    known = handler_named(handler)
    if known is None:
        raise UnknownHandler(handler)
    alias = alias_of(known.context)
    with transaction.atomic(using=alias):
        values = {"actor_id": actor.id, "actor_name": actor.name[:150], "reason": reason.strip()}
        _row, is_new = PausedHandler.objects.using(alias).get_or_create(handler=handler, defaults=values)
        if is_new:
            History(PAUSE, alias, actor, reason.strip(), {"handler": handler}).note_general()
    return is_new


def resume(handler: str, *, actor: Actor, reason: str = "") -> bool:
    """Lets a handler go on with all that waited. Returns False when it was not paused.

    It works for a handler that is gone too, so that no pause can be left behind.
    """
    alias = alias_of(_context_of(handler))
    with transaction.atomic(using=alias):
        count, _by_model = PausedHandler.objects.using(alias).filter(handler=handler).delete()
        if count:
            History(RESUME, alias, actor, reason.strip(), {"handler": handler}).note_general()
            transaction.on_commit(lambda: kick_lane(lane_of(handler)), using=alias, robust=True)
    return bool(count)
