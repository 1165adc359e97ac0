"""The dry run: what an act would do, and what it leaves alone and why."""

import hashlib
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from events.kernel.databases import alias_of
from events.kernel.errors import Conflict, DomainError, NotFound
from events.models import Delivery, DeliveryStatus, PausedHandler
from events.operations.selection import Selection
from events.registry import Handler, all_handlers, facts_heard_by, handler_named

RETRY, DISCARD, REPLAY, ASSIGN = "retry", "discard", "replay", "assign"
PAUSE, RESUME = "pause", "resume"
FROM = {
    RETRY: (DeliveryStatus.DEAD, DeliveryStatus.PENDING),
    DISCARD: (DeliveryStatus.DEAD, DeliveryStatus.HELD, DeliveryStatus.PENDING),
    REPLAY: (DeliveryStatus.DONE, DeliveryStatus.DISCARDED),
    ASSIGN: (DeliveryStatus.DEAD, DeliveryStatus.HELD, DeliveryStatus.PENDING),
}
WEB_LIMIT = 10_000  # deliveries per act in a browser: more is a matter for the command line
EXAMPLES = 50
STREAMS = 20

Target = Selection | QuerySet[Delivery]


class ReasonMissing(DomainError):
    code = "reason-missing"
    status = 422
    title = _("Please say why")


class UnknownHandler(NotFound):
    code = "unknown-handler"
    title = _("No step has this name")


class TooMany(Conflict):
    code = "too-many"
    title = _("That is too much for one click; narrow it down")


class HasChanged(Conflict):
    """Other deliveries match now than those that the person was shown."""

    code = "has-changed"
    title = _("Other steps match in the meantime; please look again")


@dataclass(frozen=True)
class Share:
    """How many deliveries of one handler an act would change."""

    handler: str
    count: int


@dataclass(frozen=True)
class Skip:
    """Deliveries that stay as they are, and why."""

    handler: str
    count: int
    why: str | Promise


@dataclass(frozen=True)
class Outcome:
    """What an act did: deliveries changed, and others that go on because of it."""

    count: int
    released: int


@dataclass
class Plan:
    """What an act would do. `released` wait behind and would go on; `paused` handlers would wait still.

    `digest` stands for exactly these deliveries.
    """

    action: str
    digest: str = ""
    count: int = 0
    handlers: list[Share] = field(default_factory=list)
    streams: int = 0
    stream_names: list[str] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)
    released: int = 0
    paused: list[str] = field(default_factory=list)
    examples: list[Delivery] = field(default_factory=list)


def tables(action: str, target: Target) -> list[QuerySet[Delivery]]:
    """The deliveries meant, one queryset per database. Refuses a selection that says nothing."""
    if isinstance(target, QuerySet):
        return [target]
    if target.is_everything and not (target.statuses and action != REPLAY):
        raise ValueError("a selection must say which deliveries are meant")
    if action == REPLAY and not target.has_a_beginning:
        raise ValueError("a whole history is never meant to happen again")
    return list(target.querysets())


def ids_of(action: str, rows: QuerySet[Delivery], to: Handler | None = None) -> list[int]:
    """Those that the act would change, sorted."""
    # Sorted here: the database would walk the whole table for `ORDER BY id LIMIT`.
    return sorted(eligible(action, rows, to).order_by().values_list("pk", flat=True))


def digest_of(found: list[tuple[str, list[int]]]) -> str:
    """Tells one set of deliveries from every other; each database numbers its own."""
    return hashlib.sha256(repr(sorted(each for each in found if each[1])).encode()).hexdigest()[:32]


def eligible(action: str, rows: QuerySet[Delivery], to: Handler | None = None) -> QuerySet[Delivery]:
    """Those of `rows` that the act would change."""
    found = rows.filter(status__in=FROM[action])
    if action == RETRY:  # what was never tried needs no second chance
        found = found.filter(Q(status=DeliveryStatus.DEAD) | Q(attempts__gt=0))
        return found.filter(handler__in=[handler.name for handler in all_handlers()])
    if action == REPLAY:
        return found.filter(handler__in=[handler.name for handler in all_handlers() if handler.replayable])
    if to and alias_of(to.context) != rows.db:
        return found.none()
    if to:
        taken = Delivery.objects.using(rows.db).filter(event=OuterRef("event"), handler=to.name)
        found = found.exclude(handler__in=[handler.name for handler in all_handlers()])
        found = found.exclude(handler__in=_still_paused(to, rows.db))
        return found.filter(_heard_by(to)).exclude(Exists(taken)).exclude(Exists(_first_gone(rows)))
    return found


