"""What money, or its absence, does to orders: submitted when paid, expired when not, settled at the end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from events.kernel.databases import atomic
from events.kernel.errors import NotFound
from events.outbox import publish
from orders.errors import NotTheSender, WrongState
from orders.events import OrderCanceled, OrderExpired, OrderSubmitted, SoldLine
from orders.models import Order, OrderLine, OrderStatus, Tab
from orders.reasons import BY_GUEST
from orders.services.announce import hint_board, hint_order

LINE_STEP = ["status", "previous_status", "changed_at"]


def order_fields(order: Order) -> dict[str, Any]:
    """The fields that every event of an order carries."""
    return {
        "store_id": order.store_id,
        "order_id": order.pk,
        "tab_id": order.tab_id,
        "table_id": order.table_id,
        "table_name": order.table_name,
        "number": order.number,
    }


def lock_order(order_id: UUID, **scope: UUID) -> tuple[Order, list[OrderLine]]:
    """The order and its lines, the order locked; raises NotFound outside `scope` (store_id, tab_id)."""
    order = Order.objects.select_for_update().filter(pk=order_id, **scope).first()
    if order is None:
        raise NotFound()
    return order, list(order.lines.all())


def submit_paid_order(*, order_id: UUID, now: datetime) -> None:
    """Sends a paid order to the kitchen; does nothing when it was sent or has ended already."""
    with atomic("orders"):
        order, lines = lock_order(order_id)
        if order.status != OrderStatus.AWAITING_PAYMENT:
            return
        order.submit(now)
        order.save(update_fields=["status", "submitted_at", "expires_at"])
        publish_submitted(order, lines)
        hint_order(order.store_id, order.tab_id)


def publish_submitted(order: Order, lines: Sequence[OrderLine]) -> None:
    """Tells that the kitchen may cook. Call inside the transaction that submitted it."""
    event = OrderSubmitted(
        **order_fields(order),
        guest_name=order.guest_name,
        total=order.total,
        currency=order.currency,
        lines=[line_fact(line) for line in lines],
    )
    publish(event, correlation_id=order.tab_id)


def line_fact(line: OrderLine) -> SoldLine:
    """A line as events tell it."""
    return {
        "id": str(line.pk),
        "item_id": str(line.item_id),
        "name": line.name,
        "i18n": line.i18n,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "total": line.total,
        "options": line.options,
        "note": line.note,
        "guest_id": str(line.guest_id) if line.guest_id else None,
        "guest_name": line.guest_name,
        "station": line.station,
        "tax_rate_bp": line.tax_rate_bp,
    }


def settle_tab(*, tab_id: UUID, total: int, now: datetime) -> None:
    """The party's bills are paid. Ignored when the tab has ended, more was ordered than `total` covers, or
    something came to be owed again after `now`."""
    with atomic("orders"):
        tab = Tab.objects.select_for_update().filter(pk=tab_id, closed_at=None).first()
        if tab is None:
            return
        ordered = sum(order.total for order in tab.orders.all() if order.counts)
        if ordered > total:
            return
        tab.settle(now)
        tab.save(update_fields=["status", "settled_at"])
        hint_board(tab.store_id)


def reopen_tab(*, tab_id: UUID, now: datetime) -> None:
    """Something is owed again on a paid bill of the party. Ignored when the tab has ended."""
    with atomic("orders"):
        tab = Tab.objects.select_for_update().filter(pk=tab_id, closed_at=None).first()
        if tab is None:
            return
        tab.owe_again(now)
        tab.save(update_fields=["status", "settled_at", "owed_since"])
        hint_order(tab.store_id, tab.pk)


def expire_unpaid_orders(*, now: datetime) -> int:
    """Ends orders whose time to pay is over; returns how many. Money that comes later is given back."""
    due = Order.objects.filter(status=OrderStatus.AWAITING_PAYMENT, expires_at__lte=now)
    return sum(_expire_if_due(order_id, now) for order_id in list(due.values_list("pk", flat=True)))


def _expire_if_due(order_id: UUID, now: datetime) -> int:
    with atomic("orders"):
        order = (
            Order.objects.select_for_update(skip_locked=True)
            .filter(pk=order_id, status=OrderStatus.AWAITING_PAYMENT, expires_at__lte=now)
            .first()
        )
        if order is None:
            return 0
        expire(order, now)
        hint_order(order.store_id, order.tab_id)
    return 1


def expire(order: Order, now: datetime) -> None:
    """Ends an unpaid order. Call inside a transaction that holds its lock."""
    lines = list(order.lines.all())
    order.expire(lines, now)
    order.save(update_fields=["status", "ended_at", "expires_at"])
    OrderLine.objects.bulk_update(lines, LINE_STEP)
    publish(OrderExpired(**order_fields(order)), correlation_id=order.tab_id)


def cancel_order(
    *,
    order_id: UUID,
    reason: str,
    actor_kind: str,
    actor_name: str,
    may_void: bool,
    now: datetime,
    guest_id: UUID | None = None,
    **scope: UUID,
) -> Order:
    """Takes an order back: the guest who sent it until it is accepted, staff until something is served.

    `actor_kind` is "guest" or "staff"; `may_void` says whether this person may throw away what is cooking.
    `scope` (store_id or tab_id) bounds whose order it may be; `guest_id` is the phone that asks.
    Raises NotTheSender, WrongState, NotFound.
    """
    with atomic("orders"):
        order, lines = lock_order(order_id, **scope)
        if guest_id is not None and order.guest_id != guest_id:
            raise NotTheSender()
        if not order.guest_may_cancel and not may_void:
            raise WrongState(status_now=order.status)
        code = BY_GUEST if actor_kind == "guest" else ""
        order.cancel(lines, reason=reason, reason_code=code, actor_name=actor_name, at=now)
        save_order(order, lines)
        publish_canceled(order, actor_kind)
        hint_order(order.store_id, order.tab_id)
    return order


def publish_canceled(order: Order, actor_kind: str) -> None:
    """Tells that an order was taken back. Call inside the transaction that did it."""
    event = OrderCanceled(
        **order_fields(order),
        reason=order.reason,
        reason_code=order.reason_code,
        total=order.total,
        currency=order.currency,
        actor_kind=actor_kind,
        actor_name=order.actor_name,
    )
    publish(event, correlation_id=order.tab_id)


def save_order(order: Order, lines: Sequence[OrderLine]) -> None:
    """Writes what a step may change, on the order and on its lines."""
    order.save(
        update_fields=[
            "status", "total", "minutes", "reason_code", "reason", "actor_name", "expires_at",
            "accepted_at", "ready_by", "ready_at", "served_at", "ended_at",
        ]
    )  # fmt: skip
    OrderLine.objects.bulk_update(lines, [*LINE_STEP, "void_reason", "voided_by"])
