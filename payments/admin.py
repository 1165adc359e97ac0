"""Money for owners: everything can be read, and changed only by actions that ask first and call services."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from events.kernel.backoffice import (
    OWNERS,
    ReadOnlyAdmin,
    ScopedTabularInline,
    StoreScopedAdmin,
    TellsStory,
    actor_of,
    dialog_action,
)
from events.kernel.money import exponent_of, format_money
from events.timeline import story_address
from payments.errors import NotRefundable
from payments.models import (
    Bill,
    BillLine,
    GatewayAccount,
    GatewayEvent,
    LedgerEntry,
    Payment,
    PaymentState,
    Refund,
    RefundState,
)
from payments.selectors import sums_of_bill
from payments.services.complete_payment import complete_payment
from payments.services.refunds import confirm_hand_back, request_refund, reverse_counter_payment

PAYMENT_COLORS = {
    PaymentState.CAPTURED: "success",
    PaymentState.REVIEW: "danger",
    PaymentState.FAILED: "warning",
    PaymentState.PENDING: "info",
    PaymentState.STARTED: "info",
}
REFUND_COLORS = {
    RefundState.SUCCEEDED: "success",
    RefundState.FAILED: "danger",
    RefundState.REVERSED: "danger",
    RefundState.PENDING: "warning",
    RefundState.SENT: "info",
    RefundState.REQUESTED: "info",
}


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
        "close_reason",
        "tab_id",
        "order_id",
    )

    def story_of(self, row: Bill) -> str:
        return story_address(row.tab_id, order=row.order_id)

    @display(description=_("total"))
    def sum(self, row: Bill) -> str:
        return money(sums_of_bill(row.id).total, row.currency)

    @display(description=_("owed"))
    def due(self, row: Bill) -> str:
        return money(sums_of_bill(row.id).due, row.currency)


class RefundForm(BaseDialogForm):
    """How much and why; empty is all that is left. The hidden key makes a double click one refund."""

    amount = forms.DecimalField(
        label=_("Amount (empty: everything)"),
        required=False,
        min_value=0,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)
    key = forms.CharField(max_length=64, initial=lambda: uuid4().hex, widget=forms.HiddenInput)


class ReasonForm(BaseDialogForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


def minor_units(amount: Any, currency: str) -> int:
    """12.50 CNY -> 1250. Raises NotRefundable for a part of the smallest coin."""
    scaled = amount.scaleb(exponent_of(currency))
    if scaled != scaled.to_integral_value():
        raise NotRefundable(_("This currency has no such small coins."))
    return int(scaled)


@admin.register(Payment)
class PaymentAdmin(TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """Every attempt to pay."""

    list_display = ("created_at", "sum", "how", "status", "table")
    list_filter = ("state", "gateway", "created_at")
    search_fields = ("id", "merchant_ref", "gateway_ref", "tab_id", "order_id", "receipt_no")
    ordering = ("-created_at",)
    list_select_related = ("bill",)
    show_full_result_count = False
    inlines = (RefundInline, LedgerInline)
    actions_detail = ("timeline", "refund", "ask_gateway", "reverse")
    fields = readonly_fields = (
        "sum",
        "given_back",
        "status",
        "failure",
        "how",
        "late",
        "table",
        "created_at",
        "captured_at",
        "actor_name",
        "receipt_no",
        "cash_given",
        "merchant_ref",
        "gateway_ref",
        "tab_id",
        "order_id",
    )

    def story_of(self, row: Payment) -> str:
        return story_address(row.tab_id, order=row.order_id, payment=row.pk)

    @display(description=_("amount"), ordering="amount")
    def sum(self, row: Payment) -> str:
        return money(row.amount, row.currency)

    @display(description=_("given back"))
    def given_back(self, row: Payment) -> str:
        return money(row.returned, row.currency)

    @display(description=_("given"))
    def cash_given(self, row: Payment) -> str:
        return money(row.tendered, row.currency) if row.tendered else "–"

    @display(description=_("method"), ordering="method")
    def how(self, row: Payment) -> str:
        return row.method or row.gateway

    @display(
        description=_("state"), ordering="state", label={s: PAYMENT_COLORS.get(s, "") for s in PaymentState}
    )
    def status(self, row: Payment) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @display(description=_("table"))
    def table(self, row: Payment) -> str:
        return row.bill.table_name

    @dialog_action(
        title=_("Give money back"),
        description=_("The guest's phone is told as soon as it is done."),
        submit=_("Give back"),
        form=RefundForm,
        permissions=("operate",),
        url_path="refund",
        icon="undo",
    )
    def refund(self, request: HttpRequest, form: forms.Form, row: Payment) -> str:
        wish = form.cleaned_data
        amount = minor_units(wish["amount"], row.currency) if wish["amount"] else row.refundable
        actor_id, actor_name = actor_of(request)
        refund = request_refund(
            store_id=row.store_id,
            payment_id=row.id,
            amount=amount,
            reason=wish["reason"],
            actor_id=actor_id,
            actor_name=actor_name,
            key=wish["key"],
        )
        return gettext("%(amount)s is on its way back.") % {"amount": money(refund.amount, refund.currency)}

    @dialog_action(
        title=_("Ask the gateway"),
        description=_("Asks what became of this payment and books it."),
        submit=_("Ask"),
        permissions=("operate",),
        url_path="ask",
        icon="sync",
    )
    def ask_gateway(self, request: HttpRequest, form: forms.Form, row: Payment) -> str:
        payment = complete_payment(payment_id=row.id)
        return gettext("The payment is: %(state)s") % {"state": payment.get_state_display()}

    @dialog_action(
        title=_("Booked by mistake"),
        description=_("Only for cash and terminal: the money was never here. The bill is owed again."),
        submit=_("Reverse"),
        form=ReasonForm,
        permissions=("operate",),
        url_path="reverse",
        icon="money_off",
    )
    def reverse(self, request: HttpRequest, form: forms.Form, row: Payment) -> str:
        actor_id, actor_name = actor_of(request)
        reverse_counter_payment(
            store_id=row.store_id,
            payment_id=row.id,
            reason=form.cleaned_data["reason"],
            actor_id=actor_id,
            actor_name=actor_name,
        )
        return gettext("The booking is reversed.")


@admin.register(Refund)
class RefundAdmin(TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """Money that went back, or could not."""

    list_display = ("created_at", "sum", "status", "source", "reason", "actor_name")
    list_filter = ("state", "source", "created_at")
    search_fields = ("id", "payment__merchant_ref", "reason")
    ordering = ("-created_at",)
    show_full_result_count = False
    actions_detail = ("timeline", "handed_back")
    fields = readonly_fields = (
        "sum",
        "status",
        "failure",
        "source",
        "reason",
        "actor_name",
        "payment",
        "attempts",
        "created_at",
        "sent_at",
        "done_at",
        "gateway_ref",
    )

    def story_of(self, row: Refund) -> str:
        return story_address(row.payment.tab_id, order=row.payment.order_id, payment=row.payment_id)

    @display(description=_("amount"), ordering="amount")
    def sum(self, row: Refund) -> str:
        return money(row.amount, row.currency)

    @display(
        description=_("state"), ordering="state", label={s: REFUND_COLORS.get(s, "") for s in RefundState}
    )
    def status(self, row: Refund) -> tuple[str, str]:
        return row.state, row.get_state_display()

    @dialog_action(
        title=_("Cash handed back"),
        description=_("You gave this amount back to the guest at the counter."),
        submit=_("Yes, handed back"),
        permissions=("operate",),
        url_path="handed-back",
        icon="payments",
    )
    def handed_back(self, request: HttpRequest, form: forms.Form, row: Refund) -> str:
        actor_id, actor_name = actor_of(request)
        confirm_hand_back(store_id=row.store_id, refund_id=row.id, actor_id=actor_id, actor_name=actor_name)
        return gettext("Noted, thank you.")


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


@admin.register(GatewayAccount)
class GatewayAccountAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """Where the money goes. Secrets are never shown."""

    roles = OWNERS
    list_display = ("gateway", "mode", "enabled", "merchant_id")
    list_filter = ("gateway", "mode")
    search_fields = ("merchant_id",)
    ordering = ("position", "gateway")
    fields = readonly_fields = (
        "gateway",
        "mode",
        "enabled",
        "merchant_id",
        "hook_address",
        "secret_count",
        "created_at",
    )

    @display(description=_("webhook address"))
    def hook_address(self, row: GatewayAccount) -> str:
        return f"/hooks/{row.gateway}/{row.hook_slug}/"

    @display(description=_("webhook secrets"))
    def secret_count(self, row: GatewayAccount) -> int:
        return len(row.webhook_secrets)


@admin.register(GatewayEvent)
class GatewayEventAdmin(ReadOnlyAdmin, StoreScopedAdmin):
    """What gateways told us, word for word."""

    store_field = "account__store_id"
    list_display = ("received_at", "kind", "merchant_ref", "processed_at", "note")
    list_filter = ("kind", "received_at")
    search_fields = ("merchant_ref", "dedupe_key")
    ordering = ("-received_at",)
    list_select_related = ("account",)
    show_full_result_count = False
    fields = readonly_fields = (
        "received_at",
        "account",
        "kind",
        "merchant_ref",
        "dedupe_key",
        "processed_at",
        "note",
        "body",
    )
