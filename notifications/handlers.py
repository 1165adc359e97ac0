"""What staff and guests are told of the other contexts' facts."""

from typing import Any

from events.base import Envelope
from events.registry import subscribe, subscribe_all
from notifications import services
from notifications.models import Kind
from notifications.printing import services as printing
from notifications.printing.models import PrinterSubscription, TicketKind
from notifications.printing.tickets import News
from orders.events import (
    CallAnswered,
    CallRaised,
    LineReady,
    LineVoided,
    OrderAccepted,
    OrderCanceled,
    OrderEvent,
    OrderExpired,
    OrderReady,
    OrderRejected,
    OrderServed,
    OrderSubmitted,
    TabClosed,
    TabMerged,
    TabMoved,
    TabOpened,
)
from payments.events import (
    PaymentCaptured,
    PaymentEvent,
    PaymentFailed,
    PaymentFlagged,
    RefundCompleted,
    RefundEvent,
    RefundFailed,
)
from stores.events import StoreChanged

# Inside a handler the tab's channel is written before the store's: two handlers never wait for each other.


def _tell_tab(event: OrderEvent, envelope: Envelope, kind: Kind, **data: Any) -> None:
    services.notify_tab(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=kind,
        data={"order_id": event.order_id, "number": event.number, **data},
        subject_id=event.order_id,
        source=envelope,
    )


# --- Orders -------------------------------------------------------------------------------------------


@subscribe(OrderSubmitted, name="notifications.ring_for_order")
def ring_for_order(event: OrderSubmitted, envelope: Envelope) -> None:
    money = {"total": event.total, "currency": event.currency}
    _tell_tab(event, envelope, Kind.ORDER_SUBMITTED, guest_name=event.guest_name, **money)
    services.raise_alarm(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=Kind.ORDER_SUBMITTED,
        subject_id=event.order_id,
        source=envelope,
        data={
            "order_id": event.order_id,
            "number": event.number,
            "table_name": event.table_name,
            "guest_name": event.guest_name,
            "lines": [{"name": line["name"], "quantity": line["quantity"]} for line in event.lines],
            **money,
        },
    )


@subscribe(OrderAccepted, name="notifications.tell_order_accepted")
def tell_order_accepted(event: OrderAccepted, envelope: Envelope) -> None:
    promise = {"minutes": event.minutes, "ready_by": event.ready_by}
    _tell_tab(event, envelope, Kind.ORDER_ACCEPTED, **promise)
    services.acknowledge_subject(
        store_id=event.store_id, subject_id=event.order_id, actor_name=event.actor_name
    )


@subscribe(OrderRejected, name="notifications.tell_order_rejected")
def tell_order_rejected(event: OrderRejected, envelope: Envelope) -> None:
    why = {"reason_code": event.reason_code, "reason": event.reason}
    _tell_tab(event, envelope, Kind.ORDER_REJECTED, **why)
    services.acknowledge_subject(
        store_id=event.store_id, subject_id=event.order_id, actor_name=event.actor_name
    )


@subscribe(OrderCanceled, name="notifications.tell_order_canceled")
def tell_order_canceled(event: OrderCanceled, envelope: Envelope) -> None:
    why = {"reason_code": event.reason_code, "reason": event.reason, "by": event.actor_kind}
    _tell_tab(event, envelope, Kind.ORDER_CANCELED, **why)
    services.acknowledge_subject(
        store_id=event.store_id, subject_id=event.order_id, actor_name=event.actor_name
    )
    services.notify_store(
        store_id=event.store_id,
        kind=Kind.ORDER_CANCELED,
        subject_id=event.order_id,
        source=envelope,
        data={
            "order_id": event.order_id,
            "number": event.number,
            "table_name": event.table_name,
            "actor_name": event.actor_name,
            **why,
        },
    )


@subscribe(OrderExpired, name="notifications.tell_order_expired")
def tell_order_expired(event: OrderExpired, envelope: Envelope) -> None:
    _tell_tab(event, envelope, Kind.ORDER_EXPIRED)


