"""Money goes back: wish, send, record. The wish is a row with its amount reserved first."""

import logging
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from events.outbox import publish
from payments.errors import KeyReused, NotRefundable, PaymentUnknown, WrongState
from payments.events import RefundFailed
from payments.gateways.base import Kind, RefundOutcome
from payments.gateways.registry import gateway_named
from payments.models import (
    STUCK_STATES,
    Bill,
    EntryKind,
    Payment,
    Refund,
    RefundSource,
    RefundState,
)
from payments.selectors import sums_of_bill
from payments.services.credits import give_credit
from payments.services.external_refunds import book_refund, complete_refund
from payments.services.settlement import add_refund, lock_bill, refund_event, reserve, settle, tell_phones
from payments.services.translate import account_of, refund_order_of

logger = logging.getLogger(__name__)

RETRY = timedelta(seconds=30)


class RefundUncertain(Exception):
    """The gateway did not answer: nobody knows whether it gave the money back. Try again, same reference."""


def request_refund(
    *,
    store_id: UUID,
    payment_id: UUID,
    amount: int,
    reason: str,
    actor_id: UUID,
    actor_name: str,
    key: str,
) -> Refund:
    """Staff give money back. The lines of the bill are lowered by it (see `credits`), so that nobody is asked
    to pay it again; an order that is rejected later gives back only what it is still worth.

    The same key gives the same refund. Raises PaymentUnknown, NotRefundable, KeyReused.
    """
    with atomic("payments"):
        bill, payment = lock_payment(payment_id, store_id)
        scope = f"staff:{actor_id}"
        if known := Refund.objects.filter(key_scope=scope, key=key).first():
            if (known.payment_id, known.amount) != (payment_id, amount):
                raise KeyReused
            return known
        if not 0 < amount <= payment.refundable:
            raise NotRefundable(refundable=payment.refundable, currency=payment.currency)
        credit = amount - min(amount, sums_of_bill(bill.id).surplus)
        refund = Refund.of(
            payment,
            amount=amount,
            source=RefundSource.STAFF,
            reason=reason,
            key=(scope, key),
            actor=(actor_id, actor_name),
        )
        add_refund(bill, refund)
        give_credit(refund, amount=credit)
        tell_phones(bill)
        return refund


def lock_payment(payment_id: UUID, store_id: UUID) -> tuple[Bill, Payment]:
    """Bill and payment of this store, locked in that order. Raises PaymentUnknown."""
    bill_id = (
        Payment.objects.filter(pk=payment_id, store_id=store_id).values_list("bill_id", flat=True).first()
    )
    if bill_id is None:
        raise PaymentUnknown
    bill = lock_bill(bill_id)
    return bill, Payment.objects.select_for_update().get(pk=payment_id)


def lock_refund(refund_id: UUID, store_id: UUID) -> tuple[Bill, Refund]:
    """Bill and refund of this store, locked with the payment between them. Raises PaymentUnknown."""
    rows = Refund.objects.filter(pk=refund_id, store_id=store_id)
    payment_id = rows.values_list("payment_id", flat=True).first()
    if payment_id is None:
        raise PaymentUnknown
    bill, payment = lock_payment(payment_id, store_id)
    refund = rows.select_for_update().get()
    refund.payment = payment
    return bill, refund


def send_refund(*, refund_id: UUID) -> Refund:
    """Claim → commit → call → record. Raises RefundUncertain when the gateway's answer is unknown.

    A second try first asks what became of the first one; its reference is the same, so money moves once.
    """
    claimed = _claim(refund_id)
    refund = Refund.objects.select_related("payment__account").get(pk=refund_id)
    if not claimed:
        return refund
    gateway = gateway_named(refund.payment.gateway)
    account, order = account_of(refund.payment.account), refund_order_of(refund)
    outcome = gateway.fetch_refund(account, order) if refund.attempts > 1 else None
    if outcome is None or (outcome.kind == Kind.UNKNOWN and outcome.failure == "not-found"):
        outcome = gateway.refund(account, order)
    if outcome.kind == Kind.UNKNOWN:
        raise RefundUncertain(f"refund {refund_id}: no answer yet")
    return record_refund(refund_id=refund_id, outcome=outcome)


