"""What orders add to the story of a tab: words for their events, who joined, and joined tabs."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.timeline import (
    Moment,
    Question,
    Words,
    contributes,
    reasons,
    relates,
    row_link,
    rows,
    words,
)
from orders.models import Guest, OrderStatus, Tab
from orders.reasons import MERGED, REASONS

rows(order="orders_order", tab="orders_tab")
words(
    {
        "tab.opened": Words("table_restaurant", gettext_lazy("The party sat down")),
        "tab.moved": Words("swap_horiz", gettext_lazy("Moved to another table")),
        "tab.merged": Words("call_merge", gettext_lazy("Joined with another table")),
        "tab.closed": Words("door_front", gettext_lazy("The party left")),
        "order.placed": Words("receipt_long", gettext_lazy("A guest ordered")),
        "order.submitted": Words("skillet", gettext_lazy("The order went to the kitchen")),
        "order.expired": Words("timer_off", gettext_lazy("Not paid in time"), "bad"),
        "order.accepted": Words("thumb_up", gettext_lazy("The kitchen took the order"), "good"),
        "order.rejected": Words("block", gettext_lazy("The order was refused"), "bad"),
        "order.canceled": Words("cancel", gettext_lazy("The order was canceled"), "bad"),
        "line.ready": Words("done", gettext_lazy("A dish is ready")),
        "line.voided": Words("remove_shopping_cart", gettext_lazy("A dish was taken off"), "bad"),
        "order.ready": Words("room_service", gettext_lazy("Everything is ready")),
        "order.served": Words("done_all", gettext_lazy("Everything is on the table"), "good"),
        "order.recalled": Words("undo", gettext_lazy("Staff took one step back")),
        "call.raised": Words("front_hand", gettext_lazy("A guest called")),
        "call.answered": Words("waving_hand", gettext_lazy("Somebody went there"), "good"),
    }
)

# Where nobody says why, money that goes back is told by how the order ended.
reasons({**REASONS, "canceled": OrderStatus.CANCELED.label, "expired": OrderStatus.EXPIRED.label})
reasons({MERGED: gettext_lazy("Joined with another table")})


@relates
def joined_tabs(tab_id: UUID, store_ids: tuple[UUID, ...]) -> Iterator[UUID]:
    """Tabs that were joined into this one, and the one it was joined into."""
    near = Tab.objects.filter(Q(pk=tab_id) | Q(merged_into_id=tab_id), store_id__in=store_ids)
    for pk, target in near.values_list("pk", "merged_into_id"):
        yield from (key for key in (pk, target) if key)


@contributes
def guests(question: Question) -> Iterator[Moment]:
    """Every phone that joined. One query."""
    found = Guest.objects.filter(
        tab_id__in=question.correlation_ids,
        tab__store_id__in=question.store_ids,
        **question.after("joined_at"),
    )
    for guest in found.select_related("tab").order_by("joined_at")[: question.limit]:
        yield Moment(
            guest.joined_at,
            "smartphone",
            _("A phone joined"),
            f"{guest} · {guest.language}",
            "quiet",
            row_link("orders_tab", guest.tab_id),
            store_id=guest.tab.store_id,
        )