@subscribe(LineReady, name="notifications.tell_line_ready")
def tell_line_ready(event: LineReady, envelope: Envelope) -> None:
    line = {"line_id": event.line_id, "name": event.line_name, "i18n": event.i18n}
    _tell_tab(event, envelope, Kind.LINE_READY, quantity=event.quantity, **line)


@subscribe(OrderReady, name="notifications.tell_order_ready")
def tell_order_ready(event: OrderReady, envelope: Envelope) -> None:
    _tell_tab(event, envelope, Kind.ORDER_READY)


@subscribe(OrderServed, name="notifications.tell_order_served")
def tell_order_served(event: OrderServed, envelope: Envelope) -> None:
    _tell_tab(event, envelope, Kind.ORDER_SERVED)


# --- Tickets on paper -------------------------------------------------------------------------------


@subscribe_all(
    [OrderSubmitted, OrderCanceled, OrderRejected, LineVoided, TabMoved, TabMerged],
    name="notifications.write_tickets",
    audience=PrinterSubscription._meta.db_table,
)
def write_tickets(event: OrderEvent | TabMoved | TabMerged, envelope: Envelope) -> None:
    """A fact to every printer that wants it; without such a printer it never runs."""
    printing.write_tickets(news=_news_of(event), topic=event.topic, source=envelope)


def _news_of(event: OrderEvent | TabMoved | TabMerged) -> News:
    place: dict[str, Any] = {
        "store_id": event.store_id,
        "tab_id": event.tab_id,
        "table": event.table_name,
    }
    if isinstance(event, TabMoved):
        return News(kind=TicketKind.MOVED, from_table=event.from_table_name, **place)
    if isinstance(event, TabMerged):
        place["table"] = _new_table(event) or "?"
        place["into_tab_id"] = event.into_tab_id
        return News(kind=TicketKind.MOVED, from_table=event.table_name, **place)
    place |= {"order_id": event.order_id, "number": event.number}
    if isinstance(event, LineVoided):
        return News(kind=TicketKind.VOIDED, line_id=event.line_id, reason=event.reason, **place)
    if isinstance(event, OrderSubmitted):
        return News(kind=TicketKind.ORDER, guest=event.guest_name, lines=event.lines, **place)
    assert isinstance(event, OrderCanceled | OrderRejected)
    place |= {"reason": event.reason, "reason_code": event.reason_code}
    return News(kind=TicketKind.CANCELED, **place)


# --- Calls --------------------------------------------------------------------------------------------


@subscribe(CallRaised, name="notifications.ring_for_call")
def ring_for_call(event: CallRaised, envelope: Envelope) -> None:
    services.raise_alarm(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=Kind.CALL_RAISED,
        subject_id=event.call_id,
        source=envelope,
        data={
            "call_id": event.call_id,
            "table_name": event.table_name,
            "kind": event.kind,
            "note": event.note,
            "guest_name": event.guest_name,
        },
    )


@subscribe(CallAnswered, name="notifications.tell_call_answered")
def tell_call_answered(event: CallAnswered, envelope: Envelope) -> None:
    services.notify_tab(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=Kind.CALL_ANSWERED,
        data={"call_id": event.call_id},
        subject_id=event.call_id,
        source=envelope,
    )
    services.acknowledge_subject(
        store_id=event.store_id, subject_id=event.call_id, actor_name=event.actor_name
    )


# --- Money --------------------------------------------------------------------------------------------


def _money(event: PaymentEvent | RefundEvent) -> dict[str, Any]:
    return {
        "payment_id": event.payment_id,
        "order_id": event.order_id,
        "amount": event.amount,
        "currency": event.currency,
    }


@subscribe(PaymentCaptured, name="notifications.tell_payment_captured")
def tell_payment_captured(event: PaymentCaptured, envelope: Envelope) -> None:
    data = {**_money(event), "method": event.method}
    message: services.Message = {
        "kind": Kind.PAYMENT_CAPTURED,
        "subject_id": event.payment_id,
        "source": envelope,
        "data": data,
    }
    services.notify_tab(store_id=event.store_id, tab_id=event.tab_id, **message)
    message["data"] = {**data, "table_name": services.table_of_tab(event.tab_id)}
    services.notify_store(store_id=event.store_id, **message)


