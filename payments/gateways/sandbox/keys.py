"""The sandbox bank's keys are computed from the merchant's number: no registration, nothing to store.

A real gateway hands out random ones; the adapter cannot tell the difference.
"""

import base64
import hashlib
import hmac

from django.conf import settings


def api_key(merchant_id: str) -> str:
    """The merchant's bearer key."""
    return f"sk_test_{merchant_id}.{_mac('api', merchant_id).hex()[:40]}"


def merchant_of(key: str) -> str | None:
    """Whose key it is; None for a key we never gave out."""
    merchant_id = key.removeprefix("sk_test_").partition(".")[0]
    return merchant_id if hmac.compare_digest(key.encode(), api_key(merchant_id).encode()) else None


def webhook_secret(merchant_id: str) -> str:
    """What the bank signs this merchant's webhooks with (Standard Webhooks form)."""
    return "whsec_" + base64.b64encode(_mac("webhook", merchant_id)).decode()


def _mac(purpose: str, merchant_id: str) -> bytes:
    secret = f"sandbox-wallet:{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(secret, merchant_id.encode(), hashlib.sha256).digest()
