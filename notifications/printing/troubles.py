"""Why a ticket did not come out, in a word for the machine and in words for people."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Trouble(TextChoices):
    UNREACHABLE = "unreachable", _("The printer does not answer: is it on, and in the network?")
    NO_PAPER = "no_paper", _("The printer has no paper.")
    OFFLINE = "offline", _("The printer is not ready: is its cover open?")
    BUSY = "busy", _("The printer does not answer now: does something else print on it?")
    NO_WORD = "no_word", _("The printer did not say that the ticket came out.")
    NO_FONT = "no_font", _("This machine has no font for tickets.")
    REFUSED = "refused", _("The printer's address is not allowed here.")
    BROKEN = "broken", _("Something went wrong inside the system.")
    REPORTED = "reported", _("The printer reports a problem.")
    IDLE = "idle", _("The printer asks, but does not fetch its tickets.")
    SILENT = "silent", _("The printer does not ask for its tickets: is it on, and on the internet?")


class NotPrinted(Exception):
    """A ticket did not come out, as far as anybody knows; the queue tries again.

    `is_unsure`: a part of it may have come out. The text is "<trouble>: <what was seen>".
    """

    def __init__(self, trouble: Trouble, seen: str = "", *, is_unsure: bool = False) -> None:
        super().__init__(f"{trouble.value}: {seen}" if seen else trouble.value)
        self.is_unsure = is_unsure


def in_words(problem: str) -> str | Promise:
    """A recorded problem for people; empty for none."""
    code, _colon, seen = problem.partition(": ")
    if code not in Trouble.values:
        return problem
    if code == Trouble.REPORTED and seen:
        return gettext("The printer reports: %(seen)s") % {"seen": seen}
    return Trouble(code).label