def _still_paused(to: Handler, alias: str) -> set[str]:
    """What somebody stopped under an old name must not run under a new one unasked."""
    paused = set(PausedHandler.objects.using(alias).values_list("handler", flat=True))
    return set() if to.name in paused else paused


def _first_gone(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Of several gone handlers of one event the first gives its delivery; a handler hears each event once."""
    before = rows.order_by().filter(event=OuterRef("event"), pk__lt=OuterRef("pk"), status__in=FROM[ASSIGN])
    return before.exclude(handler__in=[handler.name for handler in all_handlers()])


def _heard_by(handler: Handler) -> Q:
    known = facts_heard_by(handler.name).items()
    return reduce(or_, (Q(event__topic=topic, event__version__in=versions) for topic, versions in known))


def applies(action: str, row: Delivery) -> bool:
    """Whether the act would change this delivery now."""
    rows = Delivery.objects.using(row._state.db).filter(pk=row.pk)
    return eligible(action, rows).exists()


def plan(action: str, target: Target, *, to: str = "") -> Plan:
    """The dry run of `action` ("retry", "discard", "replay", "assign" with `to`); changes nothing."""
    from events.operations.pauses import paused_among

    new = _new_handler(to) if action == ASSIGN else None
    agenda = Plan(action)
    shown = []
    for rows in tables(action, target):
        shown.append((rows.db, ids_of(action, rows, new)))
        _add(agenda, rows, eligible(action, rows, new))
    agenda.digest = digest_of(shown)
    will_wait = {new.name} if new else {share.handler for share in agenda.handlers}
    if action != DISCARD:
        agenda.paused = sorted(paused_among(will_wait))
    return agenda


def _new_handler(name: str) -> Handler:
    handler = handler_named(name)
    if handler is None:
        raise UnknownHandler(name)
    return handler


def _add(agenda: Plan, rows: QuerySet[Delivery], found: QuerySet[Delivery]) -> None:
    counts = _by_handler(found)
    agenda.handlers += [Share(handler, number) for handler, number in sorted(counts.items())]
    agenda.count += sum(counts.values())
    agenda.skipped += _skips(agenda.action, rows, counts)
    if not counts:
        return
    streams = found.order_by().values("event__stream").distinct()
    agenda.streams += streams.count()
    names = streams.order_by("event__stream").values_list("event__stream", flat=True)
    agenda.stream_names += list(names[: STREAMS - len(agenda.stream_names)])
    agenda.released += waiting_behind(found).count()
    wanted = found.select_related("event").order_by("-event__occurred_at")
    agenda.examples += list(wanted[: EXAMPLES - len(agenda.examples)])


def _by_handler(rows: QuerySet[Delivery]) -> dict[str, int]:
    counted: Any = rows.order_by().values_list("handler").annotate(number=Count("pk"))
    return dict(counted)


def _skips(action: str, rows: QuerySet[Delivery], taken: dict[str, int]) -> list[Skip]:
    """What `rows` holds beyond what is `taken`, by handler and status."""
    counted: Any = rows.order_by().values_list("handler", "status").annotate(number=Count("pk"))
    found = []
    left = dict(taken)
    for handler, status, number in sorted(counted, key=lambda row: row[1] not in FROM[action]):
        spared = number
        if status in FROM[action]:
            used = min(number, left.get(handler, 0))
            left[handler] = left.get(handler, 0) - used
            spared = number - used
        if spared:
            found.append(Skip(handler, spared, _why(action, handler, status, rows.db)))
    return found


def _why(action: str, name: str, status: int, alias: str) -> str | Promise:
    if status not in FROM[action]:
        return _("nothing to do: it is “%(status)s”") % {"status": DeliveryStatus(status).label}
    if action == ASSIGN and PausedHandler.objects.using(alias).filter(handler=name).exists():
        return _("somebody paused this step; resume it first")
    if action == ASSIGN:
        return _("the other step does not listen to this event, or has had it already")
    if handler_named(name) is None:
        return _("nobody listens under this name any more; give it to another step or discard it")
    if action == RETRY:
        return _("it waits for its turn already")
    return _("this step must not be repeated")


def waiting_behind(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """What is held behind `rows` and, once they are gone, behind no other dead letter."""
    everything = Delivery.objects.using(rows.db)
    these = rows.order_by().values("pk")
    same = {"handler": OuterRef("handler"), "stream": OuterRef("stream"), "seq__lt": OuterRef("seq")}
    others = everything.filter(**same, status=DeliveryStatus.DEAD).exclude(pk__in=these)
    behind = Exists(rows.order_by().filter(**same))
    return everything.filter(behind, ~Exists(others), status=DeliveryStatus.HELD).exclude(pk__in=these)
