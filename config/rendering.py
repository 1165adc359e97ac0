"""Answers as JSON, encoded in one pass: a full board is thousands of values."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class QuickJSONRenderer(JSONRenderer):
    """DRF's JSON without its options: UTF-8, compact, times in UTC with a Z."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else msgspec.json.encode(data, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """What msgspec does not know: DRF's error texts (a kind of `str`), lazy translations and the like."""
    return str(value) if isinstance(value, str) else JSONEncoder().default(value)
