"""An alarm to the owner when events are given up: one per handler, until somebody takes it."""

from datetime import timedelta
from uuid import UUID, uuid5

from django.utils import timezone

from events.queue_health import DeadLetter, dead_letters_since
from notifications.models import Kind, Notification, store_channel
from notifications.services import notify_store

LOOK_BACK_HOURS = 24
_NAMESPACE = UUID("6a1a4f0e-6f0b-4d0e-9d7e-2f1f0c6a7b11")


def ring_for_dead_letters() -> int:
    """Rings once per store and handler; again only for letters that died after the last ring was taken.

    Returns how many alarms it raised. Any number of callers may run at once.
    """
    letters = dead_letters_since(timezone.now() - timedelta(hours=LOOK_BACK_HOURS))
    newest = {(letter.store_id, letter.handler): letter for letter in reversed(letters)}
    return sum(_ring(letter) for letter in newest.values())


def _ring(letter: DeadLetter) -> bool:
    last = (
        Notification.objects.filter(
            channel=store_channel(letter.store_id), kind=Kind.DEAD_LETTER, data__handler=letter.handler
        )
        .order_by("-seq")
        .first()
    )
    if last and (last.acked_at is None or last.acked_at >= letter.died_at):
        return False
    told = notify_store(
        store_id=letter.store_id,
        alarm=True,
        kind=Kind.DEAD_LETTER,
        subject_id=letter.event_id,
        event_id=uuid5(_NAMESPACE, f"{letter.event_id}:{letter.handler}:{letter.died_at.isoformat()}"),
        data={"handler": letter.handler, "topic": letter.topic, "reason": letter.reason},
    )
    return told is not None
