"""How orders refuse: each error is a rule's name, an HTTP status and a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from events.kernel.errors import Conflict, DomainError, Forbidden, NotFound


class OrdersError(DomainError):
    """Base of this context's refusals."""


class UnknownTable(NotFound):
    code = "unknown-table"
    title = _("This code belongs to no table")


class OldCode(OrdersError):
    code = "old-code"
    status = 410
    title = _("This code is no longer valid: please ask for the new one")


class WrongState(Conflict):
    code = "wrong-state"
    title = _("This is no longer possible")


class NotTheSender(Forbidden):
    code = "not-the-sender"
    title = _("Only the phone that sent this order can cancel it. Staff can help you")


class TabClosed(OrdersError):
    code = "tab-closed"
    status = 410
    title = _("This table's bill is closed. Scan the code again to start a new one")


class TableNotOpen(Conflict):
    code = "table-not-open"
    title = _("Staff will open this table for you in a moment")


class TableTaken(Conflict):
    code = "table-taken"
    title = _("Somebody sits at that table already")


class TableFull(Conflict):
    code = "table-full"
    title = _("Too many phones at this table")


class StoreClosed(Conflict):
    code = "store-closed"
    title = _("The kitchen is closed now")


class StorePaused(Conflict):
    code = "store-paused"
    title = _("The kitchen takes no orders at the moment")


class MenuChanged(Conflict):
    """Body: `menu_version` (current), `changes` [{item_id, name, kind, old, new}]."""

    code = "menu-changed"
    title = _("The menu has just changed")


class SoldOutMeanwhile(Conflict):
    """Body: `menu_version`, `changes` [{item_id, name, kind: "sold_out", old, new}]."""

    code = "sold-out"
    title = _("Something has just sold out")


class CartChanged(Conflict):
    code = "cart-changed"
    title = _("Somebody at your table has just ordered or changed this")


class InvalidLines(OrdersError):
    """A line that no menu page could have produced. Body: `errors` [{line, code}]."""

    code = "invalid-lines"
    title = _("These choices do not fit the menu")


class KeyReused(OrdersError):
    code = "key-reused"
    status = 422
    title = _("This key was used for another order")


class ReasonNeeded(OrdersError):
    code = "reason-needed"
    title = _("Please give a reason")


class MoneyOwed(Conflict):
    code = "money-owed"
    title = _("This bill is not settled: a manager may close it with a reason")
