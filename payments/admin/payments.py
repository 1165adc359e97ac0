"""Attempts to pay, and what a person may do about one."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin, TellsStory, actor_of, dialog_action
from events.kernel.money import exponent_of
from events.kernel.useful_actions import OnlyUseful
from events.timeline import story_address
from payments.admin.rows import LedgerInline, RefundInline, TellsHow, money, yes_or_no
from payments.errors import NotRefundable
from payments.models import COUNTER, Payment, PaymentState
from payments.services.complete_payment import complete_payment
from payments.services.refunds import request_refund, reverse_counter_payment
from payments.services.review import dismiss_payment

PAYMENT_COLORS = {
    PaymentState.CAPTURED: "success",
    PaymentState.REVIEW: "danger",
    PaymentState.FAILED: "warning",
    PaymentState.PENDING: "info",
    PaymentState.STARTED: "info",
}


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

    def clean_amount(self) -> Decimal | None:
        amount: Decimal | None = self.cleaned_data["amount"]
        if amount == 0:  # typed, not left empty: whoever wants nothing back must not give everything
            raise forms.ValidationError(
                _("More than nothing, please; leave it empty to give everything back.")
            )
        return amount


class ReasonForm(BaseDialogForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


def minor_units(amount: Any, currency: str) -> int:
    """12.50 CNY -> 1250. Raises NotRefundable for a part of the smallest coin."""
    scaled = amount.scaleb(exponent_of(currency))
    if scaled != scaled.to_integral_value():
        raise NotRefundable(_("This currency has no such small coins."))
    return int(scaled)


@admin.register(Payment)
class PaymentAdmin(TellsHow, OnlyUseful, TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """Every attempt to pay."""

    list_display = ("created_at", "sum", "how", "status", "table")
    list_filter = ("state", "gateway", "created_at")
    search_fields = ("id", "merchant_ref", "gateway_ref", "tab_id", "order_id", "receipt_no")
    ordering = ("-created_at",)
    list_select_related = ("bill",)
    show_full_result_count = False
    inlines = (RefundInline, LedgerInline)
    actions_detail = ("timeline", "refund", "ask_gateway", "reverse", "dismiss")
    fields = readonly_fields = (
        "sum",
        "given_back",
        "state",
        "failure",
        "how",
        "was_late",
        "table",
        "created_at",
        "captured_at",
        "actor_name",
        "reviewed_at",
        "reviewed_by",
        "review_reason",
        "receipt_no",
        "cash_given",
        "merchant_ref",
        "gateway_ref",
    )

    def story_of(self, row: Payment) -> str:
        return story_address(row.tab_id, order=row.order_id, payment=row.pk)

    def useless_actions(self, row: Payment) -> set[str]:
        uses = {
            "refund": row.refundable > 0,
            "ask_gateway": row.gateway != COUNTER,
            "reverse": row.can_be_reversed,
            "dismiss": row.state == PaymentState.REVIEW,
        }
        return {name for name, is_useful in uses.items() if not is_useful}

    @display(description=_("amount"), ordering="amount")
    def sum(self, row: Payment) -> str:
        return money(row.amount, row.currency)

    @display(description=_("given back"))
    def given_back(self, row: Payment) -> str:
        return money(row.returned, row.currency)

    @display(description=_("given"))
    def cash_given(self, row: Payment) -> str:
        return money(row.tendered, row.currency) if row.tendered else "–"

    @display(description=_("arrived late"))
    def was_late(self, row: Payment) -> str:
        return yes_or_no(row.late)

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
        amount = row.refundable if wish["amount"] is None else minor_units(wish["amount"], row.currency)
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

    @dialog_action(
        title=_("No money is here"),
        description=_("The payment service is asked; money it still holds must be given back there first."),
        submit=_("End the check"),
        form=ReasonForm,
        permissions=("operate",),
        url_path="dismiss",
        icon="block",
    )
    def dismiss(self, request: HttpRequest, form: forms.Form, row: Payment) -> str:
        dismiss_payment(
            store_id=row.store_id,
            payment_id=row.id,
            reason=form.cleaned_data["reason"],
            actor_name=actor_of(request)[1],
        )
        return gettext("The check is over; nothing was booked.")
