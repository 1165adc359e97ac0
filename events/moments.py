"""What the queue itself adds to a story: facts, steps, failed attempts, and what people did about them."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.kernel.database_choice import in_database
from events.kernel.databases import alias_of, all_aliases
from events.kernel.money import CURRENCIES, format_money
from events.meanings import meaning_of, plain_error
from events.models import Delivery, DeliveryStatus, Event, FailedAttempt, Intervention
from events.timeline import (
    Moment,
    Question,
    about,
    contributes,
    reason_in_words,
    row_link,
    words_of,
)

ACTS_DONE: dict[str, str | Promise] = {
    "retry": gettext_lazy("Tried again"),
    "discard": gettext_lazy("Discarded"),
    "replay": gettext_lazy("Repeated"),
    "assign": gettext_lazy("Given to another step"),
}
# An act names its events. Those of a store are few, and an index leaves out what is older than the story
# (by a day: an act is timed by the clock of a program, a fact by that of the database).
_ACTS = """
WITH facts AS MATERIALIZED (
  SELECT id::text AS id, occurred_at FROM events_event
  WHERE correlation_id = ANY(%(stories)s) AND store_id = ANY(%(stores)s)
)
SELECT i.id, i.action, i.actor_name, i.reason, i.created_at FROM events_intervention i
WHERE i.store_id = ANY(%(stores)s)
  AND i.created_at > (SELECT min(occurred_at) - interval '1 day' FROM facts)
  AND (%(since)s::timestamptz IS NULL OR i.created_at > %(since)s::timestamptz)
  AND EXISTS (SELECT FROM jsonb_array_elements(i.deliveries) act JOIN facts ON facts.id = act->>'event_id')
ORDER BY i.created_at LIMIT %(limit)s
"""
_TONES = {DeliveryStatus.DONE: "quiet", DeliveryStatus.DEAD: "bad", DeliveryStatus.HELD: "bad"}


@contributes
def queue_moments(question: Question) -> Iterator[Moment]:
    """Four queries per database at most."""
    for alias in all_aliases():
        yield from _facts(alias, question)
        yield from map(_step, _steps(alias, question))
        yield from _failures(alias, question)
        yield from _interventions(alias, question)


def _link(name: str, row: Any) -> str:
    return in_database(row_link(name, row.pk), row._state.db)


def _facts(alias: str, question: Question) -> Iterator[Moment]:
    facts = Event.objects.using(alias).filter(
        correlation_id__in=question.correlation_ids,
        store_id__in=question.store_ids,
        **question.after("occurred_at"),
    )
    for event in facts.order_by("occurred_at")[: question.limit]:
        # In a split system the other databases hold copies: the fact is told once.
        if alias_of(event.source) == alias:
            yield _fact(event, question.language)


def _fact(event: Event, language: str) -> Moment:
    spoken = words_of(event.topic)
    return Moment(
        event.occurred_at,
        spoken.icon,
        spoken.text,
        _details(event.payload, language),
        spoken.tone,
        _link("events_event", event),
        about(event.payload),
        {"event": event.topic, **event.payload},
        event.store_id,
    )


def _details(payload: Any, language: str) -> str:
    """The number, table, money and reason that a payload names, in one line."""
    if not isinstance(payload, dict):
        return ""
    number, minutes, currency = (payload.get(key) for key in ("number", "minutes", "currency"))
    amount = payload.get("amount", payload.get("total"))
    parts = [
        f"#{number}" if number else "",
        payload.get("table_name"),
        format_money(amount, currency, language) if amount and currency in CURRENCIES else "",
        _("%(minutes)s min") % {"minutes": minutes} if minutes else "",
        payload.get("line_name"),
        payload.get("note"),
        reason_in_words(payload.get("reason") or "", payload.get("reason_code") or ""),
        payload.get("actor_name") or payload.get("guest_name"),
    ]
    return " · ".join(str(part) for part in parts if part)


def _steps(alias: str, question: Question) -> QuerySet[Delivery]:
    mine = Delivery.objects.using(alias).filter(
        event__correlation_id__in=question.correlation_ids, event__store_id__in=question.store_ids
    )
    timed = mine.annotate(moment=Coalesce("done_at", "started_at", "due_at"))
    return (
        timed.filter(**question.after("moment")).select_related("event").order_by("moment")[: question.limit]
    )


def _step(row: Any) -> Moment:
    parts = [row.get_status_display()]
    if row.attempts > 1:
        parts.append(_("%(n)s attempts") % {"n": row.attempts})
    if row.replays:
        parts.append(_("repeated %(n)s ×") % {"n": row.replays})
    if row.last_error:
        parts.append(str(plain_error(row.last_error)))
    return Moment(
        row.moment,
        "subdirectory_arrow_right",
        meaning_of(row.handler).what,
        " · ".join(map(str, parts)),
        _TONES.get(row.status, ""),
        _link("events_delivery", row),
        about(row.event.payload),
    )


def _failures(alias: str, question: Question) -> Iterator[Moment]:
    failed = FailedAttempt.objects.using(alias).filter(
        delivery__event__correlation_id__in=question.correlation_ids,
        delivery__event__store_id__in=question.store_ids,
        **question.after("at"),
    )
    for row in failed.select_related("delivery__event").order_by("at")[: question.limit]:
        delivery = row.delivery
        number = _("attempt %(n)s failed") % {"n": row.attempt}
        yield Moment(
            row.at,
            "replay",
            meaning_of(delivery.handler).what,
            f"{number} · {plain_error(row.error)}",
            "bad",
            _link("events_delivery", delivery),
            about(delivery.event.payload),
            {"attempt": row.attempt, "handler": delivery.handler, "error": row.error},
        )


def _interventions(alias: str, question: Question) -> Iterator[Moment]:
    """Every act on a step of the story; the step itself does not remember a retry."""
    values = {
        "stories": list(question.correlation_ids),
        "stores": list(question.store_ids),
        "since": question.since,
        "limit": question.limit,
    }
    for row in Intervention.objects.using(alias).raw(_ACTS, values):
        yield Moment(
            row.created_at,
            "person",
            _("%(what)s by %(who)s") % {"what": ACTS_DONE.get(row.action, row.action), "who": row.actor_name},
            row.reason,
            "",
            _link("events_intervention", row),
        )
