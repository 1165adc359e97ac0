"""What payments does when something happened elsewhere, or in its own webhooks and refunds."""

from typing import Any

from events.base import Envelope
from events.registry import subscribe
from orders.events import (
    LineVoided,
    OrderCanceled,
    OrderExpired,
    OrderPlaced,
    OrderRejected,
    TabClosed,
    TabEvent,
    TabMerged,
    TabMoved,
)
from payments.events import RefundRequested, WebhookReceived
from payments.services import accounts, bills, refunds, webhooks
from stores.events import StoreChanged


@subscribe(StoreChanged, name="payments.save_store_snapshot")
def save_store_snapshot(event: StoreChanged, envelope: Envelope) -> None:
    """Keeps the store's name, currency and tax; a new store gets its default gateways."""
    accounts.save_store_snapshot(
        store_id=event.store_id, version_number=event.version_number, snapshot=event.snapshot
    )


@subscribe(OrderPlaced, name="payments.open_bill")
def open_bill(event: OrderPlaced, envelope: Envelope) -> None:
    """Writes the order on its bill."""
    bills.open_bill(
        store_id=event.store_id,
        tab_id=event.tab_id,
        order_id=event.order_id,
        order_number=event.number,
        pay_after=event.pay_after,
        currency=event.currency,
        table=_table(event),
        lines=event.lines,
    )


@subscribe(OrderRejected, name="payments.refund_rejected_order")
def refund_rejected_order(event: OrderRejected, envelope: Envelope) -> None:
    """Takes the order off its bill and sends the money back."""
    bills.release_order(order_id=event.order_id, reason=event.reason or event.reason_code)


@subscribe(OrderCanceled, name="payments.refund_canceled_order")
def refund_canceled_order(event: OrderCanceled, envelope: Envelope) -> None:
    """Takes the order off its bill and sends the money back."""
    bills.release_order(order_id=event.order_id, reason=event.reason or "canceled")


@subscribe(OrderExpired, name="payments.close_expired_order")
def close_expired_order(event: OrderExpired, envelope: Envelope) -> None:
    """Closes the bill nobody paid; money that comes all the same goes back."""
    bills.release_order(order_id=event.order_id, reason="expired")


@subscribe(LineVoided, name="payments.refund_voided_line")
def refund_voided_line(event: LineVoided, envelope: Envelope) -> None:
    """Takes the line off its bill and sends surplus back."""
    bills.void_line(order_id=event.order_id, line_id=event.line_id, amount=event.amount, reason=event.reason)


@subscribe(TabMoved, name="payments.move_tab")
def move_tab(event: TabMoved, envelope: Envelope) -> None:
    """Shows the party's bills at their new table."""
    bills.move_tab(store_id=event.store_id, tab_id=event.tab_id, table=_table(event), seq=envelope.seq)


@subscribe(TabMerged, name="payments.merge_tab")
def merge_tab(event: TabMerged, envelope: Envelope) -> None:
    """Joins the party's bills into the other tab's."""
    bills.merge_tab(
        store_id=event.store_id,
        tab_id=event.tab_id,
        into_tab_id=event.into_tab_id,
        table=_table(event),
        into_table=_into_table(event),
    )


@subscribe(TabClosed, name="payments.close_tab")
def close_tab(event: TabClosed, envelope: Envelope) -> None:
    """Closes the party's bills for new payments."""
    why = event.reason or event.reason_code
    bills.close_tab(store_id=event.store_id, tab_id=event.tab_id, table=_table(event), reason=why)


@subscribe(WebhookReceived, name="payments.work_off_webhook")
def work_off_webhook(event: WebhookReceived, envelope: Envelope) -> None:
    """Applies what a signed webhook says; an unknown reference is tried again."""
    webhooks.work_off_webhook(gateway_event_id=event.gateway_event_id)


@subscribe(
    RefundRequested,
    name="payments.send_refund",
    external=True,
    max_attempts=30,
    lease_seconds=60,
    lane="wallets",
)
def send_refund(event: RefundRequested, envelope: Envelope) -> None:
    """Asks the gateway to give the money back. The refund's id is the key the gateway deduplicates by."""
    refunds.send_refund(refund_id=event.refund_id)


def _table(event: TabEvent | OrderPlaced) -> dict[str, Any]:
    return {
        "table_id": event.table_id,
        "table_name": event.table_name,
        "table_token": event.table_token,
    }


def _into_table(event: TabMerged) -> dict[str, Any]:
    if event.into_table_id is None:
        return {}
    return {
        "table_id": event.into_table_id,
        "table_name": event.into_table_name,
        "table_token": event.into_table_token,
    }
