"""For printers that come and ask for their tickets: what they say, what they get, what became of it."""

from datetime import timedelta
from io import BytesIO
from urllib.parse import unquote
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now

from events.kernel.databases import atomic
from notifications.printing import services
from notifications.printing.errors import PrinterUnknown
from notifications.printing.models import (
    HOPELESS,
    MISSED_AFTER,
    JobState,
    Printer,
    PrinterState,
    PrintJob,
    Way,
    digest_of,
)
from notifications.printing.paper import picture_of
from notifications.printing.troubles import NotPrinted, Trouble

# So often a printer's being there is written down, however often it asks.
SEEN_SECONDS = 10
# Codes by which it says that it never began: it could not read or get the picture. Any other failure may have
# left half a ticket on paper. Star CloudPRNT Protocol Guide 2.4, "Printer Status Codes".
_NOT_BEGUN = ("51", "52")


def printer_of(token: str) -> Printer:
    """Raises PrinterUnknown."""
    printer = Printer.objects.filter(token_digest=digest_of(token), way=Way.CLOUD).first()
    if printer is None:
        raise PrinterUnknown
    return printer


def hear(printer: Printer, status: str, *, is_busy: bool) -> PrintJob | None:
    """Notes what the printer says of itself; returns the ticket it may fetch now.

    `status` is its "statusCode", such as "200 OK" or "410 Out of Paper".
    """
    status = _plain(status)
    problem = "" if status.startswith("2") or not status else f"{Trouble.REPORTED.value}: {status}"
    _note_seen(printer, problem[:300])
    if problem or is_busy or printer.state != PrinterState.ACTIVE:
        return None
    return _next(printer)


def _plain(text: str) -> str:
    """What a database takes: no NUL, no half characters."""
    return unquote(text).replace("\x00", "").encode("utf-8", "replace").decode().strip()[:200]


def _note_seen(printer: Printer, problem: str) -> None:
    stale = Q(last_seen_at=None) | Q(last_seen_at__lt=Now() - timedelta(seconds=SEEN_SECONDS))
    with atomic("notifications"):
        row = Printer.objects.filter(~Q(problem=problem) | stale, pk=printer.pk)
        row.update(problem=problem, last_seen_at=Now())


def _next(printer: Printer) -> PrintJob | None:
    fresh = printer.jobs.filter(state=JobState.QUEUED, created_at__gt=Now() - MISSED_AFTER)
    return fresh.exclude(HOPELESS).order_by("pk").first()


def fetch(printer: Printer, public_id: str) -> bytes | None:
    """The picture of the ticket as PNG; None when nothing is to print. `public_id` may be empty.

    Raises NotPrinted when it cannot be drawn.
    """
    job = _named(printer, public_id) if public_id else _next(printer)
    if job is None or not services.begin(job):
        return None
    try:
        picture = picture_of(job)
    except NotPrinted as error:
        services.note_problem(job, str(error), is_unsure=False)
        raise
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def _named(printer: Printer, public_id: str) -> PrintJob | None:
    name, _dash, part = public_id.partition("-")
    try:
        return printer.jobs.filter(event_id=UUID(name), part=int(part) % 1000).first()
    except ValueError:
        return None


def conclude(printer: Printer, public_id: str, code: str) -> None:
    """What became of what it fetched. `code`: "200 OK" or "OK" when it is on paper, else why not."""
    job = _named(printer, public_id) if public_id else _fetched(printer)
    if job is None or job.state == JobState.PRINTED or not job.attempts:
        return
    code = _plain(code)
    if code.startswith("2") or code.upper() == "OK":
        services.finish(job)
    elif job.state == JobState.QUEUED:
        is_unsure = not code.startswith(_NOT_BEGUN)
        services.note_problem(job, f"{Trouble.REPORTED.value}: {code}", is_unsure=is_unsure)


def _fetched(printer: Printer) -> PrintJob | None:
    """Older printers do not say which one."""
    return printer.jobs.filter(state=JobState.QUEUED, is_calling=True).order_by("pk").first()
