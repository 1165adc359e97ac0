"""A guest starts to pay: reserve the share, tell the gateway, answer with what the phone does next."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from events.kernel.ids import age_of
from payments.errors import (
    AmountChanged,
    AmountTooHigh,
    BeingPaid,
    BillClosed,
    BillNotReady,
    BillUnknown,
    FirstPaymentOpen,
    GatewayUnavailable,
    KeyReused,
    MethodUnavailable,
    NothingToPay,
)
from payments.gateways.base import Kind, NextAction
from payments.gateways.registry import gateway_named
from payments.models import OPEN_STATES, Bill, BillLine, GatewayAccount, Payment, PaymentState, ShareKind
from payments.selectors import account_for, shares_of, sums_of, sums_of_bill, tab_family
from payments.services.complete_payment import apply_outcome, close_payment
from payments.services.settlement import lock_bill, tell_phones
from payments.services.translate import request_of, words_for
from payments.shares import Shares

FIRST_CHECK = timedelta(seconds=30)
# How long the event of an order may take to become a bill, however long the queue.
ON_ITS_WAY = timedelta(minutes=15)


@dataclass(frozen=True)
class Payer:
    """The phone that pays."""

    guest_id: UUID
    tab_id: UUID
    token: str
    language: str = "en"


@dataclass(frozen=True)
class Share:
    """How much of the bill: all that is left, my own lines, one of `parts` even shares, or an `amount`."""

    kind: str = ShareKind.ALL
    parts: int | None = None
    amount: int | None = None


@dataclass(frozen=True)
class Wish:
    """What the phone asked for; equal wishes under one key are one payment."""

    method: str
    share: Share
    order_id: UUID | None = None
    bill_id: UUID | None = None
    # What the button said, minor units; phones of older releases do not tell.
    shown: int | None = None

    @property
    def hash(self) -> str:
        parts = [self.method, self.share.kind, self.share.parts, self.share.amount]
        parts += [str(self.order_id), str(self.bill_id), *([self.shown] if self.shown else [])]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def start_payment(*, payer: Payer, wish: Wish, key: str) -> Payment:
    """Reserves the share (committed before the gateway hears of it) and prepares the attempt.

    The same key, or the same wish while its attempt is open, gives the same payment. Another wish (another
    share, the counter instead of the wallet) takes the place of the phone's open attempt, which is stopped at
    its gateway first; while the gateway does not confirm that, nothing new begins (FirstPaymentOpen). Money
    that a stopped attempt brings all the same is booked and goes back as surplus.

    Raises BillNotReady, BillUnknown, BillClosed, NothingToPay, BeingPaid, FirstPaymentOpen, AmountTooHigh,
    AmountChanged, MethodUnavailable, KeyReused, GatewayUnavailable (repeat with the same key).
    """
    payment, outdated = _reserve(payer, wish, key)
    for old in outdated:  # the phone changed its mind: stop its other attempt at the gateway first
        close_payment(payment_id=old)
    if payment is None:
        payment, outdated = _reserve(payer, wish, key)
    if payment is None:
        raise FirstPaymentOpen
    return prepare(payment_id=payment.id)


def _reserve(payer: Payer, wish: Wish, key: str) -> tuple[Payment | None, list[UUID]]:
    with atomic("payments"):
        bill = lock_bill(_find_bill(payer, wish))
        if known := Payment.objects.filter(key_scope=_scope(payer), key=key).first():
            if known.request_hash != wish.hash:
                raise KeyReused
            return known, []
        account = account_for(bill.store_id, wish.method)
        if account is None:
            raise MethodUnavailable
        if not bill.is_open:
            raise BillClosed
        return _continue_or_add(bill, account, payer, wish, key)


def _scope(payer: Payer) -> str:
    return f"guest:{payer.guest_id}"


def _find_bill(payer: Payer, wish: Wish) -> UUID:
    bills = Bill.objects.filter(tab_id__in=tab_family(payer.tab_id)).order_by("id")
    if wish.bill_id:
        bills = bills.filter(pk=wish.bill_id)
    elif wish.order_id:
        bills = bills.filter(lines__order_id=wish.order_id).distinct()
    else:
        bills = bills.filter(order_id=None)
    found = _first_to_pay(list(bills))
    if found is None:
        raise BillNotReady if _may_be_on_its_way(payer, wish) else BillUnknown
    return found.id


def _first_to_pay(bills: list[Bill]) -> Bill | None:
    """The oldest open bill that owes something, as joined parties have more than one; else the oldest."""
    sums = sums_of([bill.id for bill in bills])
    owing = (bill for bill in bills if bill.is_open and sums[bill.id].due)
    return next(owing, None) or next(iter(bills), None)


def _may_be_on_its_way(payer: Payer, wish: Wish) -> bool:
    """Whether the bill may just not be written yet.

    An order billed to another tab and an order that never was are the same to a phone: unknown. Only an id
    made a moment ago (they carry their time) that stands on nobody's bill may still become this tab's.
    """
    if wish.bill_id:
        return False
    if wish.order_id is None:
        return True
    # A bill of our own here was written since we looked for it: asking again finds it.
    lines = BillLine.objects.filter(order_id=wish.order_id)
    elsewhere = lines.exclude(bill__tab_id__in=tab_family(payer.tab_id)).exists()
    return not elsewhere and abs(age_of(wish.order_id)) < ON_ITS_WAY


def _continue_or_add(
    bill: Bill, account: GatewayAccount, payer: Payer, wish: Wish, key: str
) -> tuple[Payment | None, list[UUID]]:
    mine = list(Payment.objects.filter(bill=bill, guest_id=payer.guest_id, state__in=OPEN_STATES))
    now = timezone.now()
    for old in mine:
        if old.request_hash == wish.hash and old.expires_at > now + timedelta(seconds=60):
            return old, []
    if mine:
        return None, [old.id for old in mine]
    amount = share_amount(bill, wish, payer.guest_id)
    return _add(bill, account, payer, wish, key, amount), []


def _add(bill: Bill, account: GatewayAccount, payer: Payer, wish: Wish, key: str, amount: int) -> Payment:
    now = timezone.now()
    minutes = gateway_named(account.gateway).capabilities.attempt_minutes
    payment = Payment.of(
        bill,
        account,
        guest_id=payer.guest_id,
        table_token=payer.token,
        amount=amount,
        share_kind=wish.share.kind,
        share_parts=wish.share.parts,
        words=words_for(bill, payer.language),
        key_scope=_scope(payer),
        key=key,
        request_hash=wish.hash,
        expires_at=now + timedelta(minutes=minutes),
        check_at=now + FIRST_CHECK,
    )
    payment.save(force_insert=True)
    tell_phones(bill)
    return payment


def share_amount(bill: Bill, wish: Wish, guest_id: UUID) -> int:
    """Minor units this share costs now; call under the bill's lock. Never more than nobody else is paying."""
    sums = sums_of_bill(bill.id)
    if not sums.due:
        raise NothingToPay
    if not sums.rest:
        raise BeingPaid(reserved=sums.reserved)
    amount = _wanted(bill, wish.share, shares_of(bill, sums, guest_id))
    if amount <= 0:
        raise NothingToPay
    if wish.shown and amount > wish.shown:
        raise AmountChanged(amount=amount, currency=bill.currency)
    return amount


