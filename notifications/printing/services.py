"""Adds printers, writes what each is to print, prints it, and notes how it went."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.base import Envelope
from events.kernel.databases import atomic, now
from events.kernel.ids import new_id
from events.outbox import publish, void
from notifications.events import TicketQueued
from notifications.printing.errors import PrinterRefused, PrinterUnknown, PrinterWrongState, TestFailed
from notifications.printing.models import (
    MISSED_AFTER,
    OPEN_STATES,
    JobState,
    Printer,
    PrinterState,
    PrinterSubscription,
    PrintJob,
    TicketKind,
    Way,
    digest_of,
    new_token,
)
from notifications.printing.network import check_address, print_image
from notifications.printing.paper import picture_of
from notifications.printing.tickets import News, Ticket, TicketLine, line_of, sample_ticket, ticket_of
from notifications.printing.troubles import NotPrinted, Trouble, in_words
from notifications.services import acknowledge_subject

CONTEXT = "notifications"
SENDER = "notifications.print_ticket"
MAX_PRINTERS = 20
# What a printer can be asked to print, by what the owner ticks.
ORDERS = ("order.submitted",)
CHANGES = ("order.canceled", "order.rejected", "line.voided", "tab.moved")
TOPICS = (*ORDERS, *CHANGES)
# A party that moves takes along what was ordered so lately; what is older is on the table.
MOVING = timedelta(minutes=90)


# --- Printers -----------------------------------------------------------------------------------------


def add_printer(*, store_id: UUID, actor_name: str = "", topics: Iterable[str], **values: Any) -> Printer:
    """A new printer of a store. Raises PrinterRefused.

    `values`: name, way, host, port, paper, language, stations. A printer that asks for its tickets prints
    nothing before `new_address` gave it one.
    """
    with atomic(CONTEXT):
        if Printer.objects.filter(store_id=store_id).count() >= MAX_PRINTERS:
            raise PrinterRefused(_("A store can have twenty printers."))
        printer = Printer(store_id=store_id, created_by=actor_name)
        _set_up(printer, topics, values)
        return printer


def change_printer(*, printer_id: UUID, topics: Iterable[str], **values: Any) -> None:
    """Other values; what waits already is printed by the new ones. Raises PrinterRefused."""
    with atomic(CONTEXT):
        _set_up(_locked(printer_id), topics, values)


def _set_up(printer: Printer, topics: Iterable[str], values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(printer, name, value)
    others = Printer.objects.filter(store_id=printer.store_id, name=printer.name).exclude(pk=printer.pk)
    if others.exists():
        raise PrinterRefused(_("The store has a printer of this name already."))
    if printer.way == Way.LAN:
        check_address(printer.host, printer.port)
    printer.save()
    wanted = set(topics) & set(TOPICS)
    if not wanted:
        raise PrinterRefused(_("Choose at least one kind of ticket."))
    printer.subscriptions.exclude(topic__in=wanted).delete()
    rows = [
        PrinterSubscription(printer=printer, store_id=printer.store_id, topic=topic)
        for topic in sorted(wanted)
    ]
    PrinterSubscription.objects.bulk_create(rows, ignore_conflicts=True)


def new_address(*, printer_id: UUID) -> str:
    """A new secret part of the address where a printer asks for its tickets; the old one is void."""
    token = new_token()
    with atomic(CONTEXT):
        printer = _locked(printer_id)
        if not printer.asks:
            raise PrinterWrongState(_("This printer is reached in the network: it needs no address."))
        printer.token_digest = digest_of(token)
        printer.save(update_fields=["token_digest"])
    return token


def remove_printer(*, printer_id: UUID) -> None:
    """Nothing is printed there any more; its tickets go with it."""
    with atomic(CONTEXT):
        printer = _locked(printer_id)
        acknowledge_subject(store_id=printer.store_id, subject_id=printer.pk, actor_name="")
        printer.delete()


def pause_printer(*, printer_id: UUID, actor_name: str) -> None:
    """What happens meanwhile waits. Raises PrinterWrongState when it is paused already."""
    with atomic(CONTEXT):
        printer = _locked(printer_id)
        if not printer.is_open:
            raise PrinterWrongState
        printer.state, printer.state_reason = PrinterState.PAUSED, actor_name[:150]
        printer.save(update_fields=["state", "state_reason"])
        acknowledge_subject(store_id=printer.store_id, subject_id=printer.pk, actor_name=actor_name)


def resume_printer(*, printer_id: UUID) -> int:
    """Prints what waits, in its order, but nothing that is too old; returns how many tickets."""
    with atomic(CONTEXT):
        printer = _locked(printer_id)
        if printer.is_open:
            raise PrinterWrongState
        printer.state, printer.state_reason = PrinterState.ACTIVE, ""
        printer.save(update_fields=["state", "state_reason"])
        # Also what is still in the queue, or it would overtake what waits.
        void(SENDER, TicketQueued.stream_key.format(printer_id=printer.pk))
        waiting = printer.jobs.filter(state__in=OPEN_STATES)
        waiting.filter(created_at__lt=Now() - MISSED_AFTER).update(state=JobState.MISSED)
        waiting.update(state=JobState.QUEUED, round=F("round") + 1)
        jobs = list(waiting.select_related("printer").order_by("pk"))
        for job in jobs:
            _queue(job)
    return len(jobs)


def _locked(printer_id: UUID) -> Printer:
    printer = Printer.objects.select_for_update().filter(pk=printer_id).first()
    if printer is None:
        raise PrinterUnknown
    return printer


# --- Tickets ------------------------------------------------------------------------------------------


def write_tickets(*, news: News, topic: str, source: Envelope) -> int:
    """One ticket for each printer of the store that has something to print of it; returns how many are new.

    What happened long ago makes no tickets: nobody cooks it now. The printers' row locks make their tickets'
    numbers follow the order in which they are queued.
    """
    with atomic(CONTEXT, savepoint=False):
        if source.occurred_at < now(CONTEXT) - MISSED_AFTER:
            return 0
        found = Printer.objects.select_for_update(of=("self",)).filter(
            store_id=news.store_id, subscriptions__topic=topic
        )
        printers = list(found.order_by("pk"))
        return sum(_write(printer, news, source, printers) for printer in printers)


def _write(printer: Printer, news: News, source: Envelope, printers: list[Printer]) -> bool:
    if printer.jobs.filter(event_id=source.event_id).exists():
        return False
    lines = _lines_for(printer, news, printers)
    if lines is None:
        return False
    _add(printer, news, ticket_of(news, lines, source.occurred_at), source)
    return True


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
    first = printer.jobs.filter(order_id=news.order_id, kind=TicketKind.ORDER).order_by("pk").first()
    if first is None or _is_taken_out(first, news):
        return None
    lines: list[TicketLine] = first.content["lines"]
    if news.kind == TicketKind.VOIDED:
        return [line for line in lines if line["id"] == str(news.line_id)] or None
    return lines


def _has_fresh(printer: Printer, tab_id: UUID) -> bool:
    return printer.jobs.filter(tab_id=tab_id, kind=TicketKind.ORDER, created_at__gt=Now() - MOVING).exists()


def _is_taken_out(job: PrintJob, news: News) -> bool:
    """A canceled ticket that no printer has seen is not printed at all: no paper says "do not cook" of it."""
    if news.kind != TicketKind.CANCELED:
        return False
    unseen = PrintJob.objects.filter(pk=job.pk, state__in=OPEN_STATES, attempts=0)
    return bool(unseen.update(state=JobState.NEEDLESS))


def _add(printer: Printer, news: News, ticket: Ticket, source: Envelope) -> None:
    job = PrintJob.objects.create(
        printer=printer,
        store_id=printer.store_id,
        event_id=source.event_id,
        correlation_id=source.correlation_id,
        order_id=news.order_id,
        tab_id=news.tab_id,
        kind=news.kind,
        content=ticket,
        state=JobState.QUEUED if printer.is_open else JobState.WAITING,
    )
    if printer.is_open:
        _queue(job)


def _queue(job: PrintJob) -> None:
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


def print_again(*, job_id: int, actor_name: str) -> PrintJob:
    """The same ticket once more, marked as a copy. Raises PrinterUnknown, PrinterWrongState when paused."""
    with atomic(CONTEXT):
        first = PrintJob.objects.filter(pk=job_id).first()
        if first is None:
            raise PrinterUnknown
        printer = _locked(first.printer_id)
        if not printer.is_open:
            raise PrinterWrongState(_("The printer is paused."))
        if first.state in OPEN_STATES:
            raise PrinterWrongState(_("This ticket waits for the printer already."))
        job = PrintJob.objects.create(
            printer=printer, store_id=first.store_id, event_id=new_id(), kind=first.kind, is_copy=True,
            correlation_id=first.correlation_id, order_id=first.order_id, tab_id=first.tab_id,
            content=first.content, asked_by=actor_name[:150],
        )  # fmt: skip
        _queue(job)
    return job


# --- Printing -----------------------------------------------------------------------------------------


def print_ticket(*, number: int, round: int) -> None:
    """Prints one ticket and notes what came of it; the call itself is in no transaction.

    Raises NotPrinted for another try. A printer that asks for its tickets is not called; a paused one keeps
    its tickets waiting.
    """
    job = PrintJob.objects.select_related("printer").filter(pk=number, round=round).first()
    if job is None or job.printer.asks or not begin(job):
        return
    try:
        print_image(job.printer.host, job.printer.port, picture_of(job))
    except PrinterRefused as error:
        _fail(job, NotPrinted(Trouble.REFUSED, str(error)))
    except NotPrinted as error:
        _fail(job, error)
    finish(job)


def _fail(job: PrintJob, error: NotPrinted) -> None:
    note_problem(job, str(error), is_unsure=error.is_unsure)
    raise error


def begin(job: PrintJob) -> bool:
    """Claims an attempt; False when there is nothing to print (any more).

    An attempt that nobody ended (its process is gone) may have printed: this one says so on the paper.
    """
    with atomic(CONTEXT):
        printer = _locked_or_none(job.printer_id)
        fresh = PrintJob.objects.filter(pk=job.pk, round=job.round, created_at__gt=Now() - MISSED_AFTER)
        current = fresh.select_for_update().first()
        if printer is None or current is None or current.state not in OPEN_STATES:
            return False  # `watch.py` gives up what is too old, and says so
        if not printer.is_open:
            PrintJob.objects.filter(pk=job.pk).update(state=JobState.WAITING)
            return False
        job.is_unsure = current.is_unsure or current.is_calling
        job.attempts, job.is_calling, job.printer = current.attempts + 1, True, printer
        job.save(update_fields=["attempts", "is_calling", "is_unsure"])
    return True


def finish(job: PrintJob) -> None:
    """The ticket is on paper."""
    with atomic(CONTEXT):
        PrintJob.objects.filter(pk=job.pk).update(
            state=JobState.PRINTED, printed_at=Now(), is_calling=False, problem=""
        )
        Printer.objects.filter(pk=job.printer_id).update(
            problem="", last_printed_at=Now(), last_seen_at=Now()
        )


def note_problem(job: PrintJob, problem: str, *, is_unsure: bool) -> None:
    """The ticket did not come out, or nobody knows."""
    with atomic(CONTEXT):
        PrintJob.objects.filter(pk=job.pk).update(
            problem=problem[:300], is_calling=False, is_unsure=job.is_unsure or is_unsure
        )
        Printer.objects.filter(pk=job.printer_id).update(problem=problem[:300])


def _locked_or_none(printer_id: UUID) -> Printer | None:
    return Printer.objects.select_for_update().filter(pk=printer_id).first()


def print_test(*, printer_id: UUID, actor_name: str) -> PrintJob:
    """A sample ticket, at once for a printer in the network, paused or not. Raises TestFailed.

    For a printer that asks it is written, and waits to be fetched.
    """
    with atomic(CONTEXT):
        printer = _locked(printer_id)
        at = now(CONTEXT)
        job = PrintJob.objects.create(
            printer=printer, store_id=printer.store_id, event_id=new_id(), kind=TicketKind.TEST,
            content=sample_ticket(at, printer.name), asked_by=actor_name[:150],
            state=JobState.QUEUED if printer.asks else JobState.MISSED,
        )  # fmt: skip
    if not printer.asks:
        _print_now(job)
    return job


def _print_now(job: PrintJob) -> None:
    try:
        print_image(job.printer.host, job.printer.port, picture_of(job))
    except NotPrinted as error:
        note_problem(job, str(error), is_unsure=error.is_unsure)
        raise TestFailed(str(in_words(str(error)))) from error
    finish(job)
