"""The picture of a ticket, with what its printer and its store say about how."""

from collections.abc import Iterator

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from PIL import Image

from notifications.models import StoreSnapshot
from notifications.printing.drawing import FontMissing, Look, draw
from notifications.printing.models import PrintJob, TicketKind
from notifications.printing.troubles import NotPrinted, Trouble


def picture_of(job: PrintJob) -> Image.Image:
    """The ticket as black and white dots. Raises NotPrinted when it cannot be drawn, and nothing else."""
    printer = job.printer
    snapshot = StoreSnapshot.objects.filter(pk=job.store_id).first()
    store = snapshot.data if snapshot else {}
    look = Look(
        kind=TicketKind(job.kind),
        language=printer.language,
        zone=store.get("timezone", "UTC"),
        width=printer.paper,
        footer=" · ".join(filter(None, [str(store.get("name", "")), printer.name])),
        marks=_marks(job),
    )
    try:
        return draw(job.content, look)
    except FontMissing as error:
        raise NotPrinted(Trouble.NO_FONT, str(error)) from error
    except Exception as error:
        raise NotPrinted(Trouble.BROKEN, f"{type(error).__name__}: {error}") from error


def _marks(job: PrintJob) -> tuple[str, ...]:
    """What keeps a cook from making a dish twice."""
    with translation.override(job.printer.language):
        marks = []
        if job.is_copy:
            marks.append(pgettext("on a kitchen ticket", "COPY"))
        if job.is_unsure:
            marks.append(pgettext("on a kitchen ticket", "May be a second print: check"))
    return tuple(marks)


def remarks_on(job: PrintJob) -> Iterator[str]:
    """The same for an owner."""
    if job.is_copy:
        yield _("copy, asked for by %s") % (job.asked_by or "–")
    if job.is_unsure:
        yield _("may have come out before")
