"""Looks for tickets that do not come out: the boards ring, and what is too old is given up.

It asks the tables only, so it also works while the queue, Redis or the printer's network do not.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from events.kernel.databases import atomic, now
from events.rounds import looked_after
from notifications.models import Kind, Notification
from notifications.printing.models import (
    HOPELESS,
    LATE_AFTER,
    MISSED_AFTER,
    OPEN_STATES,
    JobState,
    Printer,
    PrinterState,
    PrintJob,
    TicketKind,
)
from notifications.printing.services.queueing import locked_or_none
from notifications.printing.troubles import Trouble, in_words
from notifications.services import acknowledge_subject, notify_store, take_turns

EVERY_SECONDS = 5
# Longer than any attempt lasts: whoever began one has died, or is a printer that never said how it ended.
CALL_LASTS = timedelta(minutes=2)
NAMED = 50
_NAMESPACE = UUID("5a0a7c2e-39c1-4b9b-8f5e-0c8f5d9b2f31")


@looked_after(every=EVERY_SECONDS)
def look_after_printers() -> int:
    """Rings once per printer that leaves a ticket lying, and says which were given up; returns how often.

    It falls silent by itself as soon as nothing is late. Any number of callers may run at once.
    """
    rang = sum(_give_up(printer) for printer in _printers_of(_hopeless()))
    late = list(_printers_of(late_jobs()))
    _silence([printer.pk for printer in late])
    return rang + sum(_tell_late(printer) for printer in late)


def late_jobs() -> QuerySet[PrintJob]:
    """What printers should have printed by now. A test ticket is nobody's dinner."""
    return PrintJob.objects.filter(
        state=JobState.QUEUED,
        queued_at__lt=Now() - LATE_AFTER,
        printer__state=PrinterState.ACTIVE,
    ).exclude(kind=TicketKind.TEST)


def _hopeless() -> QuerySet[PrintJob]:
    """What is too old, or was printed into the void too often; an attempt that runs is left to end."""
    ended = Q(is_calling=False) | Q(created_at__lt=Now() - MISSED_AFTER - CALL_LASTS)
    too_much = Q(created_at__lt=Now() - MISSED_AFTER) | HOPELESS
    return PrintJob.objects.filter(ended, too_much, state__in=OPEN_STATES)


def _printers_of(jobs: QuerySet[PrintJob]) -> QuerySet[Printer]:
    return Printer.objects.filter(pk__in=jobs.values("printer_id")).order_by("pk")


def _silence(late: list[UUID]) -> None:
    ringing = Notification.objects.filter(kind=Kind.PRINTER_DOWN, alarm=True, acked_at=None)
    for row in ringing.exclude(subject_id__in=late):
        if row.subject_id and not row.data.get("missed"):
            with atomic("notifications"):
                take_turns(row.subject_id)
                if not late_jobs().filter(printer_id=row.subject_id).exists():
                    acknowledge_subject(store_id=row.store_id, subject_id=row.subject_id, actor_name="")


def _give_up(printer: Printer) -> int:
    with atomic("notifications"):
        locked_or_none(printer.pk)
        rows = _hopeless().filter(printer=printer).select_for_update(of=("self",))
        jobs = list(rows.order_by("pk"))
        for job in jobs:
            job.doubts, job.state, job.is_calling = job.doubts + job.is_calling, JobState.MISSED, False
        PrintJob.objects.bulk_update(jobs, ["doubts", "state", "is_calling"])
        told = [job for job in jobs if job.kind != TicketKind.TEST]
        if not told:
            return 0
        subject = uuid5(_NAMESPACE, f"{printer.pk}:{told[-1].pk}")
        return _tell(printer, told, subject=subject, missed=True)


def _tell_late(printer: Printer) -> int:
    """Once for each ticket that grows late, however often others were taken; one that rings is enough."""
    with atomic("notifications"):
        take_turns(printer.pk)
        jobs = list(late_jobs().filter(printer=printer).order_by("pk"))
        about = Notification.objects.filter(kind=Kind.PRINTER_DOWN, subject_id=printer.pk)
        told = about.order_by("-seq").first()
        if not jobs or (told and (told.acked_at is None or not _is_news(jobs, told))):
            return 0
        return _tell(printer, jobs, subject=printer.pk, missed=False)


def _is_news(jobs: Sequence[PrintJob], told: Notification) -> bool:
    """Later tickets, or the same ones that a pause or another address gave a new beginning."""
    return any(job.pk > told.data["job"] or job.queued_at > told.created_at for job in jobs)


def _tell(printer: Printer, jobs: Sequence[PrintJob], *, subject: UUID, missed: bool) -> int:
    problem = _problem_of(printer, jobs)
    told = notify_store(
        store_id=printer.store_id,
        alarm=True,
        kind=Kind.PRINTER_DOWN,
        subject_id=subject,
        event_id=uuid5(_NAMESPACE, f"{printer.pk}:{jobs[-1].pk}:{jobs[-1].round}:{missed}"),
        data={
            "printer_id": printer.pk,
            "printer": printer.name,
            "problem": problem,
            "job": jobs[-1].pk,
            "missed": missed,
            "texts": _texts(printer.name, jobs, problem, missed),
        },
    )
    return int(told is not None)


def _problem_of(printer: Printer, jobs: Sequence[PrintJob]) -> str:
    """What went wrong with the first that waits, else with the printer."""
    known = jobs[0].problem or printer.problem
    if known or not printer.asks:
        return known or Trouble.UNREACHABLE.value
    asked = printer.last_seen_at and now("notifications") - printer.last_seen_at < LATE_AFTER
    return Trouble.IDLE.value if asked else Trouble.SILENT.value


def _texts(name: str, jobs: Sequence[PrintJob], problem: str, missed: bool) -> dict[str, str]:
    """What it means for the restaurant, in every language: a board shows its reader's."""
    found: dict[str, Any] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            words = {"printer": name, "problem": in_words(problem)}
            sentences = _missed(jobs, words) if missed else _late(jobs, words)
            found[language] = " ".join(sentences)
    return found


def _late(jobs: Sequence[PrintJob], words: dict[str, Any]) -> list[str]:
    words |= {"orders": _numbers(jobs)}
    if not words["orders"]:
        return [_("“%(printer)s” does not print. %(problem)s") % words]
    return [_("“%(printer)s” does not print. Waiting orders: %(orders)s. %(problem)s") % words]


def _missed(jobs: Sequence[PrintJob], words: dict[str, Any]) -> list[str]:
    """Only what was to be cooked is to be cooked from the board; a cancellation that was missed is not."""
    dishes = [job for job in jobs if job.kind == TicketKind.ORDER]
    in_doubt = {job.order_id for job in dishes if job.is_unsure}
    lost = words | {"orders": _numbers([job for job in dishes if job.order_id not in in_doubt])}
    unsure = words | {"orders": _numbers([job for job in dishes if job.order_id in in_doubt])}
    said = []
    if lost["orders"]:
        said.append(_("“%(printer)s” did not print orders %(orders)s. Cook them from the board.") % lost)
    if unsure["orders"]:
        said.append(_("“%(printer)s”: orders %(orders)s may be on paper or not. Please check.") % unsure)
    if len(dishes) < len(jobs):
        said.append(_("“%(printer)s” did not print what changed. Look at the board.") % words)
    return said


def _numbers(jobs: Sequence[PrintJob]) -> str:
    numbers = list(dict.fromkeys(job.content["number"] for job in jobs if job.content.get("number")))
    return ", ".join(str(number) for number in numbers[:NAMED]) + (" …" if len(numbers) > NAMED else "")
