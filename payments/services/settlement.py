"""The one place that compares a bill with its ledger: announces what changed, sends surplus back."""

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db.models import F, Sum
from django.utils import timezone

from events.kernel.hints import hint
from events.outbox import publish
from payments.events import BillPaid, BillReopened, RefundEvent, RefundRequested
from payments.models import (
    COUNTER,
    OPEN_STATES,
    Bill,
    BillLine,
    Payment,
    PaymentState,
    Refund,
    RefundSource,
)
from payments.selectors import captured_payments, sums_of, sums_of_bill
from payments.services.surplus import NOTHING_FREED, Freed, unused_shares, whose_surplus

# The event queue sends a refund at once; the reconciler only looks after what it forgot.
SEND_GRACE = timedelta(seconds=30)
RefundEventT = TypeVar("RefundEventT", bound=RefundEvent)


def lock_bill(bill_id: UUID) -> Bill:
    """The bill, locked: the first lock of every change of money."""
    return Bill.objects.select_for_update().get(pk=bill_id)


def settle(
    bill: Bill,
    *,
    source: RefundSource = RefundSource.OVERPAID,
    reason: str = "",
    freed: Freed = NOTHING_FREED,
) -> None:
    """Call under the bill's lock after anything moved: lines, captures, refunds. Safe to repeat.

    `freed` tells whose lines cost less now: surplus goes back to those guests first.
    """
    sums = sums_of_bill(bill.id)
    if sums.surplus:
        _return_surplus(bill, sums.surplus, source, reason, freed)
    if sums.due and bill.settled_at:
        _note_settled(bill, None)
        _announce_reopened(bill, sums.due)
    elif not sums.due and bill.settled_at is None and (sums.is_paid or _ends_the_tab(bill)):
        _note_settled(bill, timezone.now())
        announce_paid(bill, sums.total)
    if sums.reserved and not sums.due:
        forget_counter_attempts(bill)
    tell_phones(bill)


def _note_settled(bill: Bill, at: datetime | None) -> None:
    bill.settled_at = at
    bill.save(update_fields=["settled_at"])


def _ends_the_tab(bill: Bill) -> bool:
    """Whether nothing is left on an open tab bill beside others: joined tabs then settle without it."""
    return bill.order_id is None and bill.is_open and bool(_on_tab(bill.tab_id))


def forget_counter_attempts(bill: Bill) -> None:
    """Call under the bill's lock: who chose the counter was served there, or nothing is left to pay."""
    waiting = Payment.objects.filter(bill=bill, gateway=COUNTER, state__in=OPEN_STATES)
    for attempt in waiting.select_for_update():
        attempt.end(state=PaymentState.CANCELED, reason="counter")
        attempt.check_at = None
        attempt.save(update_fields=["state", "failure", "next_action", "check_at"])


def tell_phones(bill: Bill) -> None:
    """Hints the party's phones and the board that the bill looks different."""
    hint("payments", f"tab.{bill.tab_id}", {"topic": "bill"})
    hint("payments", f"store.{bill.store_id}", {"topic": "board"})


def announce_paid(bill: Bill, total: int) -> None:
    """Publishes bill.paid; `tab_settled` says whether no other bill of the tab owes anything."""
    others = Bill.objects.filter(tab_id=bill.tab_id, closed_at=None).exclude(pk=bill.pk)
    owed = sum(sums.due for sums in sums_of(others.values_list("pk", flat=True)).values())
    publish(
        BillPaid(
            store_id=bill.store_id,
            bill_id=bill.id,
            tab_id=bill.tab_id,
            order_id=bill.order_id,
            total=total,
            currency=bill.currency,
            tab_settled=not owed,
            tab_total=_on_tab(bill.tab_id),
        ),
        correlation_id=bill.tab_id,
    )


def _announce_reopened(bill: Bill, due: int) -> None:
    publish(
        BillReopened(
            store_id=bill.store_id,
            bill_id=bill.id,
            tab_id=bill.tab_id,
            order_id=bill.order_id,
            due=due,
            currency=bill.currency,
        ),
        correlation_id=bill.tab_id,
    )


def _on_tab(tab_id: UUID) -> int:
    owed = BillLine.objects.filter(bill__tab_id=tab_id).aggregate(sum=Sum(F("total") - F("voided_amount")))
    return int(owed["sum"] or 0)


def _return_surplus(bill: Bill, surplus: int, source: RefundSource, reason: str, freed: Freed) -> None:
    payments = list(captured_payments(bill.id).select_for_update())
    unused = unused_shares(bill.id, payments)
    for payment, amount in whose_surplus(payments, surplus, freed, unused):
        cause = RefundSource.LATE if payment.late and source == RefundSource.OVERPAID else source
        add_refund(bill, Refund.of(payment, amount=amount, source=cause, reason=reason))


def reserve(refund: Refund) -> None:
    """Takes the refund's amount out of what its payment (locked by the caller) may still give back."""
    refund.payment.returned += refund.amount
    refund.payment.save(update_fields=["returned"])


def add_refund(bill: Bill, refund: Refund) -> None:
    """Reserves the amount and records the wish, under the locks of bill and payment; sending comes later."""
    reserve(refund)
    ask_to_send(bill, refund)


def ask_to_send(bill: Bill, refund: Refund) -> None:
    """Inserts a refund whose amount is reserved already; the event queue sends it."""
    refund.check_at = timezone.now() + SEND_GRACE
    refund.save(force_insert=True)
    publish(refund_event(RefundRequested, bill, refund), correlation_id=bill.tab_id)


def refund_event(event: type[RefundEventT], bill: Bill, refund: Refund) -> RefundEventT:
    """The refund as a fact of the given type."""
    return event(
        store_id=bill.store_id,
        refund_id=refund.id,
        payment_id=refund.payment_id,
        bill_id=bill.id,
        tab_id=bill.tab_id,
        order_id=bill.order_id,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
    )
