"""Money for owners: everything can be read, and changed only by actions that ask first and call services."""

from payments.admin.bills import BillAdmin, LedgerEntryAdmin
from payments.admin.gateways import GatewayAccountAdmin, GatewayEventAdmin
from payments.admin.payments import PaymentAdmin
from payments.admin.refunds import RefundAdmin

__all__ = [
    "BillAdmin",
    "GatewayAccountAdmin",
    "GatewayEventAdmin",
    "LedgerEntryAdmin",
    "PaymentAdmin",
    "RefundAdmin",
]