@subscribe(PaymentFailed, name="notifications.tell_payment_failed")
def tell_payment_failed(event: PaymentFailed, envelope: Envelope) -> None:
    services.notify_tab(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=Kind.PAYMENT_FAILED,
        data={**_money(event), "state": event.state, "reason": event.reason},
        subject_id=event.payment_id,
        source=envelope,
    )


@subscribe(PaymentFlagged, name="notifications.ring_for_flagged_payment")
def ring_for_flagged_payment(event: PaymentFlagged, envelope: Envelope) -> None:
    table_name = services.table_of_tab(event.tab_id)
    services.notify_store(
        store_id=event.store_id,
        alarm=True,
        kind=Kind.PAYMENT_FLAGGED,
        data={**_money(event), "table_name": table_name, "reason": event.reason},
        subject_id=event.payment_id,
        source=envelope,
    )


@subscribe(RefundCompleted, name="notifications.tell_refund_completed")
def tell_refund_completed(event: RefundCompleted, envelope: Envelope) -> None:
    services.notify_tab(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=Kind.REFUND_COMPLETED,
        data={**_money(event), "refund_id": event.refund_id},
        subject_id=event.refund_id,
        source=envelope,
    )


@subscribe(RefundFailed, name="notifications.ring_for_failed_refund")
def ring_for_failed_refund(event: RefundFailed, envelope: Envelope) -> None:
    data = {**_money(event), "refund_id": event.refund_id}
    message: services.Message = {
        "kind": Kind.REFUND_FAILED,
        "subject_id": event.refund_id,
        "source": envelope,
        "data": data,
    }
    services.notify_tab(store_id=event.store_id, tab_id=event.tab_id, **message)
    message["data"] = {**data, "table_name": services.table_of_tab(event.tab_id)}
    services.notify_store(store_id=event.store_id, alarm=True, **message)


# --- Tabs and stores ------------------------------------------------------------------------------------


@subscribe(TabOpened, name="notifications.name_opened_tab")
def name_opened_tab(event: TabOpened, envelope: Envelope) -> None:
    services.name_tab(
        tab_id=event.tab_id, table_name=event.table_name, moved=False, happened=envelope.occurred_at
    )


@subscribe(TabMoved, name="notifications.tell_tab_moved")
def tell_tab_moved(event: TabMoved, envelope: Envelope) -> None:
    told = services.notify_tab(
        store_id=event.store_id,
        tab_id=event.tab_id,
        kind=Kind.TAB_MOVED,
        data={"table_name": event.table_name, "from_table_name": event.from_table_name},
        source=envelope,
    )
    if told:  # replayed later, it must not put the party back to where it was
        services.name_tab(tab_id=event.tab_id, table_name=event.table_name, moved=True)


def _end_tab(event: TabClosed | TabMerged, envelope: Envelope, **data: Any) -> None:
    services.notify_tab(
        store_id=event.store_id, tab_id=event.tab_id, kind=Kind.TAB_CLOSED, data=data, source=envelope
    )
    services.close_tab_channel(tab_id=event.tab_id)


@subscribe(TabClosed, name="notifications.tell_tab_closed")
def tell_tab_closed(event: TabClosed, envelope: Envelope) -> None:
    _end_tab(event, envelope, reason=event.reason)


@subscribe(TabMerged, name="notifications.tell_tab_merged")
def tell_tab_merged(event: TabMerged, envelope: Envelope) -> None:
    # The phones go on at the other table: nobody says goodbye there.
    place = {"into_tab_id": event.into_tab_id, "table_name": _new_table(event)}
    _end_tab(event, envelope, reason_code="merged", **place)


def _new_table(event: TabMerged) -> str:
    """Where the party sits now; older facts do not say."""
    return event.into_table_name or services.table_of_tab(event.into_tab_id)


@subscribe(StoreChanged, name="notifications.save_store_snapshot")
def save_store_snapshot(event: StoreChanged, envelope: Envelope) -> None:
    services.save_store_snapshot(
        store_id=event.store_id, version_number=event.version_number, snapshot=event.snapshot
    )
