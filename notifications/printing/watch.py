"""Looks for tickets that do not come out: the boards ring, and what is too old is given up.

It asks the tables only, so it also works while the queue, Redis or the printer's network do not.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from django.conf import settings
from django.db.models.functions import Now
from django.utils import translation
from django.utils.translation import gettext as _

from events.kernel.databases import atomic
from events.rounds import looked_after
from notifications.models import Kind, Notification
from notifications.printing.models import (
    LATE_AFTER,
    MISSED_AFTER,
    JobState,
    Printer,
    PrinterState,
    PrintJob,
)
from notifications.printing.troubles import Trouble, in_words
from notifications.services import acknowledge_subject, notify_store, take_turns

EVERY_SECONDS = 5
_NAMESPACE = UUID("5a0a7c2e-39c1-4b9b-8f5e-0c8f5d9b2f31")


@looked_after(every=EVERY_SECONDS)
def look_after_printers() -> int:
    """Rings once per printer that leaves a ticket lying, and says which were given up; returns how often.

    It falls silent by itself as soon as nothing is late. Any number of callers may run at once.
    """
    late = _late_jobs()
    _silence(set(late))
    return sum(_ring(printer_id, jobs) for printer_id, jobs in late.items())


def _late_jobs() -> Mapping[UUID, list[PrintJob]]:
    """printer id -> what it should have printed long ago, the oldest first. One query."""
    rows = PrintJob.objects.filter(
        state=JobState.QUEUED,
        created_at__lt=Now() - LATE_AFTER,
        printer__state=PrinterState.ACTIVE,
    )
    found: dict[UUID, list[PrintJob]] = {}
    for job in rows.select_related("printer").order_by("pk")[:500]:
        found.setdefault(job.printer_id, []).append(job)
    return found


def _silence(late: set[UUID]) -> None:
    ringing = Notification.objects.filter(kind=Kind.PRINTER_DOWN, alarm=True, acked_at=None)
    for row in ringing.exclude(subject_id__in=late):
        if row.subject_id and not row.data.get("missed"):
            acknowledge_subject(store_id=row.store_id, subject_id=row.subject_id, actor_name="")


def _ring(printer_id: UUID, jobs: list[PrintJob]) -> int:
    with atomic("notifications"):
        take_turns(printer_id)
        missed = _give_up(printer_id)
        rang = _tell_missed(jobs[0].printer, missed) if missed else 0
        waiting = [job for job in jobs if job.pk not in {gone.pk for gone in missed}]
        return rang + (_tell_down(jobs[0].printer, waiting) if waiting else 0)


def _give_up(printer_id: UUID) -> list[PrintJob]:
    """The tickets that are too old by now; an attempt that runs is left to end."""
    rows = PrintJob.objects.select_for_update().filter(
        printer_id=printer_id, state=JobState.QUEUED, is_calling=False, created_at__lt=Now() - MISSED_AFTER
    )
    missed = list(rows.order_by("pk"))
    PrintJob.objects.filter(pk__in=[job.pk for job in missed]).update(state=JobState.MISSED)
    return missed


def _tell_down(printer: Printer, jobs: list[PrintJob]) -> int:
    """Not again about a ticket that it rang about already, taken or not."""
    told = Notification.objects.filter(kind=Kind.PRINTER_DOWN, subject_id=printer.pk).order_by("-seq").first()
    if told and (told.acked_at is None or told.data["job"] >= jobs[0].pk):
        return 0
    return _tell(printer, jobs, subject=printer.pk, missed=False)


def _tell_missed(printer: Printer, jobs: list[PrintJob]) -> int:
    return _tell(printer, jobs, subject=uuid5(_NAMESPACE, f"{printer.pk}:{jobs[-1].pk}"), missed=True)


def _tell(printer: Printer, jobs: list[PrintJob], *, subject: UUID, missed: bool) -> int:
    problem = printer.problem or (Trouble.SILENT.value if printer.asks else Trouble.UNREACHABLE.value)
    told = notify_store(
        store_id=printer.store_id,
        alarm=True,
        kind=Kind.PRINTER_DOWN,
        subject_id=subject,
        event_id=uuid5(_NAMESPACE, f"{subject}:{jobs[0].pk}:{missed}"),
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


def _texts(name: str, jobs: Iterable[PrintJob], problem: str, missed: bool) -> dict[str, str]:
    """What it means for the restaurant, in every language: a board shows its reader's."""
    numbers = list(dict.fromkeys(job.content["number"] for job in jobs if job.content.get("number")))
    found: dict[str, Any] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found[language] = _sentence(name, numbers, str(in_words(problem)), missed)
    return found


def _sentence(name: str, numbers: list[int], problem: str, missed: bool) -> str:
    orders = ", ".join(str(number) for number in numbers[:8]) + (" …" if len(numbers) > 8 else "")
    words = {"printer": name, "orders": orders, "problem": problem}
    if missed:
        return _("“%(printer)s” did not print these orders: %(orders)s. Cook them from the board.") % words
    return _("“%(printer)s” does not print. Waiting orders: %(orders)s. %(problem)s") % words
