"""Which form an answer takes: nearly always JSON, and then without parsing the wish again."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request

ANYTHING = frozenset({"", "*/*", "application/json"})


class QuickNegotiation(DefaultContentNegotiation):
    """DRF's negotiation, with the common case first: one form on offer, and the caller takes it."""

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        offered = list(renderers)
        wish = request.META.get("HTTP_ACCEPT", "")
        if len(offered) == 1 and wish in ANYTHING and not request.META.get("QUERY_STRING"):
            if wish != "application/json" or offered[0].media_type == wish:
                return offered[0], offered[0].media_type
        return super().select_renderer(request, offered, format_suffix)
