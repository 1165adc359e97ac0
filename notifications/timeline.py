"""What notifications add to the story of a tab: what was told, to whom, and who took an alarm."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.timeline import Moment, Question, Words, about, contributes, row_link, words
from notifications.models import Notification
from notifications.printing.models import JobState, PrintJob
from notifications.printing.paper import remarks_on
from notifications.printing.troubles import in_words

words(
    {
        "notification.acknowledged": Words("notifications_off", gettext_lazy("An alarm was taken"), "quiet"),
        "alarm.escalated": Words(
            "notification_important", gettext_lazy("Nobody took the alarm: it got louder"), "bad"
        ),
        "ticket.queued": Words("print", gettext_lazy("A ticket was written for a printer"), "quiet"),
        "webhook.queued": Words(
            "webhook", gettext_lazy("A message to a webhook address waits to be sent"), "quiet"
        ),
    }
)


@contributes
def told(question: Question) -> Iterator[Moment]:
    """Every notification of the story and who took it. One query."""
    found = Notification.objects.filter(
        correlation_id__in=question.correlation_ids, store_id__in=question.store_ids
    )
    if question.since:
        found = found.filter(Q(created_at__gt=question.since) | Q(acked_at__gt=question.since))
    for row in found.order_by("created_at")[: question.limit]:
        if question.since is None or row.created_at > question.since:
            yield _raised(row)
        if row.alarm and row.acked_at and (question.since is None or row.acked_at > question.since):
            yield _taken(row)


def _raised(row: Notification) -> Moment:
    whom = _("to the board") if row.channel.startswith("store:") else _("to the guest's phone")
    waits = _("nobody has taken it yet") if row.alarm and row.acked_at is None else ""
    level = _("level %(n)s") % {"n": row.level} if row.level else ""
    return Moment(
        row.created_at,
        "notifications_active" if row.alarm else "notifications",
        (_("Alarm: %s") if row.alarm else "%s") % row.get_kind_display(),
        " · ".join(filter(None, [whom, level, waits])),
        "" if row.alarm else "quiet",
        row_link("notifications_notification", row.pk),
        about(row.data),
        row.data,
        row.store_id,
    )


def _taken(row: Notification) -> Moment:
    seconds = _("after %(n)s s") % {"n": round(row.seconds_to_take or 0)}
    return Moment(
        row.acked_at,  # type: ignore[arg-type]  # the caller looked
        "notifications_off",
        _("Taken by %s") % (row.acked_by or "–"),
        " · ".join(filter(None, [row.get_kind_display(), seconds, row.acked_device])),
        "good",
        row_link("notifications_notification", row.pk),
        about(row.data),
    )


@contributes
def printed(question: Question) -> Iterator[Moment]:
    """Every ticket of the story that came out of a printer, or did not. One query."""
    found = PrintJob.objects.filter(
        correlation_id__in=question.correlation_ids, store_id__in=question.store_ids
    ).exclude(state__in=(JobState.QUEUED, JobState.WAITING), problem="")
    for job in (
        found.select_related("printer")
        .annotate(at=_AT)
        .filter(**question.after("at"))
        .order_by("at")[: question.limit]
    ):
        yield _ticket(job)


# When it came out; what did not stands where it was written.
_AT = Coalesce("printed_at", "created_at")
_TONES = {JobState.PRINTED: "good", JobState.NEEDLESS: "quiet"}


def _ticket(job: Any) -> Moment:
    words = {"what": job, "printer": job.printer}
    notes = [
        job.get_state_display(),
        _("attempt %s") % job.attempts if job.attempts > 1 else "",
        *remarks_on(job),
        str(in_words(job.problem)),
    ]
    return Moment(
        job.at,
        "print" if job.state == JobState.PRINTED else "print_disabled",
        _("%(printer)s: %(what)s") % words,
        " · ".join(filter(None, notes)),
        _TONES.get(job.state, "bad"),
        row_link("notifications_printjob", job.pk),
        {"order": str(job.order_id)} if job.order_id else {},
        job.content,
        job.store_id,
    )
