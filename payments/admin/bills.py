"""Bills and the ledger: what was owed, and every movement of money."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin, TellsStory
from events.timeline import reason_in_words, story_address
from payments.admin.rows import BillLineInline, LedgerInline, PaymentInline, RefundInline, money
from payments.models import Bill, LedgerEntry
from payments.selectors import sums_of_bill


@admin.register(Bill)
class BillAdmin(TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """What was owed, and what the ledger says about it."""

    list_display = ("created_at", "table_name", "sum", "due", "settled_at")
    list_filter = ("created_at", "settled_at")
    search_fields = ("id", "tab_id", "order_id", "table_name")
    ordering = ("-created_at",)
    show_full_result_count = False
    actions_detail = ("timeline",)
    inlines = (BillLineInline, PaymentInline, RefundInline, LedgerInline)
    fields = readonly_fields = (
        "table_name",
        "created_at",
        "sum",
        "due",
        "settled_at",
        "closed_at",
        "why_closed",
        "tab_id",
        "order_id",
    )

    def story_of(self, row: Bill) -> str:
        return story_address(row.tab_id, order=row.order_id)

    @display(description=_("reason for closing"))
    def why_closed(self, row: Bill) -> str:
        return reason_in_words(row.close_reason) or "–"

    @display(description=_("total"))
    def sum(self, row: Bill) -> str:
        return money(sums_of_bill(row.id).total, row.currency)

    @display(description=_("owed"))
    def due(self, row: Bill) -> str:
        return money(sums_of_bill(row.id).due, row.currency)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """Every movement of money; nothing here is ever changed."""

    list_display = ("created_at", "kind", "sum", "payment")
    list_filter = ("kind", "created_at")
    search_fields = ("payment__merchant_ref", "bill__tab_id")
    ordering = ("-created_at",)
    list_select_related = ("payment",)
    show_full_result_count = False
    fields = readonly_fields = ("created_at", "kind", "sum", "payment", "refund", "bill")

    @display(description=_("amount"), ordering="amount")
    def sum(self, row: LedgerEntry) -> str:
        return money(row.amount, row.currency)
