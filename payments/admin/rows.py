"""Amounts as the reader writes them, and the rows below a bill or a payment."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.kernel.backoffice import ReadOnlyAdmin, ScopedTabularInline
from events.kernel.money import format_money
from events.timeline import reason_in_words
from payments.gateways.registry import title_of
from payments.models import BillLine, LedgerEntry, Payment, Refund


def money(amount: int, currency: str) -> str:
    """The amount as the reader writes it."""
    return format_money(amount, currency, get_language() or "en")


# What a refusal without typed words tells as its reason (orders.events: reason_code, or how the order ended).
REASONS = {
    "sold_out": _("Sold out"),
    "busy": _("Too busy now"),
    "closing": _("We are closing"),
    "other": _("Another reason"),
    "no_answer": _("Unanswered order refused"),
    "canceled": _("Canceled"),
    "expired": _("not paid in time"),
}


# What the counter notes as the way of paying; a gateway tells its own brand.
METHODS = {"cash": _("Cash"), "terminal": _("Card terminal"), "counter": _("Counter")}


def yes_or_no(answer: bool) -> str:
    """A word: the theme's red cross would make a failure of every "no"."""
    return gettext("yes") if answer else gettext("no")


class TellsHow:
    """A column with the way of paying in words."""

    @display(description=_("method"), ordering="method")
    def how(self, row: Payment) -> str:
        return str(METHODS.get(row.method, row.method)) or title_of(row.gateway)


class TellsWhy:
    """A column with a refund's reason in words."""

    @display(description=_("reason"), ordering="reason")
    def why(self, row: Refund) -> str:
        return str(REASONS.get(row.reason, row.reason))


class _Child(ReadOnlyAdmin, ScopedTabularInline):
    """Rows below a bill or a payment; never edited."""

    can_delete = False

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return ScopedTabularInline._allowed(self, request, obj, edit=edit)

    @display(description=_("amount"))
    def sum(self, row: Any) -> str:
        return money(row.amount, row.currency)


class BillLineInline(_Child):
    model = BillLine
    fields = readonly_fields = ("order_number", "name", "quantity", "price", "guest_name", "why")

    @display(description=_("reason"))
    def why(self, row: BillLine) -> str:
        return reason_in_words(row.void_reason)

    @display(description=_("total"))
    def price(self, row: BillLine) -> str:
        return money(row.owed, row.bill.currency)


class PaymentInline(TellsHow, _Child):
    model = Payment
    fields = readonly_fields = ("created_at", "sum", "how", "state")
    show_change_link = True


class RefundInline(TellsWhy, _Child):
    model = Refund
    fields = readonly_fields = ("created_at", "sum", "state", "source", "why", "actor_name")
    show_change_link = True


class LedgerInline(_Child):
    model = LedgerEntry
    fields = readonly_fields = ("created_at", "kind", "sum")
