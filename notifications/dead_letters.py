"""An alarm to the owner and one to the managers when events are given up: once per cause, until it is gone.

Nobody else can mend a cause, so no other board rings. A manager who takes the alarm silences the managers'
boards only: the owner learns of it all the same.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.utils import translation

from events.kernel.databases import atomic, reach
from events.meanings import meaning_of, subject_text
from events.queue_health import DeadCause, dead_causes
from events.rounds import looked_after
from notifications.models import TROUBLE_AUDIENCES, Audience, Kind, Notification
from notifications.services import acknowledge_subject, notify_store, take_turns

EVERY_SECONDS = 10
_NAMESPACE = UUID("6a1a4f0e-6f0b-4d0e-9d7e-2f1f0c6a7b11")
Cause = tuple[UUID, str, str]


@looked_after(every=EVERY_SECONDS)
def ring_for_dead_letters() -> int:
    """Rings once per store, handler and kind of error, and not again before that cause was mended.

    When no dead letter of a cause is left, its alarm falls silent by itself. Returns for how many causes it
    rang. Any number of callers may run at once.
    """
    there, away = reach()
    # Before the look at the letters: what another caller rings for after it is not mended.
    ringing = list(Notification.objects.filter(kind=Kind.DEAD_LETTER, alarm=True, acked_at=None))
    causes = dead_causes(there)
    if not away:  # nobody can tell what is mended in a database that is away
        _silence_mended(ringing, {_key(cause) for cause in causes})
    untold = {_key(cause): cause for cause, _audience in _untold(causes)}
    return sum(_ring(cause) for cause in untold.values())


def _key(cause: DeadCause) -> Cause:
    return cause.store_id, cause.handler, cause.error


def _cause_of(row: Notification) -> Cause:
    return row.store_id, str(row.data.get("handler", "")), str(row.data.get("error", ""))


def _silence_mended(ringing: Iterable[Notification], open_causes: set[Cause]) -> None:
    for row in ringing:
        if _cause_of(row) not in open_causes and row.subject_id:
            acknowledge_subject(store_id=row.store_id, subject_id=row.subject_id, actor_name="")


def _subject(cause: Cause) -> UUID:
    """What the alarm is about: the cause itself."""
    return uuid5(_NAMESPACE, ":".join(map(str, cause)))


def _untold(causes: Sequence[DeadCause]) -> list[tuple[DeadCause, Audience]]:
    """The causes that somebody was not told of, and who. One query."""
    subjects = [_subject(_key(cause)) for cause in causes]
    rows = Notification.objects.filter(subject_id__in=subjects).order_by("seq") if subjects else ()
    last = {(row.subject_id, row.audience): row for row in rows}
    return [
        (cause, audience)
        for cause, subject in zip(causes, subjects, strict=True)
        for audience in TROUBLE_AUDIENCES
        if not _was_told(cause, last.get((subject, audience)))
    ]


def _was_told(cause: DeadCause, last: Notification | None) -> bool:
    """Whether something that is still dead was dead already when the alarm was raised."""
    return last is not None and (last.acked_at is None or cause.first_at <= last.created_at)


def _ring(cause: DeadCause) -> bool:
    """Of two callers at once the second finds everybody told, whatever died between their looks."""
    with atomic("notifications"):
        take_turns(_subject(_key(cause)))
        untold = _untold([cause])
        for _cause, audience in untold:
            _tell(cause, audience)
    return bool(untold)


def _tell(cause: DeadCause, audience: Audience) -> None:
    mark = f"{cause.event_id}:{cause.handler}:{cause.first_at.isoformat()}:{audience}"
    notify_store(
        store_id=cause.store_id,
        alarm=True,
        audience=audience,
        kind=Kind.DEAD_LETTER,
        subject_id=_subject(_key(cause)),
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


def _texts(cause: DeadCause) -> dict[str, str]:
    """What it means for the restaurant, in every language: a board shows its reader's."""
    found: dict[str, Any] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            subject = subject_text(cause.number, cause.table_name)
            found[language] = meaning_of(cause.handler).of(subject)
    return found
