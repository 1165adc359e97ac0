"""The money of the past: bills, payments, refunds and the ledger, also in the sandbox bank's own books."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.demo.books import Books
from events.kernel.ids import new_id
from orders.models import Order, OrderLine, Tab
from payments.gateways.sandbox.wallet.models import WalletPayment, WalletRefund, WalletState
from payments.models import (
    Bill,
    BillLine,
    Credit,
    GatewayAccount,
    LedgerEntry,
    Payment,
    PaymentState,
    Refund,
    RefundSource,
    RefundState,
)


@dataclass
class Cashbox:
    """Where money of a store goes."""

    books: Books
    store_name: str
    wallet: GatewayAccount | None
    counter: GatewayAccount

    def bill(self, tab: Tab, order: Order | None, at: datetime) -> Bill:
        """A bill of an order, or (without one) of the whole tab."""
        bill = Bill(
            store_id=tab.store_id,
            tab_id=tab.id,
            origin_tab_id=tab.id,
            order_id=order.id if order else None,
            table_id=tab.table_id,
            table_name=tab.table_name,
            table_token=tab.table_token,
            currency=tab.currency,
            created_at=at,
        )
        self.books.add(bill)
        return bill

    def charge(self, bill: Bill, order: Order, lines: list[OrderLine]) -> list[BillLine]:
        """Puts an order's lines on a bill."""
        rows = [
            BillLine(
                bill=bill,
                order_id=order.id,
                order_number=order.number,
                line_id=line.id,
                name=line.name,
                i18n=line.i18n,
                options=line.options,
                quantity=line.quantity,
                unit_price=line.unit_price,
                total=line.total,
                tax_rate_bp=line.tax_rate_bp,
                guest_id=line.guest_id,
                guest_name=line.guest_name,
                position=line.position,
            )
            for line in lines
        ]
        self.books.add(*rows)
        return rows

    def pay(self, bill: Bill, amount: int, at: datetime, *, guest: object, by: str = "") -> Payment:
        """A captured payment: by the guest's wallet, or at the counter when `by` names who took it."""
        account = self.counter if by or self.wallet is None else self.wallet
        payment = self._attempt(bill, account, amount, at)
        payment.state, payment.captured, payment.captured_at = PaymentState.CAPTURED, amount, at
        if account is self.counter:
            payment.method, payment.actor_name = "terminal", by
        else:
            payment.method, payment.guest_id = "Sandbox Pay", guest  # type: ignore[assignment]
            payment.gateway_ref = str(self._in_the_bank(payment).id)
        bill.settled_at = at
        self.books.add(payment)
        self._enter(payment, "capture", amount, at)
        return payment

    def give_up(self, bill: Bill, amount: int, at: datetime) -> None:
        """An attempt that the guest canceled in the wallet."""
        payment = self._attempt(bill, self.wallet or self.counter, amount, at)
        payment.state, payment.failure = PaymentState.CANCELED, "canceled"
        self.books.add(payment)

    def give_back(
        self, payment: Payment, amount: int, at: datetime, *, source: RefundSource, reason: str, by: str = ""
    ) -> None:
        """A refund that arrived. One by staff lowers the bill by as much."""
        refund = Refund(
            payment=payment,
            bill=payment.bill,
            store_id=payment.store_id,
            amount=amount,
            currency=payment.currency,
            state=RefundState.SUCCEEDED,
            source=source,
            reason=reason,
            key_scope="auto",
            actor_name=by,
            attempts=1,
            created_at=at,
            sent_at=at,
            done_at=at + timedelta(seconds=2),
        )
        refund.key = str(refund.id)
        payment.returned += amount
        self.books.add(refund)
        if source == RefundSource.STAFF:
            self._credit(refund)
        self._enter(payment, "refund", -amount, at, refund)
        for charge in self.books.rows.get(WalletPayment, [])[-50:]:
            if charge.reference == payment.merchant_ref:
                charge.refunded += amount
                self.books.add(
                    WalletRefund(
                        payment=charge, reference=str(refund.id), amount=amount, succeeded=True, created_at=at
                    )
                )

    def _credit(self, refund: Refund) -> None:
        left = refund.amount
        for line in self.books.rows[BillLine][-50:]:
            part = min(left, line.total) if line.bill_id == refund.bill_id else 0
            if part:
                self.books.add(Credit(refund=refund, line=line, amount=part))
            left -= part

    def _attempt(self, bill: Bill, account: GatewayAccount, amount: int, at: datetime) -> Payment:
        return Payment(
            bill=bill,
            account=account,
            store_id=bill.store_id,
            tab_id=bill.tab_id,
            order_id=bill.order_id,
            table_token=bill.table_token,
            gateway=account.gateway,
            mode=account.mode,
            amount=amount,
            currency=bill.currency,
            key_scope="demo",
            key=str(new_id()),
            created_at=at - timedelta(seconds=20),
            expires_at=at + timedelta(minutes=10),
        )

    def _in_the_bank(self, payment: Payment) -> WalletPayment:
        charge = WalletPayment(
            merchant_id=payment.account.merchant_id,
            merchant_name=self.store_name,
            reference=payment.merchant_ref,
            amount=payment.amount,
            currency=payment.currency,
            state=WalletState.CAPTURED,
            created_at=payment.created_at,
            expires_at=payment.expires_at,
            captured_at=payment.captured_at,
        )
        self.books.add(charge)
        return charge

    def _enter(
        self, payment: Payment, kind: str, amount: int, at: datetime, refund: Refund | None = None
    ) -> None:
        self.books.add(
            LedgerEntry(
                store_id=payment.store_id,
                bill=payment.bill,
                payment=payment,
                refund=refund,
                kind=kind,
                amount=amount,
                currency=payment.currency,
                created_at=at,
            )
        )
