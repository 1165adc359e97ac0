"""Refunds that the bank refused: a person decides, once, and the row keeps who and what."""

from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from payments.models import Bill, Refund, RefundSource, Resolution
from payments.services.credits import move_credit, take_credit_back
from payments.services.external_refunds import complete_refund
from payments.services.refunds import lock_refund
from payments.services.settlement import ask_to_send, settle, tell_phones


def retry_refund(*, store_id: UUID, refund_id: UUID, actor_id: UUID, actor_name: str) -> Refund:
    """Asks the gateway again, with a new reference: a refused one stays refused there.

    Raises PaymentUnknown, WrongState (not refused, or decided already).
    """
    with atomic("payments"):
        bill, failed = _resolve(store_id, refund_id, Resolution.RETRIED, actor_name)
        again = _replacement(failed, actor_id, actor_name)
        ask_to_send(bill, again)
        move_credit(failed, again)
        tell_phones(bill)
        return again


def pay_back_in_cash(*, store_id: UUID, refund_id: UUID, actor_id: UUID, actor_name: str) -> Refund:
    """The guest got the money from the drawer; the gateway is not asked again. Raises as `retry_refund`."""
    with atomic("payments"):
        bill, failed = _resolve(store_id, refund_id, Resolution.CASH, actor_name)
        by_hand = _replacement(failed, actor_id, actor_name)
        by_hand.in_cash = True
        by_hand.save(force_insert=True)
        move_credit(failed, by_hand)
        complete_refund(bill, by_hand)
        return by_hand


def withdraw_refund(*, store_id: UUID, refund_id: UUID, actor_id: UUID, actor_name: str) -> Refund:
    """Goodwill is not given after all; what an order taken back has left over still goes back.

    Raises as `retry_refund`, and WrongState for money that is the guest's by right.
    """
    with atomic("payments"):
        bill, failed = _resolve(store_id, refund_id, Resolution.WITHDRAWN, actor_name)
        failed.payment.returned -= failed.amount
        failed.payment.save(update_fields=["returned"])
        take_credit_back(failed)
        settle(bill, source=RefundSource.ORDER, reason=failed.reason)
        return failed


def _resolve(store_id: UUID, refund_id: UUID, resolution: Resolution, actor_name: str) -> tuple[Bill, Refund]:
    bill, refund = lock_refund(refund_id, store_id)
    refund.resolve(resolution=resolution, at=timezone.now(), actor_name=actor_name)
    refund.save(update_fields=["state", "resolution", "resolved_at", "resolved_by"])
    return bill, refund


def _replacement(failed: Refund, actor_id: UUID, actor_name: str) -> Refund:
    """A refund of the same money; the amount reserved on the payment is now its own."""
    again = Refund.of(
        failed.payment,
        amount=failed.amount,
        source=RefundSource(failed.source),
        reason=failed.reason,
        actor=(actor_id, actor_name),
        key=("replaces", str(failed.id)),
    )
    again.replaces = failed
    return again
