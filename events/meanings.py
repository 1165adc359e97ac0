"""What a handler does and what its failure means for the restaurant, in words for its owner."""

from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _


class Meaning(NamedTuple):
    """`what` the step does, `effect` of its not happening."""

    what: str | Promise
    effect: str | Promise


@lru_cache(maxsize=1)
def _meanings() -> dict[str, Meaning]:
    path = getattr(settings, "EVENTS_MEANINGS", "")
    return import_string(path) if path else {}


def meaning_of(handler: str) -> Meaning:
    """The words for a handler's name; unknown ones are shown by their name."""
    return _meanings().get(handler) or Meaning(
        handler, _("A background step did not happen. Ask the people who run the system.")
    )


def plain_error(text: str) -> str | Promise:
    """A recorded error in plain words; the technical text is kept beside it."""
    kind = text.partition(":")[0].strip()
    return _ERRORS.get(kind, _("Something went wrong inside the system.")) if text else ""


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
    "WrongState": _("The order had moved on in the meantime."),
}
