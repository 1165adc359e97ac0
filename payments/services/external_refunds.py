"""Refunds made at the gateway itself, found when it reports more given back than we asked for."""

from django.utils import timezone

from events.outbox import publish
from payments.events import RefundCompleted
from payments.models import Bill, EntryKind, LedgerEntry, Payment, Refund, RefundSource, RefundState
from payments.services.settlement import refund_event, settle


def book_external_refunds(bill: Bill, payment: Payment, refunded: int) -> None:
    """Call under both locks. `refunded`: all that the gateway gave back of this payment, minor units."""
    unknown = min(refunded - payment.returned, payment.refundable)
    if unknown <= 0:
        return
    payment.returned += unknown
    payment.save(update_fields=["returned"])
    refund = Refund(
        payment=payment,
        bill=bill,
        store_id=bill.store_id,
        amount=unknown,
        currency=payment.currency,
        source=RefundSource.EXTERNAL,
        state=RefundState.SUCCEEDED,
        key_scope="external",
        done_at=timezone.now(),
    )
    refund.key = str(refund.id)
    refund.save(force_insert=True)
    book_refund(bill, refund, EntryKind.REFUND)
    publish(refund_event(RefundCompleted, bill, refund), correlation_id=bill.tab_id)
    settle(bill)


def book_refund(bill: Bill, refund: Refund, kind: EntryKind) -> None:
    """The ledger's line of a refund: money out, or back in when the gateway reversed it."""
    sign = 1 if kind == EntryKind.REFUND_RETURNED else -1
    LedgerEntry.objects.create(
        store_id=bill.store_id,
        bill=bill,
        payment_id=refund.payment_id,
        refund=refund,
        kind=kind,
        amount=sign * refund.amount,
        currency=refund.currency,
    )
