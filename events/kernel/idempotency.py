"""The key by which a request that is sent again is known as the same one."""

import re

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from events.kernel.errors import DomainError

HEADER = "Idempotency-Key"
KEY_HEADER = OpenApiParameter(
    HEADER,
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="8 to 64 visible characters, new for each order or payment; repeating it repeats the answer.",
)
_KEY = re.compile(r"[\x21-\x7e]{8,64}")


class KeyMissing(DomainError):
    code = "key-missing"
    title = _("An Idempotency-Key of 8 to 64 characters is needed")


def idempotency_key(request: Request) -> str:
    """The header that makes a repeated request the same one; raises KeyMissing."""
    key: str = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        raise KeyMissing()
    return key
