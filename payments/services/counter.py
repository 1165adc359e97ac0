"""Money taken at the counter: the member of staff is the gateway."""

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from events.kernel.databases import atomic
from payments.errors import (
    AmountTooHigh,
    BillUnknown,
    KeyReused,
    MethodUnavailable,
    NothingToPay,
    TooLittleCash,
)
from payments.gateways.base import Kind, Outcome
from payments.models import COUNTER, Bill, GatewayAccount, Payment, ShareKind
from payments.selectors import account_for, sums_of
from payments.services.complete_payment import book_capture
from payments.services.settlement import forget_counter_attempts


@dataclass(frozen=True)
class Till:
    """What staff typed: `amount` None = all that is owed; `tendered` = cash handed over (minor units)."""

    method: str
    amount: int | None = None
    tendered: int | None = None
    receipt_no: str = ""
    bill_id: UUID | None = None

    @property
    def hash(self) -> str:
        """Equal for the same money; at which tab, the payments say."""
        parts = [self.method, self.amount, self.tendered, self.receipt_no, str(self.bill_id)]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Cashier:
    user_id: UUID
    name: str


def take_counter_payment(
    *, store_id: UUID, tab_id: UUID, till: Till, key: str, cashier: Cashier
) -> list[Payment]:
    """Books money that staff hold in their hands: one payment per bill it covers, the oldest bill first.

    An online attempt in flight does not stop it; should that one succeed too, its surplus goes back. The same
    key gives the same payments. Raises BillUnknown, NothingToPay, AmountTooHigh, TooLittleCash,
    MethodUnavailable, KeyReused.
    """
    with atomic("payments"):
        bills = _lock_bills(store_id, tab_id, till.bill_id)
        if known := _booked_under(key, cashier):
            place = known[0].store_id, known[0].tab_id
            if place != (store_id, tab_id) or known[0].request_hash != till.hash:
                raise KeyReused
            return known
        account = account_for(store_id, COUNTER)
        if account is None:
            raise MethodUnavailable
        shares = _allocate(bills, till)
        return [
            _book(bill, account, till, cashier, amount, key=f"{key}:{index}")
            for index, (bill, amount) in enumerate(shares)
        ]


def _booked_under(key: str, cashier: Cashier) -> list[Payment]:
    rows = Payment.objects.filter(key_scope=f"staff:{cashier.user_id}", key__startswith=f"{key}:")
    # A key may itself end like the number behind another one.
    return [row for row in rows.order_by("key") if row.key.rpartition(":")[0] == key]


def _lock_bills(store_id: UUID, tab_id: UUID, bill_id: UUID | None) -> list[Bill]:
    rows = Bill.objects.select_for_update().filter(store_id=store_id, tab_id=tab_id).order_by("id")
    if bill_id:
        rows = rows.filter(pk=bill_id)
    bills = list(rows)
    if not bills:
        raise BillUnknown
    return bills


def _allocate(bills: list[Bill], till: Till) -> list[tuple[Bill, int]]:
    sums = sums_of([bill.id for bill in bills])
    owed = sum(one.due for one in sums.values())
    if not owed:
        raise NothingToPay
    amount = owed if till.amount is None else till.amount
    if amount > owed:
        raise AmountTooHigh(rest=owed, currency=bills[0].currency)
    if till.tendered is not None and till.tendered < amount:
        raise TooLittleCash(amount=amount, currency=bills[0].currency)
    shares = []
    for bill in bills:
        part = min(amount, sums[bill.id].due)
        if part:
            shares.append((bill, part))
        amount -= part
    return shares


def _book(
    bill: Bill, account: GatewayAccount, till: Till, cashier: Cashier, amount: int, key: str
) -> Payment:
    forget_counter_attempts(bill)
    payment = Payment.of(
        bill,
        account,
        amount=amount,
        share_kind=ShareKind.AMOUNT,
        key_scope=f"staff:{cashier.user_id}",
        key=key,
        request_hash=till.hash,
        actor_id=cashier.user_id,
        actor_name=cashier.name[:150],
        receipt_no=till.receipt_no,
        tendered=till.tendered,
        expires_at=timezone.now(),
    )
    payment.save(force_insert=True)
    book_capture(bill, payment, Outcome(Kind.SUCCESS, method=till.method))
    return payment
