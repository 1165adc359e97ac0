"""Refusals of printers."""

from django.utils.translation import gettext_lazy as _

from events.kernel.errors import Conflict, DomainError, NotFound


class PrinterUnknown(NotFound):
    code = "unknown-printer"
    title = _("This printer is not there any more.")


class PrinterRefused(DomainError):
    code = "printer-refused"
    title = _("This printer cannot be used")


class PrinterWrongState(Conflict):
    code = "wrong-state"
    title = _("The printer is already so.")


class TestFailed(DomainError):
    """The test ticket did not come out; the detail says why."""

    __test__ = False  # not a test class, whatever its name
    code = "printer-test-failed"
    title = _("The test ticket did not come out")
