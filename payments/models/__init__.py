"""The tables of money: who takes it, what is owed, what was tried, what arrived."""

from payments.models.accounts import GatewayAccount, GatewayEvent, Mode
from payments.models.bills import Bill, BillLine
from payments.models.ledger import EntryKind, LedgerEntry
from payments.models.payments import COUNTER, OPEN_STATES, Payment, PaymentState, ShareKind
from payments.models.refunds import (
    PENDING_STATES,
    STUCK_STATES,
    Credit,
    Refund,
    RefundSource,
    RefundState,
    Resolution,
)
from payments.models.snapshots import StoreSnapshot, TabSnapshot

__all__ = [
    "COUNTER",
    "OPEN_STATES",
    "PENDING_STATES",
    "STUCK_STATES",
    "Bill",
    "BillLine",
    "Credit",
    "EntryKind",
    "GatewayAccount",
    "GatewayEvent",
    "LedgerEntry",
    "Mode",
    "Payment",
    "PaymentState",
    "Refund",
    "RefundSource",
    "RefundState",
    "Resolution",
    "ShareKind",
    "StoreSnapshot",
    "TabSnapshot",
]
