"""Writes the tickets that a fact makes, one for each printer that has something to print of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.base import Envelope
from events.kernel.databases import atomic, now
from events.kernel.ids import new_id
from notifications.printing.errors import PrinterUnknown, PrinterWrongState
from notifications.printing.models import (
    OPEN_STATES,
    JobState,
    Printer,
    PrintJob,
    TicketKind,
)
from notifications.printing.services.queueing import locked, queue
from notifications.printing.tickets import News, TicketLine, line_of, sheets_of
from notifications.selectors import merged_into, moved_since
from notifications.services import table_of_tab

CONTEXT = "notifications"
ORDERS = ("order.submitted",)
CHANGES = ("order.canceled", "order.rejected", "line.voided", "tab.moved", "tab.merged")
TOPICS = (*ORDERS, *CHANGES)
# A party that moves takes along what was ordered so lately; what is older is on the table.
MOVING = timedelta(minutes=90)
# So late a fact is history, as in a replay of last week: it makes no tickets. What is late but younger makes
# tickets that are given up at once, so that the boards name the orders.
HISTORY = timedelta(hours=2)


def write_tickets(*, news: News, topic: str, source: Envelope) -> int:
    """Returns how many printers have a new ticket.

    The printers' row locks make their tickets' numbers follow the order in which they are queued.
    """
    with atomic(CONTEXT, savepoint=False):
        if source.occurred_at < now(CONTEXT) - HISTORY:
            return 0
        found = Printer.objects.select_for_update(of=("self",)).filter(
            store_id=news.store_id, subscriptions__topic=topic
        )
        printers = list(found.order_by("pk"))
        news = _as_they_sit_now(news, source) if printers else news
        count = sum(_write(printer, news, source, printers) for printer in printers)
        if news.into_tab_id:  # the tab is another one from now on, wherever it moves
            PrintJob.objects.filter(store_id=news.store_id, tab_id=news.tab_id).update(
                tab_id=news.into_tab_id
            )
        return count


def _write(printer: Printer, news: News, source: Envelope, printers: list[Printer]) -> bool:
    if printer.jobs.filter(event_id=source.event_id).exists():
        return False
    lines = _lines_for(printer, news, printers)
    if lines is None:
        return False
    for part, sheet in enumerate(sheets_of(news, lines, source.occurred_at)):
        _add(printer, news, source, part=part, content=sheet)
    return True


def _as_they_sit_now(news: News, source: Envelope) -> News:
    """A move or merge that overtook its order is on the order's ticket; one that comes later has its own."""
    if news.kind != TicketKind.ORDER:
        return news
    tab_id = merged_into(news.tab_id)
    if tab_id == news.tab_id:
        table = moved_since(tab_id=tab_id, since=source.occurred_at)
    else:
        table = table_of_tab(tab_id)
    return replace(news, tab_id=tab_id, table=table or news.table)


def _lines_for(printer: Printer, news: News, printers: list[Printer]) -> list[TicketLine] | None:
    """The dishes that this printer tells of; None when it has nothing to say.

    A dish of a station where no printer stands comes out of the first one: a misspelled name must not cost a
    guest the dinner.
    """
    if news.kind == TicketKind.ORDER:
        homeless = printer is printers[0]
        return [
            line_of(line)
            for line in news.lines
            if printer.wants(line) or (homeless and not any(other.wants(line) for other in printers))
        ] or None
    if news.kind == TicketKind.MOVED:
        return [] if _has_fresh(printer, news.tab_id) else None
    return _called_back(printer, news) or None


def _has_fresh(printer: Printer, tab_id: UUID) -> bool:
    return printer.jobs.filter(tab_id=tab_id, kind=TicketKind.ORDER, created_at__gt=Now() - MOVING).exists()


def _called_back(printer: Printer, news: News) -> list[TicketLine]:
    """What is not to be cooked any more, of what this printer has told to cook."""
    jobs = printer.jobs.filter(order_id=news.order_id, kind=TicketKind.ORDER).order_by("pk")
    lines: dict[str, TicketLine] = {}
    for job in jobs:
        is_told = not _is_taken_out(job) if news.kind == TicketKind.CANCELED else not _is_unseen(job)
        lines |= {line["id"]: line for line in job.content["lines"]} if is_told else {}
    if news.kind == TicketKind.VOIDED:
        return [line for line in lines.values() if line["id"] == str(news.line_id)]
    return list(lines.values())


def _is_unseen(job: PrintJob) -> bool:
    """Nobody reads it on paper, now or later."""
    is_over = job.state in (JobState.MISSED, JobState.NEEDLESS)
    return is_over and not job.is_unsure


def _is_taken_out(job: PrintJob) -> bool:
    """A ticket that is on no paper is not printed at all, and no paper says "do not cook" of it."""
    unseen = PrintJob.objects.filter(pk=job.pk, state__in=OPEN_STATES, is_calling=False, doubts=0)
    if not unseen.update(state=JobState.NEEDLESS):
        return _is_unseen(job)
    about = PrintJob.objects.filter(printer=job.printer_id, order_id=job.order_id, kind=TicketKind.VOIDED)
    about.filter(state__in=OPEN_STATES, is_calling=False, doubts=0).update(state=JobState.NEEDLESS)
    return True


def _add(printer: Printer, news: News, source: Envelope, **values: Any) -> None:
    job = PrintJob.objects.create(
        printer=printer,
        store_id=printer.store_id,
        event_id=source.event_id,
        correlation_id=source.correlation_id,
        order_id=news.order_id,
        tab_id=news.tab_id,
        kind=news.kind,
        state=JobState.QUEUED if printer.is_open else JobState.WAITING,
        created_at=source.occurred_at,
        **values,
    )
    if printer.is_open:
        queue(job)


def print_again(*, job_id: int, actor_name: str) -> PrintJob:
    """The same ticket once more, marked as a copy. Raises PrinterUnknown, PrinterWrongState when paused."""
    with atomic(CONTEXT):
        first = PrintJob.objects.filter(pk=job_id).first()
        if first is None:
            raise PrinterUnknown
        printer = locked(first.printer_id)
        first.refresh_from_db()
        if not printer.is_open:
            raise PrinterWrongState(_("The printer is paused."))
        if first.state in OPEN_STATES:
            raise PrinterWrongState(_("This ticket waits for the printer already."))
        job = PrintJob.objects.create(
            printer=printer, store_id=first.store_id, event_id=new_id(), kind=first.kind, is_copy=True,
            correlation_id=first.correlation_id, order_id=first.order_id, tab_id=first.tab_id,
            content=first.content, asked_by=actor_name[:150],
        )  # fmt: skip
        queue(job)
    return job
