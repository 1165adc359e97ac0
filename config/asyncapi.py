"""The description of events and webhooks, beside the one of the HTTP API."""

from functools import lru_cache

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from events.asyncapi import as_asyncapi


@require_safe
def asyncapi(request: HttpRequest) -> HttpResponse:
    """The same document as docs/asyncapi.json; open to everybody, like the schema of the API."""
    return HttpResponse(_document(), content_type="application/json")


@lru_cache(maxsize=1)
def _document() -> bytes:
    return msgspec.json.encode(as_asyncapi())