def _claim(refund_id: UUID) -> bool:
    with atomic("payments"):
        refund = Refund.objects.select_for_update().get(pk=refund_id)
        now = timezone.now()
        if not refund.send(at=now, check_at=now + RETRY):
            return False
        refund.save(update_fields=["state", "sent_at", "attempts", "check_at"])
        return True


def record_refund(*, refund_id: UUID, outcome: RefundOutcome) -> Refund:
    """Books what the gateway said about a refund; used by the call, the webhook and the reconciler alike."""
    with atomic("payments"):
        row = Refund.objects.values_list("bill_id", "payment_id").get(pk=refund_id)
        bill = lock_bill(row[0])
        Payment.objects.select_for_update().get(pk=row[1])
        refund = Refund.objects.select_for_update().get(pk=refund_id)
        if outcome.kind == Kind.SUCCESS and outcome.amount != refund.amount:
            logger.error("refund %s: the gateway says %s", refund_id, outcome.amount)
        elif outcome.kind == Kind.SUCCESS:
            _succeed(bill, refund, outcome)
        elif outcome.kind == Kind.DEFINITIVE_FAILURE:
            _fail(bill, refund, outcome)
        return refund


def _succeed(bill: Bill, refund: Refund, outcome: RefundOutcome) -> None:
    if refund.state == RefundState.RESOLVED:
        logger.error("refund %s was settled in another way, and now the gateway gave it back too", refund.id)
    if not refund.is_pending and refund.state != RefundState.FAILED:
        return
    if outcome.pending:
        refund.state = RefundState.PENDING
        refund.check_at = None
        refund.save(update_fields=["state", "check_at"])
        return
    complete_refund(bill, refund, gateway_ref=outcome.gateway_ref)


def _fail(bill: Bill, refund: Refund, outcome: RefundOutcome) -> None:
    """The money is still promised: its amount stays reserved, so that no surplus asks for it on its own."""
    if refund.state in (*STUCK_STATES, RefundState.RESOLVED):
        return
    came_back = refund.state == RefundState.SUCCEEDED
    state = RefundState.REVERSED if came_back else RefundState.FAILED
    refund.finish(state=state, at=timezone.now(), failure=outcome.failure)
    refund.save()
    if came_back:
        book_refund(bill, refund, EntryKind.REFUND_RETURNED)
    publish(refund_event(RefundFailed, bill, refund), correlation_id=bill.tab_id)
    settle(bill)


def confirm_hand_back(*, store_id: UUID, refund_id: UUID, actor_id: UUID, actor_name: str) -> Refund:
    """Staff gave the cash of a waiting counter refund back by hand. Raises PaymentUnknown, WrongState."""
    with atomic("payments"):
        bill, refund = lock_refund(refund_id, store_id)
        if not refund.needs_hand:
            raise WrongState
        refund.actor_id, refund.actor_name = actor_id, actor_name[:150]
        complete_refund(bill, refund)
        return refund


def reverse_counter_payment(
    *, store_id: UUID, payment_id: UUID, reason: str, actor_id: UUID, actor_name: str
) -> Refund:
    """Takes back a counter payment booked by mistake; the bill is owed again. Nothing is deleted.

    Raises PaymentUnknown, WrongState (not a counter payment, or already given back).
    """
    with atomic("payments"):
        bill, payment = lock_payment(payment_id, store_id)
        if not payment.can_be_reversed:
            raise WrongState
        refund = Refund.of(
            payment,
            amount=payment.refundable,
            source=RefundSource.REVERSAL,
            reason=reason,
            actor=(actor_id, actor_name),
            key=("reversal", str(payment.id)),
        )
        reserve(refund)
        refund.finish(state=RefundState.SUCCEEDED, at=timezone.now())
        refund.save(force_insert=True)
        book_refund(bill, refund, EntryKind.REVERSAL)
        settle(bill)
        return refund
