"""What every gateway speaks: frozen dataclasses in, frozen dataclasses out.

Adapters are pure translators: no ORM, no locks, no decisions about money. A timeout, a broken connection, a
5xx or an answer that cannot be read is UNKNOWN, never a failure: only a fetch or a signed webhook settles it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class GatewayError(Exception):
    """Base of what an adapter refuses about a webhook."""


class BadSignature(GatewayError):
    """Not from the gateway, or changed on the way."""


class Stale(GatewayError):
    """Too old or from the future: perhaps a replay."""


class Malformed(GatewayError):
    """Authentic or not, it cannot be read."""


class Kind(StrEnum):
    SUCCESS = "success"
    DEFINITIVE_FAILURE = "definitive_failure"
    UNKNOWN = "unknown"


class Trust(StrEnum):
    """How far a webhook's body may be believed."""

    SIGNED = "signed"
    HINT_ONLY = "hint_only"
    NONE = "none"


@dataclass(frozen=True)
class Capabilities:
    flow: str  # "redirect" | "counter" | "client_sdk"
    modes: frozenset[str]
    trust: Trust
    needs_confirm: bool = False
    refundable: bool = True
    attempt_minutes: int = 10
    # None = every currency
    currencies: frozenset[str] | None = None


@dataclass(frozen=True)
class Account:
    """A store's account, as an adapter may know it."""

    gateway: str
    mode: str
    merchant_id: str
    store_name: str
    credentials: Mapping[str, str] = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Attempt:
    """One attempt to pay. `idempotency_key` is the attempt's own; amounts in minor units."""

    merchant_ref: str
    gateway_ref: str
    amount: int
    currency: str
    description: str
    expires_at: datetime


@dataclass(frozen=True)
class Context:
    """Where the customer and the gateway's calls come back to."""

    return_url: str
    hook_url: str
    language: str


@dataclass(frozen=True)
class NextAction:
    """What the phone does now: {"type": "redirect", "url"} or {"type": "counter", "message"}."""

    type: str
    url: str = ""


@dataclass(frozen=True)
class Claim:
    """What the customer's browser says on its way back. Never believed."""

    params: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What the gateway says about an attempt.

    SUCCESS carries everything that is compared with the stored row. DEFINITIVE_FAILURE has `failure`
    "declined", "canceled", "expired" or the gateway's code. UNKNOWN with failure "open" means: authentic, and
    the customer has not decided yet; "pending": the gateway is working on it.
    """

    kind: Kind
    merchant_ref: str = ""
    gateway_ref: str = ""
    merchant_id: str = ""
    amount: int = 0
    currency: str = ""
    mode: str = ""
    method: str = ""
    paid_at: datetime | None = None
    refunded: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Prepared:
    kind: Kind
    next_action: NextAction | None = None
    gateway_ref: str = ""
    failure: str = ""

    def as_outcome(self) -> Outcome:
        """A refusal at the start, in the form that every other ending has."""
        return Outcome(self.kind, gateway_ref=self.gateway_ref, failure=self.failure)


@dataclass(frozen=True)
class RefundOrder:
    """A refund to be sent; `reference` is our row's id, the same in every try."""

    reference: str
    merchant_ref: str
    gateway_ref: str
    amount: int
    currency: str
    reason: str
    by_staff: bool


@dataclass(frozen=True)
class RefundOutcome:
    """SUCCESS, DEFINITIVE_FAILURE (`failure` says why), or UNKNOWN; `pending` = accepted, not done yet."""

    kind: Kind
    reference: str = ""
    gateway_ref: str = ""
    amount: int = 0
    currency: str = ""
    pending: bool = False
    failure: str = ""


@dataclass(frozen=True)
class WebhookMessage:
    """One authentic message: about an attempt (`outcome`) or about a refund (`refund`)."""

    dedupe_key: str
    kind: str
    merchant_ref: str
    outcome: Outcome | None = None
    refund: RefundOutcome | None = None


@dataclass(frozen=True)
class Ack:
    """How the gateway wants its call answered."""

    status: int = 204
    body: str = ""


class Gateway(Protocol):
    """The one interface between payments and the outside."""

    name: str
    title: str
    logo: str
    capabilities: Capabilities

    def prepare(self, account: Account, attempt: Attempt, context: Context) -> Prepared:
        """Tells the gateway of the attempt. Repeating it with the same reference is safe."""

    def parse_return(self, params: Mapping[str, str]) -> Claim:
        """Reads the customer's way back; pure, untrusted."""

    def complete(self, account: Account, attempt: Attempt, claim: Claim) -> Outcome:
        """Confirms the attempt where the gateway wants that, else fetches it."""

    def fetch(self, account: Account, attempt: Attempt) -> Outcome:
        """The authoritative read."""

    def close(self, account: Account, attempt: Attempt) -> Outcome:
        """Stops an open attempt: DEFINITIVE_FAILURE = stopped, SUCCESS = it was already paid."""

    def parse_webhook(self, account: Account, headers: Mapping[str, str], body: bytes) -> WebhookMessage:
        """Checks and reads one call; no network. Raises BadSignature, Stale or Malformed."""

    def read_message(self, dedupe_key: str, body: bytes) -> WebhookMessage:
        """Reads a call that was checked when it was stored. Raises Malformed."""

    def refund(self, account: Account, order: RefundOrder) -> RefundOutcome:
        """Gives money back. Repeating it with the same reference moves money once."""

    def fetch_refund(self, account: Account, order: RefundOrder) -> RefundOutcome:
        """What became of a refund; UNKNOWN with failure "not-found" when the gateway never heard of it."""

    def ack(self) -> Ack:
        """The answer to a webhook that was stored."""
