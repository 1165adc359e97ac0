"""The merchant's side of the sandbox wallet: HTTP out, dataclasses in; signed webhooks back."""

import binascii
import json
import os
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext_noop
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from events.kernel.databases import in_transaction
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
    Stale,
    Trust,
    WebhookMessage,
)

TIMEOUT = httpx.Timeout(5.0, connect=2.0)
Answer = tuple[int, dict[str, Any]]


class SandboxGateway:
    """A redirect wallet in test mode. Nothing here knows that the bank is a neighbor."""

    name = "sandbox"
    title = gettext_noop("Sandbox Pay")
    logo = "sandbox_wallet/logo.svg"
    capabilities = Capabilities(flow="redirect", modes=frozenset({"test"}), trust=Trust.SIGNED)

    def prepare(self, account: Account, attempt: Attempt, context: Context) -> Prepared:
        body = {
            "reference": attempt.merchant_ref,
            "amount": attempt.amount,
            "currency": attempt.currency,
            "merchant_name": account.store_name,
            "description": attempt.description,
            "return_url": context.return_url,
            "notify_url": context.hook_url,
            "expires_at": attempt.expires_at.isoformat(),
        }
        status, data = _call(account, "POST", "payments/", body, f"{attempt.merchant_ref}:create")
        if 400 <= status < 500 and status != 429:
            return Prepared(Kind.DEFINITIVE_FAILURE, failure=_failure(data))
        if status not in (200, 201) or not isinstance(data.get("pay_url"), str):
            return Prepared(Kind.UNKNOWN)
        # The wallet shares this origin: a bare path keeps the phone on the address it came by.
        url = data["pay_url"].removeprefix(settings.SANDBOX_WALLET_URL)
        return Prepared(Kind.SUCCESS, NextAction("redirect", url), gateway_ref=str(data.get("id", "")))

    def parse_return(self, params: Mapping[str, str]) -> Claim:
        return Claim(params)

    def complete(self, account: Account, attempt: Attempt, claim: Claim) -> Outcome:
        return self.fetch(account, attempt)

    def fetch(self, account: Account, attempt: Attempt) -> Outcome:
        status, data = _call(account, "GET", f"payments/{attempt.merchant_ref}/")
        if status == 404:
            return Outcome(Kind.UNKNOWN, failure="not-found")
        return _outcome(data) if status == 200 else Outcome(Kind.UNKNOWN)

    def close(self, account: Account, attempt: Attempt) -> Outcome:
        ref = attempt.merchant_ref
        status, data = _call(account, "POST", f"payments/{ref}/close/", {}, f"{ref}:close")
        if status == 404:  # it never heard of the attempt
            return Outcome(Kind.DEFINITIVE_FAILURE, merchant_ref=ref, failure="canceled")
        return _outcome(data) if status == 200 else Outcome(Kind.UNKNOWN)

    def parse_webhook(self, account: Account, headers: Mapping[str, str], body: bytes) -> WebhookMessage:
        _verify(account.webhook_secrets, headers, body)
        return self.read_message(headers["webhook-id"], body)

    def read_message(self, dedupe_key: str, body: bytes) -> WebhookMessage:
        try:
            message = json.loads(body)
            data = message["data"]
            payment = data["payment"]
            kind, ref = str(message["type"]), str(payment["reference"])
            refund = _refund_outcome(data["refund"]) if kind.startswith("refund.") else None
        except (ValueError, KeyError, TypeError) as error:
            raise Malformed(str(error)) from None
        outcome = None if refund else _outcome(payment)
        return WebhookMessage(dedupe_key[:200], kind, ref, outcome, refund)

    def refund(self, account: Account, order: RefundOrder) -> RefundOutcome:
        body = {"reference": order.reference, "amount": order.amount, "reason": order.reason}
        path = f"payments/{order.merchant_ref}/refunds/"
        status, data = _call(account, "POST", path, body, f"{order.reference}:refund")
        if 400 <= status < 500 and status != 429:
            return RefundOutcome(Kind.DEFINITIVE_FAILURE, order.reference, failure=_failure(data))
        return _refund_outcome(data) if status in (200, 201) else RefundOutcome(Kind.UNKNOWN)

    def fetch_refund(self, account: Account, order: RefundOrder) -> RefundOutcome:
        path = f"payments/{order.merchant_ref}/refunds/{order.reference}/"
        status, data = _call(account, "GET", path)
        if status == 404:
            return RefundOutcome(Kind.UNKNOWN, order.reference, failure="not-found")
        return _refund_outcome(data) if status == 200 else RefundOutcome(Kind.UNKNOWN)

    def ack(self) -> Ack:
        return Ack(204)


