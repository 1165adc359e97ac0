"""Refusals of menus."""

from django.utils.translation import gettext_lazy as _

from events.kernel.errors import DomainError


class MenuError(DomainError):
    """A rule about the menu said no."""

    code = "menu-error"
    status = 409
    title = _("This is not possible")


class MenuNotReady(MenuError):
    """The draft cannot be published; `problems` says why, one sentence each."""

    code = "menu-not-ready"
    title = _("The menu cannot be published yet")

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems), problems=problems)
        self.problems = problems


class UnknownItem(MenuError):
    code = "not-found"
    status = 404
    title = _("This dish is not on the menu")


class StillPublished(MenuError):
    """Guests order it, so the kitchen must be able to mark it sold out: its row stays until they cannot."""

    code = "still-published"
    title = _("Guests still see this dish. Take it off the menu and publish; then it can be deleted.")


class BadPhoto(MenuError):
    """The file is no picture we can show; the detail says why."""

    code = "bad-photo"
    status = 422
    title = _("This picture cannot be used")
