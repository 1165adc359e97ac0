"""Secrets are encrypted at rest with keys derived from SECRET_KEY, one key per purpose.

Rotation: put the old SECRET_KEY into SECRET_KEY_FALLBACKS, set the new one, run the rotate commands
(rotate_gateway_keys, rotate_webhook_keys), then drop the fallback. Until then both open; the newest seals.
"""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def seal(purpose: str, data: dict[str, Any]) -> str:
    """JSON data as an opaque text for a column; what one purpose sealed, no other opens."""
    return _fernet(purpose).encrypt(json.dumps(data).encode()).decode()


def unseal(purpose: str, text: str) -> dict[str, Any]:
    """The data back; {} for an empty column. Raises ValueError when no known key fits."""
    if not text:
        return {}
    try:
        return dict(json.loads(_fernet(purpose).decrypt(text.encode())))
    except InvalidToken:
        raise ValueError("these credentials were encrypted with another SECRET_KEY") from None


def reseal(purpose: str, text: str) -> str:
    """The same secret under the newest key."""
    return _fernet(purpose).rotate(text.encode()).decode() if text else text


def _fernet(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(str(key), purpose)) for key in keys])


def _derive(secret: str, purpose: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
