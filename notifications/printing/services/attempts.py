"""Prints a ticket: claim, commit, call, record. Nothing here calls the network inside a transaction."""

from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from events.kernel.databases import atomic, now
from events.kernel.ids import new_id
from notifications.printing.errors import PrinterRefused, TestFailed
from notifications.printing.models import (
    HOPELESS,
    MISSED_AFTER,
    OPEN_STATES,
    JobState,
    Printer,
    PrintJob,
    TicketKind,
)
from notifications.printing.network import print_image
from notifications.printing.paper import picture_of
from notifications.printing.services.queueing import locked, locked_or_none
from notifications.printing.tickets import sample_ticket
from notifications.printing.troubles import NotPrinted, Trouble, in_words

CONTEXT = "notifications"


def print_ticket(*, number: int, round: int) -> None:
    """Prints one ticket and notes what came of it.

    Raises NotPrinted for another try. A printer that asks for its tickets is not called; a paused one keeps
    its tickets waiting.
    """
    job = PrintJob.objects.select_related("printer").filter(pk=number, round=round).first()
    if job is None or job.printer.asks or not begin(job):
        return
    if job.printer.asks:  # since a moment ago
        return note_problem(job, "", is_unsure=False)
    try:
        talks = _call(job, must_talk=job.printer.talks)
    except NotPrinted as error:
        note_problem(job, str(error), is_unsure=error.is_unsure)
        raise
    finish(job, talks=talks)


def _call(job: PrintJob, *, must_talk: bool) -> bool:
    """Whether the printer answered. Raises NotPrinted, and nothing else: a claim is never left open."""
    picture, printer = picture_of(job), job.printer
    try:
        return print_image(printer.host, printer.port, picture, must_talk=must_talk)
    except NotPrinted:
        raise
    except PrinterRefused as error:
        raise NotPrinted(Trouble.REFUSED, str(error)) from error
    except Exception as error:
        raise NotPrinted(Trouble.BROKEN, f"{type(error).__name__}: {error}", is_unsure=True) from error


def begin(job: PrintJob) -> bool:
    """Claims an attempt; False when there is nothing to print (any more).

    An attempt that nobody ended (its process is gone) may have printed: this one says so on the paper. What
    is too old, or has been in doubt too often, is left to `watch.py`, which gives it up and says so.
    """
    with atomic(CONTEXT):
        printer = locked_or_none(job.printer_id)
        fresh = PrintJob.objects.filter(pk=job.pk, round=job.round, created_at__gt=Now() - MISSED_AFTER)
        current = fresh.select_for_update().first()
        if printer is None or current is None or current.state not in OPEN_STATES:
            return False
        if not printer.is_open:
            PrintJob.objects.filter(pk=job.pk).update(state=JobState.WAITING)
            return False
        PrintJob.objects.filter(pk=job.pk, is_calling=True).update(doubts=F("doubts") + 1, is_calling=False)
        worth = PrintJob.objects.filter(pk=job.pk).exclude(HOPELESS)
        is_begun = bool(worth.update(attempts=F("attempts") + 1, is_calling=True))
        job.refresh_from_db()
        job.printer = printer
    return is_begun


def finish(job: PrintJob, *, talks: bool | None = None) -> None:
    """The ticket is on paper; the first time counts, whichever attempt tells of it last.

    `talks`: whether the printer says such things itself, if that was seen.
    """
    with atomic(CONTEXT):
        locked_or_none(job.printer_id)
        PrintJob.objects.filter(pk=job.pk).exclude(state=JobState.PRINTED).update(
            state=JobState.PRINTED, printed_at=Now(), is_calling=False, problem=""
        )
        Printer.objects.filter(pk=job.printer_id).update(
            problem="", last_printed_at=Now(), last_seen_at=Now()
        )
        if talks is not None:
            _called(job).update(talks=talks)


def note_problem(job: PrintJob, problem: str, *, is_unsure: bool) -> None:
    """The ticket did not come out, or nobody knows. A later attempt's own word stands."""
    with atomic(CONTEXT):
        locked_or_none(job.printer_id)
        mine = PrintJob.objects.filter(pk=job.pk, attempts=job.attempts)
        values = {"problem": problem[:300], "is_calling": False, "doubts": F("doubts") + int(is_unsure)}
        if mine.exclude(state=JobState.PRINTED).update(**values):
            _called(job).update(problem=problem[:300])


def _called(job: PrintJob) -> QuerySet[Printer]:
    """The printer, if it still is the device that was called."""
    printer = job.printer
    return Printer.objects.filter(pk=printer.pk, way=printer.way, host=printer.host, port=printer.port)


def print_test(*, printer_id: UUID, actor_name: str) -> PrintJob:
    """A sample ticket, at once for a printer in the network, paused or not. Raises TestFailed.

    For a printer that asks it is written, and waits to be fetched.
    """
    with atomic(CONTEXT):
        printer = locked(printer_id)
        job = PrintJob.objects.create(
            printer=printer, store_id=printer.store_id, event_id=new_id(), kind=TicketKind.TEST,
            content=sample_ticket(now(CONTEXT), printer.name), asked_by=actor_name[:150],
            state=JobState.QUEUED if printer.asks else JobState.MISSED,
        )  # fmt: skip
    if not printer.asks:
        _print_now(job)
    return job


def _print_now(job: PrintJob) -> None:
    try:
        talks = _call(job, must_talk=False)  # it may be another device under the old address
    except NotPrinted as error:
        note_problem(job, str(error), is_unsure=error.is_unsure)
        raise TestFailed(str(in_words(str(error)))) from error
    finish(job, talks=talks)
