"""Refusals of stores, tables and staff."""

from django.utils.translation import gettext_lazy as _

from events.kernel.errors import DomainError


class StoreError(DomainError):
    """A rule about stores, tables or staff said no."""

    code = "store-error"
    status = 409
    title = _("This is not possible")


class InvalidStore(StoreError):
    """A value is not valid; `detail` names the field and says why."""

    code = "invalid-store"
    status = 422
    title = _("Some values are not valid")


class UnknownTable(StoreError):
    code = "not-found"
    status = 404
    title = _("This table is not there")


class TableRetiredAlready(StoreError):
    code = "table-retired"
    title = _("This table is no longer in use")


class LastOwner(StoreError):
    code = "last-owner"
    title = _("A store needs at least one owner")


class TooManyAttempts(StoreError):
    """Too many wrong passwords; `minutes` until the next try."""

    code = "too-many-attempts"
    status = 429
    title = _("Too many attempts")
