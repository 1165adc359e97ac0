"""Facts about money."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.base import DomainEvent


@dataclass(frozen=True, kw_only=True)
class PaymentEvent(DomainEvent):
    """Common to all events of a payment; `order_id` is set when one order was paid (pay-first stores)."""

    stream_key = "payment:{payment_id}"

    payment_id: UUID
    bill_id: UUID
    tab_id: UUID
    order_id: UUID | None
    amount: int
    currency: str
    gateway: str


@dataclass(frozen=True, kw_only=True)
class PaymentCaptured(PaymentEvent):
    """Money arrived. `method` names what the guest paid with; `late` says the attempt had been given up."""

    topic = "payment.captured"

    method: str
    captured_at: datetime
    late: bool = False


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(PaymentEvent):
    """An attempt ended without money: failed, canceled or expired."""

    topic = "payment.failed"

    state: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PaymentFlagged(PaymentEvent):
    """The gateway's word does not fit our row (amount, currency, merchant, mode): a person must look."""

    topic = "payment.flagged"

    reason: str


@dataclass(frozen=True, kw_only=True)
class BillPaid(DomainEvent):
    """The ledger says nothing is owed on this bill any more."""

    topic = "bill.paid"
    stream_key = "bill:{bill_id}"

    bill_id: UUID
    tab_id: UUID
    order_id: UUID | None
    total: int
    currency: str
    # Whether no other bill of the tab is open: joined tabs bring their own bills along.
    tab_settled: bool = True
    # What is on all bills of the tab, before anything staff waived; None in events of older versions.
    tab_total: int | None = None


@dataclass(frozen=True, kw_only=True)
class BillReopened(DomainEvent):
    """Something is owed again on a paid bill: more was ordered, or the money is not there after all."""

    topic = "bill.reopened"
    stream_key = "bill:{bill_id}"

    bill_id: UUID
    tab_id: UUID
    order_id: UUID | None
    due: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class RefundEvent(DomainEvent):
    """Common to all events of a refund."""

    stream_key = "refund:{refund_id}"

    refund_id: UUID
    payment_id: UUID
    bill_id: UUID
    tab_id: UUID
    order_id: UUID | None
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class RefundRequested(RefundEvent):
    """Money is to go back; the row exists and its amount is reserved. The gateway has not heard of it yet."""

    topic = "refund.requested"


@dataclass(frozen=True, kw_only=True)
class RefundCompleted(RefundEvent):
    """The gateway gave the money back."""

    topic = "refund.completed"


@dataclass(frozen=True, kw_only=True)
class RefundFailed(RefundEvent):
    """The gateway refused; a person must decide."""

    topic = "refund.failed"


@dataclass(frozen=True, kw_only=True)
class WebhookReceived(DomainEvent):
    """A gateway told us something; the raw call is stored and waits to be worked on."""

    topic = "webhook.received"
    stream_key = "webhook:{gateway_event_id}"

    gateway_event_id: UUID
    # Whose payment it is about; None while no payment of ours has its reference, and in older events.
    payment_id: UUID | None = None
    tab_id: UUID | None = None
    order_id: UUID | None = None