def _call(
    account: Account, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
) -> Answer:
    """(status, JSON object). No answer, or one that cannot be read, is status 0."""
    if in_transaction("payments"):
        raise RuntimeError("a gateway is never called inside a transaction")
    headers = {"Authorization": f"Bearer {account.credentials.get('api_key', '')}"}
    if key:
        headers["Idempotency-Key"] = key
    url = f"{settings.SANDBOX_WALLET_URL}/sandbox/api/{path}"
    try:
        response = _client(os.getpid()).request(method, url, json=body, headers=headers)
        data = response.json()
    except (httpx.HTTPError, ValueError):
        return 0, {}
    return (response.status_code, data) if isinstance(data, dict) else (0, {})


@lru_cache(maxsize=1)
def _client(pid: int) -> httpx.Client:
    # One pool per process: a forked worker must not share its parent's sockets.
    return httpx.Client(timeout=TIMEOUT, follow_redirects=False)


def _failure(data: dict[str, Any]) -> str:
    return str(data.get("error", "refused"))[:100]


def _outcome(data: dict[str, Any]) -> Outcome:
    try:
        state = data["state"]
        facts: dict[str, Any] = {
            "merchant_ref": str(data["reference"]),
            "gateway_ref": str(data["id"]),
            "merchant_id": str(data["merchant_id"]),
            "amount": _whole(data["amount"]),
            "currency": str(data["currency"]),
            "mode": "test" if data["live"] is False else "live",
            "method": "Sandbox Pay",
            "paid_at": datetime.fromisoformat(data["paid_at"]) if data["paid_at"] else None,
            "refunded": _whole(data["refunded"]),
        }
    except (KeyError, TypeError, ValueError):
        return Outcome(Kind.UNKNOWN)
    if state == "captured":
        return Outcome(Kind.SUCCESS, **facts)
    if state in ("declined", "canceled", "expired"):
        return Outcome(Kind.DEFINITIVE_FAILURE, **facts, failure=state)
    return Outcome(Kind.UNKNOWN, **facts, failure="open" if state == "open" else "")


def _refund_outcome(data: dict[str, Any]) -> RefundOutcome:
    try:
        succeeded = data["state"] == "succeeded"
        facts: dict[str, Any] = {
            "reference": str(data["reference"]),
            "gateway_ref": str(data["id"]),
            "amount": _whole(data["amount"]),
            "currency": str(data["currency"]),
        }
    except (KeyError, TypeError, ValueError):
        return RefundOutcome(Kind.UNKNOWN)
    if succeeded:
        return RefundOutcome(Kind.SUCCESS, **facts)
    return RefundOutcome(Kind.DEFINITIVE_FAILURE, **facts, failure=str(data.get("failure", ""))[:100])


def _whole(value: Any) -> int:
    """A whole number and nothing that merely looks like one."""
    if type(value) is not int:
        raise ValueError("not a whole number")
    return value


def _verify(secrets: tuple[str, ...], headers: Mapping[str, str], body: bytes) -> None:
    problem: Exception = BadSignature("no secret")
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
            return
        except WebhookVerificationError as error:
            text = str(error)
            problem = Stale(text) if "timestamp too" in text else BadSignature(text)
        except (
            ValueError,
            binascii.Error,
        ):  # a header or body that is no text, a signature that is no base64
            problem = BadSignature("unreadable")
    raise problem
