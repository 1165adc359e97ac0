"""Refusals that a person can read; the web layer turns them into RFC 9457 problems."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule said no. Nothing was changed and nothing was published.

    `code` is stable and machine-readable (it ends the problem's type URI), `status` the HTTP status,
    `title` and `detail` texts for the person, translated when they are shown. `extra` joins the body.
    """

    code = "refused"
    status = 400
    title: str | Promise = _("This is not possible")

    def __init__(self, detail: str | Promise = "", **extra: Any) -> None:
        super().__init__(str(detail) or str(self.title))
        self.detail = detail
        self.extra = extra


class NotFound(DomainError):
    """The thing is not there, or not the caller's to see: the answer is the same."""

    code = "not-found"
    status = 404
    title: str | Promise = _("This is not here")


class Conflict(DomainError):
    """The state has moved on since the caller last looked."""

    code = "conflict"
    status = 409
    title: str | Promise = _("This has changed in the meantime")


class Forbidden(DomainError):
    """Somebody else may do this, the caller may not."""

    code = "forbidden"
    status = 403
    title: str | Promise = _("This is not allowed")
