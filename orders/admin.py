"""Orders and tabs in the back office: read-only rows; changes go through the same services as the board's."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from events.kernel.backoffice import (
    ReadOnlyAdmin,
    ScopedTabularInline,
    StoreScopedAdmin,
    TellsStory,
    actor_of,
    dialog_action,
)
from events.kernel.money import format_money
from events.kernel.useful_actions import OnlyUseful
from events.timeline import story_address
from orders import services
from orders.models import LineStatus, Order, OrderLine, OrderStatus, Tab, TabStatus

ORDER_COLORS = {
    OrderStatus.AWAITING_PAYMENT: "info",
    OrderStatus.SUBMITTED: "warning",
    OrderStatus.ACCEPTED: "info",
    OrderStatus.IN_PROGRESS: "info",
    OrderStatus.READY: "success",
    OrderStatus.SERVED: "success",
    OrderStatus.REJECTED: "danger",
    OrderStatus.CANCELED: "danger",
    OrderStatus.EXPIRED: "danger",
}
TAB_COLORS = {TabStatus.OPEN: "info", TabStatus.CLOSING: "success", TabStatus.CLOSED: ""}


class MinutesForm(BaseDialogForm):
    minutes = forms.IntegerField(
        label=_("Ready in minutes"),
        min_value=1,
        max_value=240,
        initial=15,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class ReasonForm(BaseDialogForm):
    reason = forms.CharField(label=_("Reason"), max_length=200, widget=UnfoldAdminTextInputWidget)


def _money(amount: int, currency: str) -> str:
    return format_money(amount, currency, get_language() or "en")


class _RowsInline(ReadOnlyAdmin, ScopedTabularInline):
    """Rows of a tab or an order, to be read."""

    can_delete = False

    def _allowed(self, request: HttpRequest, obj: Any, *, edit: bool) -> bool:
        return ScopedTabularInline._allowed(self, request, obj, edit=edit)


class OrderLineInline(_RowsInline):
    model = OrderLine
    fields = ("quantity", "name", "chosen", "note", "price", "state", "who")
    readonly_fields = fields
    verbose_name_plural = _("Lines")

    @display(description=_("guest"))
    def who(self, row: OrderLine) -> str:
        return row.guest_name or "–"

    @display(description=_("options"))
    def chosen(self, row: OrderLine) -> str:
        return " · ".join(option["name"] for option in row.options) or "–"

    @display(description=_("total"))
    def price(self, row: OrderLine) -> str:
        return _money(row.total, row.order.currency)

    @display(description=_("status"))
    def state(self, row: OrderLine) -> str:
        reason = f" · {row.void_reason}" if row.status == LineStatus.VOIDED else ""
        return f"{row.get_status_display()}{reason}"


class OrderInline(_RowsInline):
    model = Order
    fields = ("number", "round", "status", "worth", "placed_at")
    readonly_fields = fields
    show_change_link = True
    ordering = ("placed_at",)
    verbose_name_plural = _("Orders")

    @display(description=_("total"))
    def worth(self, row: Order) -> str:
        return _money(row.total, row.currency)


@admin.register(Order)
class OrderAdmin(OnlyUseful, TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """What guests sent, and how it went."""

    list_display = ("label", "state", "worth", "placed_at", "waited", "actor_name")
    list_filter = ("status", "business_day")
    search_fields = ("number", "table_name", "guest_name")
    ordering = ("-placed_at",)
    show_full_result_count = False
    inlines = (OrderLineInline,)
    fields = (
        ("number", "business_day"),
        ("table_name", "round"),
        ("guest_name", "worth"),
        ("status", "why"),
        ("actor_name", "placed_at"),
        ("submitted_at", "accepted_at"),
        ("ready_by", "ready_at"),
        "served_at",
    )
    readonly_fields = tuple(name for row in fields for name in ([row] if isinstance(row, str) else row))
    actions_detail = ("timeline", "accept", "reject", "cancel")

    def story_of(self, row: Order) -> str:
        return story_address(row.tab_id, order=row.pk)

    def useless_actions(self, row: Order) -> set[str]:
        waits = row.status == OrderStatus.SUBMITTED
        uses = {"accept": waits, "reject": waits, "cancel": row.is_open}
        return {name for name, is_useful in uses.items() if not is_useful}

    @display(description=_("order"), ordering="number")
    def label(self, row: Order) -> str:
        return f"{date_format(row.business_day, 'SHORT_DATE_FORMAT')} · {row}"

    @display(description=_("status"), ordering="status", label=ORDER_COLORS)
    def state(self, row: Order) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @display(description=_("reason"))
    def why(self, row: Order) -> str:
        return row.why_ended or "–"

    @display(description=_("total"), ordering="total")
    def worth(self, row: Order) -> str:
        return _money(row.total, row.currency)

    @display(description=_("until served"))
    def waited(self, row: Order) -> str:
        if row.submitted_at is None or row.served_at is None:
            return "–"
        minutes = round((row.served_at - row.submitted_at).total_seconds() / 60)
        return str(_("%(minutes)s min") % {"minutes": minutes})

    @dialog_action(title=_("Accept"), submit=_("Accept"), form=MinutesForm, permissions=("operate",))
    def accept(self, request: HttpRequest, form: forms.Form, order: Order) -> str:
        services.accept_order(
            store_id=order.store_id,
            order_id=order.pk,
            minutes=form.cleaned_data["minutes"],
            actor_name=actor_of(request)[1],
            now=timezone.now(),
        )
        return str(_("The guest knows when it will be ready."))

    @dialog_action(
        title=_("Refuse"),
        description=_("What was paid goes back by itself."),
        submit=_("Refuse"),
        form=ReasonForm,
        permissions=("operate",),
    )
    def reject(self, request: HttpRequest, form: forms.Form, order: Order) -> str:
        services.reject_order(
            store_id=order.store_id,
            order_id=order.pk,
            reason_code="other",
            reason=form.cleaned_data["reason"],
            actor_name=actor_of(request)[1],
            now=timezone.now(),
        )
        return str(_("The guest knows, and what was paid goes back."))

    @dialog_action(
        title=_("Cancel order"),
        description=_("Also what is already cooking. What was paid goes back by itself."),
        submit=_("Cancel order"),
        form=ReasonForm,
        permissions=("operate",),
    )
    def cancel(self, request: HttpRequest, form: forms.Form, order: Order) -> str:
        services.cancel_order(
            order_id=order.pk,
            store_id=order.store_id,
            reason=form.cleaned_data["reason"],
            actor_kind="staff",
            actor_name=actor_of(request)[1],
            may_void=True,
            now=timezone.now(),
        )
        return str(_("The order is canceled."))


@admin.register(Tab)
class TabAdmin(OnlyUseful, TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """The accounts of parties at their tables."""

    list_display = ("table_name", "state", "guest_count", "opened_at", "closed_at", "ended_by")
    list_filter = ("status", "pay_after", "opened_at")
    search_fields = ("table_name", "close_reason")
    ordering = ("-opened_at",)
    show_full_result_count = False
    inlines = (OrderInline,)
    fields = (
        ("table_name", "guest_count", "status"),
        ("pay_after", "settled_at"),
        ("opened_at", "closed_at"),
        ("ended_why", "ended_by"),
    )
    readonly_fields = tuple(name for row in fields for name in row)
    actions_detail = ("timeline", "close")

    @display(description=_("closed by"))
    def ended_by(self, row: Tab) -> str:
        return row.closed_by or "–"

    @display(description=_("reason for closing"))
    def ended_why(self, row: Tab) -> str:
        return row.why_closed or "–"

    def useless_actions(self, row: Tab) -> tuple[str, ...]:
        return ("close",) if row.status == TabStatus.CLOSED else ()

    def story_of(self, row: Tab) -> str:
        return story_address(row.pk)

    @display(description=_("status"), ordering="status", label=TAB_COLORS)
    def state(self, row: Tab) -> tuple[str, str]:
        return row.status, row.get_status_display()

    @dialog_action(
        title=_("Close tab"),
        description=_("Also when something is unpaid: the reason is kept."),
        submit=_("Close tab"),
        form=ReasonForm,
        permissions=("operate",),
    )
    def close(self, request: HttpRequest, form: forms.Form, tab: Tab) -> str:
        services.close_tab(
            store_id=tab.store_id,
            tab_id=tab.pk,
            reason=form.cleaned_data["reason"],
            actor_name=actor_of(request)[1],
            may_write_off=True,
            now=timezone.now(),
        )
        return str(_("The tab is closed."))
