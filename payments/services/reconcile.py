"""The reconciler: what webhooks and phones forgot, the gateway is asked about."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from payments.models import Payment, PaymentState, Refund, RefundState
from payments.services.complete_payment import LOOK_BACK, close_payment, complete_payment
from payments.services.refunds import RETRY, RefundUncertain, send_refund

logger = logging.getLogger(__name__)

# When an open attempt is looked at: after 30 s, 1, 2, 5, 15 min, then hourly.
SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (30, 60, 120, 300, 900, 3600))
# Few at once, so that a wallet that hangs leaves the others due: a later tick asks for them.
BATCH = 3
SECONDS, LIMIT_SECONDS = 30.0, 150.0


def reconcile_payments(*, now: datetime | None = None) -> int:
    """Asks the gateways about attempts and refunds that are due until time is up; returns how many."""
    moment, started, count = now or timezone.now(), time.monotonic(), 0
    while time.monotonic() - started < SECONDS and (looked_at := _look_at_some(moment)):
        count += looked_at
    return count


def _look_at_some(moment: datetime) -> int:
    payments, refunds = claim_payments(moment), claim_refunds(moment)
    for payment_id in payments:
        _guarded("payment", payment_id, partial(reconcile_payment, payment_id=payment_id, now=moment))
    for refund_id in refunds:
        _guarded("refund", refund_id, partial(send_refund, refund_id=refund_id))
    return len(payments) + len(refunds)


def claim_payments(now: datetime) -> list[UUID]:
    """Takes due attempts and sets when they are looked at again, so that two reconcilers share the work."""
    with atomic("payments"):
        due = Payment.objects.select_for_update(skip_locked=True).filter(check_at__lte=now)
        rows = list(due.order_by("check_at")[:BATCH])
        for payment in rows:
            payment.check_at = next_check(payment, now)
            payment.checks += 1
            payment.save(update_fields=["check_at", "checks"])
        return [payment.id for payment in rows]


def next_check(payment: Payment, now: datetime) -> datetime | None:
    """Later and later while an attempt is open; three looks after it ended without money; then never."""
    if payment.is_open:
        later = now + SCHEDULE[min(payment.checks + 1, len(SCHEDULE) - 1)]
        return min(later, payment.expires_at) if payment.expires_at > now else later
    steps = LOOK_BACK[payment.checks + 1 :]
    return now + steps[0] if steps and payment.state != PaymentState.CAPTURED else None


def reconcile_payment(*, payment_id: UUID, now: datetime) -> None:
    """One attempt: stop it when its time or its bill is over, else ask what became of it."""
    payment = Payment.objects.select_related("bill").get(pk=payment_id)
    over = payment.expires_at <= now
    if payment.is_open and (over or not payment.bill.is_open):
        close_payment(payment_id=payment_id, as_expired=over)
    else:
        complete_payment(payment_id=payment_id)


def claim_refunds(now: datetime) -> list[UUID]:
    """Takes refunds whose sending was forgotten or had no answer."""
    with atomic("payments"):
        rows = list(
            Refund.objects.select_for_update(skip_locked=True)
            .filter(check_at__lte=now, state__in=[RefundState.REQUESTED, RefundState.SENT])
            .order_by("check_at")[:BATCH]
        )
        Refund.objects.filter(pk__in=[refund.pk for refund in rows]).update(check_at=now + RETRY)
        return [refund.id for refund in rows]


def _guarded(what: str, row_id: UUID, call: Callable[[], object]) -> None:
    # One row's trouble must not keep the others from being looked at.
    try:
        call()
    except RefundUncertain:
        logger.info("%s %s: still no answer", what, row_id)
    except Exception:
        logger.exception("reconciling %s %s failed", what, row_id)
