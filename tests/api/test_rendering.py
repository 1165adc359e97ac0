"""Answers are the JSON that any client reads."""

import json
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils.serializer_helpers import ReturnDict

from config.rendering import QuickJSONRenderer
from orders.models import OrderStatus

ID = UUID("01a2057b-9b5b-74d5-803e-eba0fc7b2a71")


def test_every_kind_of_value_becomes_plain_json() -> None:
    row: Any = {"none": None, "yes": True, "price": 6500}
    data = {
        "error": [ErrorDetail("Too long", code="max_length")],
        "lazy": gettext_lazy("Order"),
        "status": OrderStatus.READY,
        "id": ID,
        "at": datetime(2026, 5, 1, 18, 30, tzinfo=UTC),
        "text": "떡볶이 \u2028 </script>",
        "row": ReturnDict(row, serializer=cast(Any, None)),
    }
    assert json.loads(QuickJSONRenderer().render(data)) == {
        "error": ["Too long"],
        "lazy": "Order",
        "status": "ready",
        "id": str(ID),
        "at": "2026-05-01T18:30:00Z",
        "text": "떡볶이 \u2028 </script>",
        "row": row,
    }


def test_no_content_is_an_empty_body() -> None:
    assert QuickJSONRenderer().render(None) == b""
