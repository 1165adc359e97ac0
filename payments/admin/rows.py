"""Amounts as the reader writes them, and the rows below a bill or a payment."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.kernel.backoffice import ReadOnlyAdmin, ScopedTabularInline
from events.kernel.money import format_money
from payments.models import BillLine, LedgerEntry, Payment, Refund


def money(amount: int, currency: str) -> str:
    """The amount as the reader writes it."""
    return format_money(amount, currency, get_language() or "en")


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
    fields = readonly_fields = ("order_number", "name", "quantity", "price", "guest_name", "void_reason")

    @display(description=_("total"))
    def price(self, row: BillLine) -> str:
        return money(row.owed, row.bill.currency)


class PaymentInline(_Child):
    model = Payment
    fields = readonly_fields = ("created_at", "sum", "method", "state")
    show_change_link = True


class RefundInline(_Child):
    model = Refund
    fields = readonly_fields = ("created_at", "sum", "state", "source", "reason", "actor_name")
    show_change_link = True


class LedgerInline(_Child):
    model = LedgerEntry
    fields = readonly_fields = ("created_at", "kind", "sum")
