"""What a gateway said becomes state: one function for the webhook, the way back and the reconciler."""

import logging
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from events.outbox import publish
from payments.events import PaymentCaptured, PaymentEvent, PaymentFailed, PaymentFlagged
from payments.gateways.base import Kind, Outcome
from payments.gateways.registry import gateway_named
from payments.models import Bill, EntryKind, LedgerEntry, Payment, PaymentState
from payments.services.external_refunds import book_external_refunds
from payments.services.settlement import lock_bill, settle, tell_phones
from payments.services.translate import account_of, attempt_of

logger = logging.getLogger(__name__)

# After an ending without money, or with money that does not fit, the gateway is asked again now and then:
# what comes late, or fits after all, is booked.
LOOK_BACK = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
_ENDINGS = {
    "canceled": PaymentState.CANCELED,
    "expired": PaymentState.EXPIRED,
}


def apply_outcome(*, payment_id: UUID, outcome: Outcome) -> Payment:
    """Books what the gateway said, once, under the locks of bill and payment. Safe to repeat."""
    with atomic("payments"):
        bill_id = Payment.objects.values_list("bill_id", flat=True).get(pk=payment_id)
        bill = lock_bill(bill_id)
        payment = _lock_payment(payment_id)
        if outcome.kind == Kind.SUCCESS:
            _succeed(bill, payment, outcome)
        elif outcome.kind == Kind.DEFINITIVE_FAILURE:
            end_payment(bill, payment, state=_ending(outcome), reason=outcome.failure)
        elif outcome.failure == "pending":
            payment.wait()
            payment.save(update_fields=["state"])
        return payment


def _lock_payment(payment_id: UUID) -> Payment:
    """The payment, locked, with its account, which is not: all payments of the store share that row."""
    rows = Payment.objects.select_for_update(of=("self",)).select_related("account")
    return rows.get(pk=payment_id)


def _ending(outcome: Outcome) -> PaymentState:
    return _ENDINGS.get(outcome.failure, PaymentState.FAILED)


def _succeed(bill: Bill, payment: Payment, outcome: Outcome) -> None:
    if problem := mismatch(payment, outcome):
        _flag(bill, payment, problem, is_back=outcome.refunded >= outcome.amount)
    elif payment.state == PaymentState.CAPTURED:
        book_external_refunds(bill, payment, outcome.refunded)
    elif outcome.refunded >= outcome.amount:
        # Nothing is here any more: a bill that looked paid for a moment would have the kitchen cook.
        end_payment(bill, payment, state=PaymentState.CANCELED, reason="canceled")
    else:
        book_capture(bill, payment, outcome)


def mismatch(payment: Payment, outcome: Outcome) -> str:
    """What in the gateway's word does not equal our row; "" when all of it does."""
    pairs = {
        "reference": (payment.merchant_ref, outcome.merchant_ref),
        "amount": (payment.amount, outcome.amount),
        "currency": (payment.currency, outcome.currency),
        "merchant": (payment.account.merchant_id, outcome.merchant_id),
        "mode": (payment.mode, outcome.mode),
    }
    wrong = [
        f"{name}: {theirs!r} instead of {ours!r}" for name, (ours, theirs) in pairs.items() if ours != theirs
    ]
    return "; ".join(wrong)


def book_capture(bill: Bill, payment: Payment, outcome: Outcome) -> None:
    """Call under both locks: payment captured, ledger entry, event, settlement."""
    now = timezone.now()
    payment.reckoning = bill.reckoning
    payment.capture(at=now, gateway_ref=outcome.gateway_ref, method=outcome.method or payment.gateway)
    payment.save()
    LedgerEntry.objects.create(
        store_id=bill.store_id,
        bill=bill,
        payment=payment,
        kind=EntryKind.CAPTURE,
        amount=payment.amount,
        currency=payment.currency,
    )
    captured = payment_event(
        PaymentCaptured, bill, payment, method=payment.method, captured_at=now, late=payment.late
    )
    publish(captured, correlation_id=bill.tab_id)
    if outcome.refunded:
        # Before the bill is looked at: what is back with the guest neither pays it nor is surplus.
        book_external_refunds(bill, payment, outcome.refunded)
    settle(bill)


def end_payment(bill: Bill, payment: Payment, *, state: PaymentState, reason: str) -> None:
    """Call under both locks: an open attempt ends without money and its reservation is free."""
    if not payment.end(state=state, reason=reason):
        return
    _look_back(payment)
    payment.save(update_fields=["state", "failure", "next_action", "check_at", "checks"])
    failed = payment_event(PaymentFailed, bill, payment, state=str(state), reason=reason)
    publish(failed, correlation_id=bill.tab_id)
    tell_phones(bill)


def _look_back(payment: Payment) -> None:
    payment.checks = 0
    payment.check_at = timezone.now() + LOOK_BACK[0]


def _flag(bill: Bill, payment: Payment, problem: str, *, is_back: bool) -> None:
    logger.error("payment %s does not fit the gateway's word: %s", payment.id, problem)
    if payment.state in (PaymentState.CAPTURED, PaymentState.REVIEW) or (payment.reviewed_at and is_back):
        return
    payment.flag(problem)
    _look_back(payment)
    payment.save()
    publish(payment_event(PaymentFlagged, bill, payment, reason=problem), correlation_id=bill.tab_id)
    tell_phones(bill)


def payment_event(event: type[PaymentEvent], bill: Bill, payment: Payment, **rest: object) -> PaymentEvent:
    """The payment as a fact of the given type."""
    return event(
        store_id=bill.store_id,
        payment_id=payment.id,
        bill_id=bill.id,
        tab_id=bill.tab_id,
        order_id=bill.order_id,
        amount=payment.amount,
        currency=payment.currency,
        gateway=payment.gateway,
        **rest,
    )


def complete_payment(*, payment_id: UUID, params: dict[str, str] | None = None) -> Payment:
    """The customer came back: confirms or fetches at the gateway and books it. No transaction may be open."""
    payment = _get(payment_id)
    if payment.state == PaymentState.CAPTURED or not _is_known(payment):
        return payment
    gateway = gateway_named(payment.gateway)
    account, attempt = account_of(payment.account), attempt_of(payment)
    if gateway.capabilities.needs_confirm and _claim_confirmation(payment_id):
        outcome = gateway.complete(account, attempt, gateway.parse_return(params or {}))
    else:
        outcome = gateway.fetch(account, attempt)
    return apply_outcome(payment_id=payment_id, outcome=outcome)


def _claim_confirmation(payment_id: UUID) -> bool:
    with atomic("payments"):
        payment = Payment.objects.select_for_update().get(pk=payment_id)
        claimed = payment.confirm()
        payment.save(update_fields=["state"])
        return claimed


def close_payment(*, payment_id: UUID, as_expired: bool = False) -> Payment:
    """Stops an open attempt at the gateway; "already paid" is booked. No transaction may be open."""
    payment = _get(payment_id)
    if not payment.is_open:
        return payment
    outcome = gateway_named(payment.gateway).close(account_of(payment.account), attempt_of(payment))
    if outcome.kind == Kind.DEFINITIVE_FAILURE and outcome.failure == "canceled" and as_expired:
        outcome = Outcome(Kind.DEFINITIVE_FAILURE, failure="expired")
    return apply_outcome(payment_id=payment_id, outcome=outcome)


def _get(payment_id: UUID) -> Payment:
    return Payment.objects.select_related("account", "bill").get(pk=payment_id)


def _is_known(payment: Payment) -> bool:
    try:
        gateway_named(payment.gateway)
    except KeyError:
        return False
    return True
