"""Whatever happens in whatever order: in the end our ledger and the bank's books agree."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.kernel.errors import DomainError
from payments.gateways.sandbox.wallet.models import WalletPayment, WebhookAttempt
from payments.gateways.sandbox.wallet.sender import send_due
from payments.models import Bill, LedgerEntry, Payment, Refund
from payments.selectors import sums_of_bill
from payments.services.complete_payment import close_payment, complete_payment
from payments.services.counter import Cashier, Till, take_counter_payment
from payments.services.reconcile import reconcile_payments
from payments.services.refunds import request_refund, send_refund
from payments.services.start_payment import Payer, Share, Wish, start_payment
from tests.payments.conftest import MakeParty, Party, settle_events

pytestmark = pytest.mark.django_db(transaction=True)

PRESSES = ["approve", "approve", "decline", "cancel", "timeout", "noisy_webhooks", "late_webhook"]
START = st.tuples(st.just("start"), st.sampled_from(["all", "all", "mine", "even", "amount"]))
PRESS = st.tuples(st.just("press"), st.sampled_from(PRESSES))
RETURN = st.tuples(st.just("return"), st.integers(0, 5))
CASH = st.tuples(st.just("cash"), st.sampled_from([None, None, 100, 500, 1333]))
OTHERS = st.one_of(
    st.tuples(st.just("place"), st.integers(1, 3)),
    st.tuples(st.just("close"), st.integers(0, 5)),
    st.tuples(st.just("webhooks"), st.just(0)),
    st.tuples(st.just("events"), st.just(0)),
    st.tuples(st.just("reconcile"), st.integers(0, 20)),
    st.tuples(st.just("refund"), st.integers(1, 1333)),
    st.tuples(st.just("reject"), st.integers(0, 5)),
)
STEPS = st.one_of(START, PRESS, RETURN, CASH, OTHERS, OTHERS)


class Story:
    """One party, its phones and its staff, doing things in any order."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.orders = [party.place(1000, 333)]

    @property
    def payments(self) -> list[Payment]:
        return list(Payment.objects.filter(tab_id=self.party.tab_id, gateway="sandbox").order_by("id"))

    def do(self, step: tuple[str, Any]) -> None:
        try:
            getattr(self, f"_{step[0]}")(step[1])
        except DomainError:
            pass  # a refusal changes nothing
        self.check()

    def _place(self, count: int) -> None:
        self.orders.append(self.party.place(*[700] * count))

    def _start(self, kind: str) -> None:
        payer = Payer(uuid4(), self.party.tab_id, self.party.token)
        share = Share(kind, parts=3, amount=500)
        start_payment(payer=payer, wish=Wish("sandbox", share), key=uuid4().hex, language="en")

    def _press(self, action: str) -> None:
        for payment in self.payments:
            if payment.next_action:
                self.party.phone().press(payment, action)
                return

    def _return(self, index: int) -> None:
        if self.payments:
            complete_payment(payment_id=self.payments[index % len(self.payments)].id)

    def _close(self, index: int) -> None:
        if self.payments:
            close_payment(payment_id=self.payments[index % len(self.payments)].id)

    def _webhooks(self, _: int) -> None:
        WebhookAttempt.objects.filter(delivered_at=None).update(due_at=timezone.now())
        send_due()

    def _events(self, _: int) -> None:
        settle_events()

    def _reconcile(self, minutes: int) -> None:
        reconcile_payments(now=timezone.now() + timedelta(minutes=minutes))

    def _cash(self, amount: int | None) -> None:
        take_counter_payment(
            store_id=self.party.store_id,
            tab_id=self.party.tab_id,
            till=Till("cash", amount),
            key=uuid4().hex,
            cashier=Cashier(uuid4(), "Mina"),
        )

    def _refund(self, amount: int) -> None:
        for payment in Payment.objects.filter(tab_id=self.party.tab_id, state="captured")[:1]:
            request_refund(
                store_id=payment.store_id,
                payment_id=payment.id,
                amount=amount,
                reason="cold",
                actor_id=uuid4(),
                actor_name="Mina",
                key=uuid4().hex,
            )

    def _reject(self, index: int) -> None:
        self.party.reject(self.orders[index % len(self.orders)])

    def check(self) -> None:
        """What must hold after each single step."""
        sums = sums_of_bill(self.bill.id)
        assert sums.surplus == 0, "surplus is on its way back at once"
        assert sums.held >= 0
        captured = Payment.objects.filter(bill=self.bill).aggregate(sum=Sum("captured"))["sum"] or 0
        assert captured == sums.captured

    @property
    def bill(self) -> Bill:
        return Bill.objects.get(tab_id=self.party.tab_id)

    def rest(self) -> None:
        """Until everybody is quiet: webhooks arrive, events run, the reconciler has looked everywhere."""
        for minutes in (1, 15, 60, 120):
            self._webhooks(0)
            settle_events()
            reconcile_payments(now=timezone.now() + timedelta(minutes=minutes))
        for refund in Refund.objects.filter(bill=self.bill, state__in=["requested", "sent"]):
            send_refund(refund_id=refund.id)

    def compare(self) -> None:
        """Our ledger against the bank's own books, payment by payment."""
        for payment in self.payments:
            theirs = WalletPayment.objects.get(reference=payment.merchant_ref)
            assert (payment.state == "captured") == (theirs.state == "captured")
            ours = LedgerEntry.objects.filter(payment=payment).aggregate(sum=Sum("amount"))["sum"] or 0
            bank = theirs.amount - theirs.refunded if theirs.state == "captured" else 0
            assert ours == bank
            assert payment.returned == theirs.refunded


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=5, max_size=14))
def test_our_ledger_and_the_banks_books_agree(
    make_party: MakeParty, wallet: Any, steps: list[tuple[str, Any]]
) -> None:
    story = Story(make_party("tab"))
    for step in steps:
        story.do(step)
    story.rest()
    story.check()
    story.compare()
