"""What a handler does and what its failure means for the restaurant, in words for its owner."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ACTION_NAMES: dict[str, str | Promise] = {
    "retry": _("Retry"),
    "discard": _("Discard"),
    "replay": _("Replay"),
    "assign": _("Give to another step"),
    "pause": _("Pause"),
    "resume": _("Resume"),
}


class Meaning(NamedTuple):
    """`what` the step does, `effect` of its not happening, `about` the same of one order or table.

    `about` holds `%(subject)s`: "order 128 (table C2)".
    """

    what: str | Promise
    effect: str | Promise
    about: str | Promise = ""

    def of(self, subject: str) -> str:
        """The effect, naming the order or table if there is one."""
        return str(self.about) % {"subject": subject} if self.about and subject else str(self.effect)


def subject_text(number: object, table: object) -> str:
    """What an event is about in words; "" when it is about no order and no table."""
    names = {"number": number, "table": table}
    if number and table:
        return gettext("order %(number)s (table %(table)s)") % names
    if number:
        return gettext("order %(number)s") % names
    return gettext("table %(table)s") % names if table else ""


def subjects_of(events: Iterable[Any]) -> dict[UUID, str]:
    """event id -> what it is about; asks the composition root, which may look into every context."""
    path = getattr(settings, "EVENTS_SUBJECTS", "")
    rows = list(events)
    if path:
        found: dict[UUID, str] = import_string(path)(rows)
        return found
    return {row.pk: subject_text(row.payload.get("number"), row.payload.get("table_name")) for row in rows}


@lru_cache(maxsize=1)
def _meanings() -> dict[str, Meaning]:
    path = getattr(settings, "EVENTS_MEANINGS", "")
    return import_string(path) if path else {}


@lru_cache(maxsize=1)
def _errors() -> dict[str, str | Promise]:
    path = getattr(settings, "EVENTS_ERRORS", "")
    return import_string(path) if path else {}


def meaning_of(handler: str) -> Meaning:
    """The words for a handler's name; unknown ones are shown by their name."""
    return _meanings().get(handler) or Meaning(
        handler, _("A background step did not happen. Ask the people who run the system.")
    )


def error_kind(text: str) -> str:
    """The first word of a recorded error: letters of one handler and one kind have one cause."""
    return text.partition(":")[0].strip()


def plain_error(text: str) -> str | Promise:
    """A recorded error in plain words; the technical text is kept beside it."""
    kind = error_kind(text)
    known = _ERRORS.get(kind) or _errors().get(kind)
    return (known or _("Something went wrong inside the system.")) if text else ""


# What the queue itself and the libraries raise; the contexts' own errors get their words by EVENTS_ERRORS.
_ERRORS: dict[str, str | Promise] = {
    "WorkerLost": _("The program was interrupted in the middle of it."),
    "GiveUp": _("It was refused for good; trying again does not help."),
    "OperationalError": _("The database could not be reached."),
    "ConnectionError": _("The other side could not be reached."),
    "ConnectTimeout": _("The other side did not answer in time."),
    "ReadTimeout": _("The other side did not answer in time."),
    "TimeoutError": _("The other side did not answer in time."),
    "IntegrityError": _("The data did not fit together."),
    "ValidationError": _("The message could not be understood."),
    "DoesNotExist": _("Something it needs is not there (yet)."),
    "ConnectError": _("The other side could not be reached."),
    "ConnectionRefusedError": _("The other side could not be reached."),
    "UnknownEvent": _("This version of the program cannot read what it was told."),
}
