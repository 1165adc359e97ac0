"""Refunds made at the gateway itself, found when it reports more given back than we asked for."""

from django.db.models import Sum
from django.utils import timezone

from events.outbox import publish
from payments.events import RefundCompleted
from payments.models import (
    PENDING_STATES,
    Bill,
    EntryKind,
    LedgerEntry,
    Payment,
    Refund,
    RefundSource,
    RefundState,
)
from payments.services.settlement import refund_event, reserve, settle


def book_external_refunds(bill: Bill, payment: Payment, refunded: int) -> None:
    """Call under both locks. `refunded`: all that the gateway gave back of this payment, minor units.

    A refused refund that somebody made at the gateway by hand is recognized by its amount.
    """
    unknown = refunded - _asked_for(payment)
    for refund in payment.refunds.select_for_update().filter(state=RefundState.FAILED).order_by("id"):
        if refund.amount <= unknown:
            unknown -= refund.amount
            complete_refund(bill, refund)
    unknown = min(unknown, payment.refundable)
    if unknown > 0:
        found = Refund.of(payment, amount=unknown, source=RefundSource.EXTERNAL)
        reserve(found)
        complete_refund(bill, found)


def _asked_for(payment: Payment) -> int:
    """What the gateway gave back, or still may, because we asked."""
    asked = payment.refunds.filter(
        state__in=[*PENDING_STATES, RefundState.SUCCEEDED], in_cash=False
    ).aggregate(sum=Sum("amount"))
    return int(asked["sum"] or 0)


def complete_refund(bill: Bill, refund: Refund, *, gateway_ref: str = "") -> None:
    """Call under the locks of bill, payment and refund: the money is back with the guest."""
    refund.finish(state=RefundState.SUCCEEDED, at=timezone.now(), gateway_ref=gateway_ref)
    refund.save()
    book_refund(bill, refund, EntryKind.REFUND)
    publish(refund_event(RefundCompleted, bill, refund), correlation_id=bill.tab_id)
    settle(bill)


def book_refund(bill: Bill, refund: Refund, kind: EntryKind) -> None:
    """The ledger's line of a refund: money out, or back in when the gateway reversed it."""
    LedgerEntry.objects.create(
        store_id=bill.store_id,
        bill=bill,
        payment_id=refund.payment_id,
        refund=refund,
        kind=kind,
        amount=kind.sign * refund.amount,
        currency=refund.currency,
    )
