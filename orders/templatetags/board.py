"""What the board's template needs: the data for the browser."""

import json
from typing import Any

from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info

from orders.board_texts import board_texts

register = template.Library()

_STORE_FIELDS = (
    "id", "slug", "name", "branch", "language", "currency", "timezone", "pay_after",
    "warn_minutes", "late_minutes", "default_minutes",
)  # fmt: skip
_UNSAFE_IN_SCRIPT = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.simple_tag
def board_data(store: dict[str, Any], membership: Any) -> SafeString:
    """{"store", "role", "texts", "languages"} as a data block that the strict policy allows."""
    data = {
        "store": {name: store.get(name) for name in _STORE_FIELDS},
        "role": membership.role,
        "languages": [
            {"code": code, "name": get_language_info(code)["name_local"]}
            for code, _name in settings.LANGUAGES
        ],
        "texts": board_texts(),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), cls=DjangoJSONEncoder)
    block = f'<script type="application/json" id="page">{text.translate(_UNSAFE_IN_SCRIPT)}</script>'
    return mark_safe(block)  # noqa: S308 -- nothing in it can end the element
