"""Whatever happens in whatever order: in the end our ledger and the bank's books agree."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.kernel.databases import atomic
from events.kernel.errors import DomainError
from events.outbox import publish
from orders.events import TabMerged
from payments.gateways.sandbox.wallet.models import WalletPayment, WebhookAttempt
from payments.gateways.sandbox.wallet.sender import send_due
from payments.models import Bill, LedgerEntry, Payment, Refund
from payments.selectors import lines_with_worth, sums_of, sums_of_bill
from payments.services.complete_payment import close_payment, complete_payment
from payments.services.failed_refunds import pay_back_in_cash, retry_refund, withdraw_refund
from payments.services.reconcile import reconcile_payments
from payments.services.refunds import confirm_hand_back, request_refund, send_refund
from payments.services.start_payment import Payer, Share, Wish, start_payment
from payments.shares import BillSums
from tests.payments.conftest import MakeParty, Party, settle_events

pytestmark = pytest.mark.django_db(transaction=True)

PRESSES = [
    "approve",
    "approve",
    "decline",
    "cancel",
    "timeout",
    "noisy_webhooks",
    "late_webhook",
    "refund_fails",
    "refund_fails",
]
DECISIONS = {"retry": retry_refund, "cash": pay_back_in_cash, "withdraw": withdraw_refund}
START = st.tuples(st.just("start"), st.sampled_from(["all", "all", "mine", "even", "amount"]))
PRESS = st.tuples(st.just("press"), st.sampled_from(PRESSES))
RETURN = st.tuples(st.just("return"), st.integers(0, 5))
CASH = st.tuples(st.just("cash"), st.sampled_from([None, None, 100, 500, 1333]))
GIVE_BACK = st.one_of(
    st.tuples(st.just("refund"), st.integers(1, 1333)),
    st.tuples(st.just("reject"), st.integers(0, 5)),
    st.tuples(st.just("decide"), st.sampled_from(list(DECISIONS))),
    st.tuples(st.just("hand_back"), st.just(0)),
)
OTHERS = st.one_of(
    st.tuples(st.just("place"), st.integers(1, 3)),
    st.tuples(st.just("counter"), st.just(0)),
    st.tuples(st.just("close"), st.integers(0, 5)),
    st.tuples(st.just("webhooks"), st.just(0)),
    st.tuples(st.just("events"), st.just(0)),
    st.tuples(st.just("reconcile"), st.integers(0, 20)),
    st.tuples(st.just("merge"), st.booleans()),
)
STEPS = st.one_of(START, PRESS, RETURN, CASH, GIVE_BACK, GIVE_BACK, OTHERS, OTHERS)
# Most stories begin with a meal that was paid: only then there is something to give back.
PAID = [("start", "all"), ("press", "approve"), ("return", 0)]
SOUR = [("start", "all"), ("press", "refund_fails"), ("return", 0)]
STORIES = st.tuples(
    st.sampled_from([[], PAID, SOUR, [("cash", None)]]), st.lists(STEPS, min_size=5, max_size=14)
)


class Story:
    """One party, its phones and its staff, doing things in any order; another party may join it."""

    def __init__(self, party: Party, neighbor: Party) -> None:
        self.party = party
        self.neighbor = neighbor
        self.phone = uuid4()
        self.orders = [(party, party.place(1000, 333))]

    @property
    def tabs(self) -> list[UUID]:
        return [self.party.tab_id, self.neighbor.tab_id]

    @property
    def payments(self) -> list[Payment]:
        return list(Payment.objects.filter(tab_id__in=self.tabs, gateway="sandbox").order_by("id"))

    def do(self, step: tuple[str, Any]) -> None:
        try:
            getattr(self, f"_{step[0]}")(step[1])
        except DomainError:
            pass  # a refusal changes nothing
        self.check()

    def _place(self, count: int) -> None:
        before = self.due
        self.orders.append((self.party, self.party.place(*[700] * count)))
        assert self.due == before + 700 * count, "a later order costs its full price"

    def _start(self, kind: str) -> None:
        payer = Payer(uuid4(), self.party.tab_id, self.party.token)
        share = Share(kind, parts=3, amount=500)
        start_payment(payer=payer, wish=Wish("sandbox", share), key=uuid4().hex)

    def _counter(self, _: int) -> None:
        payer = Payer(self.phone, self.party.tab_id, self.party.token)
        start_payment(payer=payer, wish=Wish("counter", Share()), key=uuid4().hex)

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
        self.party.pay_cash(amount)

    def _refund(self, amount: int) -> None:
        for payment in Payment.objects.filter(tab_id=self.party.tab_id, state="captured").order_by("id")[:1]:
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
        party, order = self.orders[index % len(self.orders)]
        party.reject(order)

    def _decide(self, decision: str) -> None:
        for refund in Refund.objects.filter(store_id=self.party.store_id, state="failed").order_by("id")[:1]:
            DECISIONS[decision](
                store_id=refund.store_id, refund_id=refund.id, actor_id=uuid4(), actor_name="Mina"
            )

    def _hand_back(self, _: int) -> None:
        for refund in Refund.objects.filter(store_id=self.party.store_id, state="pending"):
            confirm_hand_back(
                store_id=refund.store_id, refund_id=refund.id, actor_id=uuid4(), actor_name="Mina"
            )

    def _merge(self, after_paying: bool) -> None:
        """The neighbors, who ordered and perhaps paid a part, join the party."""
        if self.neighbor.rounds:
            return
        self.orders.append((self.neighbor, self.neighbor.place(900)))
        if after_paying:
            self.neighbor.pay_cash(400)
        with atomic("orders"):
            joined = TabMerged(
                store_id=self.party.store_id,
                tab_id=self.neighbor.tab_id,
                into_tab_id=self.party.tab_id,
                order_ids=[self.orders[-1][1]],
                table_id=uuid4(),
                table_name="T2",
                table_token=self.neighbor.token,
            )
            publish(joined, correlation_id=self.neighbor.tab_id)
        settle_events()

    @property
    def bills(self) -> list[Bill]:
        return list(Bill.objects.filter(tab_id__in=self.tabs))

    @property
    def due(self) -> int:
        return sum(sums.due for sums in sums_of([bill.id for bill in self.bills]).values())

    def check(self) -> None:
        """What must hold after each single step."""
        for bill in self.bills:
            self._check_bill(bill, sums_of_bill(bill.id))
        for payment in Payment.objects.filter(tab_id__in=self.tabs):
            assert 0 <= held_of(payment) <= payment.amount, "nobody gets back more than they paid"
            assert 0 <= payment.returned <= payment.captured
            promised = payment.refunds.exclude(state="resolved").aggregate(sum=Sum("amount"))["sum"] or 0
            assert payment.returned == promised

    def _check_bill(self, bill: Bill, sums: BillSums) -> None:
        assert sums.surplus == 0, "surplus is on its way back at once"
        assert 0 <= sums.held <= sums.captured - sums.refunded
        assert sums.held + sums.due == sums.total, "what is not paid is owed"
        assert sums.total == sum(worth for _, worth in lines_with_worth(bill.id))
        captured = Payment.objects.filter(bill=bill).aggregate(sum=Sum("captured"))["sum"] or 0
        assert captured == sums.captured

    def rest(self) -> None:
        """Until everybody is quiet: webhooks arrive, events run, the reconciler has looked everywhere."""
        for minutes in (1, 15, 60, 120):
            self._webhooks(0)
            settle_events()
            reconcile_payments(now=timezone.now() + timedelta(minutes=minutes))
        for refund in Refund.objects.filter(bill__in=self.bills, state__in=["requested", "sent"]):
            send_refund(refund_id=refund.id)
        self._hand_back(0)

    def compare(self) -> None:
        """Our ledger against the bank's own books, payment by payment; cash is not the bank's."""
        for payment in self.payments:
            theirs = WalletPayment.objects.get(reference=payment.merchant_ref)
            assert (payment.state == "captured") == (theirs.state == "captured")
            by_hand = sum(refund.amount for refund in payment.refunds.filter(in_cash=True))
            stuck = sum(refund.amount for refund in payment.refunds.filter(state="failed"))
            bank = theirs.amount - theirs.refunded if theirs.state == "captured" else 0
            assert held_of(payment) == bank - by_hand
            assert payment.returned == theirs.refunded + by_hand + stuck


def held_of(payment: Payment) -> int:
    """What the ledger says the store holds of this payment."""
    return LedgerEntry.objects.filter(payment=payment).aggregate(sum=Sum("amount"))["sum"] or 0


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=STORIES)
def test_our_ledger_and_the_banks_books_agree(
    make_party: MakeParty, wallet: Any, story: tuple[list[tuple[str, Any]], list[tuple[str, Any]]]
) -> None:
    party = make_party("tab")
    neighbor = make_party("tab", store_id=party.store_id)
    told = Story(party, neighbor)
    for step in [*story[0], *story[1]]:
        told.do(step)
    told.rest()
    told.check()
    told.compare()
