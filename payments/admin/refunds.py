"""Refunds, and the decisions that only a person can take about them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from events.kernel.backoffice import ReadOnlyAdmin, StoreScopedAdmin, TellsStory, actor_of, dialog_action
from events.kernel.useful_actions import OnlyUseful
from events.timeline import story_address
from payments.admin.rows import TellsWhy, money, yes_or_no
from payments.models import Refund, RefundState
from payments.services.failed_refunds import pay_back_in_cash, retry_refund, withdraw_refund
from payments.services.refunds import confirm_hand_back

REFUND_COLORS = {
    RefundState.SUCCEEDED: "success",
    RefundState.FAILED: "danger",
    RefundState.REVERSED: "danger",
    RefundState.PENDING: "warning",
    RefundState.SENT: "info",
    RefundState.REQUESTED: "info",
}


@admin.register(Refund)
class RefundAdmin(OnlyUseful, TellsWhy, TellsStory, ReadOnlyAdmin, StoreScopedAdmin):
    """Money that went back, or could not."""

    list_display = ("created_at", "sum", "status", "source", "why", "actor_name")
    list_select_related = ("payment",)
    list_filter = ("state", "source", "created_at")
    search_fields = ("id", "payment__merchant_ref", "reason")
    ordering = ("-created_at",)
    show_full_result_count = False
    actions_detail = ("timeline", "handed_back", "try_again", "paid_in_cash", "withdraw")
    fields = readonly_fields = (
        "sum",
        "state",
        "failure",
        "source",
        "why",
        "actor_name",
        "payment",
        "attempts",
        "created_at",
        "sent_at",
        "done_at",
        "gateway_ref",
        "by_hand",
        "resolution",
        "resolved_at",
        "resolved_by",
        "replaces",
        "replaced_by",
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

    @display(description=_("in cash"))
    def by_hand(self, row: Refund) -> str:
        return yes_or_no(row.in_cash)

    @display(description=_("replaced by"))
    def replaced_by(self, row: Refund) -> Refund | str:
        return getattr(row, "replacement", None) or "–"

    def useless_actions(self, row: Refund) -> frozenset[str]:
        return USES - _uses_of(row)

    @dialog_action(
        title=_("Cash handed back"),
        description=_("You gave this amount back to the guest at the counter."),
        submit=_("Yes, handed back"),
        permissions=("operate",),
        url_path="handed-back",
        icon="payments",
    )
    def handed_back(self, request: HttpRequest, form: forms.Form, row: Refund) -> str:
        confirm_hand_back(**_decision(request, row))
        return gettext("Noted, thank you.")

    @dialog_action(
        title=_("Try again"),
        description=_("The payment service is asked once more. This refund stays in the history."),
        submit=_("Try again"),
        permissions=("operate",),
        url_path="try-again",
        icon="refresh",
    )
    def try_again(self, request: HttpRequest, form: forms.Form, row: Refund) -> str:
        again = retry_refund(**_decision(request, row))
        return gettext("%(amount)s is on its way back.") % {"amount": money(again.amount, again.currency)}

    @dialog_action(
        title=_("Paid back in cash"),
        description=_("You gave this amount to the guest by hand. The payment service is not asked again."),
        submit=_("Yes, paid back"),
        permissions=("operate",),
        url_path="paid-in-cash",
        icon="payments",
    )
    def paid_in_cash(self, request: HttpRequest, form: forms.Form, row: Refund) -> str:
        pay_back_in_cash(**_decision(request, row))
        return gettext("Noted, thank you.")

    @dialog_action(
        title=_("Do not give back"),
        description=_("Only for a refund you offered yourself: the guest keeps paying the full price."),
        submit=_("Do not give back"),
        permissions=("operate",),
        url_path="withdraw",
        icon="block",
    )
    def withdraw(self, request: HttpRequest, form: forms.Form, row: Refund) -> str:
        withdraw_refund(**_decision(request, row))
        return gettext("This refund is off.")


USES = frozenset({"handed_back", "try_again", "paid_in_cash", "withdraw"})


def _uses_of(row: Refund) -> frozenset[str]:
    if row.needs_hand:
        return frozenset({"handed_back"})
    if not row.is_stuck:
        return frozenset()
    decisions = USES - {"handed_back"}
    return decisions if row.can_be_withdrawn else decisions - {"withdraw"}


def _decision(request: HttpRequest, row: Refund) -> dict[str, Any]:
    actor_id, actor_name = actor_of(request)
    return {
        "store_id": row.store_id,
        "refund_id": row.id,
        "actor_id": actor_id,
        "actor_name": actor_name,
    }
