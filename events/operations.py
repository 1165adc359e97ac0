"""What a person may do to the queue: retry, discard, replay. Every act leaves a row saying who and why.

All functions take a queryset of deliveries (its database is the one that is changed). `plan()` says
beforehand exactly what would happen; the acts follow the same plan under row locks.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.kernel.errors import DomainError
from events.kicks import kick_context
from events.models import Delivery, DeliveryStatus, Intervention
from events.registry import handler_named

RETRY, DISCARD, REPLAY = "retry", "discard", "replay"
_FROM = {
    RETRY: (DeliveryStatus.DEAD, DeliveryStatus.PENDING),
    DISCARD: (DeliveryStatus.DEAD, DeliveryStatus.HELD, DeliveryStatus.PENDING),
    REPLAY: (DeliveryStatus.DONE, DeliveryStatus.DISCARDED),
}
LIMIT = 1000  # deliveries per act: a page that a person can still judge


class ReasonMissing(DomainError):
    code = "reason-missing"
    status = 422
    title = _("Please say why")


class Actor(NamedTuple):
    """Who does it, as the history keeps it."""

    id: UUID | None
    name: str


@dataclass
class Plan:
    """What an act would do: `affected` deliveries change, `skipped` stay with the reason why."""

    action: str
    affected: list[Delivery] = field(default_factory=list)
    skipped: list[tuple[Delivery, str | Promise]] = field(default_factory=list)
    released: int = 0


def plan(action: str, deliveries: QuerySet[Delivery]) -> Plan:
    """The dry run of `action` ("retry", "discard" or "replay"); changes nothing."""
    return _plan(action, deliveries.select_related("event").order_by("pk")[:LIMIT])


def retry(deliveries: QuerySet[Delivery], *, actor: Actor, reason: str = "") -> Plan:
    """Dead letters become due again with a fresh count of attempts; what waited behind them follows."""
    return _act(RETRY, deliveries, actor, reason)


def discard(deliveries: QuerySet[Delivery], *, actor: Actor, reason: str) -> Plan:
    """Gives deliveries up for good, so that what waited behind them goes on. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing
    return _act(DISCARD, deliveries, actor, reason)


def replay(deliveries: QuerySet[Delivery], *, actor: Actor, reason: str = "") -> Plan:
    """Runs finished deliveries once more; handlers see `envelope.replay`."""
    return _act(REPLAY, deliveries, actor, reason)


def _act(action: str, deliveries: QuerySet[Delivery], actor: Actor, reason: str) -> Plan:
    alias = deliveries.db
    with transaction.atomic(using=alias):
        ids = list(deliveries.order_by("pk").values_list("pk", flat=True)[:LIMIT])
        locked = Delivery.objects.using(alias).filter(pk__in=ids).select_related("event").order_by("pk")
        agenda = _plan(action, locked.select_for_update(of=("self",)))
        _change(action, alias, [row.pk for row in agenda.affected], reason)
        agenda.released = _release(alias, agenda.affected)
        _remember(action, alias, agenda.affected, actor, reason)
        for context in {row.context for row in agenda.affected}:
            transaction.on_commit(lambda name=context: kick_context(name), using=alias, robust=True)  # type: ignore[misc]
    return agenda


def _plan(action: str, rows: Iterable[Delivery]) -> Plan:
    agenda = Plan(action)
    for row in rows:
        obstacle = _obstacle(action, row)
        if obstacle:
            agenda.skipped.append((row, obstacle))
        else:
            agenda.affected.append(row)
    agenda.released = sum(_followers(row).count() for row in agenda.affected if row.stream)
    return agenda


def _obstacle(action: str, row: Delivery) -> str | Promise:
    if row.status not in _FROM[action]:
        return _("nothing to do: it is “%(status)s”") % {"status": row.get_status_display()}
    if action == DISCARD:
        return ""
    handler = handler_named(row.handler)
    if handler is None:
        return _("nobody listens under this name any more; discard it")
    if action == REPLAY and not handler.replayable:
        return _("this step must not be repeated")
    return ""


def _change(action: str, alias: str, ids: list[int], reason: str) -> None:
    rows = Delivery.objects.using(alias).filter(pk__in=ids)
    now = timezone.now()
    if action == DISCARD:
        rows.update(status=DeliveryStatus.DISCARDED, done_at=now, note=reason, lease_until=None)
        return
    again = F("replays") + 1 if action == REPLAY else F("replays")
    rows.update(
        status=DeliveryStatus.PENDING,
        attempts=0,
        due_at=now,
        done_at=None,
        lease_until=None,
        note=reason,
        replays=again,
    )


def _followers(row: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.using(row._state.db).filter(
        handler=row.handler, stream=row.stream, seq__gt=row.seq, status=DeliveryStatus.HELD
    )


def _release(alias: str, rows: list[Delivery]) -> int:
    """Lets go what was held behind these and behind no other dead letter; the claim keeps their order."""
    dead_before = Delivery.objects.using(alias).filter(
        handler=OuterRef("handler"),
        stream=OuterRef("stream"),
        seq__lt=OuterRef("seq"),
        status=DeliveryStatus.DEAD,
    )
    return sum(
        _followers(row)
        .filter(~Exists(dead_before))
        .update(status=DeliveryStatus.PENDING, due_at=timezone.now())
        for row in rows
        if row.stream
    )


def _remember(action: str, alias: str, rows: list[Delivery], actor: Actor, reason: str) -> None:
    """One row per store, so that nobody's history names another store's events."""
    by_store: dict[UUID, list[Delivery]] = defaultdict(list)
    for row in rows:
        by_store[row.event.store_id].append(row)
    for store_id, mine in by_store.items():
        Intervention.objects.using(alias).create(
            action=action,
            actor_id=actor.id,
            actor_name=actor.name,
            reason=reason,
            deliveries=[
                {
                    "id": row.pk,
                    "handler": row.handler,
                    "event_id": str(row.event_id),
                    "topic": row.event.topic,
                    "store_id": str(store_id),
                }
                for row in mine
            ],
        )