def _wanted(bill: Bill, share: Share, shares: Shares) -> int:
    if share.kind == ShareKind.AMOUNT:
        if (share.amount or 0) > shares.rest:
            raise AmountTooHigh(rest=shares.rest, currency=bill.currency)
        return share.amount or 0
    if share.kind == ShareKind.MINE:
        return shares.mine
    if share.kind == ShareKind.EVEN:
        return shares.even(share.parts or 1)
    return shares.rest


def prepare(*, payment_id: UUID) -> Payment:
    """Tells the gateway of a created attempt, outside any transaction; repeating it is safe."""
    payment = Payment.objects.select_related("account", "bill").get(pk=payment_id)
    if payment.state != PaymentState.CREATED:
        return payment
    gateway = gateway_named(payment.gateway)
    prepared = gateway.prepare(*request_of(payment))
    if prepared.kind == Kind.UNKNOWN:
        raise GatewayUnavailable
    if prepared.kind == Kind.DEFINITIVE_FAILURE:
        return apply_outcome(payment_id=payment.id, outcome=prepared.as_outcome())
    return _record_start(payment, prepared.next_action, prepared.gateway_ref)


def _record_start(payment: Payment, action: NextAction | None, gateway_ref: str) -> Payment:
    with atomic("payments"):
        fresh = Payment.objects.select_for_update().get(pk=payment.pk)
        next_action = {"type": action.type, "url": action.url} if action else None
        fresh.start(next_action=next_action, gateway_ref=gateway_ref)
        fresh.save(update_fields=["state", "next_action", "gateway_ref"])
        return fresh
