"""An alarm to the owner when events are given up: one per cause, until the cause is gone."""

from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import translation

from events.kernel.databases import reach
from events.meanings import meaning_of, subject_text
from events.queue_health import DeadCause, dead_causes
from notifications.models import Kind, Notification
from notifications.services import acknowledge_subject, notify_store

_NAMESPACE = UUID("6a1a4f0e-6f0b-4d0e-9d7e-2f1f0c6a7b11")
Cause = tuple[UUID, str, str]


def ring_for_dead_letters() -> int:
    """Rings once per store, handler and kind of error, and not again before that cause was mended.

    When no dead letter of a cause is left, its alarm falls silent by itself. Returns how many alarms it
    raised. Any number of callers may run at once.
    """
    there, away = reach()
    causes = dead_causes(there)
    open_causes = {(cause.store_id, cause.handler, cause.error) for cause in causes}
    if not away:  # nobody can tell what is mended in a database that is away
        _silence_mended(open_causes)
    told = _last_rings(open_causes)
    return sum(_ring(cause) for cause in causes if not _was_told(cause, told))


def _cause_of(row: Notification) -> Cause:
    return row.store_id, str(row.data.get("handler", "")), str(row.data.get("error", ""))


def _silence_mended(open_causes: set[Cause]) -> None:
    ringing = Notification.objects.filter(kind=Kind.DEAD_LETTER, alarm=True, acked_at=None)
    for row in ringing:
        if _cause_of(row) not in open_causes and row.subject_id:
            acknowledge_subject(store_id=row.store_id, subject_id=row.subject_id, actor_name="")


def _subject(cause: Cause) -> UUID:
    """What the alarm is about: the cause itself."""
    return uuid5(_NAMESPACE, ":".join(map(str, cause)))


def _last_rings(causes: set[Cause]) -> dict[Cause, Notification]:
    """The newest alarm of each cause."""
    rows = Notification.objects.filter(subject_id__in=map(_subject, causes)).order_by("seq")
    return {_cause_of(row): row for row in rows}


def _was_told(cause: DeadCause, told: dict[Cause, Notification]) -> bool:
    """Whether something that is still dead was dead already when the alarm was raised."""
    last = told.get((cause.store_id, cause.handler, cause.error))
    return last is not None and (last.acked_at is None or cause.first_at <= last.created_at)


def _ring(cause: DeadCause) -> bool:
    mark = f"{cause.event_id}:{cause.handler}:{cause.first_at.isoformat()}"
    told = notify_store(
        store_id=cause.store_id,
        alarm=True,
        kind=Kind.DEAD_LETTER,
        subject_id=_subject((cause.store_id, cause.handler, cause.error)),
        event_id=uuid5(_NAMESPACE, mark),
        data={
            "handler": cause.handler,
            "error": cause.error,
            "topic": cause.topic,
            "reason": cause.reason,
            "letters": cause.letters,
            "texts": _texts(cause),
        },
    )
    return told is not None


def _texts(cause: DeadCause) -> dict[str, str]:
    """What it means for the restaurant, in every language: a board shows its reader's."""
    found: dict[str, Any] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            subject = subject_text(cause.number, cause.table_name)
            found[language] = meaning_of(cause.handler).of(subject)
    return found
