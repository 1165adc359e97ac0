"""A payment that does not fit the gateway's word: a person ends the check once no money is there any more.

Money that fits after all needs nobody: the gateway's next answer or webhook books it. Money that does not
fit is never booked: it goes back at the gateway, and then the check ends here.
"""

from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from events.outbox import publish
from payments.errors import GatewayUnavailable, MoneyArrived, PaymentUnknown, WrongState
from payments.events import PaymentFailed
from payments.gateways.base import Kind, Outcome
from payments.gateways.registry import gateway_named, offered
from payments.models import Payment, PaymentState
from payments.services.complete_payment import payment_event
from payments.services.refunds import lock_payment
from payments.services.settlement import tell_phones
from payments.services.translate import account_of, attempt_of


def dismiss_payment(*, store_id: UUID, payment_id: UUID, reason: str, actor_name: str) -> Payment:
    """Ends the check of a payment for which no money is here: never paid, or all given back at the gateway.

    The gateway is asked, and what could still be paid is stopped there. No transaction may be open. Raises
    PaymentUnknown, WrongState (needs no look), MoneyArrived, GatewayUnavailable (no clear answer).
    """
    _require_no_money(_stop(store_id, payment_id))
    with atomic("payments"):
        bill, payment = lock_payment(payment_id, store_id)
        payment.dismiss(at=timezone.now(), reason=reason, actor_name=actor_name)
        payment.save()
        ended = payment_event(PaymentFailed, bill, payment, state=str(payment.state), reason="canceled")
        publish(ended, correlation_id=bill.tab_id)
        tell_phones(bill)
        return payment


def _stop(store_id: UUID, payment_id: UUID) -> Outcome:
    rows = Payment.objects.select_related("account", "bill")
    payment = rows.filter(pk=payment_id, store_id=store_id).first()
    if payment is None:
        raise PaymentUnknown
    if payment.state != PaymentState.REVIEW:
        raise WrongState
    if payment.gateway not in offered():
        raise GatewayUnavailable
    return gateway_named(payment.gateway).close(account_of(payment.account), attempt_of(payment))


def _require_no_money(outcome: Outcome) -> None:
    if outcome.kind == Kind.UNKNOWN:
        raise GatewayUnavailable
    if outcome.kind == Kind.SUCCESS and outcome.refunded < outcome.amount:
        raise MoneyArrived
