"""Gateway credentials are encrypted at rest with keys derived from SECRET_KEY.

Rotation: put the old SECRET_KEY into SECRET_KEY_FALLBACKS, set the new one, run
`manage.py rotate_gateway_keys`, then drop the fallback. Until then both decrypt; the newest encrypts.
"""

import base64
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_PURPOSE = b"hansang.payments.credentials.v1"


def encrypt(data: dict[str, Any]) -> str:
    """JSON data as an opaque text for a column."""
    return _fernet().encrypt(json.dumps(data).encode()).decode()


def decrypt(text: str) -> dict[str, Any]:
    """The data back; {} for an empty column. Raises ValueError when no known key fits."""
    if not text:
        return {}
    try:
        return dict(json.loads(_fernet().decrypt(text.encode())))
    except InvalidToken:
        raise ValueError("these credentials were encrypted with another SECRET_KEY") from None


def reencrypt(text: str) -> str:
    """The same secret under the newest key."""
    return _fernet().rotate(text.encode()).decode() if text else text


def _fernet() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derive(str(key))) for key in keys])


def _derive(secret: str) -> bytes:
    kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(kdf.derive(secret.encode()))
