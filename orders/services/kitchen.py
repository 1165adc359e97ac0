"""What staff do with orders: accept, refuse, ready, served, one step back, take a line off."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from events.kernel.databases import atomic
from events.kernel.errors import NotFound
from events.outbox import publish
from orders.errors import ReasonNeeded, WrongState
from orders.events import (
    LineReady,
    LineVoided,
    OrderAccepted,
    OrderReady,
    OrderRecalled,
    OrderRejected,
    OrderServed,
)
from orders.models import LineStatus, Order, OrderLine, OrderStatus, Tab
from orders.reasons import NO_ANSWER
from orders.services.announce import hint_order
from orders.services.payment import lock_order, order_fields, publish_canceled, save_order


def accept_order(*, store_id: UUID, order_id: UUID, minutes: int, actor_name: str, now: datetime) -> Order:
    """Staff take the order and promise it in `minutes`. Raises WrongState, NotFound."""
    with atomic("orders"):
        order, lines = lock_order(order_id, store_id=store_id)
        order.accept(lines, minutes=minutes, actor_name=actor_name, at=now)
        save_order(order, lines)
        assert order.ready_by is not None
        event = OrderAccepted(
            **order_fields(order), minutes=minutes, ready_by=order.ready_by, actor_name=actor_name
        )
        publish(event, correlation_id=order.tab_id)
        hint_order(store_id, order.tab_id)
    return order


def accept_orders(
    *, store_id: UUID, order_ids: Sequence[UUID], minutes: int, actor_name: str, now: datetime
) -> list[Order]:
    """Takes several orders at once; those somebody else has just answered are passed over."""
    accepted = []
    with atomic("orders"):
        for order_id in sorted(set(order_ids)):
            try:
                accepted.append(
                    accept_order(
                        store_id=store_id, order_id=order_id, minutes=minutes, actor_name=actor_name, now=now
                    )
                )
            except (WrongState, NotFound):
                continue
    return accepted


def reject_order(
    *, store_id: UUID, order_id: UUID, reason_code: str, reason: str, actor_name: str, now: datetime
) -> Order:
    """The kitchen cannot do it; what was paid goes back. Raises WrongState, NotFound."""
    with atomic("orders"):
        order, lines = lock_order(order_id, store_id=store_id)
        _reject(order, lines, reason_code=reason_code, reason=reason, actor_name=actor_name, now=now)
    return order


def reject_unanswered_order(*, order_id: UUID, now: datetime) -> None:
    """Nobody took the alarm: refuses the order in the house's name; one that was answered stays."""
    with atomic("orders"):
        order, lines = lock_order(order_id)
        if order.status == OrderStatus.SUBMITTED:
            _reject(order, lines, reason_code=NO_ANSWER, reason="", actor_name="", now=now)


def mark_ready(*, store_id: UUID, order_id: UUID, now: datetime) -> Order:
    """Every line is done. Raises WrongState, NotFound."""
    return _finish(store_id=store_id, order_id=order_id, to=LineStatus.READY, now=now)


def mark_served(*, store_id: UUID, order_id: UUID, now: datetime) -> Order:
    """Everything is on the table, also what nobody marked ready. Raises WrongState, NotFound."""
    return _finish(store_id=store_id, order_id=order_id, to=LineStatus.SERVED, now=now)


def mark_line_ready(*, store_id: UUID, line_id: UUID, now: datetime) -> Order:
    """One line is done. Raises WrongState, NotFound."""
    order_id = _order_of_line(line_id, store_id)
    return _finish(store_id=store_id, order_id=order_id, to=LineStatus.READY, now=now, only=line_id)


def recall_order(*, store_id: UUID, order_id: UUID, now: datetime) -> Order:
    """Takes the order's last ready or served back, within a minute. Raises WrongState, NotFound."""
    return _undo(store_id=store_id, order_id=order_id, now=now)


def undo_line(*, store_id: UUID, line_id: UUID, now: datetime) -> Order:
    """Takes one line's last step back, within a minute. Raises WrongState, NotFound."""
    return _undo(store_id=store_id, order_id=_order_of_line(line_id, store_id), now=now, only=line_id)


def void_line(
    *, store_id: UUID, line_id: UUID, reason: str, actor_name: str, may_void: bool, now: datetime
) -> Order:
    """Takes one line off the order and off the bill; the last one left takes the order with it.

    Once accepted it needs `may_void` (owner, manager). Raises ReasonNeeded, WrongState, NotFound.
    """
    if not reason.strip():
        raise ReasonNeeded()
    with atomic("orders"):
        order, lines = lock_order(_order_of_line(line_id, store_id), store_id=store_id)
        line = next((each for each in lines if each.pk == line_id), None)
        if line is None:
            raise NotFound()
        if order.accepted_at is not None and not may_void:
            raise WrongState(status_now=order.status)
        _void(order, lines, line, reason=reason, actor_name=actor_name, now=now)
        hint_order(store_id, order.tab_id)
    return order


