"""The counter: nothing to call. Staff confirm payments and hand money back."""

from collections.abc import Mapping

from django.utils.translation import gettext_noop

from payments.gateways.base import (
    Account,
    Ack,
    Attempt,
    BadSignature,
    Capabilities,
    Claim,
    Context,
    Kind,
    Malformed,
    NextAction,
    Outcome,
    Prepared,
    RefundOrder,
    RefundOutcome,
    Trust,
    WebhookMessage,
)


class CounterGateway:
    """A guest's choice of the counter reserves the share; only a member of staff captures."""

    name = "counter"
    title = gettext_noop("Counter")
    logo = ""
    capabilities = Capabilities(
        flow="counter", modes=frozenset({"test", "live"}), trust=Trust.NONE, attempt_minutes=15
    )

    def prepare(self, account: Account, attempt: Attempt, context: Context) -> Prepared:
        return Prepared(Kind.SUCCESS, NextAction("counter"))

    def parse_return(self, params: Mapping[str, str]) -> Claim:
        return Claim(params)

    def complete(self, account: Account, attempt: Attempt, claim: Claim) -> Outcome:
        return self.fetch(account, attempt)

    def fetch(self, account: Account, attempt: Attempt) -> Outcome:
        return Outcome(Kind.UNKNOWN, failure="open")

    def close(self, account: Account, attempt: Attempt) -> Outcome:
        return Outcome(Kind.DEFINITIVE_FAILURE, merchant_ref=attempt.merchant_ref, failure="canceled")

    def parse_webhook(self, account: Account, headers: Mapping[str, str], body: bytes) -> WebhookMessage:
        raise BadSignature("the counter sends no webhooks")

    def read_message(self, dedupe_key: str, body: bytes) -> WebhookMessage:
        raise Malformed("the counter sends no webhooks")

    def refund(self, account: Account, order: RefundOrder) -> RefundOutcome:
        # Staff who ask for it have the drawer open; what a rule asks for waits until somebody hands it back.
        return RefundOutcome(
            Kind.SUCCESS,
            order.reference,
            amount=order.amount,
            currency=order.currency,
            pending=not order.by_staff,
        )

    def fetch_refund(self, account: Account, order: RefundOrder) -> RefundOutcome:
        return RefundOutcome(Kind.UNKNOWN, order.reference, failure="not-found")

    def ack(self) -> Ack:
        return Ack(404)
