"""A ticket's place in the event queue; the lock that keeps a printer's tickets in order."""

from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now

from events.outbox import publish, void
from notifications.events import TicketQueued
from notifications.printing.errors import PrinterUnknown
from notifications.printing.models import MISSED_AFTER, OPEN_STATES, JobState, Printer, PrintJob

SENDER = "notifications.print_ticket"


def locked(printer_id: UUID) -> Printer:
    """The printer, locked before any of its tickets. Raises PrinterUnknown."""
    printer = locked_or_none(printer_id)
    if printer is None:
        raise PrinterUnknown
    return printer


def locked_or_none(printer_id: UUID) -> Printer | None:
    return Printer.objects.select_for_update().filter(pk=printer_id).first()


def queue(job: PrintJob) -> None:
    """Has the ticket printed after those before it."""
    publish(
        TicketQueued(
            store_id=job.store_id,
            printer_id=job.printer_id,
            job_number=job.pk,
            order_id=job.order_id,
            number=job.content.get("number"),
            table_name=job.content["table"],
            round=job.round,
        ),
        correlation_id=job.correlation_id,
    )


def queue_anew(printer: Printer) -> int:
    """Everything that waits, in its order, but nothing too old: `watch.py` gives that up and says so.

    Also what is still in the queue, or it would overtake what waits. Returns how many tickets.
    """
    void(SENDER, TicketQueued.stream_key.format(printer_id=printer.pk))
    waiting = printer.jobs.filter(state__in=OPEN_STATES, created_at__gt=Now() - MISSED_AFTER)
    waiting.update(state=JobState.QUEUED, round=F("round") + 1, queued_at=Now())
    jobs = list(waiting.order_by("pk"))
    for job in jobs:
        queue(job)
    return len(jobs)