def _reject(
    order: Order,
    lines: Sequence[OrderLine],
    *,
    reason_code: str,
    reason: str,
    actor_name: str,
    now: datetime,
) -> None:
    order.reject(lines, reason_code=reason_code, reason=reason, actor_name=actor_name, at=now)
    save_order(order, lines)
    event = OrderRejected(
        **order_fields(order),
        reason_code=reason_code,
        reason=reason,
        total=order.total,
        currency=order.currency,
        actor_name=actor_name,
    )
    publish(event, correlation_id=order.tab_id)
    hint_order(order.store_id, order.tab_id)


def _order_of_line(line_id: UUID, store_id: UUID) -> UUID:
    lines = OrderLine.objects.filter(pk=line_id, order__store_id=store_id)
    order_id = lines.values_list("order_id", flat=True).first()
    if order_id is None:
        raise NotFound()
    return order_id


def _finish(*, store_id: UUID, order_id: UUID, to: str, now: datetime, only: UUID | None = None) -> Order:
    order = None
    while order is None:  # again only if the party was joined to another one before the lock was ours
        with atomic("orders"):
            if to != LineStatus.SERVED or _lock_tab_of(order_id, store_id):
                order = _step(*lock_order(order_id, store_id=store_id), to, now, only)
    return order


def _lock_tab_of(order_id: UUID, store_id: UUID) -> bool:
    """Locks the order's tab, which comes before the order for who closes, moves or joins it, too.

    Serving writes it. False when the order went to another tab meanwhile.
    """
    of_order = Order.objects.filter(pk=order_id, store_id=store_id).values_list("tab_id", flat=True)
    tab_id = of_order.first()
    if tab_id is not None:
        Tab.objects.select_for_update().filter(pk=tab_id).first()
    return of_order.first() == tab_id


def _step(order: Order, lines: list[OrderLine], to: str, now: datetime, only: UUID | None) -> Order:
    before = order.status
    moved = order.finish_lines(lines, to, now, only)
    save_order(order, lines)
    if to == LineStatus.READY:
        _publish_lines_ready(order, moved)
    _publish_progress(order, before)
    if order.status == OrderStatus.SERVED:
        Tab.objects.filter(pk=order.tab_id, closed_at=None).update(active_at=now)
    hint_order(order.store_id, order.tab_id)
    return order


def _publish_lines_ready(order: Order, moved: Sequence[OrderLine]) -> None:
    for line in moved:
        event = LineReady(
            **order_fields(order),
            line_id=line.pk,
            line_name=line.name,
            i18n=line.i18n,
            quantity=line.quantity,
        )
        publish(event, correlation_id=order.tab_id)


def _publish_progress(order: Order, before: str) -> None:
    """Tells of a ready or served order once, when it becomes so."""
    if order.status == before:
        return
    if order.status == OrderStatus.READY:
        publish(OrderReady(**order_fields(order)), correlation_id=order.tab_id)
    elif order.status == OrderStatus.SERVED:
        publish(OrderServed(**order_fields(order)), correlation_id=order.tab_id)


def _undo(*, store_id: UUID, order_id: UUID, now: datetime, only: UUID | None = None) -> Order:
    with atomic("orders"):
        order, lines = lock_order(order_id, store_id=store_id)
        order.undo(lines, now, only)
        save_order(order, lines)
        publish(OrderRecalled(**order_fields(order), status=order.status), correlation_id=order.tab_id)
        hint_order(store_id, order.tab_id)
    return order


def _void(
    order: Order,
    lines: Sequence[OrderLine],
    line: OrderLine,
    *,
    reason: str,
    actor_name: str,
    now: datetime,
) -> None:
    if order.live_lines(lines) == [line] and line.status != LineStatus.SERVED:
        # Its total stays on the order: payments give all that is left of it back.
        order.cancel(lines, reason=reason, actor_name=actor_name, at=now)
        save_order(order, lines)
        publish_canceled(order, "staff")
        return
    before = order.status
    order.void(lines, line, reason=reason, actor_name=actor_name, at=now)
    save_order(order, lines)
    event = LineVoided(
        **order_fields(order),
        line_id=line.pk,
        line_name=line.name,
        amount=line.total,
        currency=order.currency,
        reason=reason,
        actor_name=actor_name,
    )
    publish(event, correlation_id=order.tab_id)
    _publish_progress(order, before)
